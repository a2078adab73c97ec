"""Architectures of timm, each with the weights' own tensor names.

timm is slow to import, so that is left to the first model that is built. Every function
returns the untrained network for `classes` classes; the zoo puts the weights in.
"""

from torch import nn

__all__ = ["create", "efficientnet_lite0"]


def efficientnet_lite0(*, classes: int = 1000) -> nn.Module:
    """EfficientNet-B0 without squeeze-and-excitation, with ReLU6: Google, 2020.

    Padded as TensorFlow pads, because it was trained there.
    """
    return _made("tf_efficientnet_lite0", classes)


def create(*, architecture: str, classes: int) -> nn.Module:
    """Any model of timm by its name there, such as "resnet18.a1_in1k".

    Raises ValueError for what is none: timm would take an address on the Hub as well.
    """
    import timm

    if not timm.is_model(architecture):
        raise ValueError(f"timm has no model {architecture!r}")
    return _made(architecture, classes)


def _made(architecture: str, classes: int) -> nn.Module:
    import timm

    model: nn.Module = timm.create_model(
        architecture, pretrained=False, num_classes=classes
    )
    return model
