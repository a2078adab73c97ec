"""How a variational autoencoder learns from a user's own pictures: by the loss of its
recipe, the negative ELBO, which is what it is measured by as well."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy

from zoo.recipes import Run, TensorRows, to_model_input
from zoo.recipes.finetuning import LossTrainer, PictureLearning, TrainingPlan
from zoo_autoencoder.vae_recipe import NegativeELBO, measure_elbo

__all__ = ["VAELearning"]

EPSILON = 1e-3  # the least and the most that the mean of a pixel may differ from an end


class VAELearning(PictureLearning):
    """One network, one loss, in nats; metrics are those of the recipe."""

    metric = "negative_elbo"

    def trainer(self, model: Any, run: Run, plan: TrainingPlan) -> LossTrainer:
        elbo = NegativeELBO(model)
        return LossTrainer(
            model, run, plan, lambda given, _: torch.as_tensor(elbo(given))
        )

    def measure(
        self, module: nn.Module, made: Tensor, target: Tensor
    ) -> dict[str, float]:
        """Return the negative ELBO of the pictures and its two terms."""
        rows = TensorRows(input=target, target=target, source="")
        model: Any = module
        return measure_elbo(model, rows)

    def baselines(
        self,
        training: TensorRows,
        rows: TensorRows,
        input_spec: object,
        output_spec: object,
    ) -> Mapping[str, Mapping[str, float]]:
        """Return what pixels reach that know nothing of each other: each is as light as
        on average in the training rows."""
        mean = to_model_input(training.target).mean(dim=0).clamp(EPSILON, 1 - EPSILON)
        image = to_model_input(rows.target)
        error = binary_cross_entropy(mean.expand_as(image), image, reduction="none")
        nats = error.flatten(start_dim=1).sum(dim=1).mean().item()
        return {"independent pixels": {"negative_elbo": nats}}
