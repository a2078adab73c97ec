"""Captchas as they are read from their datasets, real ones and generated ones."""

from typing import Any

import numpy as np
import torch

from zoo import OCROutput
from zoo.recipes import TensorRows
from zoo.recipes import data as datasets
from zoo.recipes.metrics import encode_texts
from zoo_ocr.captchas import GENERATED
from zoo_ocr.generated import captchas

__all__ = ["read_rows"]

STEPS = 50  # of the model: a quarter of the width in pixels


def read_rows(
    name: str, split: str, *, output_spec: OCROutput, first: int | None, **_spec: Any
) -> TensorRows:
    """Return captchas as bytes, and their texts as class ids, (rows, characters)."""
    if first and name == GENERATED:
        dataset = captchas(split, first)  # all of them take a while to make
    else:
        dataset = datasets.load_dataset(name, split)
    source = f"{name}/{split}"
    pixels = np.stack([np.asarray(image.convert("L")) for image in dataset["image"]])
    texts = list(dataset["text"])
    content = {
        "image": (f"uint8{pixels.shape}", pixels.tobytes()),
        "text": (f"str{len(texts)}", "\n".join(texts).encode()),
    }
    return TensorRows(
        input=torch.from_numpy(pixels).unsqueeze(1),
        target=encode_texts(texts, output_spec, source=source, steps=STEPS),
        source=source,
        fingerprint=datasets.fingerprint(content),
    )
