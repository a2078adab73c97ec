"""What every task shares whose models say of each place of a text which tokens."""

from torch import Tensor

from zoo.specs import ModelSpec, TextInput
from zoo.tasks._task import OutputT, Task

__all__ = ["TokenTask"]


class TokenTask(Task[TextInput, OutputT]):
    """A text in, and of every place in it a score for each token of the vocabulary."""

    input_types = (TextInput,)

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        input_spec, _ = self.signature(spec)
        expected = (*given.shape, input_spec.vocab_size)
        assert tuple(output.shape) == expected, (
            f"{tuple(output.shape)} is not {expected}"
        )
