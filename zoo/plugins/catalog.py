"""What is installed, by name: the look-ups that need no torch."""

from typing import Any

from zoo.plugins.discovery import installed
from zoo.plugins.namespaces import find_model, names_matching
from zoo.plugins.registry import Registry
from zoo.plugins.spec_list import SpecList
from zoo.specs import ModelSpec

__all__ = ["get_spec", "list_datasets", "list_models", "search"]


def list_models(pattern: str = "*", *, chapter: str | None = None) -> list[str]:
    """Return the names of the installed models that match a pattern such as "mlp-*".

    `chapter` narrows them to a chapter of the course, such as "gan". Raises
    ChapterNotFound.

    The models of a library are listed where the pattern begins with its prefix, as in
    "acme/net*": that imports the library.

    >>> zoo.list_models("lenet*")
    ['lenet5-mnist']
    >>> zoo.list_models(chapter="super-resolution")
    ['srgan-face', 'srresnet-face']
    """
    of_library = names_matching(pattern, installed())
    if of_library is not None and chapter is None:
        return of_library
    return [spec.name for spec in search(pattern, chapter=chapter)]


def get_spec(name: str) -> ModelSpec:
    """Return what is known about a model without importing it.

    A name "prefix/..." of a library imports that. Raises ModelNotFound.

    >>> zoo.get_spec("lenet5-mnist").parameters
    61706
    """
    if found := find_model(name, installed()):
        return found[0]
    return Registry(installed().models, installed().broken())[name]


def search(text: str = "", **conditions: Any) -> list[ModelSpec]:
    """Return the specs that meet every condition; see
    `zoo.plugins.registry.Registry.search`.

    Conditions: task, max_parameters, max_bytes, license, trained_on, metric,
    chapter. A notebook shows them as a table.

    >>> [spec.name for spec in zoo.search("captcha")]
    ['crnn-captcha']
    """
    return SpecList(Registry(installed().models).search(text, **conditions))


def list_datasets() -> list[str]:
    """Return the names that `zoo.load_dataset` accepts.

    >>> "mnist" in zoo.list_datasets()
    True
    """
    return sorted(installed().datasets)
