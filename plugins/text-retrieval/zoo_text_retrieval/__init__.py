"""Texts by their words: TF-IDF, latent semantic analysis, and what is near.

This module is only metadata; it must stay free of torch.
"""

from zoo import (
    ClassOutput,
    DatasetSpec,
    License,
    ModelSpec,
    TextInput,
    VectorOutput,
    hookimpl,
)

VOCAB_SIZE = 16_000  # room for all words of the training posts and special tokens
NEWS_VOCAB_SIZE = 10_000
NEWS_TOKENIZER = "f838cfbbcfd97f79e9bded9c43cad29b397d4e8e5fa0859e209a4b5d11259b4a"
WORD_TOKENIZER = "d12c21ea0acaeb270738b65fbe50a77ac6f007ba8436ab818f6c6c8d55f9eea7"

LABELS = ("sci.electronics", "talk.politics.misc")
TEXT = TextInput(
    max_length=16_384,
    vocab_size=VOCAB_SIZE,
    pad_token_id=0,
    unk_token_id=1,
    language="en",
    tokenizer=WORD_TOKENIZER,
)

SPECS = (
    ModelSpec(
        name="lsa-mlp-20news",
        summary="LSA topics and an MLP classify posts as electronics or politics.",
        task="text-classification",
        build="zoo_text_retrieval.lsa:lsa_mlp",
        options={"vocab_size": VOCAB_SIZE},
        recipe="zoo_text_retrieval.recipe",
        card="cards/lsa-mlp-20news.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=866,
        input=TEXT,
        output=ClassOutput(labels=LABELS),
        trained_on=("newsgroups-pair",),
        head="classifier",
        examples=("soldering.txt", "senate.txt"),
        papers=(
            "https://doi.org/10.1002/(SICI)1097-4571(199009)41:6%3C391::AID-ASI1%3E3.0.CO;2-9",
            "https://doi.org/10.1016/0306-4573(88)90021-0",
            "https://aclanthology.org/P12-2018/",
        ),
        tags=("lsa", "tf-idf", "naive-bayes"),
        behind_baseline="Topics add less to naive Bayes than this test can tell.",
        chapters=("text",),
    ),
    ModelSpec(
        name="tfidf-clf-20news",
        summary="Logistic regression on TF-IDF classifies posts as electronics or "
        "politics.",
        task="text-classification",
        build="zoo_text_retrieval.tfidf_linear:tfidf_linear",
        options={"vocab_size": VOCAB_SIZE},
        recipe="zoo_text_retrieval.tfidf_recipe",
        card="cards/tfidf-clf-20news.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=32_002,
        input=TEXT,
        output=ClassOutput(labels=LABELS),
        trained_on=("newsgroups-pair",),
        head="classifier",
        examples=("soldering.txt", "senate.txt"),
        papers=(
            "https://doi.org/10.1016/0306-4573(88)90021-0",
            "https://doi.org/10.1007/BFb0026683",
        ),
        tags=("tf-idf", "logistic-regression"),
        behind_baseline="Logistic regression needs more than these thousand posts to "
        "learn a weight for each word.",
        chapters=("text",),
    ),
    ModelSpec(
        name="tfidf-retriever",
        summary="TF-IDF vectors find the news articles nearest to a text.",
        task="feature-extraction",
        build="zoo_text_retrieval.retriever:tfidf_retriever",
        options={"vocab_size": NEWS_VOCAB_SIZE},
        recipe="zoo_text_retrieval.retriever_recipe",
        card="cards/tfidf-retriever.md",
        license=License(code="mit", weights="mit", data="other"),
        parameters=NEWS_VOCAB_SIZE,
        input=TextInput(
            max_length=16_384,
            vocab_size=NEWS_VOCAB_SIZE,
            pad_token_id=0,
            unk_token_id=1,
            language="en",
            tokenizer=NEWS_TOKENIZER,
        ),
        output=VectorOutput(dim=NEWS_VOCAB_SIZE),
        trained_on=("bbc_news",),
        examples=("match.txt", "phone.txt"),
        papers=(
            "https://doi.org/10.1145/361219.361220",
            "https://doi.org/10.1108/eb026526",
        ),
        tags=("tf-idf", "retrieval", "sentence-similarity"),
        behind_baseline="An SVD blurs words into topics, and topics are what is "
        "measured; for a rare name or number, words are what one looks for.",
        chapters=("text",),
    ),
)

DATASETS = (
    DatasetSpec(
        name="newsgroups-pair",
        summary="Posts of two of the 20 newsgroups, electronics and politics, without "
        "subject, quotes and signature; the thread is no input.",
        license="unknown",
        splits={"train": 1_056, "test": 703},
        columns={name: (name,) for name in ("text", "label", "thread")},
        labels=LABELS,
        package="zoo_text_retrieval.newsgroups:load_pair",
        homepage="http://qwone.com/~jason/20Newsgroups/",
        citation="Lang: NewsWeeder, 1995. The 20news-bydate collection by Rennie.",
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS


@hookimpl
def zoo_datasets() -> tuple[DatasetSpec, ...]:
    return DATASETS
