"""The card of a fine-tuned model, whose prose nobody has written."""

from collections.abc import Mapping
from typing import Any

from zoo import cards
from zoo.specs import ModelSpec
from zoo.wording import TAUGHT, TAUGHT_MAKING

__all__ = ["render"]


def render(spec: ModelSpec, receipt: Mapping[str, Any]) -> str:
    """Return the card of a fine-tuned model, whose prose nobody has written."""
    source = receipt["metrics"][0]["dataset"]
    parent = receipt["parent"] or {"name": spec.name, "sha256": "unknown"}
    parts = {name.rpartition("/")[2]: d["rows"] for name, d in receipt["data"].items()}
    told = {"source": source, "parent": parent["name"], "sha256": parent["sha256"]}
    prose = TAUGHT.format(
        **told,
        fitting=parts["training"],
        answers=_answers(spec),
        strategy=_strategy(receipt),
        fails=_fails(receipt),
    )
    making = TAUGHT_MAKING.format(
        **told,
        name=spec.name,
        seconds=receipt["seconds"],
        hardware=receipt["hardware"],
        torch=receipt["versions"]["torch"],
        settings=cards.table(
            (f"`{k}`", f"`{v}`") for k, v in receipt["settings"].items()
        ),
        parts=cards.table((part, f"{rows:,}") for part, rows in parts.items()),
    )
    return cards.card(spec, receipt, cards.measured(receipt), making, prose)


def _answers(spec: ModelSpec) -> str:
    if not spec.labels:
        return "It gives a number."
    shown = ", ".join(spec.labels[:10])
    more = f" and {len(spec.labels) - 10} more" if len(spec.labels) > 10 else ""
    return f"It tells apart {shown}{more}."


def _strategy(receipt: Mapping[str, Any]) -> str:
    freeze, tried = receipt["settings"]["freeze"], receipt["tried"]
    epochs = len(receipt["history"])
    if not epochs:
        return (
            "All before the head is as it was. The head is the best linear one on its\n"
            f"features; where it starts, and how far it may go, was chosen from "
            f"{len(tried)}\ncandidates, in cross-validation on the training rows."
        )
    return f"Strategy {freeze!r}, {epochs} epochs, the best of them by validation rows."


def _fails(receipt: Mapping[str, Any]) -> str:
    weak = [one for one in receipt["weakest"] if one["right"] < 1]
    part = receipt["metrics"][0]["split"]
    few = f"It was measured on {receipt['rows']:,} {part} rows; on inputs of another "
    kind = f"{few}kind it was not measured, and gives one of its answers all the same."
    if not weak:
        return kind
    listing = "\n".join(
        f"* {one['label']}: {one['right']:.1%} of {one['rows']:,} rows right"
        for one in weak
    )
    return f"Least often right, on the {part} rows:\n\n{listing}\n\n{kind}"
