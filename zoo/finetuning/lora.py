"""LoRA: small factors beside frozen linear layers, by the library peft.

Hu, Shen, Wallis et al.: "LoRA: low-rank adaptation of large language models", 2021. A
layer W of shape (m, n) becomes, with A (r, n) and B (m, r) that learn,

    W x + (alpha / r) B A x

and after training (alpha / r) B A is added to W: what is saved is a model like any
other, and loading it needs no peft.
"""

from typing import Any

from torch import nn

from zoo.errors import MissingExtra, SettingsError
from zoo.models.metadata import model_metadata, unwrap_model

__all__ = ["add_factors", "linear_layers", "merge_factors", "require_peft"]

ALPHA_PER_RANK = 2  # alpha / r: how much the factors count


def require_peft() -> Any:
    """Return the library. Raises MissingExtra."""
    try:
        import peft
    except ImportError as exc:
        raise MissingExtra("peft", "freeze='lora'", "peft") from exc
    return peft


def linear_layers(model: nn.Module) -> list[str]:
    """Return the names of the linear layers before a model's head. Raises SettingsError
    where there is none."""
    spec = model_metadata(model).spec
    head = f"{spec.head}." if spec.head else None
    names = [
        name
        for name, part in unwrap_model(model).named_modules()
        if isinstance(part, nn.Linear) and not (head and f"{name}.".startswith(head))
    ]
    if not names:
        raise SettingsError(
            f"freeze='lora' adapts linear layers, and {spec.name!r} has none before "
            "its head: choose another freeze."
        )
    return names


def add_factors(model: nn.Module, rank: int) -> None:
    """Freeze a model but for its head, and give each linear layer before it factors of
    `rank` that learn."""
    peft, module = require_peft(), unwrap_model(model)
    spec, names = model_metadata(model).spec, linear_layers(model)
    module.requires_grad_(False)
    config = peft.LoraConfig(
        r=rank, lora_alpha=ALPHA_PER_RANK * rank, target_modules=names
    )
    peft.inject_adapter_in_model(config, module)
    if spec.head:
        module.get_submodule(spec.head).requires_grad_(True)


def merge_factors(model: nn.Module) -> None:
    """Add the factors to the weights, and leave the linear layers as they were."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    module = unwrap_model(model)
    adapted: dict[str, Any] = {
        name: part
        for name, part in module.named_modules()
        if isinstance(part, BaseTunerLayer)
    }
    for name, part in adapted.items():
        part.merge()
        owner, _, last = name.rpartition(".")
        setattr(module.get_submodule(owner), last, part.get_base_layer())
