"""Sentences in several languages: a column for each, named by its code."""

from zoo import DatasetSpec

__all__ = ["SPECS"]

TATOEBA = "Sentences by tatoeba.org, as paired by www.manythings.org/anki."

SPECS = (
    DatasetSpec(
        name="tatoeba_en_fr",
        summary="Short English sentences and their French translations.",
        license="cc-by-2.0",
        splits={"train": 158_513, "test": 8_469},
        columns={"en": ("translation.en",), "fr": ("translation.fr",)},
        similar=("Helsinki-NLP/tatoeba_mt", "Helsinki-NLP/opus_books"),
        homepage="https://www.manythings.org/anki/",
        citation=TATOEBA,
    ),
    DatasetSpec(
        name="tatoeba_en_ko",
        summary="Short English sentences and their Korean translations: few.",
        license="cc-by-2.0",
        splits={"train": 5_155, "test": 594},
        columns={"en": ("translation.en",), "ko": ("translation.ko",)},
        similar=("Helsinki-NLP/tatoeba_mt",),
        homepage="https://www.manythings.org/anki/",
        citation=TATOEBA,
    ),
    DatasetSpec(
        name="korean_parallel",
        summary="English sentences, mostly news, and free Korean translations; "
        "`origin` names the file, and with it the style.",
        license="cc-by-sa-3.0",
        splits={"train": 2_708, "test": 4_720},
        columns={
            "en": ("translation.en",),
            "ko": ("translation.ko",),
            "origin": ("source",),
        },
        similar=("Moo/korean-parallel-corpora",),  # with the large training part
        homepage="https://github.com/jungyeul/korean-parallel-corpora",
        citation="Park, Hong, Cha: Korean language resources for everyone, 2016.",
    ),
    DatasetSpec(
        name="multi30k",
        summary="Captions of photographs in English and in German. (The compact "
        "copy has French and Czech too; the Hub's has not, so they are left out.)",
        license="unknown",
        splits={"train": 29_000, "validation": 1_014, "test": 1_000},
        columns={"en": ("translation.en",), "de": ("translation.de",)},
        hub="bentrevett/multi30k",
        homepage="https://github.com/multi30k/dataset",
        citation="Elliott, Frank, Sima'an, Specia: Multi30K, 2016. "
        "https://arxiv.org/abs/1605.00459",
    ),
    DatasetSpec(
        name="tatoeba_en_es",
        summary="Short English sentences and Spanish translations. Neither side of a "
        "test pair is in the training pairs.",
        license="cc-by-2.0",
        splits={"train": 112_975, "test": 5_989},
        columns={"en": ("translation.en",), "es": ("translation.es",)},
        similar=("Helsinki-NLP/tatoeba_mt",),
        homepage="https://www.manythings.org/anki/",
        citation=TATOEBA,
    ),
    DatasetSpec(
        name="korean_dialogue",
        summary="Turns of colloquial Korean dialogues and English translations: hard.",
        license="cc-by-4.0",
        splits={"train": 1_361, "test": 319},
        columns={
            "en": ("translation.en",),
            "ko": ("translation.ko",),
            "phenomenon": ("phenomenon",),
            "dialogue": ("dialogue",),
        },
        homepage="https://github.com/minseye/"
        "korean-english-context-aware-translation-dataset",
        citation="Lee, Noh, Lee: a context-aware Korean-English data set, COLING 2025. "
        "Copyright NCSOFT.",
    ),
)
