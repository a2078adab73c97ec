"""Distillation: a network taught by another one, without its data.

This module is only metadata; it must stay free of torch.
"""

from typing import Any

from zoo import (
    ClassOutput,
    ImageInput,
    ImageOutput,
    License,
    ModelSpec,
    NoiseInput,
    hookimpl,
)

MEAN, STD = 0.1307, 0.3081  # of the pixels of MNIST, as the teacher's input has them
DIGIT = ImageInput(
    height=28, width=28, channels=1, mean=(MEAN,), std=(STD,), background="dark"
)
COMMON: dict[str, Any] = {
    "license": License(code="mit", weights="mit", data="cc-by-sa-3.0"),
    "trained_on": ("mnist",),
    "papers": ("https://arxiv.org/abs/1904.01186",),
    "chapters": ("distillation",),
}

SPECS = (
    ModelSpec(
        name="dafl-teacher",
        summary="LeNet-5 classifies handwritten digits, and teaches dafl-student.",
        task="image-classification",
        build="zoo_distill.dafl:dafl_teacher",
        recipe="zoo_distill.teacher_recipe",
        card="cards/dafl-teacher.md",
        parameters=61_706,
        input=DIGIT,
        output=ClassOutput(labels=tuple("0123456789")),
        stored="float16",
        head="classifier",
        examples=("two.png",),
        tags=("mnist", "digits", "distillation"),
        **COMMON,
    ),
    ModelSpec(
        name="dafl-generator",
        summary="Images from which a student learns digits, made without data.",
        task="unconditional-image-generation",
        build="zoo_distill.dafl:dafl_generator",
        recipe="zoo_distill.generator_recipe",
        card="cards/dafl-generator.md",
        parameters=82_817,
        input=NoiseInput(latent_dim=100),
        output=ImageOutput(
            height=28, width=28, channels=1, low=-MEAN / STD, high=(1 - MEAN) / STD
        ),
        tags=("mnist", "distillation", "data-free"),
        **COMMON,
    ),
    ModelSpec(
        name="dafl-student",
        summary="Half a LeNet-5 that has learnt digits without seeing one.",
        task="image-classification",
        build="zoo_distill.dafl:dafl_student",
        recipe="zoo_distill.student_recipe",
        card="cards/dafl-student.md",
        parameters=15_738,
        input=DIGIT,
        output=ClassOutput(labels=tuple("0123456789")),
        stored="float16",
        head="classifier",
        examples=("two.png",),
        tags=("mnist", "digits", "distillation", "data-free"),
        **COMMON,
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
