"""Texts, with or without a label: `text` and `label`."""

from zoo import DatasetSpec

__all__ = ["SPECS"]

SPECS = (
    DatasetSpec(
        name="nsmc",
        summary="Korean film reviews, positive and negative. The compact copy was "
        "drawn from the same reviews as the published one, but has other rows.",
        license="cc0-1.0",
        splits={"train": 150_000, "test": 50_000},
        columns={"id": ("id",), "text": ("document",), "label": ("label",)},
        labels=("negative", "positive"),
        hub="e9t/nsmc",
        revision="refs/convert/parquet",  # the set itself is a script
        homepage="https://github.com/e9t/nsmc",
        citation="Park: Naver sentiment movie corpus v1.0, 2015.",
    ),
    DatasetSpec(
        name="rotten_tomatoes",
        summary="Sentences of English film reviews, positive and negative. The compact "
        "copy's split is not the Hub's.",
        license="unknown",
        splits={"train": 8_530, "validation": 1_066, "test": 1_066},
        columns={"text": ("text",), "label": ("label",)},
        labels=("neg", "pos"),
        hub="cornell-movie-review-data/rotten_tomatoes",
        homepage="https://www.cs.cornell.edu/people/pabo/movie-review-data/",
        citation="Pang, Lee: Seeing stars, 2005. https://arxiv.org/abs/cs/0506075",
    ),
    DatasetSpec(
        name="bbc_news",
        summary="BBC articles on five topics; the first line is the headline. The "
        "Hub's split is another.",
        license="other",  # the BBC's; offered for research
        splits={"train": 1_702, "test": 425},
        columns={"text": ("text",), "label": ("label_text",)},
        labels=("business", "entertainment", "politics", "sport", "tech"),
        hub="SetFit/bbc-news",
        hub_splits={"train": 1_225, "test": 1_000},
        homepage="http://mlg.ucd.ie/datasets/bbc.html",
        citation="Greene, Cunningham: Practical solutions to the problem of diagonal "
        "dominance in kernel document clustering, 2006.",
    ),
    DatasetSpec(
        name="20_newsgroups",
        summary="Usenet posts of 1993 from twenty groups, split by date. The "
        "compact copy has no headers but the subject, and two posts fewer.",
        license="unknown",
        splits={"train": 11_312, "test": 7_532},
        columns={"text": ("text",), "label": ("label_text",)},
        labels=(
            "alt.atheism",
            "comp.graphics",
            "comp.os.ms-windows.misc",
            "comp.sys.ibm.pc.hardware",
            "comp.sys.mac.hardware",
            "comp.windows.x",
            "misc.forsale",
            "rec.autos",
            "rec.motorcycles",
            "rec.sport.baseball",
            "rec.sport.hockey",
            "sci.crypt",
            "sci.electronics",
            "sci.med",
            "sci.space",
            "soc.religion.christian",
            "talk.politics.guns",
            "talk.politics.mideast",
            "talk.politics.misc",
            "talk.religion.misc",
        ),
        hub="SetFit/20_newsgroups",
        hub_splits={"train": 11_314},
        homepage="http://qwone.com/~jason/20Newsgroups/",
        citation="Lang: NewsWeeder, 1995. The 20news-bydate collection by Rennie.",
    ),
    DatasetSpec(
        name="tiny_shakespeare",
        summary="A million characters of Shakespeare: each split is one long text.",
        license="mit",  # of the repository; the text is in the public domain
        splits={"train": 1, "validation": 1, "test": 1},
        columns={"text": ("text",)},
        hub="karpathy/tiny_shakespeare",
        revision="refs/convert/parquet",  # the set itself is a script
        homepage="https://github.com/karpathy/char-rnn",
        citation="Karpathy: The unreasonable effectiveness of recurrent neural "
        "networks, 2015.",
    ),
    DatasetSpec(
        name="gutenberg_novels",
        summary="Alice in Wonderland, and Pride and Prejudice: each split has a part "
        "of both.",
        license="public-domain",
        splits={"train": 2, "validation": 2, "test": 2},
        columns={"title": ("title",), "author": ("author",), "text": ("text",)},
        similar=("manu/project_gutenberg",),
        homepage="https://www.gutenberg.org",
        citation="Carroll: Alice's Adventures in Wonderland, 1865. Austen: Pride and "
        "Prejudice, 1813.",
    ),
    DatasetSpec(
        name="imdb",
        summary="Whole film reviews in English. The compact copy has a quarter of the "
        "test reviews, and no review twice.",
        license="unknown",
        splits={"train": 24_781, "test": 6_250},
        columns={"text": ("text",), "label": ("label",)},
        labels=("neg", "pos"),
        hub="stanfordnlp/imdb",
        hub_splits={"train": 25_000, "test": 25_000},
        homepage="https://ai.stanford.edu/~amaas/data/sentiment/",
        citation="Maas, Daly, Pham, Huang, Ng, Potts: Learning word vectors for "
        "sentiment analysis, 2011.",
    ),
    DatasetSpec(
        name="nietzsche",
        summary="Beyond Good and Evil in English: each split is one long text.",
        license="public-domain",
        splits={"train": 1, "validation": 1, "test": 1},
        columns={"text": ("text",)},
        homepage="https://www.gutenberg.org/ebooks/4363",
        citation="Nietzsche: Beyond Good and Evil, 1886, translated by Helen Zimmern.",
    ),
    DatasetSpec(
        name="wikipedia_text",
        summary="Articles of the English Wikipedia; the validation and test articles "
        "are those of WikiText-2.",
        license="cc-by-sa-3.0",
        splits={"train": 101, "validation": 60, "test": 60},
        columns={"title": ("title",), "text": ("text",)},
        similar=("Salesforce/wikitext",),  # lines, with the rare words replaced
        homepage="https://en.wikipedia.org",
        citation="Merity, Xiong, Bradbury, Socher: Pointer sentinel mixture models, "
        "2016. https://arxiv.org/abs/1609.07843. The articles' authors.",
    ),
    DatasetSpec(
        name="nyt_headlines",
        summary="Headlines of the New York Times of nine months in 2017 and 2018, "
        "without repeats.",
        license="unknown",
        splits={"train": 7_442, "validation": 449, "test": 418},
        columns={"text": ("headline",), "desk": ("desk",), "date": ("date",)},
        homepage="https://www.kaggle.com/datasets/aashita/nyt-comments",
        citation="Kesarwani: New York Times comments, 2018.",
    ),
    DatasetSpec(
        name="clickbait_headlines",
        summary="Headlines of newspapers and of clickbait sites.",
        license="mit",  # of the repository; the headlines are their publishers'
        splits={"train": 28_773, "test": 3_227},
        columns={"text": ("text",), "label": ("label",)},
        labels=("news", "clickbait"),
        homepage="https://github.com/bhargaviparanjape/clickbait",
        citation="Chakraborty, Paranjape, Kakarla, Ganguly: Stop clickbait, 2016. "
        "https://arxiv.org/abs/1610.09786",
    ),
)
