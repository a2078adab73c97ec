"""A text in, a vector out that stands for it. The Hub's tag is feature-extraction."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from zoo.runtime import feature_extraction
from zoo.specs import ModelSpec, TextInput, VectorOutput
from zoo.tasks._task import Task
from zoo.tasks.results.embeddings import SimilarWord, Vector
from zoo.tasks.results.result import Result

__all__ = ["TASK"]


class FeatureExtraction(Task[TextInput, VectorOutput]):
    input_types = (TextInput,)
    output_types = (VectorOutput,)
    options = feature_extraction.OPTIONS

    def predict(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return the vector of each text, and the words that lie nearest to it; see
        `zoo.runtime.feature_extraction`."""
        results = feature_extraction.predict(module, given, opened, **options)
        return [_typed(**one) for one in results]

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        _, output_spec = self.signature(spec)
        expected = (len(given), output_spec.dim)
        assert tuple(output.shape) == expected, (
            f"{tuple(output.shape)} is not {expected}"
        )


TASK = FeatureExtraction()


def _typed(
    text: str, vector: tuple[float, ...], most_similar: Sequence[Mapping[str, Any]]
) -> Vector:
    near = tuple(SimilarWord(**one) for one in most_similar)
    return Vector(text=text, vector=vector, most_similar=near)
