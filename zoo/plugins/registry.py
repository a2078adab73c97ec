"""Look models and datasets up by name, and search them. No I/O, no globals."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from operator import eq, ge, gt, le, lt
from typing import Any

from zoo.errors import (
    ChapterNotFound,
    DatasetNotFound,
    ModelNotFound,
    SettingsError,
)
from zoo.specs import DatasetSpec, ModelSpec

__all__ = ["Registry", "dataset"]

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
CONDITION = re.compile(rf"\s*([^\s<>=]+)\s*(?:(>=|<=|==|>|<)\s*({NUMBER}))?\s*")
WORD = re.compile(r"[^\W_]+(?:[+#]+)?")
LANGUAGES = {
    "en": "English",
    "es": "Spanish Español",
    "fr": "French Français",
    "ko": "Korean 한국어",
}
# Words of Korean readers for tasks; the Hub's tags are English.
KOREAN = {
    "image-classification": "이미지 사진 분류",
    "image-segmentation": "이미지 분할 세그멘테이션",
    "image-to-image": "이미지 변환 복원",
    "image-to-text": "문자 인식",
    "object-detection": "객체 탐지 검출",
    "keypoint-detection": "키포인트 특징점",
    "tabular-classification": "표 분류",
    "tabular-regression": "표 회귀 예측",
    "text-classification": "텍스트 문장 분류 감성 감정",
    "text-generation": "텍스트 문장 생성",
    "fill-mask": "빈칸 채우기",
    "feature-extraction": "임베딩 특징 추출",
    "time-series-forecasting": "시계열 예측",
    "anomaly-detection": "이상 탐지",
    "translation": "번역",
    "unconditional-image-generation": "이미지 생성",
}
COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": ge,
    "<=": le,
    "==": eq,
    ">": gt,
    "<": lt,
}


class Registry(Mapping[str, ModelSpec]):
    """A read-only mapping from model name to spec, in alphabetical order."""

    def __init__(
        self, models: Mapping[str, ModelSpec], broken: Sequence[str] = ()
    ) -> None:
        self._models = dict(sorted(models.items()))
        self._broken = broken  # plugins that could not be loaded

    def __getitem__(self, name: str) -> ModelSpec:
        if name not in self._models:
            raise ModelNotFound(name, self._models, broken=self._broken)
        return self._models[name]

    def __contains__(self, name: object) -> bool:
        return name in self._models

    def get(self, name: str, default: Any = None) -> Any:
        """Return the spec, or `default`. Mapping's own expects a KeyError."""
        return self._models.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def search(
        self,
        text: str = "",
        *,
        task: str | None = None,
        max_parameters: int | None = None,
        max_bytes: int | None = None,
        license: str | None = None,
        trained_on: str | None = None,
        metric: str | None = None,
        chapter: str | None = None,
    ) -> list[ModelSpec]:
        """Return the specs that meet every condition.

        `text` is a name pattern ("lenet*"), or words: each is a part of the name, or
        begins a word of summary, task, tags, datasets, labels or language. `license`
        is that of the weights; `metric` is a name ("accuracy") or a condition
        ("accuracy>=0.99"). `chapter` is one of the course, such as "gan". Raises
        SettingsError, ChapterNotFound.
        """
        if chapter is not None and chapter not in self.chapters:
            raise ChapterNotFound(chapter, self.chapters)
        measures = _condition(metric) if metric is not None else _anything
        return [
            spec
            for spec in self._models.values()
            if _mentions(spec, text)
            and task in (None, spec.task)
            and (max_parameters is None or spec.parameters <= max_parameters)
            and (max_bytes is None or _bytes(spec) <= max_bytes)
            and license in (None, spec.license.weights)
            and (trained_on is None or trained_on in spec.trained_on)
            and (chapter is None or chapter in spec.chapters)
            and measures(spec)
        ]

    @property
    def chapters(self) -> list[str]:
        """The chapters of all models, in alphabetical order."""
        return sorted({one for spec in self._models.values() for one in spec.chapters})


def dataset(datasets: Mapping[str, DatasetSpec], name: str) -> DatasetSpec:
    """Return the spec of a dataset. Raises DatasetNotFound."""
    if name not in datasets:
        raise DatasetNotFound(name, datasets)
    return datasets[name]


def _mentions(spec: ModelSpec, text: str) -> bool:
    if any(c in text for c in "*?["):
        return fnmatchcase(spec.name, text.lower())
    name, words = spec.name.lower(), set(WORD.findall(_described(spec).lower()))
    return all(
        asked in name or any(word.startswith(asked) for word in words)
        for asked in text.lower().split()
    )


def _described(spec: ModelSpec) -> str:
    """Return all that words are looked for in, besides the name."""
    language = getattr(spec.input, "language", ""), getattr(spec.output, "language", "")
    languages = [LANGUAGES[code] for code in language if code in LANGUAGES]
    korean = KOREAN.get(spec.task, "")
    told = spec.summary, spec.task, korean, *spec.tags, *spec.trained_on
    return " ".join((*told, *languages, *spec.labels))


def _bytes(spec: ModelSpec) -> int:
    size = spec.weights.size if spec.weights else None
    return size or 4 * spec.parameters


def _condition(text: str) -> Callable[[ModelSpec], bool]:
    """Return a test of specs for a condition. Raises SettingsError."""
    match = CONDITION.fullmatch(text)
    if not match:
        raise SettingsError(
            f"metric={text!r} should be a name or a condition such as 'accuracy>=0.99'."
        )
    name, sign, bound = match.groups()

    def measures(spec: ModelSpec) -> bool:
        return any(
            metric.name == name
            and (sign is None or COMPARE[sign](metric.value, float(bound)))
            for metric in spec.metrics
        )

    return measures


def _anything(spec: ModelSpec) -> bool:
    return True
