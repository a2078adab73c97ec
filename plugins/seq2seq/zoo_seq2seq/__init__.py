"""Sequence to sequence: encoders and decoders that translate short sentences.

This module is only metadata; it must stay free of torch.
"""

from zoo import License, ModelSpec, TextInput, TranslationOutput, hookimpl

SPANISH_TOKENIZER = "7286d11d9378d543ac93c4263337c82683449c3654542dc003c3d34168cd891b"
ENGLISH_SPANISH_TOKENIZER = (
    "ea66893fb796f0411a4f2f4c87dbcae23d94c97e0ab462f93e07522af51a953f"
)
TAUGHT_TOKENIZER = (  # of those pairs, and what a teacher made of further sentences
    "9a0a25163f56e944d1905605b10fa1fe73612d8665a5a442add173fb10f5af5c"
)
ENGLISH_KOREAN_TOKENIZER = (
    "64bb5cbaf29e54aa71a83f7bff2aed785c6d12a2287592027729fabd47d3967f"
)
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
        chapters=("attention",),
    ),
    ModelSpec(
        name="attention-eng-kor",
        summary="A GRU with attention translates short English sentences to Korean.",
        task="translation",
        build="zoo_seq2seq.attention:translator",
        options={"vocab_size": 2_500, "embed_dim": 160, "hidden_size": 160},
        settings={
            "epochs": 32,
            "related_epochs": 2,
            "batch_size": 64,
            "dropout": 0.3,
        },
        recipe="zoo_seq2seq.recipe",
        card="cards/attention-eng-kor.md",
        license=License(code="mit", weights="mit", data="cc-by-2.0"),
        parameters=1_225_220,
        input=TextInput(
            max_length=100,
            vocab_size=2_500,
            pad_token_id=0,
            language="en",
            tokenizer=ENGLISH_KOREAN_TOKENIZER,
        ),
        output=TranslationOutput(bos_token_id=1, eos_token_id=2, language="ko"),
        trained_on=("tatoeba_en_ko", "korean_dialogue", "tatoeba_en_es"),
        behind_baseline="That is a sentence which somebody wrote; of so few pairs the "
        "model has not learned to write Korean well.",
        examples=("cold.txt",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1409.0473",
            "https://arxiv.org/abs/1508.07909",
        ),
        tags=("gru", "attention", "bpe"),
        chapters=("attention",),
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
        chapters=("attention",),
    ),
    ModelSpec(
        name="seq2seq-gru",
        summary="Two GRUs, and one vector between them, translate short English "
        "sentences to Spanish.",
        task="translation",
        build="zoo_seq2seq.encoder_decoder:encoder_decoder",
        options={"vocab_size": 3_000, "embed_dim": 192, "hidden_size": 448},
        settings={
            "epochs": 6,
            "batch_size": 64,
            "dropout": 0.1,
            "teacher": "transformer-mt",
        },
        recipe="zoo_seq2seq.recipe",
        card="cards/seq2seq-gru.md",
        license=License(code="mit", weights="mit", data="cc-by-2.0"),
        parameters=3_115_896,
        input=TextInput(
            max_length=100,
            vocab_size=3_000,
            pad_token_id=0,
            language="en",
            tokenizer=TAUGHT_TOKENIZER,
        ),
        output=TranslationOutput(bos_token_id=1, eos_token_id=2, language="es"),
        trained_on=("tatoeba_en_es", "tatoeba_en_fr"),
        examples=("cold.txt",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1409.3215",
            "https://arxiv.org/abs/1406.1078",
            "https://arxiv.org/abs/1508.07909",
        ),
        tags=("gru", "bpe"),
        chapters=("gru", "attention"),
    ),
    ModelSpec(
        name="transformer-mt",
        summary="The Transformer translates short English sentences to Spanish.",
        task="translation",
        build="zoo_seq2seq.transformer:transformer",
        options={
            "vocab_size": 3_000,
            "width": 192,
            "heads": 4,
            "layers": 2,
            "feedforward": 384,
        },
        settings={"epochs": 7, "batch_size": 64, "lr": 1e-3, "dropout": 0.1},
        recipe="zoo_seq2seq.recipe",
        card="cards/transformer-mt.md",
        license=License(code="mit", weights="mit", data="cc-by-2.0"),
        parameters=2_065_080,
        input=TextInput(
            max_length=100,
            vocab_size=3_000,
            pad_token_id=0,
            language="en",
            tokenizer=ENGLISH_SPANISH_TOKENIZER,
        ),
        output=TranslationOutput(bos_token_id=1, eos_token_id=2, language="es"),
        trained_on=("tatoeba_en_es",),
        examples=("cold.txt",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1706.03762",
            "https://arxiv.org/abs/2002.04745",
            "https://arxiv.org/abs/1508.07909",
        ),
        tags=("transformer", "attention", "bpe"),
        chapters=("transformer",),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
