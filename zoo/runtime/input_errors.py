"""What is said where a model is given something that it does not take."""

from collections.abc import Iterable
from difflib import get_close_matches

from zoo.runtime import ZooError

__all__ = ["InputError", "near"]


class InputError(ZooError):
    """What a model was given to predict is not what it expects."""

    def __init__(self, problem: str, expected: str) -> None:
        super().__init__(f"{problem} The model expects {expected}.")
        self.problem, self.expected = problem, expected

    def of(self, item: str) -> "InputError":
        """Return the same error, saying which of several items is at fault."""
        return InputError(f"{item}: {self.problem}", self.expected)


def near(name: str, known: Iterable[str]) -> str:
    """Return "Did you mean 'a' or 'b'? " or nothing; case does not count."""
    plain = {word.lower(): word for word in known}
    found = [plain[word] for word in get_close_matches(name.lower(), plain, n=3)]
    return f"Did you mean {' or '.join(map(repr, found))}? " if found else ""
