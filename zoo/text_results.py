"""What a prediction looks like where the answer is a text."""

import html
from dataclasses import dataclass
from typing import Any

__all__ = ["GeneratedText"]


@dataclass(frozen=True, kw_only=True)
class GeneratedText:
    """What a model wrote, and the prompt it goes on from; `tokens` were drawn for it.

    `finished` says that the model ended the text, or came to a text to stop at.
    """

    prompt: str
    text: str
    tokens: int
    finished: bool

    @property
    def generated_text(self) -> str:
        """The prompt and what was written, as on the Hub."""
        return self.prompt + self.text

    def __str__(self) -> str:
        return self.generated_text

    def to_dict(self) -> dict[str, Any]:
        return {"generated_text": self.generated_text}

    def _repr_html_(self) -> str:
        prompt, text = html.escape(self.prompt), html.escape(self.text)
        look = "white-space:pre-wrap;text-align:left"
        return f'<pre style="{look}"><b>{prompt}</b>{text}</pre>'
