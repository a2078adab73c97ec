"""What is known of a model or a dataset before any of its code runs.

Frozen descriptions in plain data: `ModelSpec`, `DatasetSpec`, `Namespace`, `Command`,
what a model takes and what it gives, and their JSON. No torch.

May import: errors.
"""

from zoo.specs import inputs, outputs
from zoo.specs.command import Command
from zoo.specs.cost import Cost
from zoo.specs.inputs import *  # noqa: F403 - every kind of input
from zoo.specs.model_spec import (
    DatasetSpec,
    License,
    Metric,
    ModelSpec,
    Namespace,
    Trunk,
    Weights,
)
from zoo.specs.outputs import *  # noqa: F403 - every kind of output
from zoo.specs.signature import Input, LabelledOutput, Output
from zoo.specs.spec_part import SpecPart, as_tuples

__all__ = [
    "Command",
    "Cost",
    "DatasetSpec",
    "Input",
    "LabelledOutput",
    "License",
    "Metric",
    "ModelSpec",
    "Namespace",
    "Output",
    "SpecPart",
    "Trunk",
    "Weights",
    "as_tuples",
]
__all__ += inputs.__all__
__all__ += outputs.__all__
