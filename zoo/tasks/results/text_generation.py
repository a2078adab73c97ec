"""What a prediction looks like where the answer is a text."""

import html
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from zoo.tasks.results.result import Result

__all__ = ["FilledText", "GeneratedText", "MaskFill"]


@dataclass(frozen=True, kw_only=True, repr=False)
class GeneratedText(Result):
    """What a model wrote, and the prompt it goes on from; `tokens` were drawn for it.

    `finished` is True where the model ended the text, or came to a text to stop at.
    `log_probabilities` has each token's text and the natural logarithm of the
    probability that the model gave it; None where they were not asked for.
    """

    prompt: str
    text: str
    tokens: int
    finished: bool
    log_probabilities: Sequence[tuple[str, float]] | None = None

    many_lines = True

    @property
    def generated_text(self) -> str:
        """The prompt and what was written, as on the Hub."""
        return self.prompt + self.text

    def __str__(self) -> str:
        return self.generated_text

    def lines(self) -> list[str]:
        return str(self).split("\n")

    def to_dict(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"generated_text": self.generated_text}
        if self.log_probabilities is not None:
            answer["log_probabilities"] = [
                {"token": token, "log_probability": chance}
                for token, chance in self.log_probabilities
            ]
        return answer

    def _repr_html_(self) -> str:
        prompt, text = html.escape(self.prompt), html.escape(self.text)
        look = "white-space:pre-wrap;text-align:left"
        return f'<pre style="{look}"><b>{prompt}</b>{text}</pre>'


@dataclass(frozen=True, kw_only=True)
class MaskFill:
    """A token that may fill a gap: its text, its chance, and the text with it in."""

    token_str: str
    score: float
    token: int
    sequence: str

    def __str__(self) -> str:
        return f"{self.token_str} ({self.score:.2%})"


@dataclass(frozen=True, kw_only=True, repr=False)
class FilledText(Result):
    """The likeliest fillings of each gap of a text, the likeliest first."""

    text: str
    masks: tuple[tuple[MaskFill, ...], ...]

    def __str__(self) -> str:
        return "; ".join(", ".join(map(str, fillings)) for fillings in self.masks)

    def lines(self) -> list[str]:
        return [", ".join(map(str, fillings)) for fillings in self.masks]

    def to_dict(self) -> dict[str, Any]:
        masks = [[asdict(one) for one in fillings] for fillings in self.masks]
        return {"text": self.text, "masks": masks}

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(', '.join(map(str, fillings)))}</td></tr>"
            for fillings in self.masks
        )
        return f"<p>{html.escape(self.text)}</p><table>{rows}</table>"
