"""How the GANs here learn from a user's own pictures: by the steps of their recipes.

The generator starts from the trained weights, as in Wang et al., "Transferring GANs:
generating images from limited data", 2018. There the discriminator does too; here it is
not part of the checkpoint, and starts anew. What is kept is a moving average of the
generator, at the epoch whose samples are nearest to the pictures held out: by the
Fréchet distance of the features that the recipe takes.

Pictures are not changed before the discriminator sees them, as they are for faces
(`diff_augment.py`): with 120 threes to learn from, both models of digits came less near
to other threes when they were.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

import zoo
from zoo.errors import ModelNotFound, TrainingError
from zoo.recipes import Run, TensorRows, to_model_input
from zoo.recipes.finetuning import PictureLearning, PictureTrainer, TrainingPlan
from zoo.recipes.metrics import (
    extract_features,
    feature_diversity,
    frechet_from_features,
)
from zoo.recipes.optim import ema as moving_average
from zoo.recipes.sampling import check_mode_collapse
from zoo_gan import (
    dcgan,
    dcgan_recipe,
    gan,
    gan_recipe,
    stylegan,
    stylegan_recipe,
)
from zoo_gan.dcgan_recipe import adversarial_step, lazy_weight, pixels

__all__ = [
    "DCGANLearning",
    "GANLearning",
    "MLPGANLearning",
    "StyleGANLearning",
]

MEASURED_EVERY = 50  # steps
SETTLED = 10  # times shorter than the training is the memory of the moving average


class GANLearning(PictureLearning):
    """A generator of noise, and what its recipe knows besides: `settings`, the model
    whose features are compared, and whether images are changed before they are judged,
    as `diff_augment.py` does it."""

    metric = "frechet_distance"
    least_training = 32
    least_measured = 8
    settings: ClassVar[Any]
    classifier: ClassVar[str]

    def discriminator(self) -> nn.Module:
        """Return a new discriminator, of the recipe's size."""
        raise NotImplementedError(f"{type(self).__name__} has no discriminator")

    def features(self, image: Tensor) -> Tensor:
        """Return the features of images in 0..1, (rows, numbers)."""
        return extract_features(_classifier(self.classifier), image)

    def r1_gamma(self) -> float:
        """Return the weight of the gradient penalty."""
        gamma: float = self.settings.r1_gamma
        return gamma

    def draw(self, generator: Any, count: int, device: torch.device) -> Tensor:
        """Return images of `count` rows of noise, as in training."""
        noise = torch.randn(count, generator.latent_dim)
        image: Tensor = generator(noise.to(device))
        return image

    def trainer(self, model: nn.Module, run: Run, plan: TrainingPlan) -> PictureTrainer:
        return _Trainer(self, model, run, plan)

    @torch.inference_mode()
    def measure(
        self, module: nn.Module, made: Tensor, target: Tensor
    ) -> dict[str, float]:
        """Return the Fréchet distance of as many samples as there are pictures, and how
        much they vary."""
        real = self.features(to_model_input(target))
        drawn = self.features(pixels(made.float()).clamp(0, 1))
        return {
            "frechet_distance": frechet_from_features(drawn, real),
            "variety": feature_diversity(drawn, real),
        }

    @torch.inference_mode()
    def baselines(
        self, training: TensorRows, rows: TensorRows, input_spec: Any, output_spec: Any
    ) -> Mapping[str, Mapping[str, float]]:
        """Return what the mean picture reaches, drawn again and again."""
        mean = to_model_input(training.target).mean(dim=0)
        made = 2 * mean.expand(len(rows), *mean.shape) - 1
        return {"the mean picture": self.measure(nn.Identity(), made, rows.target)}

    @torch.inference_mode()
    def of_real(self, training: TensorRows, rows: TensorRows) -> Mapping[str, float]:
        """Return how far other real pictures are, of as many: no sample need be nearer.
        Of fewer training pictures than rows, all are taken."""
        drawn = torch.randperm(
            len(training), generator=torch.Generator().manual_seed(0)
        )
        other = 2 * to_model_input(training.target[drawn[: len(rows)]]) - 1
        return self.measure(nn.Identity(), other, rows.target)


class _Trainer(PictureTrainer):
    """A generator, a new discriminator, and the average of the generator."""

    measured_every = MEASURED_EVERY

    def __init__(
        self, learning: GANLearning, model: nn.Module, run: Run, plan: TrainingPlan
    ) -> None:
        settings = learning.settings
        self.learning, self.run, self.plan, self.settings = (
            learning,
            run,
            plan,
            settings,
        )
        self.model, self.generator = model, run.prepare(model)
        self.discriminator = run.prepare(learning.discriminator().to(run.device))
        betas = {"beta1": getattr(settings, "beta1", 0.0), "beta2": 0.99}
        self.g = plan.optimizer_of(self.generator, **betas)
        self.d = plan.optimizer_of(self.discriminator, **betas)
        decay = min(settings.ema_decay, 1 - SETTLED / max(plan.steps, 2 * SETTLED))
        self.kept = moving_average(run, self.generator, decay=decay)
        self.steps = 0

    def step(self, given: Tensor, target: Tensor) -> None:
        """Make one step of the discriminator, then one of the generator. The noise is
        drawn anew."""
        real = 2 * to_model_input(target) - 1
        if self.plan.augment == "flip":
            mirrored = torch.rand(len(real), 1, 1, 1) < 0.5
            real = torch.where(mirrored.to(real.device), real.flip(3), real)
        count, device = self.plan.batch_size, self.run.device
        fake = self.learning.draw(self.generator, count, device).float()
        every = self.settings.r1_every
        gamma = lazy_weight(self.learning.r1_gamma(), self.steps, every)
        adversarial_step(
            self.run,
            self.discriminator,
            real,
            fake,
            self.d,
            self.g,
            r1=gamma,
            clip=self.plan.clip,
        )
        self.steps += 1

    def finish_epoch(self) -> None:
        """End a training whose samples have long had no variety, and lost it here.

        Not in its first half, and not where they had little to begin with: samples of
        what the model drew before may well lack what is new.
        """
        first, last = (self.run.history[n]["variety"] for n in (0, -1))
        if 2 * self.steps > self.plan.steps and last < first / 2:
            check_mode_collapse(self.run.history)


class MLPGANLearning(GANLearning):
    """That of `gan-mnist`."""

    settings = gan_recipe.Settings()
    classifier = dcgan_recipe.CLASSIFIER

    def discriminator(self) -> nn.Module:
        hidden = self.settings.d_width, self.settings.d_width // 2
        return gan.Discriminator(hidden=hidden, dropout=self.settings.d_dropout)


class DCGANLearning(GANLearning):
    """That of `dcgan-mnist`; the gradient penalty is that of its later epochs."""

    settings = dcgan_recipe.Settings()
    classifier = dcgan_recipe.CLASSIFIER

    def discriminator(self) -> nn.Module:
        chosen = self.settings
        return dcgan.Discriminator(
            width=chosen.d_width, layers=chosen.d_layers, dropout=chosen.d_dropout
        )

    def r1_gamma(self) -> float:
        gamma: float = self.settings.late_r1_gamma
        return gamma


class StyleGANLearning(GANLearning):
    """That of `stylegan-mini`, with styles of two rows of noise. The features are those
    of the middle of images: its classifier of clothes takes them without their frame.
    """

    settings = stylegan_recipe.Settings()
    classifier = stylegan_recipe.CLASSIFIER

    def discriminator(self) -> nn.Module:
        width = self.settings.d_width
        return stylegan.Discriminator(channels=(width, 2 * width, 4 * width))

    def features(self, image: Tensor) -> Tensor:
        found = stylegan_recipe.clothes_features(_classifier(self.classifier), image)
        return found

    def draw(self, generator: Any, count: int, device: torch.device) -> Tensor:
        noise, other = torch.randn(2, count, generator.latent_dim).to(device)
        layers = len(generator.convs)
        first = stylegan_recipe.mixing_layer(self.settings.mixing, layers)
        image: Tensor = generator(noise, other, first)
        return image


@cache
def _classifier(name: str) -> nn.Module:
    """Return the model whose features are compared. Raises TrainingError where no
    installed plugin has it."""
    try:
        return zoo.load(name)
    except ModelNotFound as exc:
        raise TrainingError(
            f"The Fréchet distance needs the features of {name!r}, which no installed "
            "plugin has: pip install 'zoo-gan[train]'."
        ) from exc
