"""A model card: facts from the spec, numbers from the receipt, prose from the plugin.

The prose is Markdown with three sections. A number in it is written as the name of a
measured value, `{accuracy:.2%}` or `{settings.epochs}`, so that it can't go stale, and
what depends on a number stands in a condition: see `zoo.cards.prose`.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from zoo._utils.schema import Malformed, read_bytes
from zoo._utils.shown import markdown
from zoo.artifacts import checkpoint_folder, claims, resolve, weight_store
from zoo.cards import prose as prose_of_plugin
from zoo.cards.markdown_card import MarkdownCard
from zoo.cards.templates import (
    BEHIND_BASELINE,
    BODY,
    CHANGED,
    CHOSEN,
    CONVERTED,
    FILE_PROSE,
    KEPT_EPOCH,
    MEASURED,
    NOT_COMPARED,
    PINNED,
    PRECISION,
    SMOKE,
    SWEEP,
    TRAINED,
    TRAINED_BY_FILE,
    UNMEASURED,
    USES,
)
from zoo.errors import CardError
from zoo.plugins.discovery import installed
from zoo.specs import ModelSpec, Weights

__all__ = [
    "SECTIONS",
    "card",
    "check_names",
    "check_prose",
    "measured",
    "render",
    "table",
    "text",
]

SECTIONS = ("What it is for", "How it was trained", "Where it fails")
FIELD = re.compile(r"\{[^}]*\}|https?://\S+")
REQUIRED_SECTIONS = {
    *("settings", "data", "metrics", "rows", "baselines", "measured", "pictures"),
    *("seconds", "peak_memory_mib", "hardware", "versions"),
}
RESULTS = ("settings", "metrics", "measured")  # the same bytes measure the same
TYPED_SECTIONS = re.compile(r"\d+\.\d+|\d+\s?%")  # a figure that nobody keeps true


def render(name: str | Path) -> MarkdownCard:
    """Return the card of a registered model: the README.md of its Hub repository.

    `name` may also be a checkpoint folder, whose card is the file that lies in it. It
    is a string, and a notebook shows it as a page with its pictures. Raises CardError,
    and what finding the model raises.

    >>> zoo.card("xor-mlp").startswith("---")
    True
    """
    source = resolve.find(name)
    if source.kind == "folder":
        return _written(source.folder)
    if source.kind == "repository":
        raise CardError(f"The card of {name} is the page of its repository on the Hub.")
    spec = source.spec
    folder = weight_store.shipped_checkpoint(spec)
    receipt = checkpoint_folder.read_receipt(folder)
    if not receipt and spec.recipe is None and spec.weights:
        return MarkdownCard(_pinned(spec, spec.weights), folder)
    if not receipt:
        raise CardError(
            f"{name!r} has no receipt, so its card has no numbers. 'zoo train {name}' "
            "makes one."
        )
    return MarkdownCard(text(spec, receipt), folder)


def _written(folder: Path) -> MarkdownCard:
    """Return the card that lies in a checkpoint folder."""
    try:
        path = checkpoint_folder.inside(
            folder / checkpoint_folder.CARD, folder, CardError
        )
        content = read_bytes(path).decode()
    except FileNotFoundError as exc:
        raise CardError(
            f"{folder} has no card: {checkpoint_folder.CARD} is missing. zoo.save "
            "writes none; zoo.train and zoo.finetune do."
        ) from exc
    except (OSError, UnicodeDecodeError, Malformed) as exc:
        raise CardError(f"The card in {folder} can't be read: {exc}.") from exc
    return MarkdownCard(content.replace("\r\n", "\n"), folder)


def text(spec: ModelSpec, receipt: Mapping[str, Any]) -> str:
    """Return the card for a spec and the receipt of a run."""
    missing = REQUIRED_SECTIONS - receipt.keys()
    if missing:
        listing = ", ".join(sorted(missing))
        raise CardError(f"The receipt of {spec.name!r} does not hold {listing}.")
    registered = _is_shipped(spec, receipt)
    numbers = measured(receipt)
    making = _making(spec, receipt, spec.name if registered else f"./{spec.name}")
    if sha256 := receipt.get("recipe_sha256"):
        recipe = receipt["recipe"]
        prose = FILE_PROSE.format(name=spec.name, recipe=recipe, sha256=sha256)
        behind = _behind(replace(spec, behind_baseline=""), receipt)
        return card(spec, receipt, numbers, making, prose, behind)
    behind = _behind(spec, receipt)
    return card(spec, receipt, numbers, making, behind=behind, registered=registered)


def measured(receipt: Mapping[str, Any]) -> str:
    """Return the metrics of a receipt, and those of its baselines."""
    return MEASURED.format(
        metrics=table(_metrics(receipt)), baselines=_baselines(receipt)
    )


def _pinned(spec: ModelSpec, weights: Weights) -> str:
    """Return the card of a third party's model whose metrics were not measured."""
    parts = ("metrics", "measured", "settings", "baselines", "pictures")
    nothing: dict[str, Any] = {part: {} for part in parts}
    sha256 = "not known: what comes first is trusted, and remembered"
    sha256 = f"`{weights.sha256}`" if weights.sha256 else sha256
    making = PINNED.format(**asdict(weights), known=sha256)
    return card(spec, nothing, UNMEASURED, making, registered=True)


def card(
    spec: ModelSpec,
    receipt: Mapping[str, Any],
    numbers: str,
    making: str,
    prose: str | None = None,
    behind: str = "",
    *,
    registered: bool = False,
) -> str:
    """Return a complete card. `prose` is by default the plugin's, and `behind` comes
    before it. A model is loaded by its name where those weights are `registered`."""
    example = f'zoo.example("{spec.name}")'
    size = spec.weights.size if spec.weights else None
    use = f"print(zoo.predict(model, {example if spec.examples else '...'}))"
    body = BODY.format(
        name=spec.name,
        place=spec.name if registered else f"./{spec.name}",
        remark="" if registered else "  # its folder, or hf://user/name once published",
        summary=spec.summary,
        behind=behind,
        use=USES.get(spec.task, use),
        prose=_remarks(receipt, chosen=prose is None)
        + (prose or _prose(spec, receipt)),
        numbers=numbers,
        parameters=spec.parameters,
        size=f", {size:,} bytes on disk" if size else "",
        code=spec.license.code,
        weights=spec.license.weights,
        data=spec.license.data,
        making=making,
        pictures=_pictures(receipt),
        papers=_papers(spec),
    )
    return f"---\n{_header(spec, receipt)}\n---\n\n{body}"


def _behind(spec: ModelSpec, receipt: Mapping[str, Any]) -> str:
    """Return the baselines that are better than the model, and why it is kept."""
    baselines = "; ".join(
        f"{metric.baseline_name} reaches {metric.name} {metric.baseline:.4f}, this "
        f"model {metric.value:.4f}"
        for metric in claims.metrics(receipt)
        if metric.behind
    )
    reason = f" {spec.behind_baseline}" if spec.behind_baseline else ""
    return (
        BEHIND_BASELINE.format(baselines=baselines, reason=reason) if baselines else ""
    )


def _making(spec: ModelSpec, receipt: Mapping[str, Any], place: str) -> str:
    """Return how the weights were made: trained, or converted."""
    memory, origin = receipt["peak_memory_mib"], receipt.get("origin", {})
    template = TRAINED_BY_FILE if "recipe_sha256" in receipt else TRAINED
    return (CONVERTED if origin else template).format(
        name=spec.name,
        place=place,
        options=_options(receipt),
        recipe=receipt.get("recipe"),
        origin=table((name, f"`{value}`") for name, value in origin.items()),
        seconds=receipt["seconds"],
        memory=f" and {memory:,} MiB of memory" if memory else "",
        hardware=receipt["hardware"],
        precision=PRECISION[receipt.get("precision", "no")],
        torch=receipt["versions"]["torch"],
        settings=table([(f"`{k}`", v) for k, v in receipt["settings"].items()]),
        sweep=_sweep(receipt),
        fingerprints=table(
            (f"`{name}`", f"{part['rows']:,}", f"`{part['fingerprint'][:16]}`")
            for name, part in receipt["data"].items()
        ),
    )


def _options(receipt: Mapping[str, Any]) -> str:
    """Return the options of the command that trains in this way again."""
    settings = receipt["settings"]
    words = [
        word
        for name in receipt.get("changed", ())
        for word in ("--set", f"{name}={_word(settings[name])}")
    ]
    words += ["--smoke"] * receipt.get("smoke", False)
    words += ["--no-comparison"] * ("comparison" in receipt)
    return "".join(f" {shlex.quote(word)}" for word in words)


def _word(value: Any) -> str:
    """Return a setting as `--set` reads it."""
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)


def check_prose(spec: ModelSpec) -> str:
    """Return a model's prose, with its conditions.

    An empty section, a block that can't be read or a typed-in number is a CardError.
    """
    path = weight_store.package_folder(spec.package) / spec.card
    try:
        prose = path.read_text(encoding="utf-8").rstrip()
    except (OSError, UnicodeDecodeError) as exc:
        raise CardError(f"The prose of {spec.name!r} can't be read: {exc}.") from exc
    _complete(spec.name, prose)
    if typed := TYPED_SECTIONS.search(spec.behind_baseline):
        raise CardError(
            f"behind_baseline= of {spec.name!r} has the number {typed[0]!r} typed in. "
            "Say why in words: the figures are written beside it."
        )
    prose_of_plugin.check_syntax(prose, _whose(spec))
    if typed := TYPED_SECTIONS.search(FIELD.sub("", prose)):
        raise CardError(
            f"{spec.card} of {spec.name!r} has the number {typed[0]!r} typed in. Write "
            "the name of a measured value instead, such as {accuracy:.2%}."
        )
    return prose


def check_names(spec: ModelSpec, settings: Mapping[str, Any]) -> None:
    """Raise CardError where a model's prose speaks of what no run of it will hold.

    All branches of its conditions are looked at. Settings are those of the recipe, and
    figures those of the receipt, if there is one.
    """
    receipt = checkpoint_folder.read_receipt(weight_store.shipped_checkpoint(spec))
    known = prose_of_plugin.context(receipt) if receipt else {}
    prose_of_plugin.check_names(
        check_prose(spec),
        known | {"settings": settings},
        _whose(spec),
        partly=not receipt,
    )


def _whose(spec: ModelSpec) -> str:
    return f"{spec.card} of {spec.name!r}"


def _prose(spec: ModelSpec, receipt: Mapping[str, Any]) -> str:
    known = prose_of_plugin.context(receipt, shipped=_is_shipped(spec, receipt))
    return prose_of_plugin.fill(check_prose(spec), known, _whose(spec))


def _is_shipped(spec: ModelSpec, receipt: Mapping[str, Any]) -> bool:
    """Return whether a run measured the same as the one whose weights are shipped."""
    held = checkpoint_folder.read_receipt(weight_store.shipped_checkpoint(spec))
    return bool(held) and all(held.get(part) == receipt[part] for part in RESULTS)


def _remarks(receipt: Mapping[str, Any], *, chosen: bool) -> str:
    """Return what is to be known of a run before all that is said of it.

    It is `chosen` where the prose says how settings were chosen, and what other models
    reach.
    """
    remarks = [SMOKE] if receipt.get("smoke") else []
    settings = receipt["settings"]
    if changed := receipt.get("changed"):
        listing = ", ".join(
            f"`{name}` is {settings[name]} instead of {default}"
            for name, default in changed.items()
        )
        remarks.append(CHANGED.format(listing=listing) + CHOSEN * chosen)
    if "comparison" in receipt and chosen:
        remarks.append(NOT_COMPARED)
    remarks += receipt.get("notes", ())
    return "".join(f"{remark}\n\n" for remark in remarks)


def _complete(name: str, prose: str) -> None:
    parts = re.split(r"^## +(.+)$", prose, flags=re.MULTILINE)
    sections = dict(zip(map(str.strip, parts[1::2]), parts[2::2], strict=True))
    for section in SECTIONS:
        if not sections.get(section, "").strip():
            raise CardError(
                f"The card of {name!r} has nothing under '## {section}'; every card "
                f"needs {', '.join(SECTIONS)}."
            )


def _metrics(receipt: Mapping[str, Any]) -> list[Sequence[Any]]:
    rows = receipt["rows"]
    return [
        (
            m["name"],
            f"{m['value']:.4f}",
            markdown(f"{m['dataset']}, {m['split']}"),
            f"{rows:,}",
        )
        for m in receipt["metrics"]
    ]


def _baselines(receipt: Mapping[str, Any]) -> str:
    rows = [
        (name, metric, f"{value:.4f}")
        for name, values in receipt["baselines"].items()
        for metric, value in values.items()
    ]
    if not rows:
        return ""
    head = "\nFor comparison:\n\n| method | metric | value |\n| --- | --- | ---: |\n"
    return f"{head}{table(rows)}\n"


def _sweep(receipt: Mapping[str, Any]) -> str:
    """Return the trials of the sweep that selected the settings, if there was one."""
    sweep = receipt.get("sweep")
    if not sweep:
        return ""
    settings = ", ".join(f"`{key}={text}`" for key, text in sweep["settings"].items())
    head, *rows = sweep["table"]
    listing = table([head, ["---:"] * len(head), *rows])
    kept = KEPT_EPOCH[sweep.get("best_epoch")]
    return SWEEP.format(**sweep | {"words": settings, "table": listing, "kept": kept})


def table(rows: Any) -> str:
    """Return rows as the body of a Markdown table."""
    bar = re.compile(r"(?<!\\)\|")  # not yet escaped
    cells = ([bar.sub(r"\|", str(cell)) for cell in row] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _pictures(receipt: Mapping[str, Any]) -> str:
    shown = [
        f"![{caption}]({name})\n\n{caption}\n"
        for name, caption in receipt["pictures"].items()
    ]
    return "\n## Pictures\n\n" + "\n".join(shown) if shown else ""


def _papers(spec: ModelSpec) -> str:
    lines = "\n".join(f"* {paper}" for paper in spec.papers)
    return f"\n## Sources\n\n{lines}\n" if lines else ""


def _header(spec: ModelSpec, receipt: Mapping[str, Any]) -> str:
    from huggingface_hub import EvalResult, ModelCardData  # slow: only when needed

    datasets = installed().datasets
    ids = [datasets[n].hub if n in datasets else None for n in spec.trained_on]
    results = [
        EvalResult(
            task_type=spec.task,
            dataset_type=_hub_id(metric["dataset"]),
            dataset_name=metric["dataset"],
            dataset_split=metric["split"],
            metric_type=metric["name"],
            metric_value=round(metric["value"], 6),
        )
        for metric in receipt["metrics"]
    ]
    data = ModelCardData(
        license=spec.license.weights,
        library_name="zoo",
        pipeline_tag=spec.task,
        tags=["zoo", *spec.tags],
        datasets=[name for name in ids if name] or None,
        model_name=spec.name,
        eval_results=results or None,
    )
    return str(data.to_yaml()).rstrip()


def _hub_id(name: str) -> str:
    spec = installed().datasets.get(name)
    return (spec.hub if spec else None) or name
