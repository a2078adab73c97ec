"""What `zoo.finetune` does with every generator here, unless it is told otherwise."""

from collections.abc import Mapping
from typing import Any

__all__ = ["ADVERSARIAL"]

ADVERSARIAL: Mapping[str, Any] = {
    "batch_size": 16,
    "schedule": "constant",
    "weight_decay": 0.0,
    "clip": 5.0,
    "min_steps": 1000,
    "norm_statistics": True,
    "patience": None,
}
