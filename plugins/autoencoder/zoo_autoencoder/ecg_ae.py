"""An autoencoder that detects unusual heartbeats, all of it in this file.

It is trained on normal beats alone. What it has not seen it reconstructs badly, so the
error of the reconstruction says how unusual a beat is (Sakurada, Yairi: "Anomaly
detection using autoencoders with nonlinear dimensionality reduction", 2014). The
layers are 140-32-16-8-16-32-140, with ReLU between and a sigmoid at the end: 10,484
parameters.

    model = ecg_autoencoder()
    score, threshold = model(torch.randn(2, 140, 1)).unbind(dim=1)  # (2,) each
    reconstruction = model.reconstruct(torch.randn(2, 140, 1))  # (2, 140, 1)

`low`, `high` and `threshold` are found on the training rows and kept with the weights.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

__all__ = ["BeatAutoencoder", "ecg_autoencoder"]


class BeatAutoencoder(nn.Module):
    """An encoder, a decoder, and the threshold for the error of the reconstruction."""

    low: Tensor
    high: Tensor
    threshold: Tensor

    def __init__(self, *, length: int, hidden: Sequence[int], latent_dim: int) -> None:
        super().__init__()
        sizes = [length, *hidden, latent_dim]
        self.latent_dim = latent_dim
        self.encoder = _layers(sizes, nn.ReLU())
        self.decoder = _layers(sizes[::-1], nn.Sigmoid())
        for name, value in (("low", 0.0), ("high", 1.0), ("threshold", 0.0)):
            self.register_buffer(name, torch.tensor(value))

    def forward(self, beat: Tensor) -> Tensor:
        """Return the score of each beat, (B, 140, 1), and the threshold: (B, 2)."""
        score = self.error(beat)
        return torch.stack([score, self.threshold.expand_as(score)], dim=1)

    def error(self, beat: Tensor) -> Tensor:
        """Return the mean absolute error of each beat, (B,), scaled to 0..1."""
        scaled = self.scale(beat)
        return (self.rebuild(scaled) - scaled).abs().mean(dim=1)

    def reconstruct(self, beat: Tensor) -> Tensor:
        """Return the reconstructions of beats, (B, 140, 1), in their own unit."""
        rebuilt = self.rebuild(self.scale(beat))
        return (rebuilt * (self.high - self.low) + self.low).unsqueeze(2)

    def scale(self, beat: Tensor) -> Tensor:
        """Return beats, (B, 140, 1), as (B, 140), where the training rows span 0..1."""
        return (beat.flatten(start_dim=1) - self.low) / (self.high - self.low)

    def rebuild(self, scaled: Tensor) -> Tensor:
        """Return the reconstruction of scaled beats, (B, 140), from 8 numbers each."""
        rebuilt: Tensor = self.decoder(self.encoder(scaled))
        return rebuilt


def _layers(sizes: Sequence[int], last: nn.Module) -> nn.Sequential:
    """Return linear layers from size to size, with ReLU between and `last` at the
    end."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1], last)


def ecg_autoencoder(
    *, length: int = 140, hidden: Sequence[int] = (32, 16), latent_dim: int = 8
) -> BeatAutoencoder:
    """The course's network: beats of 140 samples, codes of 8 numbers.

    `hidden` are the sizes of the encoder's hidden layers.
    """
    return BeatAutoencoder(length=length, hidden=hidden, latent_dim=latent_dim)
