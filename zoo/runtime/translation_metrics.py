"""BLEU and chrF of translations, by sacrebleu."""

from collections.abc import Sequence

from zoo.runtime.load_errors import MissingExtra

__all__ = ["translation_metrics"]


def translation_metrics(
    translations: Sequence[str], references: Sequence[str]
) -> dict[str, float]:
    """Return corpus chrF and BLEU, from 0 to 100, with one reference each.

    They are sacrebleu's with its defaults. Raises MissingExtra.

        >>> translation_metrics(["It is cold here."], ["It is cold here."])["chrf"]
        100.0
    """
    try:
        from sacrebleu import BLEU, CHRF
    except ImportError as exc:
        raise MissingExtra("sacrebleu", "Measuring translations") from exc
    given, rows = list(translations), [list(references)]
    return {
        "chrf": float(CHRF().corpus_score(given, rows).score),
        "bleu": float(BLEU().corpus_score(given, rows).score),
    }
