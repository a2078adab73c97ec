"""The generator of pix2pix: a U-Net that turns a label map into a photograph.

Isola, Zhu, Zhou, Efros: "Image-to-image translation with conditional adversarial
networks", 2017. The encoder halves the image `depth` times, and the decoder doubles it
as often. Each step of the decoder also sees what the encoder had at that size: what is
at a place of the label map has its place in the photograph. The noise of the paper is
dropout in the innermost steps of the decoder. It is off in evaluation mode, in which an
input has one output.

Normalization is over one image, as in the paper, whose batches are of one. With a width
of 64, eight steps and up to 512 channels, for 256x256, it is the course's, with
54,409,603 parameters.
"""

import torch
from torch import Tensor, nn

from zoo_image2image.patchgan import init_weights

__all__ = ["UNet", "pix2pix"]

PICTURE_LEARNING = "zoo_image2image.pix2pix_learning:Pix2PixLearning"
FINETUNE_DEFAULTS = {
    "lr": 2e-4,
    "schedule": "constant",
    "weight_decay": 0.0,
    "augment": "flip",
    "min_steps": 800,
    "norm_statistics": True,
    "patience": None,
}
NEGATIVE_SLOPE = 0.2  # of the leaky ReLU of the encoder
DROPOUT, DROPOUT_STEPS = 0.5, 3  # of the first steps of the decoder


class UNet(nn.Module):
    """An image in, one of the same size out, `out_channels` in -1..1.

    >>> UNet(width=8, depth=3, max_width=16)(torch.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 3, 32, 32])
    """

    def __init__(
        self, *, width: int, depth: int, max_width: int, out_channels: int = 3
    ) -> None:
        super().__init__()
        widths = [min(width * 2**step, max_width) for step in range(depth)]
        before = [3, *widths[:-1]]
        self.encoder = nn.ModuleList(
            encoder_step(
                before[step],
                widths[step],
                first=step == 0,
                normalize=0 < step < depth - 1,  # the innermost may be a single pixel
            )
            for step in range(depth)
        )
        self.decoder = nn.ModuleList(
            decoder_step(
                # the innermost step has no skip beside what comes from below
                widths[step] if step == depth - 1 else 2 * widths[step],
                before[step],
                dropout=depth - DROPOUT_STEPS <= step,
            )
            for step in reversed(range(1, depth))
        )
        self.last = nn.Sequential(
            nn.ReLU(),
            nn.ConvTranspose2d(2 * widths[0], out_channels, 4, stride=2, padding=1),
            nn.Tanh(),
        )
        self.apply(init_weights)

    def forward(self, image: Tensor) -> Tensor:
        """Turn images, (B, 3, H, W), into images, (B, out_channels, H, W); both sides
        are multiples of 2 to the power of the depth.

        y = d_1([d_2([... d_n(e_n) ..., e_2]), e_1]), with e_i what the encoder has
        after i steps and [., .] for channels side by side
        """
        skips: list[Tensor] = []
        features = image
        for step in self.encoder:
            features = step(features)  # (B, width, H / 2^i, W / 2^i)
            skips.append(features)
        skips.pop()
        for step in self.decoder:
            features = torch.cat([step(features), skips.pop()], dim=1)
        made: Tensor = self.last(features)
        return made


def encoder_step(
    in_channels: int, out_channels: int, *, first: bool, normalize: bool
) -> nn.Module:
    """Return a step that halves height and width."""
    layers: list[nn.Module] = [] if first else [nn.LeakyReLU(NEGATIVE_SLOPE)]
    layers.append(nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1))
    if normalize:
        layers.append(nn.InstanceNorm2d(out_channels))
    return nn.Sequential(*layers)


def decoder_step(in_channels: int, out_channels: int, *, dropout: bool) -> nn.Module:
    """Return a step that doubles height and width."""
    layers: list[nn.Module] = [
        nn.ReLU(),
        nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1),
        nn.InstanceNorm2d(out_channels),
    ]
    if dropout:
        layers.append(nn.Dropout(DROPOUT))
    return nn.Sequential(*layers)


def pix2pix(*, width: int = 32, depth: int = 5, max_width: int = 128) -> UNet:
    """The course's generator at half of its width, with five steps of eight, and a
    quarter of its widest features."""
    return UNet(width=width, depth=depth, max_width=max_width)
