"""What the card of the first GAN says of it: the same as that of `dcgan-mnist`."""

from zoo_gan.dcgan_report import evaluate, report

__all__ = ["evaluate", "report"]
