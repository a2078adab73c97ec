"""A variational autoencoder of two layers each way, all of it in this file.

Kingma, Welling: "Auto-encoding variational Bayes", 2014, appendix C, with a Bernoulli
decoder: 784-400-(20, 20)-400-784, 652,824 parameters. One liberty is taken, usual
today: ReLU for tanh. A code is 20 numbers, drawn from a normal distribution whose mean
and variance the encoder gives; pictures are drawn by decoding normal noise.
"""

import torch
from torch import Tensor, nn

__all__ = ["VAE", "vae"]


class VAE(nn.Module):
    """An encoder that tells a distribution of codes, a decoder that tells pixels."""

    def __init__(self, *, side: int, hidden: int, code: int) -> None:
        super().__init__()
        self.side, self.code = side, code
        self.read = nn.Sequential(
            nn.Flatten(), nn.Linear(side * side, hidden), nn.ReLU()
        )
        self.mean = nn.Linear(hidden, code)
        self.log_variance = nn.Linear(hidden, code)
        self.draw = nn.Sequential(
            nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, side * side)
        )

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels in 0..1, (B, 1, 28, 28), into logits of the same shape.

        In training the code is drawn, as dropout draws; in eval mode it is the mean.
        """
        mean, log_variance = self.posterior(image)
        return self.decode(drawn(mean, log_variance) if self.training else mean)

    def posterior(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of the codes of pictures, (B, code) each."""
        seen = self.read(image)  # (B, 1, 28, 28) -> (B, hidden)
        return self.mean(seen), self.log_variance(seen)

    def encode(self, image: Tensor) -> Tensor:
        """Return the mean code of each picture, (B, code)."""
        mean, _ = self.posterior(image)
        return mean

    def decode(self, code: Tensor) -> Tensor:
        """Return logits of pixels for codes, (B, 1, 28, 28)."""
        logits: Tensor = self.draw(code)
        return logits.view(-1, 1, self.side, self.side)

    def sample(self, count: int, random: torch.Generator) -> Tensor:
        """Return logits for `count` codes drawn from a normal distribution."""
        code = torch.randn(count, self.code, generator=random)
        return self.decode(code.to(self.mean.weight))


def drawn(
    mean: Tensor, log_variance: Tensor, random: torch.Generator | None = None
) -> Tensor:
    """Return a code for each row, drawn so that gradients reach mean and variance."""
    noise = torch.randn(mean.shape, generator=random).to(mean)
    return mean + (log_variance / 2).exp() * noise


def vae(*, side: int = 28, hidden: int = 400, code: int = 20) -> VAE:
    """The network of the paper for pictures of 28 by 28, with a code of 20 numbers."""
    return VAE(side=side, hidden=hidden, code=code)
