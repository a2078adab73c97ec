"""What the card of the slim ResNet-18 tells: the same as of ResNet-20."""

from zoo_resnet.resnet20_report import report

__all__ = ["report"]
