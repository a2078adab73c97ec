"""Transformers on one attention core: GPT, which goes on with a text.

This module is only metadata; it must stay free of torch.
"""

from zoo import License, ModelSpec, TextInput, TextOutput, hookimpl

SPECS = (
    ModelSpec(
        name="gpt-mini",
        summary="A small GPT goes on with a text, as in Shakespeare's plays.",
        task="text-generation",
        build="zoo_transformer.gpt:gpt",
        options={
            "vocabulary": 66,
            "context": 128,
            "width": 192,
            "depth": 3,
            "heads": 3,
        },
        recipe="zoo_transformer.gpt_recipe",
        card="cards/gpt-mini.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=1_372_224,
        input=TextInput(longest=128, vocabulary=66, language="en"),
        output=TextOutput(start=1),
        trained_on=("tiny_shakespeare",),
        examples=("romeo.txt",),
        stored="float16",
        papers=("https://openai.com/index/better-language-models/",),
        tags=("gpt", "shakespeare", "characters"),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
