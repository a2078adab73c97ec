"""What looks wrong about the inputs of one call, said once a call: `InputWarnings`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from zoo.preprocessing.preprocessor import InputWarning
from zoo.runtime.user_warnings import warn_user

__all__ = ["InputWarnings"]


@dataclass
class InputWarnings:
    """Warnings about the batches of one call, each kind once, with its rows counted.

    Of a `single` input no row is named. What concerns no row is said at once, all else
    by `say`.
    """

    single: bool = False
    _found: dict[str, tuple[InputWarning, str, int]] = field(default_factory=dict)

    def add(
        self,
        warnings: Iterable[InputWarning],
        start: int = 0,
        names: Sequence[str] = (),
    ) -> None:
        """Take the warnings about a batch: the number of inputs before it, or the names
        of those in it."""
        for one in warnings:
            if one.kind in self._found:
                first, name, count = self._found[one.kind]
                self._found[one.kind] = first, name, count + len(one.rows)
            elif one.rows:
                row = one.rows[0]
                name = names[row] if names else f"{one.noun} {start + row + 1}"
                self._found[one.kind] = one, name, len(one.rows)
            else:
                self._found[one.kind] = one, "", 0
                warn_user(one.text())

    def say(self) -> None:
        """Warn of the kinds that concern rows: the first of these, and how many."""
        for one, name, count in self._found.values():
            if one.rows:
                warn_user(one.text("" if self.single else name, count))
