"""What the card of the translator tells: baselines, and an error analysis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import zoo
from zoo import Run
from zoo.recipes import plots
from zoo.recipes.text import BeamSearchConfig
from zoo_seq2seq.baselines import WORD, IBMModel1, nearest_translations, split_words
from zoo_seq2seq.metrics import bleu, translation_metrics
from zoo_seq2seq.parallel_corpus import (
    SentencePairs,
    load_all_pairs,
    load_pairs,
    normalize,
    train_validation_split,
)
from zoo_seq2seq.recipe import GREEDY, VALIDATION_PAIRS, judged_by, translate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["address_metrics", "name_metrics", "report"]

PLANS = {  # that are compared on the validation pairs
    "greedy": GREEDY,
    "beam_4": BeamSearchConfig(),
    "no_length_penalty": BeamSearchConfig(length_penalty=0),
    "length_penalty_2": BeamSearchConfig(length_penalty=2),
    "beam_12": BeamSearchConfig(beams=12),
}
LONG, SHORT = 12, 5  # words of the sentences that are also evaluated separately
ADDRESS_WORDS = {  # of French
    "tu": {"tu", "te", "toi", "ton", "ta", "tes", "t'"},
    "vous": {"vous", "votre", "vos"},
}
LANGUAGES = {"en": "English", "es": "Spanish", "fr": "French", "ko": "Korean"}
WORD_ORDER = {  # what to look for, by the language of the translation
    "en": "Where the adjective follows its noun in Spanish, word order and attention "
    "change together.",
    "es": "Where the adjective follows its noun, word order and attention change "
    "together.",
    "fr": "Where the adjective follows its noun, word order and attention change "
    "together.",
    "ko": "The verb comes last in Korean. Where the model does not know a word, the "
    "weights are spread over the sentence.",
}
ATTENTION_EXAMPLES = {  # by the language that is translated
    "en": (
        "It is very cold here.",
        "I have never seen such a big dog.",
        "The red car that I bought was too expensive.",
    ),
    "es": (
        "Hace mucho frío aquí.",
        "Nunca he visto un perro tan grande.",
        "El coche rojo que compré era demasiado caro.",
    ),
}
OTHER_PAIRS = 400  # of each further dataset that are translated
MOST_WORDS = 14  # longer sentences are one group in the figure


def report(model: Any, run: Run) -> None:
    """Add the figures of the card to the run."""
    training, validation = train_validation_split(run)
    test, subset = load_pairs(run, "test"), validation[:VALIDATION_PAIRS]
    add_baselines(run, training, test)
    for name, plan in PLANS.items():
        translations = translate(model, subset.source_texts, plan)
        score = translation_metrics(translations, subset.target_texts)[
            judged_by(run.spec.output)
        ]
        run.log_summary(**{f"validation_{name}": score})
    translations = translate(model, test.source_texts, BeamSearchConfig())
    add_error_analysis(run, translations, test, training)
    greedy = translate(model, test.source_texts, GREEDY)
    metric = judged_by(run.spec.output)
    score = translation_metrics(greedy, test.target_texts)[metric]
    run.log_summary(**{f"{metric}_greedy": score})
    every = sum(map(len, load_all_pairs(run, "train")))
    run.log_summary(
        fitted_pairs=len(training),
        excluded_pairs=every - len(training) - len(validation),
    )
    add_other_datasets(model, run, training)
    if "attention" in run.spec.tags:
        add_attention_figure(model, run)
    else:
        add_length_figure(run, translations, test, training)


def add_other_datasets(model: Any, run: Run, training: SentencePairs) -> None:
    """Add chrF of the first test pairs of each dataset after the first, beside that of
    the nearest training sentence."""
    for others in load_all_pairs(run, "test")[1:]:
        name, pairs = others.source.partition("/")[0], others[:OTHER_PAIRS]
        texts = pairs.source_texts
        answers = {
            "": translate(model, texts, BeamSearchConfig()),
            "_nearest": nearest_translations(
                training.source_texts, training.target_texts, texts
            ),
        }
        for suffix, translations in answers.items():
            score = translation_metrics(translations, pairs.target_texts)["chrf"]
            run.log_summary(**{f"chrf_{name}{suffix}": score})


def add_baselines(run: Run, training: SentencePairs, test: SentencePairs) -> None:
    """Add what the baselines reach on the test pairs."""
    sources, targets = training.source_texts, training.target_texts
    lexicon = IBMModel1(sources, targets)
    baselines = {
        "copy of the source": test.source_texts,
        "word by word": [lexicon.translate(text) for text in test.source_texts],
        "nearest training sentence": nearest_translations(
            sources, targets, test.source_texts
        ),
    }
    for name, translations in baselines.items():
        run.log_baseline(name, **translation_metrics(translations, test.target_texts))


def add_error_analysis(
    run: Run, translations: Sequence[str], test: SentencePairs, training: SentencePairs
) -> None:
    """Add BLEU or chrF of short and long sentences, BLEU with all references of a
    sentence, exact matches, and how forms of address and names are translated."""
    words = [len(text.split()) for text in test.source_texts]
    groups = {
        "short": [n for n, count in enumerate(words) if count <= SHORT],
        "long": [n for n, count in enumerate(words) if count >= LONG],
    }
    metric = judged_by(run.spec.output)
    for name, rows in groups.items():
        found = [translations[n] for n in rows], [test.target_texts[n] for n in rows]
        score = translation_metrics(*found)[metric]
        run.log_summary(**{f"{metric}_{name}": score, f"{name}_sentences": len(rows)})
    if cast(Any, run.spec.output).language == "fr":
        run.log_summary(**address_metrics(translations, test))
    if (
        cast(Any, run.spec.output).language != "ko"
    ):  # it writes names in its own alphabet
        run.log_summary(**name_metrics(translations, test, training))
    references: dict[str, list[str]] = {}
    translation_of: dict[str, str] = {}
    rows_of_test = zip(test.source_texts, test.target_texts, translations, strict=True)
    for source, target, translation in rows_of_test:
        references.setdefault(source, []).append(target)
        translation_of[source] = translation
    most = max(map(len, references.values()))
    padded = [[*known, *[None] * (most - len(known))] for known in references.values()]
    exact = [
        normalize(translation) in map(normalize, references[source])
        for source, translation in translation_of.items()
    ]
    run.log_summary(
        unique_sentences=len(references),
        bleu_all_references=bleu(
            [*translation_of.values()], *zip(*padded, strict=True)
        ),
        exact_match=sum(exact) / len(exact),
    )


def address_metrics(
    translations: Sequence[str], test: SentencePairs
) -> dict[str, float]:
    """Return how often the form of address is that of the reference, and how often it
    is vous, among the pairs in which both use either tu or vous."""

    def forms(text: str) -> set[str]:
        words = set(split_words(text))
        return {name for name, known in ADDRESS_WORDS.items() if known & words}

    pairs = [
        (forms(translation), forms(reference))
        for translation, reference in zip(translations, test.target_texts, strict=True)
    ]
    pairs = [(ours, theirs) for ours, theirs in pairs if len(ours) == len(theirs) == 1]
    return {
        "address_pairs": len(pairs),
        "address_accuracy": _fraction([ours == theirs for ours, theirs in pairs]),
        "vous_fraction": _fraction([ours == {"vous"} for ours, _ in pairs]),
        "vous_fraction_reference": _fraction(
            [theirs == {"vous"} for _, theirs in pairs]
        ),
    }


def name_metrics(
    translations: Sequence[str], test: SentencePairs, training: SentencePairs
) -> dict[str, float]:
    """Return the fraction of names that are kept, of those seen in training and others.

    A name is a capitalized word inside a sentence that the reference has as well.
    """
    seen = {word for text in training.source_texts for word in WORD.findall(text)}
    kept: dict[bool, list[bool]] = {True: [], False: []}
    rows = zip(test.source_texts, test.target_texts, translations, strict=True)
    for source, target, translation in rows:
        for word in WORD.findall(source)[1:]:
            if word[0].isupper() and word in WORD.findall(target):
                kept[word in seen].append(word in WORD.findall(translation))
    return {
        "names_kept": _fraction(kept[True]),
        "unseen_names": len(kept[False]),
        "unseen_names_kept": _fraction(kept[False]),
    }


def _fraction(values: Sequence[bool]) -> float:
    return sum(values) / max(1, len(values))


def add_attention_figure(model: Any, run: Run) -> None:
    """Add a figure of the attention weights in some sentences."""
    given, made = (cast(Any, one) for one in (run.spec.input, run.spec.output))
    source, target = given.language, made.language
    results: Any = zoo.predict(model, list(ATTENTION_EXAMPLES[source]))
    caption = (
        f"Attention weights of each token of the {LANGUAGES[source]} sentence (top) "
        f"for each {LANGUAGES[target]} token (left). </s> is the end of the sentence. "
        f"{WORD_ORDER[target]}"
    )

    def draw(figure: Figure) -> None:
        for place, result in enumerate(results, start=1):
            result.draw(figure, (1, len(results), place))

    run.log_figure("attention", plots.to_png(4 * len(results), 4.2, draw), caption)


def add_length_figure(
    run: Run, translations: Sequence[str], test: SentencePairs, training: SentencePairs
) -> None:
    """Add a figure of BLEU by the number of words of the source, beside that of the
    nearest training sentence."""
    nearest = nearest_translations(
        training.source_texts, training.target_texts, test.source_texts
    )
    answers = {"the model": translations, "nearest training sentence": nearest}
    words = [min(len(text.split()), MOST_WORDS) for text in test.source_texts]
    lengths = sorted(set(words))

    def score(answer: Sequence[str], length: int) -> float:
        rows = [n for n, count in enumerate(words) if count == length]
        return bleu([answer[n] for n in rows], [test.target_texts[n] for n in rows])

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for label, answer in answers.items():
            scores = [score(answer, length) for length in lengths]
            axes.plot(lengths, scores, marker="o", label=label)
        axes.set(xlabel="words of the sentence", ylabel="BLEU", ylim=(0, None))
        axes.legend()

    run.log_figure(
        "lengths",
        plots.to_png(6, 4, draw),
        "BLEU of test sentences by their number of words; the last point has the "
        f"sentences of at least {MOST_WORDS}.",
    )
