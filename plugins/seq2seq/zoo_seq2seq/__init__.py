"""Sequence to sequence: a recurrent network reads a text, and another writes one.

This module is only metadata; it must stay free of torch.
"""

from zoo import License, ModelSpec, TextInput, TranslationOutput, hookimpl

SPECS = (
    ModelSpec(
        name="attention-eng-fra",
        summary="A GRU with attention translates short English sentences to French.",
        task="translation",
        build="zoo_seq2seq.attention:translator",
        options={"vocabulary": 4_000, "embedding": 256, "width": 256},
        recipe="zoo_seq2seq.recipe",
        card="cards/attention-eng-fra.md",
        license=License(code="mit", weights="mit", data="cc-by-2.0"),
        parameters=3_130_784,
        input=TextInput(longest=100, vocabulary=4_000, padding=0, language="en"),
        output=TranslationOutput(start=1, end=2, language="fr"),
        trained_on=("tatoeba_en_fr",),
        examples=("cold.txt",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1409.0473",
            "https://arxiv.org/abs/1508.07909",
        ),
        tags=("gru", "attention", "byte-pairs"),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
