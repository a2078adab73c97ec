"""The card of a fine-tuned model, whose prose nobody has written."""

from collections.abc import Mapping
from typing import Any

from zoo.cards import render as cards
from zoo.cards.templates import TAUGHT, TAUGHT_MAKING
from zoo.specs import ForecastOutput, ModelSpec, OCROutput

__all__ = ["render"]


def render(spec: ModelSpec, receipt: Mapping[str, Any]) -> str:
    """Return the card of a fine-tuned model, whose prose nobody has written."""
    source, parent = _source(receipt), receipt["parent"]
    fitting = _parts(receipt)["training"]["rows"]
    told = {"source": source, "parent": parent["name"], "sha256": parent["sha256"]}
    prose = TAUGHT.format(
        **told,
        fitting=fitting,
        answers=_answers(spec),
        strategy=_strategy(receipt),
        classes=_classes(receipt),
        skipped=_skipped(receipt),
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
        parts=cards.table(
            (f"`{name}`", f"{part['rows']:,}", f"`{part['fingerprint'][:16]}`")
            for name, part in receipt["data"].items()
        ),
    )
    return cards.card(spec, receipt, cards.measured(receipt), making, prose)


def _parts(receipt: Mapping[str, Any]) -> dict[str, Any]:
    return {name.rpartition("/")[2]: held for name, held in receipt["data"].items()}


def _source(receipt: Mapping[str, Any]) -> str:
    """Return the name of the data that the training rows come from."""
    names = [str(name).rpartition("/") for name in receipt["data"]]
    return next(source for source, _, part in names if part == "training")


def _classes(receipt: Mapping[str, Any]) -> str:
    """Return how many training rows each class has, and how they were weighed."""
    counts = receipt["classes"]
    if not counts:
        return ""
    weighed = receipt["settings"]["balance"]
    if receipt.get("texts"):
        seen = ((f"`{one}`", f"{n:,}") for one, n in counts.items() if n)
        rows = cards.table(seen)
        return f"\n| character | in so many texts |\n| --- | ---: |\n{rows}\n"
    one = "pixel" if receipt.get("pixels") else "row"
    said = "Each class counted alike" if weighed else f"Each {one} counted alike"
    rows = cards.table((label, f"{count:,}") for label, count in counts.items())
    held = "in so many masks" if receipt.get("pixels") else "training rows"
    return f"\n{said}.\n\n| class | {held} |\n| --- | ---: |\n{rows}\n"


def _skipped(receipt: Mapping[str, Any]) -> str:
    found = receipt["skipped"]
    if not found:
        return ""
    what = "1 input" if len(found) == 1 else f"{len(found):,} inputs"
    return f"\nLeft out, because it could not be read: {what}.\n"


def _answers(spec: ModelSpec) -> str:
    if isinstance(spec.output, ForecastOutput):
        after = f"{spec.output.horizon} rows" if spec.output.horizon > 1 else "row"
        return f"It forecasts {spec.output.name} of the next {after}."
    if not spec.labels:
        return "It gives a number."
    if isinstance(spec.output, OCROutput):
        return f"It reads the characters {''.join(spec.labels)}."
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
    if receipt["seen"]:
        name, source = receipt["parent"]["name"], receipt["metrics"][0]["dataset"]
        kind += (
            f"\n`{name}` learned from {source} before, and may have seen these rows."
        )
    if not weak:
        return kind
    what = "pixels" if receipt.get("pixels") else "rows"
    listing = "\n".join(
        f"* {one['label']}: {one['right']:.1%} of {one['rows']:,} {what} right"
        for one in weak
    )
    return f"Least often right, on the {part} rows:\n\n{listing}\n\n{kind}"
