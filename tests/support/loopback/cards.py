"""Whether the header of a README.md is one that the Hub accepts.

The rules and the words are those of the Hub, as far as cards of models and datasets
need them. PyYAML comes with the Hub's client.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Verdict", "examine", "header"]

HEADER = re.compile(r"\A\s*---[\r\n]+(.*?)[\r\n]+---\s*(?:[\r\n]|\Z)", re.DOTALL)
LICENSES = Path(__file__).with_name("licenses.txt").read_text("utf-8").split()
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]+)?|code|multilingual")
TEXT = ("pipeline_tag", "library_name", "pretty_name", "license_name")
LISTS = ("tags", "datasets", "metrics", "base_model", "task_categories", "task_ids")

Verdict = tuple[list[str], list[str]]  # errors, warnings


def examine(content: str) -> Verdict:
    """Return what is wrong with the header of a card, and what is doubtful."""
    found = HEADER.match(content)
    if found is None:
        return [], ["empty or missing yaml metadata in repo card"]
    try:
        said = yaml.load(found[1], Loader=_Strict)
    except yaml.YAMLError as exc:
        return [f"invalid YAML: {exc}"], []
    if said is None:
        return [], ["empty or missing yaml metadata in repo card"]
    if not isinstance(said, dict):
        return ["the metadata must be a mapping"], []
    return [fault for rule in RULES for fault in rule(said)], []


def header(content: str) -> dict[str, Any]:
    """Return what a card says of its model; nothing, where that can't be read."""
    found = HEADER.match(content)
    said = yaml.safe_load(found[1]) if found else None
    return said if isinstance(said, dict) else {}


class _Strict(yaml.SafeLoader):  # type: ignore[misc]
    """A loader that refuses a key that occurs twice."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(
                    None, None, f"duplicated mapping key {key!r}", node.start_mark
                )
        made: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return made


def _license(said: Mapping[str, Any]) -> list[str]:
    value = said.get("license", "unknown")
    values = value if isinstance(value, list) else [value]
    if values and all(isinstance(one, str) and one in LICENSES for one in values):
        return []
    return [f'"license" must be one of [{", ".join(LICENSES)}, array]']


def _language(said: Mapping[str, Any]) -> list[str]:
    value = said.get("language", [])
    values = value if isinstance(value, list) else [value]
    return [
        f'"language[{i}]" with value "{one}" is not valid. It must be an ISO 639-1, '
        '639-2 or 639-3 code (two/three letters), or a special value like "code", '
        '"multilingual".'
        for i, one in enumerate(values)
        if not isinstance(one, str) or not LANGUAGE.fullmatch(one)
    ]


def _texts(said: Mapping[str, Any]) -> list[str]:
    return [
        f'"{name}" must be a string'
        for name in TEXT
        if name in said and not isinstance(said[name], str)
    ]


def _lists(said: Mapping[str, Any]) -> list[str]:
    faults = []
    for name in LISTS:
        value = said.get(name, [])
        single = name == "base_model" and isinstance(value, str)
        if not isinstance(value, list) and not single:
            faults.append(f'"{name}" must be an array')
        elif isinstance(value, list):
            faults += [
                f'"{name}[{i}]" must be a string'
                for i, one in enumerate(value)
                if not isinstance(one, str)
            ]
    return faults


def _results(said: Mapping[str, Any]) -> list[str]:
    """Check a model-index: names, tasks, datasets, and metrics with a value."""
    index = said.get("model-index", [])
    if not isinstance(index, list):
        return ['"model-index" must be an array']
    faults = []
    for i, model in enumerate(index):
        place = f"model-index[{i}]"
        faults += _needs(model, place, ["name", "results"])
        results = model.get("results") if isinstance(model, dict) else None
        for j, result in enumerate(results if isinstance(results, list) else []):
            faults += _result(result, f"{place}.results[{j}]")
    return faults


def _result(result: Any, place: str) -> list[str]:
    faults = _needs(result, place, ["task", "metrics"])
    if faults:
        return faults
    faults += _needs(result["task"], f"{place}.task", ["type"])
    if "dataset" in result:
        faults += _needs(result["dataset"], f"{place}.dataset", ["name", "type"])
    if not isinstance(result["metrics"], list):
        return [*faults, f'"{place}.metrics" must be an array']
    for k, metric in enumerate(result["metrics"]):
        faults += _needs(metric, f"{place}.metrics[{k}]", ["type", "value"])
    return faults


def _needs(value: Any, place: str, names: list[str]) -> list[str]:
    if not isinstance(value, dict):
        return [f'"{place}" must be of type object']
    return [f'"{place}.{name}" is required' for name in names if name not in value]


RULES: tuple[Callable[[Mapping[str, Any]], list[str]], ...] = (
    _license,
    _language,
    _texts,
    _lists,
    _results,
)
