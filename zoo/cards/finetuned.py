"""The card of a fine-tuned model, with generated prose."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zoo._utils.shown import code, counted, markdown, one_line
from zoo.cards import render as cards
from zoo.cards.templates import FINETUNED, FINETUNED_PROCEDURE
from zoo.specs import ModelSpec, Output

__all__ = ["real_figures", "render"]

REAL = "_real"  # ends the name of a metric of real data


def render(spec: ModelSpec, receipt: Mapping[str, Any]) -> str:
    """Return the card of a fine-tuned model, with generated prose."""
    source, parent = _source(receipt), receipt["parent"]
    fitting = counted(_parts(receipt)["training"]["rows"], "row")
    origin = {
        "source": markdown(source),
        "parent": one_line(parent["name"]).replace("`", "'"),
        "sha256": one_line(parent["sha256"]),
    }
    spec = replace(spec, summary=markdown(spec.summary))
    prose = FINETUNED.format(
        **origin,
        fitting=fitting,
        use="For inputs like" if spec.input.from_data else "To draw pictures like",
        answers=spec.output.answer,
        strategy=_strategy(receipt),
        classes=_classes(receipt, spec.output),
        skipped=_skipped(receipt),
        notes=_notes(receipt),
        fails=_fails(receipt, spec),
    )
    making = FINETUNED_PROCEDURE.format(
        **origin,
        name=spec.name,
        seconds=receipt["seconds"],
        hardware=receipt["hardware"],
        torch=receipt["versions"]["torch"],
        settings=cards.table(
            (code(k), code(v)) for k, v in receipt["settings"].items()
        ),
        parts=cards.table(
            (code(name), f"{part['rows']:,}", code(part["fingerprint"][:16]))
            for name, part in receipt["data"].items()
        ),
    )
    return cards.card(spec, receipt, cards.measured(receipt), making, prose)


def _parts(receipt: Mapping[str, Any]) -> dict[str, Any]:
    return {name.rpartition("/")[2]: part for name, part in receipt["data"].items()}


def _source(receipt: Mapping[str, Any]) -> str:
    """Return the name of the data that the training rows come from."""
    names = [str(name).rpartition("/") for name in receipt["data"]]
    return next(source for source, _, part in names if part == "training")


def _classes(receipt: Mapping[str, Any], output: Output) -> str:
    """Return the number of training rows of each class, and the class weights."""
    counts, noun = receipt["classes"], output.label_noun
    if not counts:
        return ""
    head = f"\n| {noun} | {output.counted} |\n| --- | ---: |\n"
    if not output.weighable:
        nonzero = ((code(label), f"{n:,}") for label, n in counts.items() if n)
        return f"{head}{cards.table(nonzero)}\n"
    alike = noun if receipt["settings"]["balance"] else output.judged
    rows = cards.table(
        (markdown(label), f"{count:,}") for label, count in counts.items()
    )
    return f"\nEach {alike} counted alike.\n{head}{rows}\n"


def _skipped(receipt: Mapping[str, Any]) -> str:
    skipped = receipt["skipped"]
    if not skipped:
        return ""
    count = "1 input" if len(skipped) == 1 else f"{len(skipped):,} inputs"
    return f"\nLeft out, because it could not be read: {count}.\n"


def _notes(receipt: Mapping[str, Any]) -> str:
    """Return what was left out of the data, and copies in it."""
    lines = "".join(f"* {note}\n" for note in receipt.get("notes", ()))
    return f"\nOf its data:\n\n{lines}" if lines else ""


def _strategy(receipt: Mapping[str, Any]) -> str:
    settings, tried = receipt["settings"], receipt["tried"]
    epochs = len(receipt["history"])
    if not epochs:
        return (
            "All before the head is as it was. The head is the best linear one on its\n"
            f"features{_chosen_head(len(tried), settings.get('l2_sp'))}."
        )
    best = f"{epochs} epochs, the best of them by validation rows"
    count = best if epochs > 1 else "one epoch"
    if learned := receipt["measured"].get("trained_parameters"):
        count += f".\n{learned:,.0f} parameters learned, and were added to the others"
    return f"Strategy {settings['freeze']!r}, {count}."


def _chosen_head(candidates: int, l2: float | None) -> str:
    """Return what cross-validation chose: a pull that was given, it did not."""
    pull = "" if l2 is None else f"; l2_sp={l2} holds it to its start"
    if candidates < 2:
        return pull
    what = "where it starts"
    if l2 is None:
        what += ", and how far it may go,"
    return (
        f"{pull}; {what} was chosen from {candidates}\ncandidates, in cross-validation "
        "on the training rows"
    )


def _of_real(receipt: Mapping[str, Any]) -> str:
    """Return the sentence of what real data reaches, where it was measured."""
    found = [f"{name} {value:.4f}" for name, value in real_figures(receipt).items()]
    if not found:
        return ""
    return f" As many training rows\nhave {', '.join(found)}: no sample need be nearer."


def real_figures(receipt: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics of as many training rows as the model drew, by name; none
    where these were not measured.

    >>> real_figures({"metrics": [{"name": "x"}], "measured": {"x_real": 2.0}})
    {'x': 2.0}
    """
    measured = receipt["measured"]
    names = (one["name"] for one in receipt["metrics"])
    return {name: measured[name + REAL] for name in names if name + REAL in measured}


def _fails(receipt: Mapping[str, Any], spec: ModelSpec) -> str:
    weak = [row for row in receipt["weakest"] if row["right"] < 1]
    part = receipt["metrics"][0]["split"]
    end = "" if receipt["rows"] == 1 else "s"
    few = f"It was measured on {receipt['rows']:,} {part} row{end}"
    if part == "validation" and len(receipt["history"]) > 1:
        few += ", which chose the epoch as well"
    if not spec.input.from_data:
        return f"{few}, with which as many samples were compared.{_of_real(receipt)}"
    few += "; on inputs of another "
    kind = f"{few}kind it was not measured, and gives one of its answers all the same."
    if receipt["seen"]:
        name, source = receipt["parent"]["name"], receipt["metrics"][0]["dataset"]
        kind += (
            f"\n{code(name)} learned from {markdown(source)} before, and may have seen "
            "these rows."
        )
    if not weak:
        return kind
    listing = "\n".join(
        f"* {markdown(row['label'])}: {row['right']:.1%} of {row['rows']:,} "
        f"{spec.output.judged}s right"
        for row in weak
    )
    return f"Least often right, on the {part} rows:\n\n{listing}\n\n{kind}"
