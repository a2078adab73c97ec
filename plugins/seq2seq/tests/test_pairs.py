"""Texts as byte pairs, pairs that are parted, and the simple ways beside the model."""

import math
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import torch
from zoo_seq2seq import bytepairs, plain, recipe, telling
from zoo_seq2seq.attention import END, PADDING, START
from zoo_seq2seq.pairs import Pairs, apart, folded, parted, trimmed

import zoo
from zoo import Run
from zoo.datasets import registered as datasets
from zoo.errors import DataError, DatasetNotFound

TEXTS = ["The cat sat.", "Qu'est-ce qu'il a ? C'est le chat.", "The cats are here !"]
STRANGE = [
    "Le garçon a mangé l'œuf à Noël.",
    "\N{GRINNING FACE} 고양이 \N{CJK UNIFIED IDEOGRAPH-732B}",
    "1234 tabs\tand\nlines",
    "  two  spaces  ",
    "$ % & <pad ~",
]


def rows(given: list[str], wanted: list[str]) -> Pairs:
    nothing = torch.zeros(len(given), 0, dtype=torch.int32)
    return Pairs(given=given, wanted=wanted, source="t/train", token=nothing)


def test_byte_pairs_are_the_same_for_the_same_texts() -> None:
    """
    Special tokens come first, the end follows every text, and an elided word is one
    with its apostrophe, of which there is only one kind.
    """
    made, again = (bytepairs.tokenizer(TEXTS, size=300) for _ in range(2))
    curly = "qu\N{RIGHT SINGLE QUOTATION MARK}il"

    assert made.to_str() == again.to_str()
    assert made.get_vocab_size() <= 300
    assert [made.token_to_id(one) for one in bytepairs.SPECIAL] == [PADDING, START, END]
    assert made.encode("The cat").ids[-1] == END
    assert made.encode("").ids == [END]
    assert made.encode("C'est qu'il").tokens[:1] == ["ĠC'"]
    assert made.encode(curly).ids == made.encode("qu'il").ids
    assert made.encode("12").ids[:-1] != made.encode("1 2").ids[:-1]


@pytest.mark.parametrize("text", STRANGE)
def test_any_text_is_read_and_comes_back(text: str) -> None:
    """
    Letters that were never seen are the bytes they are written in.
    """
    made = bytepairs.tokenizer(TEXTS, size=300)

    found = made.encode(text, add_special_tokens=False).ids

    assert made.decode(found) == unicodedata.normalize("NFC", text)
    assert not {PADDING, START, END} & set(found)


def test_pairs_are_kept_apart() -> None:
    """
    By either side, whatever the signs and capitals.
    """
    known = rows(
        ["Go!", "Stop.", "Hi.", "Run!"], ["Va !", "Arrête.", "Salut.", "Cours !"]
    )
    other = rows(["GO", "Halt."], ["Allez.", "Arrête !"])

    assert apart(known, [other]) == [2, 3]
    assert folded("L'\N{LATIN SMALL LIGATURE OE}uf -- Ça VA ?!") == "l œuf ça va"


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

    (fitting, holding), test = parted(run), recipe.pairs(run, "test")

    for side in ("given", "wanted"):
        fit, test_side = (set(map(folded, getattr(p, side))) for p in (fitting, test))
        held = set(map(folded, getattr(holding, side)))
        assert not fit & held
        assert not fit & test_side
    assert len(test) == 8_469
    assert len(holding) == 3_188
    assert 158_513 - len(fitting) - len(holding) < 700


def test_targets_are_given_up_to_their_end() -> None:
    """
    What comes next is asked for after each token, the start among them, and nowhere
    else; the batch is as wide as its longest.
    """
    target = torch.tensor([[START, 5, 6, END, 0, 0], [START, 7, END, 0, 0, 0]])

    given, following, where = trimmed(target.int())

    assert given.tolist() == [[START, 5, 6], [START, 7, PADDING]]
    assert following.tolist() == [[5, 6, END], [7, END, 0]]
    assert where.tolist() == [[True, True, True], [True, True, False]]


def test_a_lexicon_is_found_in_pairs() -> None:
    """
    Which word belongs to which, though nobody said so; an unknown word stays.
    """
    made = plain.Lexicon(
        ["the cat.", "the dog", "a cat", "a dog.", "a cat sleeps."],
        ["le chat.", "le chien", "un chat", "un chien.", "un chat dort."],
    )

    assert made.translated("The dog sleeps.") == "Le chien dort."
    assert made.translated("A zebra") == "Un zebra"


def test_the_lexicon_is_that_of_the_paper() -> None:
    """
    Its chances are those of a plain loop over the words of pairs, by the paper's
    equations.
    """
    given = ["the house", "the blue house", "the flower", "a flower"]
    wanted = ["la maison", "la maison bleue", "la fleur", "une fleur"]
    both = [(e.split(), f.split()) for e, f in zip(given, wanted, strict=True)]
    chance = {(e, f): 1.0 for one, other in both for e in one for f in other}
    for _ in range(plain.ROUNDS):
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

    made = plain.Lexicon(given, wanted)

    for word, best in made.best.items():
        wanted_chance = max(value for (e, _), value in chance.items() if e == word)
        assert chance[word, best] == pytest.approx(wanted_chance)
        assert made.chance[word] == pytest.approx(wanted_chance)
    assert (made.best["flower"], made.best["blue"]) == ("fleur", "bleue")


def test_the_nearest_sentence_lends_its_translation() -> None:
    """
    The one that shares most, rare words counting more.
    """
    given = ["where is the cat ?", "where is the zebra ?", "the cat is here ."]

    found = plain.nearest(
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

    assert telling.bleu(said, said) == pytest.approx(100)
    assert telling.bleu(said, ["x y", "z"]) < 1
    assert telling.bleu(said, other) == pytest.approx(100 * by_hand(said, other))
    assert telling.bleu(said, other, [said[0], None]) == pytest.approx(100)
    assert set(telling.figures(said, other)) == {"bleu", "chrf"}


def test_how_somebody_is_addressed_is_counted() -> None:
    """
    Where both say tu or both say vous it agrees; what addresses nobody does not count.
    """
    test = rows(["x"] * 4, ["Tu as faim.", "Vous venez ?", "Il part.", "T'aime-t-il ?"])

    found = telling.address(["Tu as faim.", "Tu viens ?", "Tu pars.", "Vous."], test)

    assert found["addressed"] == 3
    assert found["same_address"] == pytest.approx(1 / 3)
    assert found["vous"] == pytest.approx(1 / 3)
    assert found["vous_wanted"] == pytest.approx(1 / 3)


def test_names_are_counted_known_and_new() -> None:
    """
    Inside a sentence, where the reference has them as well.
    """
    fitting = rows(["I know Tom."], ["Je connais Tom."])
    test = rows(
        ["Is Tom in Quito ?", "He likes Mary."], ["Tom est à Quito ?", "Il l'aime."]
    )

    found = telling.names(["Tom est à Quitte ?", "Il aime Marie."], test, fitting)

    assert found == {"names_kept": 1.0, "new_names": 1, "new_names_kept": 0.0}


def test_the_example_is_a_sentence() -> None:
    """
    The one of the course.
    """
    path = zoo.example("attention-eng-fra")

    assert Path(path).read_text(encoding="utf-8") == "It is very cold here.\n"
