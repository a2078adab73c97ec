"""Texts as byte pairs, pairs that are parted, and the simple ways beside the model."""

import math
import unicodedata
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from zoo_seq2seq import metrics, recipe, report
from zoo_seq2seq.attention import BOS, EOS, PAD
from zoo_seq2seq.baselines import EM_ITERATIONS, IBMModel1, nearest_translations
from zoo_seq2seq.bpe_tokenizer import SPECIAL_TOKENS, train_tokenizer
from zoo_seq2seq.parallel_corpus import (
    SentencePairs,
    load_all_pairs,
    load_pairs,
    load_related,
    non_overlapping,
    normalize,
    teacher_forcing,
    train_validation_split,
    untranslated,
)
from zoo_seq2seq.recipe import translated_by

import zoo
from zoo import Run
from zoo.datasets import registered as datasets
from zoo.errors import DataError, DatasetNotFound, SettingsError

TEXTS = ["The cat sat.", "Qu'est-ce qu'il a ? C'est le chat.", "The cats are here !"]
STRANGE = [
    "Le garçon a mangé l'œuf à Noël.",
    "\N{GRINNING FACE} 고양이 \N{CJK UNIFIED IDEOGRAPH-732B}",
    "1234 tabs\tand\nlines",
    "  two  spaces  ",
    "$ % & <pad ~",
]


def rows(sources: list[str], targets: list[str]) -> SentencePairs:
    nothing = torch.zeros(len(sources), 0, dtype=torch.int32)
    return SentencePairs(
        source_texts=sources, target_texts=targets, source="t/train", token=nothing
    )


def test_byte_pairs_are_the_same_for_the_same_texts() -> None:
    """
    Special tokens come first, the end follows every text, and an elided word is one
    with its apostrophe, of which there is only one kind.
    """
    made, again = (train_tokenizer(TEXTS, vocab_size=300) for _ in range(2))
    curly = "qu\N{RIGHT SINGLE QUOTATION MARK}il"

    assert made.to_str() == again.to_str()
    assert made.get_vocab_size() <= 300
    assert [made.token_to_id(one) for one in SPECIAL_TOKENS] == [PAD, BOS, EOS]
    assert made.encode("The cat").ids[-1] == EOS
    assert made.encode("").ids == [EOS]
    assert made.encode("C'est qu'il").tokens[:1] == ["ĠC'"]
    assert made.encode(curly).ids == made.encode("qu'il").ids
    assert made.encode("12").ids[:-1] != made.encode("1 2").ids[:-1]


@pytest.mark.parametrize("text", STRANGE)
def test_any_text_is_read_and_comes_back(text: str) -> None:
    """
    Letters that were never seen are the bytes they are written in.
    """
    made = train_tokenizer(TEXTS, vocab_size=300)

    found = made.encode(text, add_special_tokens=False).ids

    assert made.decode(found) == unicodedata.normalize("NFC", text)
    assert not {PAD, BOS, EOS} & set(found)


def test_pairs_are_kept_apart() -> None:
    """
    By either side, whatever the signs and capitals.
    """
    known = rows(
        ["Go!", "Stop.", "Hi.", "Run!"], ["Va !", "Arrête.", "Salut.", "Cours !"]
    )
    other = rows(["GO", "Halt."], ["Allez.", "Arrête !"])

    assert non_overlapping(known, [other]) == [2, 3]
    assert normalize("L'\N{LATIN SMALL LIGATURE OE}uf -- Ça VA ?!") == "l œuf ça va"


def test_no_sentence_is_on_two_sides() -> None:
    """
    Of the pairs to fit, those held back and the test, in either language; nothing but
    what was on two sides is left out, and the same is held back each time.
    """
    try:
        datasets.load_dataset("tatoeba_en_fr", "test")
    except (DataError, DatasetNotFound):
        pytest.skip("the pairs are not on this machine")
    run = Run(zoo.get_spec("attention-eng-fra"))

    (fitting, holding), test = train_validation_split(run), load_pairs(run, "test")

    for side in ("source_texts", "target_texts"):
        fit, test_side = (
            set(map(normalize, getattr(p, side))) for p in (fitting, test)
        )
        held = set(map(normalize, getattr(holding, side)))
        assert not fit & held
        assert not fit & test_side
    assert len(test) == 8_469
    assert len(holding) == 3_188
    assert 158_513 - len(fitting) - len(holding) < 700


def test_a_small_corpus_of_several_sets_is_split_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    The columns are the languages of the spec; what is held out and the test pairs are
    of the first set alone, and more than a fiftieth of it is held out.
    """
    spec = zoo.get_spec("attention-eng-fra")
    names = "tatoeba_en_ko", "korean_parallel", "korean_dialogue"
    output = replace(spec.output, language="ko")
    run = Run(replace(spec, trained_on=names, output=output))
    asked = []

    def texts(name: str, split: str, *, column: str, target: bool = False) -> list[str]:
        asked.append((name, column, target))
        count = 40 if split == "test" else 600
        return [f"{name} {split} {column} {n}" for n in range(count)]

    monkeypatch.setattr(run, "load_texts", texts)

    fitting, holding = train_validation_split(run)

    assert len(fitting) + len(holding) == 1_800
    assert 90 < len(holding) < 150
    assert all(text.startswith("tatoeba_en_ko train") for text in holding.source_texts)
    assert {name for name, _, _ in asked} == set(names)
    assert {one[1:] for one in asked} == {("en", False), ("ko", True)}
    assert len(load_pairs(run, "test")) == 40
    assert set(run.data) == {
        f"{name}/{split}" for name in names for split in ("train", "test")
    }


def test_pairs_in_another_language_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    They are no part of the split, and those with a source sentence that is held out or
    of the test are left out.
    """
    run = Run(zoo.get_spec("attention-eng-kor"))

    def texts(name: str, split: str, *, column: str, target: bool = False) -> list[str]:
        if target:
            return [f"{name} {split} {column} {n}" for n in range(600)]
        return [f"sentence {n}" for n in range(600)]  # the same in all sets

    monkeypatch.setattr(run, "load_texts", texts)
    monkeypatch.setattr(
        "zoo_seq2seq.parallel_corpus.load_all_pairs",
        lambda run, split: [
            load_pairs(run, split, "tatoeba_en_ko")[: 600 if split == "train" else 50]
        ],
    )
    _, validation = train_validation_split(run)

    related = load_related(run, validation)

    held_out = {f"sentence {n}" for n in range(50)} | {*validation.source_texts}
    assert related.source == "tatoeba_en_es/train"
    assert {*related.source_texts}.isdisjoint(held_out)
    assert len(related) == 600 - len(held_out)
    assert all(one.startswith("tatoeba_en_es train es") for one in related.target_texts)


def test_further_sentences_are_translated_by_a_teacher(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Each once, and none that is in the pairs, held out or tested; nor is a translation
    among the held-out ones.
    """
    texts = {
        ("tatoeba_en_es", "train"): [f"sentence {n}" for n in range(600)],
        ("tatoeba_en_es", "test"): ["tested"],
        ("tatoeba_en_fr", "train"): ["Tested!", "Sentence 7.", "New.", "new", "Hola."],
    }
    monkeypatch.setattr(
        Run, "load_texts", lambda _, name, split, **__: texts[name, split]
    )
    monkeypatch.setattr(Run, "load_model", lambda _, name: zoo.load(name))
    monkeypatch.setattr(
        recipe,
        "translate",
        lambda _, given, plan: ["tested" if one == "Hola." else "x" for one in given],
    )
    run = Run(zoo.get_spec("seq2seq-gru"))
    split = train_validation_split(run)

    assert untranslated(run, split) == ["new", "Hola."]
    taught = translated_by("transformer-mt", run, *split)
    assert (taught.source_texts, taught.target_texts) == (["new"], ["x"])
    with pytest.raises(SettingsError) as caught:
        translated_by("attention-spa-eng", run, *split)
    assert str(caught.value) == (
        "teacher='attention-spa-eng' does not translate from 'en' to 'es'."
    )


def test_a_teacher_needs_sentences_without_a_translation() -> None:
    """
    And a start on another language needs pairs in one: the spec is to name them.
    """
    run = Run(zoo.get_spec("transformer-mt"), smoke=True)

    with pytest.raises(SettingsError) as caught:
        load_related(run, train_validation_split(run)[1])

    assert str(caught.value) == (
        "'transformer-mt' is trained on no pairs in a third language, which teacher= "
        "and related_epochs= need: leave them out."
    )


def test_the_split_is_of_the_sets_in_both_languages() -> None:
    """
    Of those that the spec names, a set with translations in another language is none.
    """
    run = Run(zoo.get_spec("attention-eng-kor"), smoke=True)

    names = [pairs.source for pairs in load_all_pairs(run, "train")]

    assert names == ["tatoeba_en_ko/train", "korean_dialogue/train"]


def test_targets_are_given_up_to_their_end() -> None:
    """
    What comes next is asked for after each token, the start among them, and nowhere
    else; the batch is as wide as its longest.
    """
    target = torch.tensor([[BOS, 5, 6, EOS, 0, 0], [BOS, 7, EOS, 0, 0, 0]])

    inputs, labels, selected = teacher_forcing(target.int())

    assert inputs.tolist() == [[BOS, 5, 6], [BOS, 7, PAD]]
    assert labels.tolist() == [[5, 6, EOS], [7, EOS, 0]]
    assert selected.tolist() == [[True, True, True], [True, True, False]]


def test_a_lexicon_is_found_in_pairs() -> None:
    """
    Which word belongs to which, though nobody said so; an unknown word stays.
    """
    made = IBMModel1(
        ["the cat.", "the dog", "a cat", "a dog.", "a cat sleeps."],
        ["le chat.", "le chien", "un chat", "un chien.", "un chat dort."],
    )

    assert made.translate("The dog sleeps.") == "Le chien dort."
    assert made.translate("A zebra") == "Un zebra"


def test_the_lexicon_is_that_of_the_paper() -> None:
    """
    Its chances are those of a plain loop over the words of pairs, by the paper's
    equations.
    """
    given = ["the house", "the blue house", "the flower", "a flower"]
    wanted = ["la maison", "la maison bleue", "la fleur", "une fleur"]
    both = [(e.split(), f.split()) for e, f in zip(given, wanted, strict=True)]
    chance = {(e, f): 1.0 for one, other in both for e in one for f in other}
    for _ in range(EM_ITERATIONS):
        count = dict.fromkeys(chance, 0.0)
        for one, other in both:
            for f in other:
                total = sum(chance[e, f] for e in one)
                for e in one:
                    count[e, f] += chance[e, f] / total
        sums: dict[str, float] = defaultdict(float)
        for (e, _f), value in count.items():
            sums[e] += value
        chance = {(e, f): value / sums[e] for (e, f), value in count.items()}

    made = IBMModel1(given, wanted)

    for word, best in made.best.items():
        wanted_chance = max(value for (e, _), value in chance.items() if e == word)
        assert chance[word, best] == pytest.approx(wanted_chance)
        assert made.probability[word] == pytest.approx(wanted_chance)
    assert (made.best["flower"], made.best["blue"]) == ("fleur", "bleue")


def test_the_nearest_sentence_lends_its_translation() -> None:
    """
    The one that shares most, rare words counting more.
    """
    given = ["where is the cat ?", "where is the zebra ?", "the cat is here ."]

    found = nearest_translations(
        given, ["A", "B", "C"], ["a zebra where ?", "is the cat here ?"]
    )

    assert found[0] == "B"
    assert found[1] in {"A", "C"}


def by_hand(said: list[str], wanted: list[str]) -> float:
    """Return BLEU of texts whose words are parted by spaces, by the paper's formula."""
    both = [
        (one.split(), other.split()) for one, other in zip(said, wanted, strict=True)
    ]
    logs = []
    for size in range(1, 5):
        right = total = 0
        for pair in both:
            one, other = (
                Counter(tuple(t[n : n + size]) for n in range(len(t) - size + 1))
                for t in pair
            )
            right += (one & other).total()
            total += one.total()
        logs.append(math.log(right / total))
    made, asked = (sum(len(pair[side]) for pair in both) for side in (0, 1))
    return math.exp(sum(logs) / 4 + min(0, 1 - asked / made))


def test_bleu_is_that_of_sacrebleu() -> None:
    """
    Of a whole set: 100 where all is right, nothing where nothing is, the published way
    in between, and the best of several references.
    """
    said = ["le chat est sur le tapis .", "il fait froid ici aujourd'hui ."]
    other = ["le chat est assis sur le tapis .", "il fait froid ici aujourd'hui ."]

    assert metrics.bleu(said, said) == pytest.approx(100)
    assert metrics.bleu(said, ["x y", "z"]) < 1
    assert metrics.bleu(said, other) == pytest.approx(100 * by_hand(said, other))
    assert metrics.bleu(said, other, [said[0], None]) == pytest.approx(100)
    assert set(metrics.translation_metrics(said, other)) == {"bleu", "chrf"}


def test_how_somebody_is_addressed_is_counted() -> None:
    """
    Where both say tu or both say vous it agrees; what addresses nobody does not count.
    """
    test = rows(["x"] * 4, ["Tu as faim.", "Vous venez ?", "Il part.", "T'aime-t-il ?"])

    found = report.address_metrics(
        ["Tu as faim.", "Tu viens ?", "Tu pars.", "Vous."], test
    )

    assert found["address_pairs"] == 3
    assert found["address_accuracy"] == pytest.approx(1 / 3)
    assert found["vous_fraction"] == pytest.approx(1 / 3)
    assert found["vous_fraction_reference"] == pytest.approx(1 / 3)


def test_names_are_counted_known_and_new() -> None:
    """
    Inside a sentence, where the reference has them as well.
    """
    fitting = rows(["I know Tom."], ["Je connais Tom."])
    test = rows(
        ["Is Tom in Quito ?", "He likes Mary."], ["Tom est à Quito ?", "Il l'aime."]
    )

    found = report.name_metrics(["Tom est à Quitte ?", "Il aime Marie."], test, fitting)

    assert found == {"names_kept": 1.0, "unseen_names": 1, "unseen_names_kept": 0.0}


def test_the_example_is_a_sentence() -> None:
    """
    The one of the course.
    """
    path = zoo.example("attention-eng-fra")

    assert Path(path).read_text(encoding="utf-8") == "It is very cold here.\n"
