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
    Output,
    ReadingOutput,
    SeriesInput,
    TextInput,
)

__all__ = ["answers", "inputs", "learned_from"]

LETTERS = 4  # of a text that noise shows, at most


def inputs(expected: Input, rows: int, random: torch.Generator) -> Tensor:
    """Return rows as a dataset would hold them, numbers within their columns' range."""
    if isinstance(expected, ImageInput):
        shape = (rows, expected.channels, expected.height, expected.width)
        return torch.randint(256, shape, generator=random, dtype=torch.uint8)
    if isinstance(expected, NoiseInput):
        return torch.randn(rows, expected.numbers, generator=random)
    if isinstance(expected, TextInput):
        return tokens.noise(expected, rows, random)
    if isinstance(expected, SeriesInput):
        steps = _columns(expected.columns, rows * expected.length, random)
        return steps.view(rows, expected.length, len(expected.columns))
    return _columns(expected.columns, rows, random)


def learned_from(model: ModelSpec) -> Input:
    """Return what the rows are that a model learns from: its input, but for what draws
    pictures from noise, which learns from pictures of the size that it draws."""
    made = model.output
    if isinstance(model.input, NoiseInput) and isinstance(made, ImageOutput):
        return ImageInput(height=made.height, width=made.width, channels=made.channels)
    return model.input


def answers(meaning: Output, rows: int, random: torch.Generator) -> Tensor:
    """Return what rows of noise answer: labels, numbers, or texts, filled up."""
    if isinstance(meaning, ReadingOutput):
        letters = torch.randint(len(meaning.labels), (rows, LETTERS), generator=random)
        longest = torch.randint(1, LETTERS + 1, (rows, 1), generator=random)
        return (letters + 1).where(torch.arange(LETTERS) < longest, 0)
    if isinstance(meaning, ForecastOutput) and meaning.horizon > 1:
        return torch.randn(rows, meaning.horizon, generator=random)
    if not isinstance(meaning, ClassOutput):
        return torch.randn(rows, generator=random)
    count = len(meaning.labels)
    if meaning.multi_label:
        return torch.randint(2, (rows, count), generator=random).float()
    return torch.randint(count, (rows,), generator=random)


def _columns(columns: tuple[Column, ...], rows: int, random: torch.Generator) -> Tensor:
    low = torch.tensor([column.low for column in columns])
    high = torch.tensor([column.high for column in columns])
    return low + (high - low) * torch.rand(rows, len(columns), generator=random)
