"""The specs of models, datasets and namespaces: what is known before any of their code
runs.

Specs are plain, frozen data of the standard library. They hold *references*
("package.module:name"), never functions or classes, so that listing a thousand models
imports none of them.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from zoo._utils.import_string import root_package
from zoo.errors import SpecError
from zoo.runtime import lower_is_better
from zoo.specs.cost import Cost
from zoo.specs.signature import Input, LabelledOutput, Output

__all__ = [
    "DatasetSpec",
    "License",
    "Metric",
    "ModelSpec",
    "Namespace",
    "Trunk",
    "Weights",
]

PREFIX = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NAME = re.compile(rf"{PREFIX.pattern}(\.{PREFIX.pattern})?")
LIBRARY_NAME = re.compile(rf"{PREFIX.pattern}/[A-Za-z0-9_][\w.-]*", re.ASCII)
DATASET = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
SUBMODULE = re.compile(r"[A-Za-z_]\w*(\.\w+)*")  # of a network: "features.0"
REFERENCE = re.compile(rf"{MODULE.pattern}:[A-Za-z_]\w*")
COMMIT = re.compile(r"[0-9a-f]{40}")
BRANCH = "main"  # whatever its commit is, where weights are trusted on first use
CONVERTED = "refs/convert/parquet"  # where the Hub keeps its copy of a scripted dataset
REVISION = re.compile(rf"{COMMIT.pattern}|{CONVERTED}")
SHA256 = re.compile(r"[0-9a-f]{64}")
REPOSITORY = re.compile(r"[A-Za-z0-9_][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)
FILENAME = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class License:
    """The licences of a model's code, its weights, and its training data.

    Identifiers as on the Hub ("mit", "apache-2.0", "cc-by-sa-3.0", "unknown").

    >>> zoo.License(code="mit", weights="mit", data="cc-by-sa-3.0").data
    'cc-by-sa-3.0'
    """

    code: str
    weights: str
    data: str

    def __post_init__(self) -> None:
        for part in ("code", "weights", "data"):
            if not getattr(self, part):
                raise SpecError("License", part, "", "a licence, or 'unknown'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One measured number, the split it was measured on, and its baseline.

    >>> zoo.get_spec("lenet5-mnist").metrics[0].name
    'accuracy'
    """

    name: str
    value: float
    dataset: str
    split: str = "test"
    tolerance: float = 1e-4  # how far a re-measurement may lie from `value`
    baseline: float | None = None
    baseline_name: str = ""

    def __post_init__(self) -> None:
        if self.tolerance < 0:
            expected = "zero or more"
            raise SpecError(
                f"Metric {self.name!r}", "tolerance", self.tolerance, expected
            )

    @property
    def behind(self) -> bool:
        """Whether the baseline is better than the model, and not equal."""
        if self.baseline is None:
            return False
        if lower_is_better(self.name):
            return self.baseline < self.value
        return self.baseline > self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One safetensors file, pinned to its bytes.

    Without `repo` the file is shipped in the plugin's package, in
    `checkpoints/<model>/`; with it, it is on the Hub at a full commit id. Of a file
    on the Hub the size or the SHA-256 may be unknown (None): the first download is then
    trusted, and recorded. Where the SHA-256 is unknown, `revision="main"` says that the
    commit is so too: it is asked of the Hub at the first download, and recorded.

    >>> zoo.get_spec("xor-mlp").weights.size
    348
    """

    size: int | None
    sha256: str | None
    repo: str | None = None
    revision: str | None = None
    filename: str = "model.safetensors"

    def __post_init__(self) -> None:
        if self.sha256 is not None or self.repo is None:
            digits = "64 hexadecimal digits"
            _require("Weights", SHA256, self.sha256 or "", "sha256", digits)
        if self.repo is None if self.size is None else self.size <= 0:
            raise SpecError("Weights", "size", self.size, "the file's size in bytes")
        if self.repo is not None:
            _require("Weights", REPOSITORY, self.repo, "repo", "'owner/name'")
            expected = "a full commit id of 40 digits, not a branch"
            if self.sha256 is not None or not self.moves:
                _require("Weights", COMMIT, self.revision or "", "revision", expected)
        _require("Weights", FILENAME, self.filename, "filename", "'folder/file'")

    @property
    def pinned(self) -> tuple[int, str]:
        """The size and the SHA-256. Raises ValueError where one is unknown."""
        if self.size is None or self.sha256 is None:
            raise ValueError(f"the weights {self} are not pinned")
        return self.size, self.sha256

    @property
    def moves(self) -> bool:
        """Whether the commit is not known before the first download."""
        return self.revision == BRANCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """Where the convolutions of an image model end: its last feature map.

    `module` is the submodule whose output is the map, (batch, channels, height, width);
    all that follows, a pooling or the head, sees nothing else. `size` is the height and
    the width of the map for one input. `stride` is how many pixels of the input lie
    between two neighbours in the map, as `reduction` in timm's `feature_info`.

    >>> zoo.get_spec("lenet5-mnist").trunk
    Trunk(module='features', size=(5, 5), stride=4)
    """

    module: str
    size: tuple[int, int]
    stride: int

    def __post_init__(self) -> None:
        expected = "a submodule of the network, such as 'layer4' or 'features.8'"
        _require("Trunk", SUBMODULE, self.module, "module", expected)
        if len(self.size) != 2 or min(self.size) < 1:
            expected = "the height and the width of the map"
            raise SpecError("Trunk", "size", self.size, expected)
        if self.stride < 1:
            raise SpecError("Trunk", "stride", self.stride, "at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One name that `zoo.load` accepts.

    `recipe` names a module with `Settings`, `SMOKE_SETTINGS`, `data`, `train` and
    `evaluate`. The recipe of a third party's model has only `data` and `evaluate`; a
    model whose metrics are not measured has none. `settings` are
    this model's values where they differ from the recipe's defaults. `head` names the
    submodule that `classes=` and `labels=` replace. `trunk` says where the convolutions
    of an image model end: with it, `zoo.predict(windows=...)` computes the features of
    all windows in one pass. `examples` are files in the package's `examples/` folder,
    each a real raw input.

    Measured values are not written here but in `measured.json` of the plugin's package,
    from which discovery completes the spec: the pin of shipped `weights`, `metrics` and
    `costs`. Weights on the Hub are pinned here. `behind_baseline` says in a sentence
    why a model is kept although a baseline is better; its card begins with it.
    `chapters` are those of a course that the model belongs to, such as "gan".

    >>> spec = zoo.get_spec("lenet5-mnist")
    >>> spec.task, spec.license.code
    ('image-classification', 'mit')
    """

    name: str
    summary: str
    task: str
    build: str
    recipe: str | None = None
    card: str
    license: License
    parameters: int
    input: Input
    output: Output
    trained_on: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    head: str | None = None
    trunk: Trunk | None = None
    examples: tuple[str, ...] = ()
    weights: Weights | None = None
    stored: Literal["float32", "float16"] = "float32"  # how `zoo train` writes floats
    metrics: tuple[Metric, ...] = ()
    behind_baseline: str = ""
    costs: Cost | None = None
    papers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    chapters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        owner = f"Model {self.name!r}"
        if not LIBRARY_NAME.fullmatch(self.name):
            expected = "lower-case words joined by hyphens, with at most one '.variant'"
            _require(owner, NAME, self.name, "name", expected)
        _require(owner, REFERENCE, self.build, "build", "'package.module:function'")
        if self.recipe is not None:
            expected = "a module, 'package.module'"
            _require(owner, MODULE, self.recipe, "recipe", expected)
        if not self.summary.strip():
            raise SpecError(owner, "summary", self.summary, "one sentence")
        if self.metrics and self.recipe is None:
            expected = "the module that measures the metrics again"
            raise SpecError(owner, "recipe", None, expected)
        if self.parameters < 0:
            raise SpecError(owner, "parameters", self.parameters, "a count")
        if self.trunk is not None and not self.input.pictured:
            expected = f"None, because the input is no picture but {self.input.plural}"
            raise SpecError(owner, "trunk", self.trunk, expected)
        for chapter in self.chapters:
            expected = "lower-case words joined by hyphens"
            _require(owner, PREFIX, chapter, "chapters", expected)
        self.output.check_input(owner, self.input)

    def __repr__(self) -> str:
        """Return name, task and size: a thousand labels are no help in a log."""
        return f"<ModelSpec {self.name}: {self.task}, {self.parameters:,} parameters>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a table of what the spec says."""
        measured = "; ".join(
            f"{m.name} {m.value:.4f} on {m.dataset} {m.split}" for m in self.metrics
        )
        facts = {
            "name": self.name,
            "summary": self.summary,
            "task": self.task,
            "parameters": f"{self.parameters:,}",
            "metrics": measured,
            "trained on": ", ".join(self.trained_on),
            "chapters": ", ".join(self.chapters),
            "input": self.input.description,
            **self.output.facts,
            "licence of the weights": self.license.weights,
        }
        rows = "".join(
            f"<tr><th>{key}</th><td>{html.escape(value)}</td></tr>"
            for key, value in facts.items()
            if value
        )
        return f"<table>{rows}</table>"

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the outputs in the model's order: classes, or characters."""
        return self.output.labels if isinstance(self.output, LabelledOutput) else ()

    @property
    def finetuned_task(self) -> str:
        """The task of the model once it has a head for labels."""
        return self.output.labelled_task or self.task

    @property
    def package(self) -> str:
        """The import package that holds the model's code, card and checkpoint."""
        return root_package(self.build.partition(":")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec:
    """One name that `zoo.load_dataset` accepts.

    `splits` gives the rows of each split, `hub_splits` those of the Hub's copy where
    they differ. `columns` maps the zoo's column names to the names that sources use, in
    the order in which they are looked for; "translation.en" is a field of a column.
    `labels` are the names of the classes: of `label`, or of the pixels of `mask`.
    `package` names a function of the plugin that takes the name of a split and returns
    a `datasets.Dataset`: for data that a Python package ships, or that is computed.
    `similar` are datasets on the Hub that can replace this one.

    >>> made = zoo.DatasetSpec(
    ...     name="spam",
    ...     summary="Mail.",
    ...     license="mit",
    ...     splits={"train": 90, "test": 10},
    ...     columns={"text": ("text",), "label": ("label",)},
    ... )
    >>> made.splits["test"]
    10
    """

    name: str
    summary: str
    license: str
    splits: Mapping[str, int] = field(hash=False)
    columns: Mapping[str, tuple[str, ...]] = field(hash=False)
    labels: tuple[str, ...] = ()
    hub: str | None = None
    revision: str | None = None
    hub_splits: Mapping[str, int] = field(default_factory=dict, hash=False)
    similar: tuple[str, ...] = ()
    package: str | None = None
    homepage: str = ""
    citation: str = ""

    def __post_init__(self) -> None:
        owner = f"Dataset {self.name!r}"
        expected = "lower-case words joined by '_' or '-'"
        _require(owner, DATASET, self.name, "name", expected)
        if not self.license:
            raise SpecError(owner, "license", "", "a licence, or 'unknown'")
        if self.revision is not None:
            expected = f"a full commit id of 40 digits, or {CONVERTED!r}"
            _require(owner, REVISION, self.revision, "revision", expected)
        if self.package is not None:
            _require(owner, REFERENCE, self.package, "package", "'module:function'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """Names "prefix/..." that a plugin turns into models when one is asked for.

    A library may have thousands of models, and listing them as specs would import it.
    `resolve` names a function that takes the name without the prefix and returns the
    `ModelSpec` of "prefix/name"; it raises ModelNotFound for names that it doesn't
    know. `names` names a function that returns all of them. `build` is the build
    function that every one of the specs has. Neither function is imported before a name
    with the prefix is used.

    >>> made = zoo.Namespace(
    ...     prefix="acme",
    ...     summary="The classifiers of acme.",
    ...     resolve="zoo_acme.bridge:resolve",
    ...     names="zoo_acme.bridge:names",
    ...     build="zoo_acme.models:create",
    ... )
    >>> made.prefix
    'acme'
    """

    prefix: str
    summary: str
    resolve: str
    names: str
    build: str

    def __post_init__(self) -> None:
        owner = f"Namespace {self.prefix!r}"
        expected = "lower-case words joined by hyphens"
        _require(owner, PREFIX, self.prefix, "prefix", expected)
        for part in ("resolve", "names", "build"):
            expected = "'package.module:function'"
            _require(owner, REFERENCE, getattr(self, part), part, expected)


def _require(
    owner: str, pattern: re.Pattern[str], value: str, what: str, expected: str
) -> None:
    if not pattern.fullmatch(value):
        raise SpecError(owner, what, value, expected)
