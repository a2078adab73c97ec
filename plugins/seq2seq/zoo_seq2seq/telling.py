"""What the card of a translator tells: simple methods beside it, and where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zoo import Run
from zoo.errors import MissingExtra
from zoo.evaluation import plots as pictures
from zoo.inference import predict as prediction
from zoo_seq2seq import plain
from zoo_seq2seq.pairs import Pairs, folded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["bleu", "compare", "figures", "parts", "shown"]

LONG, SHORT = 12, 5  # words of sentences that are measured apart
FORMS = {
    "tu": {"tu", "te", "toi", "ton", "ta", "tes", "t'"},
    "vous": {"vous", "votre", "vos"},
}
LOOKED = (
    "It is very cold here.",
    "I have never seen such a big dog.",
    "The red car that I bought was too expensive.",
)
SEEN = (
    "Attention: how much each token of the English sentence, above, counted as each "
    "French one, at the left, was chosen. </s> is the end. Where the adjective comes "
    "after its noun, the order of the words changes, and what is looked at with it."
)


def figures(found: Sequence[str], wanted: Sequence[str]) -> dict[str, float]:
    """Return BLEU and chrF of a whole set, from 0 to 100, with a reference for each."""
    return {
        "bleu": bleu(found, wanted),
        "chrf": _sacrebleu().CHRF().corpus_score(list(found), [list(wanted)]).score,
    }


def bleu(found: Sequence[str], *wanted: Sequence[str | None]) -> float:
    """Return BLEU of a whole set as sacrebleu counts it, by default; `wanted` are one
    or several rows of references, with None where there is none."""
    counting = _sacrebleu().BLEU()
    score: float = counting.corpus_score(
        list(found), [list(row) for row in wanted]
    ).score
    return score


def compare(run: Run, fitting: Pairs, test: Pairs) -> None:
    """Note what simple methods reach on the test pairs."""
    lexicon = plain.Lexicon(fitting.given, fitting.wanted)
    ways = {
        "copy of the source": test.given,
        "word by word": [lexicon.translated(text) for text in test.given],
        "nearest training sentence": plain.nearest(
            fitting.given, fitting.wanted, test.given
        ),
    }
    for name, found in ways.items():
        run.log_baseline(name, **figures(found, test.wanted))


def parts(run: Run, found: Sequence[str], test: Pairs, fitting: Pairs) -> None:
    """Note the BLEU of short and long sentences, with all references of a sentence, and
    how many translations are letter by letter one of those."""
    words = [len(text.split()) for text in test.given]
    among = {
        "short": [n for n, count in enumerate(words) if count <= SHORT],
        "long": [n for n, count in enumerate(words) if count >= LONG],
    }
    for name, rows in among.items():
        score = bleu([found[n] for n in rows], [test.wanted[n] for n in rows])
        run.log_summary(**{name: score, f"{name}_rows": len(rows)})
    known: dict[str, list[str]] = {}
    said: dict[str, str] = {}
    for given, wanted, one in zip(test.given, test.wanted, found, strict=True):
        known.setdefault(given, []).append(wanted)
        said[given] = one
    most = max(map(len, known.values()))
    run.log_summary(**address(found, test), **names(found, test, fitting))
    rows_of = [[*held, *[None] * (most - len(held))] for held in known.values()]
    same = [folded(one) in map(folded, known[given]) for given, one in said.items()]
    run.log_summary(
        sentences=len(known),
        all_references=bleu([*said.values()], *zip(*rows_of, strict=True)),
        same=sum(same) / len(same),
    )


def address(found: Sequence[str], test: Pairs) -> dict[str, float]:
    """Return how often somebody is addressed as in the reference, among texts in which
    both say tu, or vous; and how often as vous."""

    def forms(text: str) -> set[str]:
        return {name for name, words in FORMS.items() if words & _words(text)}

    both = [
        (forms(one), forms(other))
        for one, other in zip(found, test.wanted, strict=True)
    ]
    told = [(one, other) for one, other in both if len(one) == len(other) == 1]
    return {
        "addressed": len(told),
        "same_address": _share([one == other for one, other in told]),
        "vous": _share([one == {"vous"} for one, _ in told]),
        "vous_wanted": _share([other == {"vous"} for _, other in told]),
    }


def names(found: Sequence[str], test: Pairs, fitting: Pairs) -> dict[str, float]:
    """Return the share of names that are kept, those of the training pairs and others.

    A name is a word with a capital inside a sentence that the reference has as well.
    """
    known = {word for text in fitting.given for word in plain.WORD.findall(text)}
    kept: dict[bool, list[bool]] = {True: [], False: []}
    for given, wanted, one in zip(test.given, test.wanted, found, strict=True):
        for word in plain.WORD.findall(given)[1:]:
            if word[0].isupper() and word in plain.WORD.findall(wanted):
                kept[word in known].append(word in plain.WORD.findall(one))
    return {
        "names_kept": _share(kept[True]),
        "new_names": len(kept[False]),
        "new_names_kept": _share(kept[False]),
    }


def _share(right: Sequence[bool]) -> float:
    return sum(right) / max(1, len(right))


def _words(text: str) -> set[str]:
    return set(plain.parts(text))


def shown(model: Any, run: Run) -> None:
    """Show what the model looked at in some sentences."""
    found = prediction.predict(model, list(LOOKED))

    def draw(figure: Figure) -> None:
        for place, one in enumerate(found, start=1):
            one.draw(figure, (1, len(found), place))

    run.log_figure("attention", pictures.png(4 * len(found), 4.2, draw), SEEN)


def _sacrebleu() -> Any:
    try:
        import sacrebleu
    except ImportError as exc:
        raise MissingExtra(
            "sacrebleu", "Measuring a translator", distribution="zoo-seq2seq"
        ) from exc
    return sacrebleu
