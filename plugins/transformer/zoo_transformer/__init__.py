"""Transformers with one attention module: GPT, which continues a text, BERT, which
fills in its masked words or gives a text a vector, and an encoder of reviews.

This module is only metadata; it must stay free of torch.
"""

from zoo import (
    ClassOutput,
    License,
    MaskedTokenOutput,
    ModelSpec,
    TextInput,
    TextOutput,
    VectorOutput,
    Weights,
    hookimpl,
)

GPT2 = "https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf"
CHAR_TOKENIZER = "69daf7a62ff8a22b39f1765bda859a0c39eadfa2327a969d56ca9049cee3f55f"
GPT2_TOKENIZER = "8414cab924d8b9b33013f0d221c5862f365ee9be39c5c2bfae8a5a9e970478a6"
WORDPIECE_TOKENIZER = "d141ab20d90bb2790a6eedd9047d6f2f6f706955792b586a4505795057e17d10"
MINILM_TOKENIZER = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
BERT_TOKENIZER = "ce64fce797c24f68df90b40a3f74f579b336a493db14bd583fd520ea0d8c9a98"
NIETZSCHE_TOKENIZER = "b5046210b2f2c7d6c2e96c3dc7fc90a189c5d2c30755a1a6cf962f34c819e1d8"
REVIEW_TOKENIZER = "bc5e9ef51127b2b84b985e4cc1e34a8175a2f60f31646fb2c8e57f6c327ccf93"
IMDB_VOCAB_SIZE = 20_000  # words and the two special tokens
IMDB_TOKENIZER = "52e58bb67499759ea748b541869c5667f9268c9acde9eb6556d572144c58b808"

SPECS = (
    ModelSpec(
        name="bert-base",
        summary="BERT base: fills in the masked words of an English text.",
        task="fill-mask",
        build="zoo_transformer.bert:bert",
        card="cards/bert-base.md",
        license=License(code="mit", weights="apache-2.0", data="unknown"),
        parameters=109_514_298,
        input=TextInput(
            max_length=512,
            vocab_size=30_522,
            pad_token_id=0,
            unk_token_id=100,
            language="en",
            tokenizer=BERT_TOKENIZER,
        ),
        output=MaskedTokenOutput(mask_token_id=103),
        trained_on=("bookcorpus", "english-wikipedia"),
        examples=("gap.txt",),
        papers=("https://arxiv.org/abs/1810.04805",),
        tags=("bert", "wordpiece"),
        weights=Weights(
            size=440_449_768,
            sha256="68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3",
            repo="google-bert/bert-base-uncased",
            revision="86b5e0934494bd15c9632b12f734a8a67f723594",
        ),
        chapters=("bert",),
    ),
    ModelSpec(
        name="bert-mini",
        summary="A small BERT: fills in the masked words of an English text.",
        task="fill-mask",
        build="zoo_transformer.bert:bert",
        options={
            "vocab_size": 4_000,
            "context_length": 64,
            "embed_dim": 160,
            "num_layers": 4,
            "num_heads": 5,
        },
        recipe="zoo_transformer.bert_recipe",
        card="cards/bert-mini.md",
        license=License(code="mit", weights="mit", data="cc-by-2.0"),
        parameters=1_918_080,
        input=TextInput(
            max_length=64,
            vocab_size=4_000,
            pad_token_id=0,
            unk_token_id=1,
            language="en",
            tokenizer=WORDPIECE_TOKENIZER,
        ),
        output=MaskedTokenOutput(mask_token_id=2),
        trained_on=("gutenberg_novels", "tiny_shakespeare", "tatoeba_en_fr"),
        examples=("king.txt",),
        stored="float16",
        papers=("https://arxiv.org/abs/1810.04805",),
        tags=("bert", "wordpiece"),
        chapters=("bert",),
    ),
    ModelSpec(
        name="bert-mini-imdb",
        summary="A small BERT, pre-trained, for the sentiment of English film reviews.",
        task="text-classification",
        build="zoo_transformer.bert_classifier:bert_classifier",
        options={"vocab_size": 8_000, "context_length": 200},
        recipe="zoo_transformer.bert_classifier_recipe",
        card="cards/bert-mini-imdb.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=1_859_970,
        input=TextInput(
            max_length=200,
            vocab_size=8_000,
            pad_token_id=0,
            unk_token_id=1,
            language="en",
            tokenizer=REVIEW_TOKENIZER,
        ),
        output=ClassOutput(labels=("neg", "pos")),
        trained_on=("imdb", "wikipedia_text"),
        head="classifier",
        behind_baseline="It counts words and pairs of words, and film reviews are "
        "mostly judged by those.",
        examples=("praise.txt", "complaint.txt"),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1810.04805",
            "https://aclanthology.org/P11-1015",
        ),
        tags=("bert", "wordpiece", "sentiment-analysis"),
        chapters=("bert",),
    ),
    ModelSpec(
        name="gpt-mini",
        summary="A small GPT: continues a text in the style of Shakespeare's plays.",
        task="text-generation",
        build="zoo_transformer.gpt:gpt",
        options={
            "vocab_size": 66,
            "context_length": 128,
            "embed_dim": 192,
            "num_layers": 3,
            "num_heads": 3,
        },
        recipe="zoo_transformer.gpt_recipe",
        card="cards/gpt-mini.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=1_372_224,
        input=TextInput(
            max_length=128, vocab_size=66, language="en", tokenizer=CHAR_TOKENIZER
        ),
        output=TextOutput(bos_token_id=1),
        trained_on=("tiny_shakespeare",),
        examples=("romeo.txt",),
        stored="float16",
        papers=(GPT2,),
        tags=("gpt", "shakespeare", "characters"),
        chapters=("gpt",),
    ),
    ModelSpec(
        name="gpt-mini-nietzsche",
        summary="A small GPT, pre-trained, continues a text as Nietzsche's.",
        task="text-generation",
        build="zoo_transformer.gpt:gpt",
        options={
            "vocab_size": 58,
            "context_length": 128,
            "embed_dim": 192,
            "num_layers": 3,
            "num_heads": 3,
        },
        recipe="zoo_transformer.gpt_nietzsche_recipe",
        card="cards/gpt-mini-nietzsche.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=1_370_688,
        input=TextInput(
            max_length=128, vocab_size=58, language="en", tokenizer=NIETZSCHE_TOKENIZER
        ),
        output=TextOutput(bos_token_id=1),
        trained_on=("wikipedia_text", "gutenberg_novels", "nietzsche"),
        examples=("philosopher.txt",),
        stored="float16",
        papers=(GPT2,),
        tags=("gpt", "nietzsche", "characters"),
        chapters=("gpt",),
    ),
    ModelSpec(
        name="gpt2",
        summary="GPT-2 small: continues an English text.",
        task="text-generation",
        build="zoo_transformer.gpt:gpt",
        card="cards/gpt2.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=124_439_808,
        input=TextInput(
            max_length=1_024,
            vocab_size=50_257,
            pad_token_id=50_256,  # no other id is free; nothing attends to it
            language="en",
            tokenizer=GPT2_TOKENIZER,
        ),
        output=TextOutput(bos_token_id=50_256, eos_token_id=50_256),
        trained_on=("webtext",),
        examples=("romeo.txt",),
        papers=(GPT2,),
        tags=("gpt", "gpt2", "bpe"),
        weights=Weights(
            size=548_105_171,
            sha256="248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707",
            repo="openai-community/gpt2",
            revision="607a30d783dfa663caf39e06633721c8d4cfcd7e",
        ),
        chapters=("gpt",),
    ),
    ModelSpec(
        name="minilm-l6",
        summary="A BERT of six layers gives an English text a vector of its meaning.",
        task="feature-extraction",
        build="zoo_transformer.sentence_encoder:sentence_encoder",
        card="cards/minilm-l6.md",
        license=License(code="mit", weights="apache-2.0", data="other"),
        parameters=22_565_376,
        input=TextInput(
            max_length=256,
            vocab_size=30_522,
            pad_token_id=0,
            unk_token_id=100,
            language="en",
            tokenizer=MINILM_TOKENIZER,
        ),
        output=VectorOutput(dim=384),
        trained_on=("sentence-pairs",),
        head="classifier",
        examples=("praise.txt",),
        papers=(
            "https://arxiv.org/abs/1908.10084",
            "https://arxiv.org/abs/2002.10957",
        ),
        tags=("bert", "wordpiece", "sentence-similarity"),
        weights=Weights(
            size=90_868_376,
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            repo="sentence-transformers/all-MiniLM-L6-v2",
            revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        ),
        chapters=("bert",),
    ),
    ModelSpec(
        name="transformer-imdb",
        summary="A transformer encoder for the sentiment of English film reviews.",
        task="text-classification",
        build="zoo_transformer.encoder_classifier:encoder_classifier",
        options={"vocab_size": IMDB_VOCAB_SIZE},
        recipe="zoo_transformer.encoder_classifier_recipe",
        card="cards/transformer-imdb.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=653_566,
        input=TextInput(
            max_length=200,
            vocab_size=IMDB_VOCAB_SIZE,
            pad_token_id=0,
            unk_token_id=1,
            language="en",
            tokenizer=IMDB_TOKENIZER,
        ),
        output=ClassOutput(labels=("neg", "pos")),
        trained_on=("imdb",),
        head="classifier",
        behind_baseline="It counts words and pairs of words, and film reviews are "
        "mostly judged by those.",
        examples=("praise.txt", "complaint.txt"),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1706.03762",
            "https://aclanthology.org/P11-1015",
        ),
        tags=("transformer", "encoder", "sentiment-analysis"),
        chapters=("transformer",),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
