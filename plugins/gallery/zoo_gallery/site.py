"""Build the site: an index, a page a model, and the models that run in their pages."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

import zoo
from zoo import ModelSpec
from zoo._utils.atomic_folder import put_folder, scratch_folder  # noqa: TID251 - one way
from zoo.errors import ZooError
from zoo_gallery.cards import card_html
from zoo_gallery.errors import GalleryError
from zoo_gallery.packing import script, split_shared
from zoo_gallery.pictures import write_picture
from zoo_gallery.strings import LANGUAGES, all_strings, english
from zoo_gallery.widgets import examples, part, widget_of

__all__ = ["POLICY", "Built", "build"]

MARK = ".zoo-gallery"  # a folder with this file was written here, and may be again
TITLE = "Written by zoo gallery:"  # its first line; then what was written
PICTURES = (".png", ".gif", ".jpg")
STATIC = Path(__file__).with_name("static")
LICENSES = "LICENSES.txt"
MOST_SITE = 119_900_000  # bytes, at which a site is easily copied and served
AT_ONCE = 3 << 20  # bytes of a model that is started with its page
SIZES = (100_000, 1_000_000, 10_000_000)  # parameters at most, to filter by
# `file:` because 'self' is no origin of a page that is a file; `blob:` for the worker.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' file: blob: 'wasm-unsafe-eval'",
        "worker-src blob:",
        "style-src 'self' file:",
        "img-src 'self' file: data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
    )
)


@dataclass(frozen=True, kw_only=True)
class Built:
    """A site: its folder, its bytes, its models, those that run in their pages, and
    why the others do not."""

    folder: Path
    size: int
    models: tuple[str, ...]
    live: tuple[str, ...]
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Live:
    """What the page of a model that runs in it has to know."""

    widget: str
    script: str
    size: int
    graphs: list[dict[str, Any]]
    data: dict[str, Any]


def build(
    folder: str | Path,
    *,
    names: Iterable[str] | None = None,
    live: bool = True,
    most_bytes: int = 12 << 20,
    most_site_bytes: int = MOST_SITE,
    tell: Callable[[str], object] = lambda line: None,
) -> Built:
    """Write the site of the models `names`, or of all that are installed.

    A folder that this function wrote is written anew, as a whole; files of others in it
    stay. Any other folder has to be empty. With `live`, models whose weights have
    `most_bytes` at most run in their pages. Where the site would be larger than
    `most_site_bytes`, the largest stay out: first of those whose task, language and
    chapters of the course have another model that runs. `tell` is given a line for each
    of them.
    Raises GalleryError, MissingExtra, ModelNotFound.
    """
    folder = Path(folder)
    specs = [zoo.get_spec(name) for name in names] if names else list(zoo.search())
    if not specs:
        raise GalleryError("No model is installed, so there is nothing to show.")
    if folder.exists() and (
        not folder.is_dir() or (any(folder.iterdir()) and not (folder / MARK).is_file())
    ):
        raise GalleryError(
            f"{folder} is there already and is no site of zoo gallery; nothing was "
            "written. Name a new folder."
        )
    if live:
        _require_export()
    with scratch_folder(folder) as new:
        (new / "assets").mkdir()
        _write_assets(new, live)
        running: dict[str, _Live] = {}
        refused: dict[str, str] = {}
        for spec in specs if live else ():
            found = _live(spec, new, most_bytes)
            if isinstance(found, str):
                refused[spec.name] = found
                tell(f"{spec.name}: not live")
            else:
                running[spec.name] = found
                tell(f"{spec.name}: {found.size / 2**20:.2f} MiB")
        pictures = {spec.name: _pictures(spec, new) for spec in specs}
        _write_pages(new, specs, pictures, running, refused, live)
        if out := _too_many(new, specs, running, most_site_bytes):
            for name in out:
                (new / running.pop(name).script).unlink()
                refused[name] = _left_out(name, most_site_bytes)
                tell(f"{name}: left out, the site is large")
            _write_pages(new, specs, pictures, running, refused, live)
        written = sorted(path.name for path in new.iterdir())
        (new / MARK).write_text("\n".join([TITLE, *written, ""]), encoding="utf-8")
        ours = {MARK, *_written(folder)}
        put_folder(new, folder, keep=lambda path: path.name not in ours, last=MARK)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Built(
        folder=folder,
        size=size,
        models=tuple(spec.name for spec in specs),
        live=tuple(running),
        refused=refused,
    )


def _written(folder: Path) -> list[str]:
    """Return the names that an earlier site in a folder consists of."""
    mark = folder / MARK
    return mark.read_text(encoding="utf-8").splitlines()[1:] if mark.is_file() else []


def _require_export() -> None:
    """Raise MissingExtra where a library is missing that live models need."""
    from importlib.util import find_spec

    from zoo.errors import MissingExtra

    for name in ("onnx", "onnxruntime", "onnxscript", "tokenizers"):
        if find_spec(name) is None:
            what = "A gallery of live models (--no-live makes one without)"
            raise MissingExtra(name, what, extra="onnx")


def _write_assets(site: Path, live: bool) -> None:
    """Write scripts and styles, and with `live` the engine."""
    shutil.copytree(STATIC, site / "assets", dirs_exist_ok=True)
    text = json.dumps(all_strings(), ensure_ascii=False, indent=1)
    (site / "assets" / "strings.js").write_text(
        f"globalThis.zooStrings = {text};\n", encoding="utf-8"
    )
    if live:
        from zoo_gallery.vendor import assets

        for name, content in assets():
            (site / "assets" / name).write_bytes(content)


def _live(spec: ModelSpec, site: Path, most_bytes: int) -> _Live | str:
    """Write a model for its page; return what the page knows, or why there is none."""
    from zoo_gallery.graphs import Refused, exported

    widget = widget_of(spec)
    if widget is None:
        task = spec.task
        return f"there is no widget for {task} from {spec.input.kind} yet"
    size = spec.weights.size if spec.weights else None
    if size is None or size > most_bytes:
        shown = f"{size / 2**20:.0f} MiB" if size else "of unknown size"
        return f"its weights are too large for a page ({shown})"
    try:
        found = exported(spec)
    except Refused as exc:
        return str(exc)
    if found.latent_dim is not None:
        widget = "sampling"
    path = f"models/{spec.name}.js"
    parts = split_shared(found.files).items()
    content = script({f"{spec.name}/{name}": pieces for name, pieces in parts})
    (site / "models").mkdir(exist_ok=True)
    written = (site / path).write_bytes(content)
    graphs = [
        {
            "name": f"{method}.onnx",
            "size": len(content := found.files[f"{method}.onnx"]),
            "sha256": hashlib.sha256(content).hexdigest(),
            "error": max(receipt["errors"].values()),
        }
        for method, receipt in found.receipts.items()
    ]
    data = {
        "name": spec.name,
        "task": spec.task,
        "script": path,
        "size": written,
        "atOnce": written <= AT_ONCE,
        "graphs": [one["name"] for one in graphs],
        "tokenizer": "tokenizer.json" in found.files,
        "latentDim": found.latent_dim,
        "hasWords": found.has_words,
        "input": part(spec.input),
        "output": part(spec.output),
        "examples": list(examples(spec)),
    }
    return _Live(widget=widget, script=path, size=written, graphs=graphs, data=data)


def _too_many(
    site: Path, specs: Sequence[ModelSpec], running: dict[str, _Live], most: int
) -> list[str]:
    """Return the models that stay out of a site for it to have `most` bytes."""
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    parts = {spec.name: _shown_by(spec) for spec in specs}
    inside, out = set(running), list[str]()
    while size > most and inside:
        counts = Counter(part for name in inside for part in parts[name])

        def order(name: str, counts: Counter[Any] = counts) -> tuple[bool, int, str]:
            others = all(counts[part] > 1 for part in parts[name])
            return others, running[name].size, name

        name = max(inside, key=order)
        inside.remove(name)
        out.append(name)
        size -= running[name].size + len(_as_data(running[name].data))
    return out


def _shown_by(spec: ModelSpec) -> set[tuple[str, ...]]:
    """Return what a model is an example of: its task in its language, and chapters."""
    language = getattr(spec.input, "language", None) or ""
    return {(spec.task, language), *(("chapter", one) for one in spec.chapters)}


def _left_out(name: str, most: int) -> str:
    """Return why a model that could run in its page does not."""
    limit = f"{most / 2**20:.0f} MiB"
    alone = f"zoo gallery {name} -o site/"
    return f"with it the site would have more than {limit}; alone it runs: {alone}"


# The pages


def _write_pages(
    site: Path,
    specs: Sequence[ModelSpec],
    pictures: dict[str, dict[str, str]],
    running: dict[str, _Live],
    refused: dict[str, str],
    live: bool,
) -> None:
    pages = Environment(
        loader=PackageLoader("zoo_gallery"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals.update(
        t=_text, policy=POLICY, languages=LANGUAGES, version=zoo.__version__
    )
    pages.filters.update(size=_size, figure=_figure, as_data=_as_data)
    distributions = _distributions()
    rows = [
        {
            "spec": spec,
            "plugin": distributions.get(spec.package, spec.package),
            "live": running.get(spec.name),
        }
        for spec in specs
    ]
    facets = {
        "task": sorted({spec.task for spec in specs}),
        "dataset": sorted({name for spec in specs for name in spec.trained_on}),
        "license": sorted({spec.license.weights for spec in specs}),
        "plugin": sorted({str(row["plugin"]) for row in rows}),
        "chapter": sorted({one for spec in specs for one in spec.chapters}),
        "tag": sorted({tag for spec in specs for tag in spec.tags}),
    }
    index = pages.get_template("index.html").render(
        root="", rows=rows, facets=facets, sizes=SIZES, licenses=live
    )
    (site / "index.html").write_text(index, encoding="utf-8")
    for row in rows:
        spec: Any = row["spec"]
        (site / "pages" / spec.name / "index.html").write_text(
            pages.get_template("model.html").render(
                root="../../",
                **row,
                card=Markup(card_html(_card(spec.name), pictures[spec.name])),
                code=_code(spec),
                install=f"pip install {row['plugin']}",
                refused=refused.get(spec.name),
                licenses=live,
            ),
            encoding="utf-8",
        )


def _distributions() -> dict[str, str]:
    """Return the distribution of each plugin, by its import package."""
    return {
        entry.module.partition(".")[0]: entry.dist.name
        for entry in entry_points(group="zoo")
        if entry.dist is not None
    }


def _pictures(spec: ModelSpec, site: Path) -> dict[str, str]:
    """Make the folder of a model's page, with the pictures of its card; return the
    names of their files, by their names in the card."""
    home = site / "pages" / spec.name
    home.mkdir(parents=True)
    folder = files(spec.package).joinpath("checkpoints", spec.name)
    if not folder.is_dir():
        return {}
    return {
        one.name: write_picture(one.name, one.read_bytes(), home)
        for one in folder.iterdir()
        if one.name.endswith(PICTURES)
    }


def _card(name: str) -> str:
    """Return a model's card, or why there is none."""
    try:
        return str(zoo.card(name))  # type: ignore[attr-defined]
    except ZooError as exc:
        return str(exc).replace("<", "&lt;")


def _code(spec: ModelSpec) -> dict[str, str]:
    """Return the lines that use a model, in Python and in a shell."""
    if spec.examples:
        call = f'zoo.predict(model, zoo.example("{spec.name}"))'
        shell = f"zoo predict {spec.name} --example"
    else:
        call = "zoo.sample(model, 4, seed=0)"
        shell = f"zoo sample {spec.name} -n 4 --seed 0"
    lines = f'import zoo\n\nmodel = zoo.load("{spec.name}")\nprint({call})'
    return {"Python": lines, "Shell": shell}


# What templates call


def _text(key: str) -> Markup:
    """Return a text of the site, which the page can change to another language."""
    return Markup('<span data-t="{}">{}</span>').format(key, english(key))


def _size(count: int | None) -> str:
    """Return a number of bytes as a person reads it."""
    if count is None:
        return "?"
    units = ("bytes", "KiB", "MiB", "GiB")
    number, unit = float(count), 0
    while number >= 1024 and unit < len(units) - 1:
        number, unit = number / 1024, unit + 1
    return f"{number:.0f} bytes" if not unit else f"{number:.1f} {units[unit]}"


def _figure(value: float) -> str:
    """Return a measured number in four digits after the point."""
    return f"{value:,.4f}"


def _as_data(value: Any) -> Markup:
    """Return JSON that stands in a script element, whatever texts it holds."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)
