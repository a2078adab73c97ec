"""Sequence to sequence: recurrent encoders and decoders with attention.

This module is only metadata; it must stay free of torch.
"""

from zoo import License, ModelSpec, TextInput, TranslationOutput, hookimpl

SPANISH_TOKENIZER = "7286d11d9378d543ac93c4263337c82683449c3654542dc003c3d34168cd891b"
BPE_TOKENIZER = "959470acd22939b881db9cfcdb52b748fc4fe2fef0c40ff2e4b0b1c1d0972ef4"

SPECS = (
    ModelSpec(
        name="attention-eng-fra",
        summary="A GRU with attention translates short English sentences to French.",
        task="translation",
        build="zoo_seq2seq.attention:translator",
        options={"vocab_size": 4_000, "embed_dim": 256, "hidden_size": 256},
        recipe="zoo_seq2seq.recipe",
        card="cards/attention-eng-fra.md",
        license=License(code="mit", weights="mit", data="cc-by-2.0"),
        parameters=3_130_784,
        input=TextInput(
            max_length=100,
            vocab_size=4_000,
            pad_token_id=0,
            language="en",
            tokenizer=BPE_TOKENIZER,
        ),
        output=TranslationOutput(bos_token_id=1, eos_token_id=2, language="fr"),
        trained_on=("tatoeba_en_fr",),
        examples=("cold.txt",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1409.0473",
            "https://arxiv.org/abs/1508.07909",
        ),
        tags=("gru", "attention", "bpe"),
    ),
    ModelSpec(
        name="attention-spa-eng",
        summary="A GRU with attention translates short Spanish sentences to English.",
        task="translation",
        build="zoo_seq2seq.attention:translator",
        options={"vocab_size": 3_000, "embed_dim": 192, "hidden_size": 192},
        settings={"epochs": 2, "batch_size": 64, "dropout": 0.1},
        recipe="zoo_seq2seq.recipe",
        card="cards/attention-spa-eng.md",
        license=License(code="mit", weights="mit", data="cc-by-2.0"),
        parameters=1_762_872,
        input=TextInput(
            max_length=100,
            vocab_size=3_000,
            pad_token_id=0,
            language="es",
            tokenizer=SPANISH_TOKENIZER,
        ),
        output=TranslationOutput(bos_token_id=1, eos_token_id=2, language="en"),
        trained_on=("tatoeba_en_es",),
        examples=("frio.txt",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1409.0473",
            "https://arxiv.org/abs/1508.07909",
        ),
        tags=("gru", "attention", "bpe"),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
