"""A page that runs a model, made from its input and output: `zoo.demo`, by Gradio."""

import inspect
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from zoo.artifacts import weight_store
from zoo.cards import render
from zoo.datasets.custom.tables import read_table
from zoo.errors import MissingExtra, ZooError
from zoo.inference.predict import predict
from zoo.inference.sample import sample, sample_options, supports
from zoo.models.loading import require_module
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.runtime.beam_search import BeamSearchConfig
from zoo.specs import ModelSpec
from zoo.tasks import task_of
from zoo.tasks.results.result import Result

__all__ = ["HOST", "demo", "serve"]

HOST = "127.0.0.1"  # nobody else's machine reaches it
MOST_DRAWN = 16  # results of one draw
TOP = 5  # labels that are shown
TOKENS, MOST_TOKENS = 100, 400  # that a text goes on with
MOST_BEAMS = 10
KEPT = 600, 3600  # seconds: how often pictures are looked at, and how old they become
REMOTE = re.compile(r"!\[[^\]]*\]\((?!data:)[^)]*\)")  # pictures that a card asks for
FONTS = {
    "font": ["system-ui", "sans-serif"],
    "font_mono": ["ui-monospace", "monospace"],
}


@dataclass(frozen=True)
class _Form:
    """The fields of a page, how their values become an input, and rows of examples.

    `read` returns None where a field is empty that must not be. `options` are further
    fields, by the names of the options that they set.
    """

    fields: Sequence[Any]
    read: Callable[..., Any]
    examples: list[list[Any]]
    options: Mapping[str, Any] = field(default_factory=dict)


def demo(model: nn.Module | str | Path) -> Any:
    """Return a `gradio.Interface` that runs a model; it is not started.

    `model` is a module from `zoo.load`, a name, or a checkpoint folder. A picture, a
    text, the fields of a row or the rows of a series go in, and a model that draws
    takes how many and a seed. Where a model writes or draws, its options have fields
    too: seed, temperature and tokens, the beams of a translation, the truncation. What
    comes out is what the result shows: scores, its own picture, and its text. The page
    has the model's examples, its summary and its card. Pictures that are given to it
    lie in Gradio's temporary folder, and are deleted after an hour.
    `zoo.demo(model).launch()` starts it. Raises MissingExtra without gradio, and what
    `zoo.load` raises.

    >>> zoo.demo("lenet5-mnist").launch(share=False)  # doctest: +SKIP
    * Running on local URL:  http://127.0.0.1:7860
    """
    gradio = _gradio()
    module = require_module(model, "zoo.demo(model)")
    spec = model_metadata(module).spec
    draws = supports(module, "sample") and spec.output.shown_as == ("picture",)
    form = _drawing(gradio, module) if draws else _form(gradio, spec)

    def answer(*values: Any) -> Any:
        count = len(form.fields)
        raw = form.read(*values[:count])
        options = dict(zip(form.options, values[count:], strict=False))
        if raw is None or None in options.values():
            raise gradio.Error("Fill in every field first.")
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                make = _drawn if draws else _parts
                found = make(module, raw, options)
            except ZooError as exc:
                raise gradio.Error(str(exc)) from exc
        for one in said:
            gradio.Warning(str(one.message))
        return found

    outputs = _outputs(gradio, spec)
    return gradio.Interface(
        answer,
        inputs=[*form.fields, *form.options.values()],
        outputs=[gradio.Gallery(label="drawn", format="png")] if draws else outputs,
        examples=_with_options(form) or None,
        cache_examples=False,
        title=spec.name,
        description=spec.summary,
        article=_card(module),
        flagging_mode="never",  # what people give is theirs
        delete_cache=KEPT,
        analytics_enabled=False,
        api_name="predict",
    )


def serve(
    model: nn.Module | str | Path,
    *,
    host: str = HOST,
    port: int | None = None,
    share: bool = False,
    wait: bool = True,
) -> Any:
    """Start the page of a model, and return it; with `wait` once it was stopped.

    It is at `host` and `port`, by default the first that is free from 7860 on. With
    `share`, and only then, Gradio gives it a public address. Raises OSError where the
    port is taken, and what `demo` raises.
    """
    gradio = _gradio()
    page = demo(model)
    page.launch(
        server_name=host,
        server_port=port,
        share=share,
        inbrowser=False,
        ssr_mode=False,
        theme=gradio.themes.Default(**FONTS),  # of this machine: no font is fetched
        prevent_thread_lock=not wait,
        quiet=not wait,
    )
    return page


def _gradio() -> Any:
    try:
        import gradio
    except ImportError as exc:
        raise MissingExtra("gradio", "A demo", None) from exc
    return gradio


def _card(module: nn.Module) -> str | None:
    """Return the card as a page shows it; None where there is none."""
    known = model_metadata(module)
    folder = known.folder
    shipped = weight_store.shipped_checkpoint(known.spec)
    own = folder is not None and folder.resolve() != shipped.resolve()
    try:
        card = render.render(folder if own and folder is not None else known.spec.name)
    except ZooError:
        return None
    return REMOTE.sub("", card._repr_markdown_())


def _with_options(form: _Form) -> list[list[Any]]:
    """Return the examples, each with the options as they are at first."""
    first = [one.value for one in form.options.values()]
    return [[*row, *first] for row in form.examples]


def _option_fields(gradio: Any, spec: ModelSpec) -> dict[str, Any]:
    """Return a field for each option that a page offers, of those of the task."""
    seed = "seed (the same draws the same)"
    fields: dict[str, Callable[[], Any]] = {
        "max_new_tokens": lambda: gradio.Slider(
            1, MOST_TOKENS, value=TOKENS, step=1, label="tokens"
        ),
        "temperature": lambda: gradio.Slider(
            0, 2, value=1, step=0.1, label="temperature"
        ),
        "seed": lambda: gradio.Number(value=0, precision=0, minimum=0, label=seed),
        "beams": lambda: gradio.Slider(
            1, MOST_BEAMS, value=BeamSearchConfig.beams, step=1, label="beams"
        ),
    }
    known = task_of(spec).options
    return {name: make() for name, make in fields.items() if name in known}


def _drawing(gradio: Any, module: nn.Module) -> _Form:
    """Return the form of a model that draws, with its own options."""
    drawing: Any = unwrap_model(module)
    parameters = inspect.signature(drawing.sample).parameters
    options = {
        name: gradio.Slider(low, high, value=parameters[name].default, label=name)
        for name, (low, high) in sample_options(module).items()
    }
    fields = (
        gradio.Slider(1, MOST_DRAWN, value=4, step=1, label="n"),
        gradio.Number(value=0, precision=0, minimum=0, label="seed"),
    )

    def read(count: float | None, seed: float | None) -> Any:
        if count is None or seed is None:
            return None
        return min(int(count), MOST_DRAWN), int(seed)

    return _Form(fields, read, [[4, 0], [MOST_DRAWN, 1]], options)


def _drawn(
    module: nn.Module, asked: tuple[int, int], options: Mapping[str, Any]
) -> list[Any]:
    count, seed = asked
    return [one.render() for one in sample(module, count, seed=seed, **options)]


def _form(gradio: Any, spec: ModelSpec) -> _Form:
    """Return the form for one input of a model's kind."""
    given, examples = spec.input, _examples(spec)
    names = list(given.required_columns)
    if given.window is not None:
        box = gradio.Dataframe(
            headers=names,
            datatype="number",
            type="array",
            column_count=(len(names), "fixed"),
            label=given.description,
        )
        series = [[_rows(path, names)] for path in examples]
        return _Form([box], lambda rows: _series(names, rows), series)
    if names:
        columns = getattr(given, "columns", ())
        fields = [gradio.Number(label=str(one)) for one in columns]
        rows = [row for path in examples for row in _rows(path, names)]

        def read(*values: float | None) -> Any:
            return None if None in values else dict(zip(names, values, strict=True))

        return _Form(fields, read, rows)
    if given.takes_strings:
        texts = [[path.read_text(encoding="utf-8").strip()] for path in examples]
        box = gradio.Textbox(lines=3, label=given.noun)
        options = _option_fields(gradio, spec)
        return _Form([box], lambda text: text or None, texts, options)
    box = gradio.Image(type="pil", label=given.noun)
    return _Form([box], lambda picture: picture, [[str(path)] for path in examples])


def _examples(spec: ModelSpec) -> list[Path]:
    folder = weight_store.package_folder(spec.package) / "examples"
    return [folder / name for name in spec.examples]


def _rows(path: Path, names: Sequence[str]) -> list[list[float]]:
    """Return the rows of an example, in the order of the model's columns."""
    table = read_table(path)
    columns = [[float(value) for value in table[name]] for name in names]
    return [[*row] for row in zip(*columns, strict=True)]


def _series(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    """Return the rows that were filled in, as columns by name."""
    filled = [row for row in rows if not all(value in (None, "") for value in row)]
    columns = zip(*filled, strict=True)
    return dict(zip(names, map(list, columns), strict=True)) if filled else None


def _outputs(gradio: Any, spec: ModelSpec) -> list[Any]:
    made = {
        "scores": lambda: gradio.Label(label="scores", num_top_classes=TOP),
        "picture": lambda: gradio.Image(type="pil", format="png", label="picture"),
        "text": lambda: gradio.Textbox(label="answer"),
    }
    return [made[part]() for part in spec.output.shown_as]


def _parts(module: nn.Module, raw: Any, options: Mapping[str, Any]) -> Any:
    """Return the parts of a result that show it, in the order of the output's."""
    result: Any = predict(module, raw, **options)
    one: Result = result[0] if isinstance(result, list) else result
    spec = model_metadata(module).spec
    shown = [_part(one, part) for part in spec.output.shown_as]
    return shown if len(shown) > 1 else shown[0]


def _part(result: Any, part: str) -> Any:
    if part == "scores":
        return result.scores
    if part == "text":
        return str(result)
    return result.render() or getattr(result, "picture", None)
