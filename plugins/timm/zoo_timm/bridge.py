"""Every classifier of timm by its own name: `zoo.load("timm/resnet18.a1_in1k")`.

A name is turned into a `ModelSpec` from what timm knows of its weights: where they lie,
how pictures are prepared, the classes, the licence, the papers. No SHA-256 is among
that, so the first download is trusted, and recorded. timm is imported by the functions,
because that takes a while.
"""

from collections import Counter
from functools import cache
from typing import Any

from zoo import ClassOutput, ImageInput, License, ModelSpec, Weights
from zoo.errors import MissingExtra, ModelNotFound, NotFound
from zoo_timm import LABELS

__all__ = ["names", "resolve"]

PREFIX = "timm"
DATASETS = {"imagenet-1k", "imagenet-12k"}  # the others are parts of ImageNet-21k
RESAMPLE = ("bilinear", "bicubic")


def names() -> list[str]:
    """Return the names of timm's classifiers whose weights are on the Hub."""
    known = _timm().list_models(pretrained=True)
    return [name for name in known if not _obstacle(_config(name))]


@cache
def resolve(name: str) -> ModelSpec:
    """Return the spec of timm's model `name`, such as "resnet18.a1_in1k".

    Without the part after the dot, timm chooses the weights. Raises ModelNotFound,
    NotFound where the weights are no classifier that the zoo can load, and MissingExtra
    where timm is not installed.
    """
    config = _config(name)
    if config is None:
        known = [f"{PREFIX}/{one}" for one in _timm().list_models(pretrained=True)]
        raise ModelNotFound(f"{PREFIX}/{name}", known, f"zoo list '{PREFIX}/*'")
    if obstacle := _obstacle(config):
        raise NotFound(f"timm has {name!r}, but the zoo can't load it: {obstacle}.")
    subset = _subset(config)
    labels = _labels(subset)
    dataset = subset if subset in DATASETS else "imagenet-21k"
    squash = config.crop_mode == "squash"
    _, height, width = config.input_size
    count = f"{len(labels):,}"
    return ModelSpec(
        name=f"{PREFIX}/{name}",
        summary=f"timm's {name} names what a photograph shows, of {count} things.",
        task="image-classification",
        build="zoo_timm.models:create",
        options={"architecture": name, "classes": len(labels)},
        card="cards/bridge.md",
        license=License(
            code="apache-2.0",
            weights=config.license or "unknown",
            data="imagenet-agreement",
        ),
        parameters=_parameters(name, len(labels)),
        input=ImageInput(
            height=height,
            width=width,
            mean=tuple(config.mean),
            std=tuple(config.std),
            resample=config.interpolation,
            crop=1.0 if squash else config.crop_pct,
            fit="stretch" if squash else "crop",
        ),
        output=ClassOutput(labels=labels),
        trained_on=(dataset,),
        # Where there are several, as in a distilled DeiT, none can be replaced alone.
        head=config.classifier if isinstance(config.classifier, str) else None,
        examples=("coffee.jpg", "cat.jpg"),
        papers=_papers(config.paper_ids),
        tags=("imagenet", "timm"),
        weights=Weights(size=None, sha256=None, repo=config.hf_hub_id, revision="main"),
    )


def _timm() -> Any:
    try:
        import timm
    except ImportError as exc:
        raise MissingExtra("timm", f"A model '{PREFIX}/...'", None) from exc
    return timm


def _config(name: str) -> Any:
    """Return what timm knows of the weights of a name, or None for an unknown one."""
    timm = _timm()
    if not timm.is_model(name):
        return None
    try:
        return timm.get_pretrained_cfg(name)
    except RuntimeError:  # an architecture that it has, and weights that it has not
        return None


def _obstacle(config: Any) -> str:
    """Return why the zoo can't load what a configuration describes; "" if it can."""
    if config.hf_hub_id is None or config.hf_hub_filename is not None:
        return "its weights are not on the Hub as model.safetensors"
    if not _subset(config):
        return "it is no classifier of ImageNet, and timm names no classes of others"
    if config.interpolation not in RESAMPLE:
        return f"it wants pictures resized by {config.interpolation!r}"
    if config.crop_mode not in ("center", "squash"):
        return f"it wants pictures cut by {config.crop_mode!r}"
    if not 0 < config.crop_pct <= 1:
        return "it wants pictures with a margin around them"
    _, height, width = config.input_size
    if config.crop_pct < 1 and (config.crop_mode == "squash" or height != width):
        return "it wants pictures that are both stretched and cut"
    return ""


def _subset(config: Any) -> str:
    """Return the part of ImageNet that a classifier knows; "" if it is none."""
    from timm.data.imagenet_info import infer_imagenet_subset

    return infer_imagenet_subset(config) or ""


@cache
def _labels(subset: str) -> tuple[str, ...]:
    """Return the names of the classes of ImageNet, or of a part, in timm's order.

    A class is a set of synonyms, of which the first is its name. Where two classes
    share one, WordNet's number of the class tells them apart.
    """
    from timm.data.imagenet_info import ImageNetInfo

    if subset == "imagenet-1k":
        return LABELS
    info: Any = ImageNetInfo(subset)
    classes = range(info.num_classes())
    first = [info.index_to_description(n).split(",")[0] for n in classes]
    count = Counter(first)
    return tuple(
        name if count[name] == 1 else f"{name} ({info.index_to_label_name(number)})"
        for number, name in enumerate(first)
    )


def _parameters(name: str, classes: int) -> int:
    """Return how many numbers a model learns; none of them takes memory."""
    import torch

    from zoo_timm.models import create

    with torch.device("meta"):
        model = create(architecture=name, classes=classes)
    return sum(parameter.numel() for parameter in model.parameters())


def _papers(found: Any) -> tuple[str, ...]:
    """Return the addresses of papers that timm names as "arXiv:2110.00476"."""
    numbers = [found] if isinstance(found, str) else found or []
    return tuple(
        f"https://arxiv.org/abs/{one.removeprefix('arXiv:')}"
        for one in numbers
        if one.startswith("arXiv:")
    )
