"""Settings from words and from Python values, type by type."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from zoo.errors import SettingsError
from zoo.training.settings import check_ranges, parse, with_values


@dataclass(frozen=True, kw_only=True)
class Settings:
    epochs: int = 3
    lr: float = 1e-3
    augment: bool = False
    kind: Literal["relu", "tanh", 2] = "relu"
    patience: int | None = None
    widths: tuple[int, ...] = (8,)
    betas: tuple[float, float] = (0.9, 0.99)
    steps: int | Literal["all"] = "all"
    folder: Path = Path()
    name: str = "net"
    extra: Any = None
    tags: tuple = ()  # type: ignore[type-arg]
    table: dict[str, int] | None = None

    def __post_init__(self) -> None:
        if self.lr <= 0:
            raise ValueError(f"lr={self.lr} should be above zero.")


TAKEN: list[tuple[str, object, object]] = [
    ("epochs", "12", 12),
    ("epochs", "-1", -1),
    ("epochs", 12, 12),
    ("lr", "1e-2", 0.01),
    ("lr", "inf", float("inf")),
    ("lr", 0.5, 0.5),
    ("augment", "true", True),
    ("augment", "No", False),
    ("augment", "on", True),
    ("augment", "0", False),
    ("augment", True, True),
    ("kind", "tanh", "tanh"),
    ("kind", "2", 2),
    ("kind", 2, 2),
    ("patience", "none", None),
    ("patience", "", None),
    ("patience", None, None),
    ("patience", "5", 5),
    ("patience", 5, 5),
    ("widths", "16,32", (16, 32)),
    ("widths", "(16, 32,)", (16, 32)),
    ("widths", "[]", ()),
    ("widths", [16, 32], (16, 32)),
    ("betas", "0.5,0.9", (0.5, 0.9)),
    ("steps", "7", 7),
    ("steps", "all", "all"),
    ("folder", "/tmp", Path("/tmp")),
    ("name", "none", "none"),
    ("name", "a=b", "a=b"),
    ("extra", "1", "1"),
    ("tags", "a,b", ("a", "b")),
    ("table", {"a": 1}, {"a": 1}),
]
REFUSED: list[tuple[str, object, str]] = [
    ("epochs", "1.5", "'1.5' should be a whole number."),
    ("epochs", 1.5, "1.5 should be a whole number."),
    ("epochs", True, "True should be a whole number."),
    ("epochs", None, "None should be a whole number."),
    ("epochs", "", "'' should be a whole number."),
    ("lr", "fast", "'fast' should be a number."),
    ("lr", "nan", "'nan' should be a number."),
    ("lr", [1], "[1] should be a number."),
    ("augment", "maybe", "'maybe' should be true or false."),
    ("augment", 1, "1 should be true or false."),
    ("kind", "gelu", "'gelu' should be one of relu, tanh, 2."),
    ("kind", 3, "3 should be one of relu, tanh, 2."),
    ("patience", "soon", "'soon' should be a whole number or none."),
    (
        "widths",
        "8,wide",
        "'8,wide' should be values separated by commas, each a whole number.",
    ),
    ("widths", 8, "8 should be values separated by commas, each a whole number."),
    ("betas", "0.9", "'0.9' should be 2 values (a number, a number)."),
    ("steps", "most", "'most' should be a whole number or one of all."),
    ("name", 3, "3 should be text."),
    ("folder", 3, "3 should be Path."),
    ("table", "a", "'a' should be dict or none."),
]


@pytest.mark.parametrize(("key", "given", "value"), TAKEN, ids=str)
def test_a_value_is_read_as_its_field_says(
    key: str, given: object, value: object
) -> None:
    """
    Text is read as the type of its field; a value of that type is taken as it is.
    """
    read = getattr(with_values(Settings(), {key: given}), key)

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(("key", "given", "problem"), REFUSED, ids=str)
def test_a_value_of_another_type(key: str, given: object, problem: str) -> None:
    """
    A value that its field can't hold is refused, from the command line and from Python.
    """
    with pytest.raises(SettingsError) as caught:
        with_values(Settings(), {key: given})

    assert str(caught.value) == f"Setting {key!r}: {problem}"


def test_a_whole_number_in_a_field_of_numbers() -> None:
    """
    lr=1 is recorded as 1.0, so that equal settings have equal receipts.
    """
    assert str(with_values(Settings(), {"lr": 1}).lr) == "1.0"


def test_an_unknown_key() -> None:
    """
    A misspelt setting is an error that suggests the near one and lists all.
    """
    with pytest.raises(SettingsError) as caught:
        with_values(Settings(), {"epoch": "3"})

    assert str(caught.value) == (
        "No setting 'epoch'. Did you mean 'epochs'? Settings: epochs, lr, augment, "
        "kind, patience, widths, betas, steps, folder, name, extra, tags, table."
    )


def test_a_range_that_the_recipe_checks() -> None:
    """
    A ValueError of `__post_init__` becomes an error of the zoo's, with its words.
    """
    with pytest.raises(SettingsError) as caught:
        with_values(Settings(), {"lr": "-1"})

    assert str(caught.value) == "lr=-1.0 should be above zero."


def test_nothing_else_changes() -> None:
    """
    The other settings stay, and the settings given are not touched.
    """
    before = Settings(epochs=5)

    assert with_values(before, {"lr": "0.5"}) == Settings(epochs=5, lr=0.5)
    assert before == Settings(epochs=5)


def test_words_are_split_at_the_first_sign() -> None:
    """
    Spaces around a word do not count, and of equal keys the last wins.
    """
    pairs = parse(["lr=1", " name = a=b ", "lr=2", "tag="])

    assert pairs == {"lr": "2", "name": "a=b", "tag": ""}


@pytest.mark.parametrize("word", ["lr", "=3", " =3", ""])
def test_a_word_without_a_key_or_a_value(word: str) -> None:
    """
    A word that is no pair is refused, and an example is given.
    """
    with pytest.raises(SettingsError) as caught:
        parse([word])

    assert str(caught.value) == f"{word!r} should be KEY=VALUE, such as lr=0.001."


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("lr", "-0.1", "above zero"),
        ("lr", "0", "above zero"),
        ("batch_size", "0", "above zero"),
        ("epochs", "-3", "above zero"),
        ("weight_decay", "-1", "zero or more"),
        ("val_fraction", "1", "from 0 to below 1"),
    ],
)
def test_numbers_out_of_their_names_range(key: str, value: str, wanted: str) -> None:
    """
    A negative rate is refused before anything is trained, in every recipe.
    """
    from zoo_mlp.recipe import Settings as Recipe

    with pytest.raises(SettingsError) as caught:
        check_ranges(with_values(Recipe(), {key: value}))

    found = type(getattr(Recipe(), key))(value)
    assert str(caught.value) == f"Setting {key!r}: {found!r} should be {wanted}."
