"""What the card of a small BERT tells: counts beside it, rare tokens, and fillings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation import plots as pictures
from zoo.inference import predict as prediction
from zoo_transformer import hiding, pieces
from zoo_transformer.neighbours import Neighbours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MOST", "by_frequency", "compare", "shown"]

MOST = 25  # passages of a set that are looked at beside the others
PULLS, TRUSTS = (1.0, 3.0), (3.0, 10.0)  # tried on validation rows
RANKS = {"common": (0, 50), "middle": (50, 500), "rare": (500, None)}
TEXTS = (
    "the king is [MASK] .",
    "the king is dead , long live the [MASK] !",
    "i have never [MASK] him before .",
    "she [MASK] to be married .",
    "what is your [MASK] ?",
    "mr . [MASK] was not at home .",
    "[MASK] did you do that ?",
    "the capital of france is [MASK] .",
    "two plus two is [MASK] .",
)
SEEN = "The likeliest fillings of some gaps, and the chance that the model gives each."


def compare(
    run: Run, training: Tensor, validation: TensorRows, test: TensorRows
) -> Neighbours:
    """Note what simple methods reach, and return the best: counts of neighbours, whose
    two settings are chosen on validation rows."""
    vocabulary: int = run.spec.options["vocabulary"]

    def counted(pull: float, trust: float) -> Neighbours:
        return Neighbours(training, vocabulary=vocabulary, pull=pull, trust=trust)

    def figures(way: Neighbours, rows: TensorRows) -> dict[str, float]:
        return hiding.figures(way.told(rows, mask=pieces.MASK), rows)

    best, score, few = counted(PULLS[0], TRUSTS[0]), -1.0, validation[::5]
    for pull in PULLS:
        way = counted(pull, TRUSTS[0])
        for trust in TRUSTS:
            way.trust = trust
            found = figures(way, few)["masked_accuracy"]
            if found > score:
                score = found
                run.log_summary(pull=pull, trust=trust, counts_validation=found)
                best = counted(pull, trust)
    asked = int((test.target != hiding.KNOWN).sum())
    single = best.single.log().expand(asked, -1)
    run.log_baseline("commonest token", **hiding.figures(single, test))
    run.log_baseline("counts of neighbours", **figures(best, test))
    run.log_summary(places=asked)
    return best


def by_frequency(model: Any, run: Run, training: Tensor, test: TensorRows) -> None:
    """Note the accuracy on common and on rarer tokens, and their share."""
    vocabulary: int = run.spec.options["vocabulary"]
    count = torch.bincount(training.flatten().long(), minlength=vocabulary)
    rank = count.argsort(descending=True).argsort()
    target = test.target[test.target != hiding.KNOWN]
    right = hiding.right(hiding.told(model, test), test)
    for name, (low, high) in RANKS.items():
        among = (rank[target] >= low) & (rank[target] < (high or vocabulary))
        run.log_summary(
            **{name: right[among].float().mean().item()},
            **{f"{name}_share": among.float().mean().item()},
        )


def shown(model: Any, run: Run) -> None:
    """Show how some gaps are filled."""
    found = [prediction.predict(model, text) for text in TEXTS]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot(1, 1, 1)
        axes.set_axis_off()
        for place, one in enumerate(found):
            told = "   ".join(f"{f.token_str} {f.score:.0%}" for f in one.masks[0])
            height = 1 - place / len(found)
            axes.text(0, height, one.text, va="top", weight="bold", fontsize=9)
            axes.text(0, height - 0.045, told, va="top", fontsize=9)

    run.log_figure("fillings", pictures.png(6.2, 4.6, draw), SEEN)
