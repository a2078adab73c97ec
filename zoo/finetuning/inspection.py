"""What stands in a user's own data, before anything is trained: `zoo.inspect`."""

import html
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from zoo._utils.shown import counted, one_line
from zoo.datasets.custom import reader
from zoo.datasets.custom.assumed import Assumed, assume
from zoo.datasets.custom.examples import DatasetSplits
from zoo.datasets.custom.profiles import Profile, TextProfile, profile
from zoo.datasets.custom.wanted import ReadOptions
from zoo.errors import DataError, InputError, OptionError, SettingsError
from zoo.finetuning import data as finetuning_data
from zoo.finetuning.pairs import rows_in_pairs
from zoo.finetuning.strategies import default_settings
from zoo.inference import features
from zoo.models import loading
from zoo.models.metadata import model_metadata
from zoo.specs import ModelSpec, Output
from zoo.tasks import finetuned_task_of, get_task, task_of

__all__ = ["Inspection", "inspect", "summary"]

UNEVEN = 4  # times as many rows of the commonest label as of the rarest
SHOWN = 12  # labels, columns and faults that are printed
FIRST = 2  # of what stands out, that is to be looked at first
BALANCE = " Let all classes count alike: --set balance=true."
NOTHING = "Nothing stands out."


@dataclass(frozen=True, kw_only=True, repr=False)
class Inspection:
    """What `zoo.inspect` found in data.

    `kind` says what the data was taken for, and `model` for which model, "" for none.
    `rows` are counted by split, and `labels` by label and split. `share` is that of the
    commonest label, by rows, or by pixels of masks. `baselines` are the metrics on the
    `measured` rows of answers that know nothing. `inputs` are the figures of the
    training inputs, `unreadable` the inputs that can't be read, `notes` what a
    fine-tuning would warn of, and `findings` what stands out, the gravest first.

    >>> found = zoo.inspect("iris", target="label")
    >>> found.rows, found.kind
    ({'training': 150}, "rows of a table, with classes in 'label'")
    """

    source: str
    model: str
    kind: str
    rows: Mapping[str, int]
    labels: Mapping[str, Mapping[str, int]]
    share: float | None
    baselines: Mapping[str, Mapping[str, float]]
    measured: str
    inputs: Profile | None
    unreadable: tuple[str, ...]
    notes: tuple[str, ...]
    findings: tuple[str, ...]

    @property
    def first(self) -> tuple[str, ...]:
        """What to look at first: the gravest of what stands out."""
        return self.findings[:FIRST]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, as JSON holds them."""
        plain = asdict(self)
        for name in ("unreadable", "notes", "findings"):
            plain[name] = [*plain[name]]
        return plain | {"first": [*self.first]}

    def __str__(self) -> str:
        lines = [self._title, "rows: " + _counts(self.rows)]
        for table in self._tables:
            lines += ["", *_aligned(table)]
        if sentences := [*self._sentences]:
            lines += ["", *sentences]
        if rest := [f"note: {one}" for one in self._others]:
            lines += ["", *rest]
        first = [f"look first: {one}" for one in self.first] or [NOTHING]
        also = [f"also: {one}" for one in self.findings[FIRST:]]
        return "\n".join([*map(one_line, [*lines, "", *first, *also])])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        title = html.escape(self._title)
        parts = [f"<p>{title}<br>rows: {_counts(self.rows)}</p>"]
        for head, *rows in self._tables:
            cells = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
            body = "".join(
                "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
                for row in rows
            )
            parts.append(f"<table><tr>{cells}</tr>{body}</table>")
        said = [*self._sentences, *self._others, *([] if self.findings else [NOTHING])]
        parts += [f"<p>{html.escape(one)}</p>" for one in said]
        for word, some in (("Look first", self.first), ("Also", self.findings[FIRST:])):
            parts += [f"<p><b>{word}:</b> {html.escape(one)}</p>" for one in some]
        return "".join(parts)

    @property
    def _others(self) -> list[str]:
        """The notes that are not among what stands out."""
        return [one for one in self.notes if one not in self.findings]

    @property
    def _title(self) -> str:
        said = f"as {self.model!r} reads them" if self.model else "assumed, as no model"
        return f"{self.source}: {self.kind}, {said}{'' if self.model else ' was named'}"

    @property
    def _tables(self) -> Iterator[list[list[str]]]:
        if self.labels:
            parts = [*self.rows]
            ranked = sorted(self.labels.items(), key=lambda one: -sum(one[1].values()))
            rows = [
                [label, *(f"{each.get(part, 0):,}" for part in parts)]
                for label, each in ranked[:SHOWN]
            ]
            yield [["label", *parts], *rows, *_more(ranked, "labels", len(parts))]
        if self.inputs is not None:
            head, *rows = self.inputs.rows()
            rest = _more(rows, head[0] + "s", len(head) - 1)
            yield [head, *rows[:SHOWN], *rest]

    @property
    def _sentences(self) -> Iterator[str]:
        if self.share is not None:
            commonest = f"{100 * self.share:.1f}%"
            yield f"the commonest label has {commonest} of the training data"
        for name, figures in self.baselines.items():
            listed = ", ".join(f"{key} {value:.4f}" for key, value in figures.items())
            yield f"knowing nothing, {name}: {listed} on the {self.measured} rows"
        faults = self.unreadable
        yield from (f"can't be read: {one}" for one in faults[:SHOWN])
        if len(faults) > SHOWN:
            yield f"can't be read: {len(faults) - SHOWN:,} more"


def inspect(
    data: Any,
    model: str | Path | None = None,
    *,
    validation: Any = None,
    test: Any = None,
    target: str | None = None,
    column: str | None = None,
    encoding: str | None = None,
    allow_outside: bool = False,
    labels: Sequence[str] | None = None,
) -> Inspection:
    """Return what stands in `data`, before anything is trained on it.

    It is read as `zoo.finetune(model, data)` reads it, with the same options. Without a
    `model` its kind is told by its format, and the result says which was assumed; what
    a model alone knows, such as which texts it cuts, is left out then. It has the rows
    by split, the labels and how uneven they are, what an answer reaches that knows
    nothing, missing values and columns that give the target away, the sizes of pictures
    and texts, copies, and what a fine-tuning would warn of. Raises DataError, and what
    `zoo.load` raises.

    >>> rows = pd.DataFrame({"age": [20, None, 40], "label": ["no", "yes", "no"]})
    >>> found = zoo.inspect(rows)
    >>> found.labels["no"], found.baselines["the commonest class"]["accuracy"]
    ({'training': 2}, 0.6666666666666666)
    >>> found.first[0][:48]
    "Of 3 training rows values are missing ('age' 1):"
    """
    options = ReadOptions(
        target=target, column=column, encoding=encoding, allow_outside=allow_outside
    )
    more = {"validation": validation, "test": test}
    with _heard() as heard:
        if model is None:
            return _assumed(data, more, labels, options, heard)
        spec = loading.find(model)
        splits = finetuning_data.read_splits(
            spec, data, validation, test, labels, options
        )
        return _inspected(str(model), loading.load(model), splits, heard)


def summary(spec: ModelSpec, splits: DatasetSplits, *, balance: bool) -> list[str]:
    """Return the short form for whoever is about to train: what no warning says, and
    what is known without opening an input.

    With `balance` all labels count alike already, however uneven they are.
    """
    rows = {part: len(one) for part, one in splits.parts().items()}
    lines = [f"{splits.source}: {_counts(rows)} rows"]
    if share := _share(splits):
        counts = splits.sizes()
        name = splits.labels[counts.index(max(counts))]
        labels = counted(len(splits.labels), "label")
        lines.append(f"{labels}, the commonest {name!r} with {100 * share:.1f}%")
    lines += [] if balance else _uneven(splits, balance=_takes_balance(spec))
    if spec.input.required_columns:
        found = profile(splits, spec.input, named=True)
        lines += found.findings() if found else []
    return [one_line(line) for line in lines]


def _assumed(
    data: Any,
    more: Mapping[str, Any],
    labels: Sequence[str] | None,
    options: ReadOptions,
    heard: list[str],
) -> Inspection:
    """Inspect data by what its format says."""
    taken = assume(data, options)
    read = {"labels": labels, **asdict(options)}
    splits = reader.read_data(data, taken.input_spec, taken.output_spec, **read)
    for part, one in more.items():
        if one is not None:
            found = reader.read_part(
                one, taken.input_spec, taken.output_spec, [part], **read
            )
            rows: Any = {part: found.rows}
            splits = replace(splits, **rows, notes=splits.notes + found.notes)
    remarks = finetuning_data.copy_notes(splits, taken.input_spec)
    inputs = profile(splits, taken.input_spec, named=False)
    return _made(
        splits,
        model="",
        kind=taken.said,
        inputs=inputs,
        baselines=_baselines(splits, taken),
        unreadable=(),
        remarks=remarks,
        heard=heard,
        balance=taken.output_spec is None,
    )


def _inspected(
    name: str, model: nn.Module, splits: DatasetSplits, heard: list[str]
) -> Inspection:
    """Inspect data that was read for a model."""
    spec = model_metadata(model).spec
    seen = spec.output.training_input(spec.input)
    remarks = finetuning_data.copy_notes(splits, seen)
    inputs: Profile | None = profile(splits, seen, named=True)
    faults, task = tuple(features.faults(model, splits)), task_of(spec)
    if not faults:
        remarks += _input_remarks(task, spec, splits)
    if isinstance(inputs, TextProfile) and not task.learns_from_inputs(spec):
        cut = {
            part: features.count_truncated(model, rows)
            for part, rows in splits.parts().items()
        }
        inputs = replace(inputs, cut=cut)
        remarks += tuple(
            features.truncation_note(model, count, rows, splits.source_of(part), part)
            for (part, rows), count in zip(
                splits.parts().items(), cut.values(), strict=True
            )
            if count
        )
    if not faults:
        with suppress(InputError):
            finetuning_data.learn_background(model, splits, invert=False)
    output = spec.output.with_labels(splits.labels) if splits.labels else spec.output
    taken = Assumed(
        input_spec=spec.input,
        output_spec=output,
        task=spec.finetuned_task,
        said=seen.plural,
    )
    return _made(
        splits,
        model=name,
        kind=taken.said,
        inputs=inputs,
        baselines=_baselines(splits, taken, spec),
        unreadable=faults,
        remarks=remarks,
        heard=heard,
        balance=_takes_balance(spec),
    )


def _input_remarks(
    task: Any, spec: ModelSpec, splits: DatasetSplits
) -> tuple[str, ...]:
    """Return what the task says of the inputs of each split, be it a refusal."""
    notes: tuple[str, ...] = ()
    for part, rows in splits.parts().items():
        try:
            notes += task.input_notes(rows, splits.source_of(part), part, spec)
        except DataError as exc:
            notes += (str(exc),)
        except InputError:
            continue  # it is among those that can't be read
    return notes


def _made(
    splits: DatasetSplits,
    *,
    model: str,
    kind: str,
    inputs: Profile | None,
    baselines: Mapping[str, Mapping[str, float]],
    unreadable: tuple[str, ...],
    remarks: Sequence[str],
    heard: Sequence[str],
    balance: bool,
) -> Inspection:
    """Return the result, with what stands out in order."""
    parts = splits.parts()
    counts = {
        part: splits.kind.counts(rows.targets, splits.labels)
        for part, rows in parts.items()
    }
    notes = tuple(dict.fromkeys((*splits.notes, *heard, *remarks)))
    found = inputs.findings() if inputs else []
    if unreadable and not found:
        found = [
            f"{counted(len(unreadable), 'input')} can't be read: mend them, or leave "
            "them out with skip_unreadable=True (--skip-unreadable)."
        ]
    return Inspection(
        source=splits.source,
        model=model,
        kind=kind,
        rows={part: len(rows) for part, rows in parts.items()},
        labels={
            label: {part: each[label] for part, each in counts.items()}
            for label in splits.labels
            if all(label in each for each in counts.values())
        },
        share=_share(splits),
        baselines=baselines,
        measured=_measured(splits),
        inputs=inputs,
        unreadable=unreadable,
        notes=notes,
        findings=(*found, *remarks, *_uneven(splits, balance=balance)),
    )


def _baselines(
    splits: DatasetSplits, taken: Assumed, spec: ModelSpec | None = None
) -> dict[str, dict[str, float]]:
    """Return the metrics of answers that know nothing, as a fine-tuning measures them,
    of the model `spec` or of any."""
    output: Output | None = taken.output_spec
    task = finetuned_task_of(spec) if spec else get_task(taken.task, taken.output_spec)
    # Of an input that a baseline looks at, what is wrong is said elsewhere.
    with suppress(InputError, DataError) if spec else suppress(InputError):
        parts = splits.training, splits.parts()[_measured(splits)]
        if spec is not None:
            parts = rows_in_pairs(spec, parts[0]), rows_in_pairs(spec, parts[1])
        found = task.baselines(*parts, taken.input_spec, output)
        return {name: dict(figures) for name, figures in found.items()}
    return {}


def _measured(splits: DatasetSplits) -> str:
    """Return the split that figures are of: the first that is held out, if any is."""
    parts = splits.parts()
    return next((one for one in ("test", "validation") if one in parts), "training")


def _share(splits: DatasetSplits) -> float | None:
    sizes = splits.sizes() if splits.labels else []
    return max(sizes) / sum(sizes) if sum(sizes) else None


def _uneven(splits: DatasetSplits, *, balance: bool) -> list[str]:
    """Return a sentence where many more rows are of one class than of another.

    Of rows of one class each: pixels and characters are uneven by their nature.
    """
    sizes = splits.sizes() if splits.labels and splits.kind.stratified else []
    if not sum(sizes) or max(sizes) < UNEVEN * min(sizes):
        return []
    most, least = (splits.labels[sizes.index(end(sizes))] for end in (max, min))
    return [
        f"The labels are uneven: {max(sizes):,} of {most!r}, and {min(sizes):,} of "
        f"{least!r}. Look at F1, as accuracy hides the rare ones."
        f"{BALANCE if balance else ''}"
    ]


def _takes_balance(spec: ModelSpec) -> bool:
    """Return whether a fine-tuning can weigh labels."""
    if spec.head is None or not spec.output.weighable:
        return False
    try:
        chosen = replace(default_settings(spec), balance=True)
        task_of(spec).check_finetuning(spec, chosen)
    except (OptionError, SettingsError):
        return False
    return bool(spec.labels) or spec.output.is_features


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect what is warned of while the block lasts, for the result to say."""
    said: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_, **__: said.append(str(message))
        yield said


def _counts(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {part}" for part, count in rows.items())


def _more(rows: Sequence[Any], what: str, blanks: int) -> list[list[str]]:
    more = len(rows) - SHOWN
    return [[f"and {more:,} more {what}", *[""] * blanks]] if more > 0 else []


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines: the first column to the left, figures to the right."""
    plain = [[one_line(cell) for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in plain
    ]
