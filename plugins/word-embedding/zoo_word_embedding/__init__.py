"""Word vectors, learned from the contexts of words: word2vec.

This module is only metadata; it must stay free of torch.
"""

from zoo import DatasetSpec, License, ModelSpec, TextInput, VectorOutput, hookimpl

VOCAB_SIZE, EMBED_DIM = 15_000, 100  # the two special tokens included
WORD_TOKENIZER = "31e795dfb55b8c1ddd88a0b5123aa9b59b74fa7ac35fc3b03a2c2e9e3eff9304"

SPECS = (
    ModelSpec(
        name="word2vec-cbow",
        summary="English word vectors, each word told from the words around it.",
        task="feature-extraction",
        build="zoo_word_embedding.cbow:cbow",
        options={"vocab_size": VOCAB_SIZE, "embed_dim": EMBED_DIM},
        recipe="zoo_word_embedding.cbow_recipe",
        card="cards/word2vec-cbow.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=VOCAB_SIZE * EMBED_DIM,
        input=TextInput(
            max_length=16_384,
            vocab_size=VOCAB_SIZE,
            pad_token_id=0,
            unk_token_id=1,
            language="en",
            tokenizer=WORD_TOKENIZER,
        ),
        output=VectorOutput(dim=EMBED_DIM),
        trained_on=("english-mix",),
        examples=("king.txt", "garden.txt"),
        stored="float16",
        papers=("https://arxiv.org/abs/1301.3781", "https://arxiv.org/abs/1310.4546"),
        tags=("word2vec", "cbow", "word-embeddings"),
        behind_baseline="Pairs of words are what is measured, and skip-gram and the "
        "counts are fitted to pairs; CBOW averages a window.",
        chapters=("word2vec",),
    ),
    ModelSpec(
        name="word2vec-skipgram",
        summary="English word vectors, for nearest words and analogies.",
        task="feature-extraction",
        build="zoo_word_embedding.skipgram:skipgram",
        options={"vocab_size": VOCAB_SIZE, "embed_dim": EMBED_DIM},
        recipe="zoo_word_embedding.recipe",
        card="cards/word2vec-skipgram.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=VOCAB_SIZE * EMBED_DIM,
        input=TextInput(
            max_length=16_384,
            vocab_size=VOCAB_SIZE,
            pad_token_id=0,
            unk_token_id=1,
            language="en",
            tokenizer=WORD_TOKENIZER,
        ),
        output=VectorOutput(dim=EMBED_DIM),
        trained_on=("english-mix",),
        examples=("king.txt", "garden.txt"),
        stored="float16",
        papers=("https://arxiv.org/abs/1301.3781", "https://arxiv.org/abs/1310.4546"),
        tags=("word2vec", "skip-gram", "word-embeddings"),
        chapters=("word2vec",),
    ),
)

DATASETS = (
    DatasetSpec(
        name="english-mix",
        summary="English texts of nine kinds, from novels to captions: those of the "
        "other datasets, without labels. Repeated texts are left out.",
        license="unknown",
        splits={"train": 157_861, "validation": 8_308, "test": 19_074},
        columns={"text": ("text",)},
        package="zoo_word_embedding.corpus:english_mix",
        homepage="https://tatoeba.org",
        citation="The sources are those of gutenberg_novels, tiny_shakespeare, "
        "bbc_news, 20_newsgroups, rotten_tomatoes, multi30k, tatoeba_en_fr, "
        "tatoeba_en_ko and korean_parallel.",
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS


@hookimpl
def zoo_datasets() -> tuple[DatasetSpec, ...]:
    return DATASETS
