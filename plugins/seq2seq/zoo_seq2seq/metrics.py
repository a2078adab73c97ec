"""BLEU and chrF of translations, by sacrebleu."""

from collections.abc import Sequence
from typing import Any

from zoo.errors import MissingExtra

__all__ = ["bleu", "translation_metrics"]


def translation_metrics(
    translations: Sequence[str], references: Sequence[str]
) -> dict[str, float]:
    """Return corpus BLEU and chrF, from 0 to 100, with one reference each."""
    chrf = _sacrebleu().CHRF().corpus_score(list(translations), [list(references)])
    return {"bleu": bleu(translations, references), "chrf": chrf.score}


def bleu(translations: Sequence[str], *references: Sequence[str | None]) -> float:
    """Return sacrebleu's corpus BLEU with its default settings.

    `references` are one or several sequences, with None where there is no reference.
    """
    rows = [list(row) for row in references]
    score: float = _sacrebleu().BLEU().corpus_score(list(translations), rows).score
    return score


def _sacrebleu() -> Any:
    try:
        import sacrebleu
    except ImportError as exc:
        raise MissingExtra(
            "sacrebleu", "Measuring a translator", distribution="zoo-seq2seq"
        ) from exc
    return sacrebleu
