"""Noise of the shape of a model's data, for smoke runs where the data can't be had."""

import torch
from torch import Tensor

from zoo.preprocessing import tokenizer as tokens
from zoo.specs import (
    ClassOutput,
    Column,
    ForecastOutput,
    ImageInput,
    ImageOutput,
    Input,
    ModelSpec,
    NoiseInput,
    OCROutput,
    Output,
    SeriesInput,
    TextInput,
)

__all__ = ["answers", "inputs", "learned_from"]

LETTERS = 4  # of a text that noise shows, at most


def inputs(input_spec: Input, rows: int, random: torch.Generator) -> Tensor:
    """Return rows as a dataset would hold them, numbers within their columns' range."""
    if isinstance(input_spec, ImageInput):
        shape = (rows, input_spec.channels, input_spec.height, input_spec.width)
        return torch.randint(256, shape, generator=random, dtype=torch.uint8)
    if isinstance(input_spec, NoiseInput):
        return torch.randn(rows, input_spec.latent_dim, generator=random)
    if isinstance(input_spec, TextInput):
        return tokens.noise(input_spec, rows, random)
    if isinstance(input_spec, SeriesInput):
        steps = _columns(input_spec.columns, rows * input_spec.length, random)
        return steps.view(rows, input_spec.length, len(input_spec.columns))
    return _columns(input_spec.columns, rows, random)


def learned_from(model: ModelSpec) -> Input:
    """Return what the rows are that a model learns from: its input, but for what draws
    pictures from noise, which learns from pictures of the size that it draws."""
    made = model.output
    if isinstance(model.input, NoiseInput) and isinstance(made, ImageOutput):
        return ImageInput(height=made.height, width=made.width, channels=made.channels)
    return model.input


def answers(output_spec: Output, rows: int, random: torch.Generator) -> Tensor:
    """Return what rows of noise answer: labels, numbers, or texts, filled up."""
    if isinstance(output_spec, OCROutput):
        letters = torch.randint(
            len(output_spec.labels), (rows, LETTERS), generator=random
        )
        longest = torch.randint(1, LETTERS + 1, (rows, 1), generator=random)
        return (letters + 1).where(torch.arange(LETTERS) < longest, 0)
    if isinstance(output_spec, ForecastOutput) and output_spec.horizon > 1:
        return torch.randn(rows, output_spec.horizon, generator=random)
    if not isinstance(output_spec, ClassOutput):
        return torch.randn(rows, generator=random)
    count = len(output_spec.labels)
    if output_spec.multi_label:
        return torch.randint(2, (rows, count), generator=random).float()
    return torch.randint(count, (rows,), generator=random)


def _columns(columns: tuple[Column, ...], rows: int, random: torch.Generator) -> Tensor:
    low = torch.tensor([column.low for column in columns])
    high = torch.tensor([column.high for column in columns])
    return low + (high - low) * torch.rand(rows, len(columns), generator=random)
