"""Optical character recognition: the characters of a captcha, lines of digits.

This module is only metadata; it must stay free of torch.
"""

from zoo import DatasetSpec, ImageInput, License, ModelSpec, OCROutput, hookimpl

CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
DIGITS = CHARACTERS[:10]

SPECS = (
    ModelSpec(
        name="crnn-captcha",
        summary="A CRNN reads the digits and lower-case letters of a captcha.",
        task="image-to-text",
        build="zoo_ocr.crnn:crnn",
        recipe="zoo_ocr.recipe",
        card="cards/crnn-captcha.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=878_661,
        input=ImageInput(
            height=50,
            width=200,
            channels=1,
            mean=(0.7153,),
            std=(0.3136,),
            background="light",
        ),
        output=OCROutput(labels=tuple(CHARACTERS)),
        head="fc",
        trained_on=("captcha", "generated_captcha"),
        examples=("x7k2m.png", "0ops9.png", "hello.png"),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1507.05717",
            "https://www.cs.toronto.edu/~graves/icml_2006.pdf",
        ),
        tags=("ocr", "captcha", "ctc"),
        chapters=("captcha",),
    ),
    ModelSpec(
        name="crnn-digits",
        summary="A small CRNN reads lines of three to six handwritten digits.",
        task="image-to-text",
        build="zoo_ocr.crnn:crnn",
        recipe="zoo_ocr.digits_recipe",
        card="cards/crnn-digits.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=195_099,
        options={
            "classes": 10,
            "height": 28,
            "hidden_size": 64,
            "channels": (16, 32, 48, 64),
        },
        input=ImageInput(
            height=28,
            width=176,
            channels=1,
            mean=(0.12,),
            std=(0.29,),
            background="dark",
        ),
        output=OCROutput(labels=tuple(DIGITS)),
        head="fc",
        trained_on=("mnist",),
        examples=("31415.png", "2026.png", "907.png"),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1507.05717",
            "https://www.cs.toronto.edu/~graves/icml_2006.pdf",
        ),
        tags=("ocr", "digits", "ctc"),
        chapters=("captcha",),
    ),
)
DATASETS = (
    DatasetSpec(
        name="generated_captcha",
        summary="Captchas of three to seven of 36 characters, generated, 200x50.",
        license="mit",
        splits={"train": 3_000, "validation": 200, "test": 500},
        columns={"image": ("image",), "text": ("text",)},
        package="zoo_ocr.generated:captchas",
        homepage="https://pypi.org/project/captcha/",
        citation="Made by the Python package captcha, in its font Droid Sans Mono.",
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS


@hookimpl
def zoo_datasets() -> tuple[DatasetSpec, ...]:
    return DATASETS
