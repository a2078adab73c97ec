"""Recurrent networks that classify reviews, continue a text, and forecast prices.

This module is only metadata; it must stay free of torch.
"""

from zoo import (
    ClassOutput,
    Column,
    DatasetSpec,
    ForecastOutput,
    License,
    ModelSpec,
    SeriesInput,
    TextInput,
    TextOutput,
    hookimpl,
)

VOCAB_SIZE = 1_622  # characters and the two special tokens
IMDB_VOCAB_SIZE = 12_000  # words and the two special tokens
IMDB_TOKENIZER = "d66b59b8a0da797ab1184e53da67ea11cab48033f5f5333c2bf537a9d7bfff9b"
HEADLINE_VOCAB_SIZE = 6_000  # words and the three special tokens
HEADLINE_TOKENIZER = "cdbea18576749ded7304f3588c39ad3f194264e8a366cfad6d4f26820b2ea433"
NIETZSCHE_TOKENIZER = "b5046210b2f2c7d6c2e96c3dc7fc90a189c5d2c30755a1a6cf962f34c819e1d8"
CHAR_TOKENIZER = "29cb6254f8edfd727c3cda96703527d3dc94a649830423af1e4c2be02b891fd4"


def _imdb(cell: str, parameters: int, paper: str) -> ModelSpec:
    """Return the spec of a classifier of English reviews with this cell."""
    return ModelSpec(
        name=f"{cell}-imdb",
        summary=f"{cell.upper()} for the sentiment of English film reviews.",
        task="text-classification",
        build="zoo_rnn.sentiment:recurrent_classifier",
        options={"vocab_size": IMDB_VOCAB_SIZE, "cell": cell},
        recipe="zoo_rnn.sentiment_recipe",
        card=f"cards/{cell}-imdb.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=parameters,
        stored="float16",
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
        papers=(paper, "https://aclanthology.org/P11-1015"),
        tags=(*dict.fromkeys((cell, "rnn")), "sentiment-analysis"),
        chapters=(cell,),
    )


SPECS = (
    _imdb("lstm", 801_538, "https://doi.org/10.1162/neco.1997.9.8.1735"),
    _imdb("gru", 793_218, "https://arxiv.org/abs/1406.1078"),
    _imdb("rnn", 776_578, "https://doi.org/10.1207/s15516709cog1402_1"),
    ModelSpec(
        name="char-lstm-nietzsche",
        summary="An LSTM continues a text, character by character, as Nietzsche's.",
        task="text-generation",
        build="zoo_rnn.char_lstm:char_lstm",
        options={"vocab_size": 58},
        recipe="zoo_rnn.char_lstm_recipe",
        card="cards/char-lstm-nietzsche.md",
        license=License(code="mit", weights="mit", data="public-domain"),
        parameters=717_242,
        input=TextInput(
            max_length=512, vocab_size=58, language="en", tokenizer=NIETZSCHE_TOKENIZER
        ),
        output=TextOutput(bos_token_id=1),
        trained_on=("nietzsche",),
        examples=("philosopher.txt",),
        stored="float16",
        papers=(
            "https://doi.org/10.1162/neco.1997.9.8.1735",
            "https://doi.org/10.21437/Interspeech.2010-343",
            "https://arxiv.org/abs/1409.2329",
        ),
        tags=("lstm", "rnn", "characters"),
        chapters=("lstm",),
    ),
    ModelSpec(
        name="word-lstm-headlines",
        summary="An LSTM continues a headline, word by word.",
        task="text-generation",
        build="zoo_rnn.word_lstm:word_lstm",
        options={"vocab_size": HEADLINE_VOCAB_SIZE},
        recipe="zoo_rnn.word_lstm_recipe",
        card="cards/word-lstm-headlines.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=1_202_160,
        input=TextInput(
            max_length=64,
            vocab_size=HEADLINE_VOCAB_SIZE,
            pad_token_id=0,
            unk_token_id=1,
            language="en",
            tokenizer=HEADLINE_TOKENIZER,
        ),
        output=TextOutput(bos_token_id=2, eos_token_id=2),
        trained_on=("nyt_headlines", "clickbait_headlines"),
        examples=("headline.txt",),
        stored="float16",
        papers=(
            "https://aclanthology.org/E17-2025",
            "https://arxiv.org/abs/1611.01462",
            "https://arxiv.org/abs/1409.2329",
        ),
        tags=("lstm", "rnn", "headlines"),
        chapters=("lstm",),
    ),
    ModelSpec(
        name="gru-nsmc",
        summary="A GRU for the sentiment of Korean film reviews.",
        task="text-classification",
        build="zoo_rnn.gru:gru_classifier",
        options={"vocab_size": VOCAB_SIZE},
        recipe="zoo_rnn.gru_recipe",
        card="cards/gru-nsmc.md",
        license=License(code="mit", weights="mit", data="cc0-1.0"),
        parameters=2_086_060,
        stored="float16",
        input=TextInput(
            max_length=512,
            vocab_size=VOCAB_SIZE,
            pad_token_id=0,
            unk_token_id=1,
            language="ko",
            tokenizer=CHAR_TOKENIZER,
        ),
        output=ClassOutput(labels=("negative", "positive")),
        trained_on=("nsmc",),
        head="classifier",
        examples=("good.txt", "bad.txt"),
        papers=(
            "https://arxiv.org/abs/1406.1078",
            "https://arxiv.org/abs/1607.04606",
            "https://arxiv.org/abs/1606.07792",
            "https://aclanthology.org/P12-2018",
        ),
        tags=("gru", "rnn", "sentiment-analysis"),
        chapters=("gru",),
    ),
    ModelSpec(
        name="rnn-netflix",
        summary="An RNN forecasts a share's next close from thirty days before it.",
        task="time-series-forecasting",
        build="zoo_rnn.prices:price_rnn",
        recipe="zoo_rnn.prices_recipe",
        card="cards/rnn-netflix.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=16_169,
        input=SeriesInput(
            columns=(
                Column(name="close", low=82.8, high=419.0, unit="dollars"),
                Column(name="high", low=84.7, high=423.3, unit="dollars"),
                Column(name="low", low=79.9, high=413.1, unit="dollars"),
            ),
            length=30,
        ),
        output=ForecastOutput(name="close", unit="dollars"),
        trained_on=("netflix_stock",),
        head="fc",
        examples=("random_walk.csv",),
        papers=("https://doi.org/10.1207/s15516709cog1402_1",),
        tags=("rnn", "stock-prices"),
        chapters=("rnn",),
    ),
    ModelSpec(
        name="rnn-cell",
        summary="A recurrent cell, written out, forecasts a chaotic series.",
        task="time-series-forecasting",
        build="zoo_rnn.rnn_cell:rnn_cell",
        recipe="zoo_rnn.rnn_cell_recipe",
        card="cards/rnn-cell.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=305,
        input=SeriesInput(
            columns=(Column(name="x", low=-1.285, high=1.275),), length=8
        ),
        output=ForecastOutput(name="x"),
        trained_on=("henon-map",),
        head="fc",
        examples=("henon_map.csv",),
        papers=(
            "https://doi.org/10.1207/s15516709cog1402_1",
            "https://doi.org/10.1007/BF01608556",
        ),
        tags=("rnn", "elman-network", "chaos"),
        chapters=("rnn",),
    ),
)

DATASETS = (
    DatasetSpec(
        name="henon-map",
        summary="Two chaotic series of the Henon map, generated.",
        license="mit",
        splits={"train": 3_000, "test": 1_000},
        columns={"x": ("x",)},
        package="zoo_rnn.henon_map:henon_rows",
        homepage="https://doi.org/10.1007/BF01608556",
        citation="Henon: A two-dimensional mapping with a strange attractor, 1976.",
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS


@hookimpl
def zoo_datasets() -> tuple[DatasetSpec, ...]:
    return DATASETS
