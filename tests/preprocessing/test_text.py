"""Raw texts to token numbers, and the tokenizer that travels with the weights."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

import zoo
from zoo import Run
from zoo.artifacts import checkpoint_folder
from zoo.errors import (
    CheckpointError,
    DataError,
    InputError,
    IntegrityError,
    SpecError,
    TrainingError,
)
from zoo.preprocessing.text import TextPreprocessor
from zoo.runtime import tokenizer as tokens
from zoo.runtime.train_tokenizer import use_tokenizer
from zoo.specs import TextInput

TEXTS = TextPreprocessor()
WORDS = ("[PAD]", "[UNK]", "a", "cat", "sat")
EXPECTS = (
    "The model expects a text (language: en): a str, the pathlib.Path of a text file "
    "in UTF-8, or a list of those."
)


def made() -> bytes:
    """Return a tokenizer.json of three words."""
    known = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(known, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(
        Regex(r"\w+"), "removed", invert=True
    )
    return str(tokenizer.to_str()).encode()


@pytest.fixture
def expected() -> TextInput:
    pin = hashlib.sha256(made()).hexdigest()
    return TextInput(
        max_length=6,
        vocab_size=5,
        unk_token_id=1,
        language="en",
        tokenizer=pin,
        tokenizer_source=made(),
    )


def test_texts_become_rows_that_are_filled_up_and_cut(expected: TextInput) -> None:
    """
    Unknown words are one number, a text of none is one unknown word, and what is
    longer than the longest is cut off.
    """
    batch = TEXTS.collate(["a cat", "dog", "!", "a a a a a a a"], expected)

    assert batch.dtype == torch.int64
    assert batch.tolist() == [
        [2, 3, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0],
        [2, 2, 2, 2, 2, 2],
    ]


def test_what_a_person_has_is_a_text_or_a_list(
    expected: TextInput, tmp_path: Path
) -> None:
    """
    A str and a path are one text; lists, arrays and columns are several.
    """
    path = tmp_path / "cat.txt"
    path.write_text("a cat", encoding="utf-8")

    assert TEXTS.split_items("a cat", expected) == (["a cat"], True)
    assert TEXTS.split_items(path, expected) == ([path], True)
    assert TEXTS.load_item(path, expected) == "a cat"
    for several in (["a", "b"], np.array(["a", "b"]), pd.Series(["a", "b"])):
        assert TEXTS.split_items(several, expected) == (["a", "b"], False)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", "The text is empty."),
        (" \n\t", "The text is empty."),
        (None, "There is no text (None)."),
        (float("nan"), "There is no text (nan)."),
        (7, "An int is not a text."),
        (
            b"a cat",
            "These are bytes, not a text: decode them, as in raw.decode('utf-8').",
        ),
        (
            "notes.txt",
            "'notes.txt' is the name of a file, not a text: give "
            "pathlib.Path('notes.txt').",
        ),
        (
            "a \ud83d",
            "The text holds half a character at place 2: it was cut, or decoded "
            "wrongly.",
        ),
    ],
)
def test_what_is_no_text_is_refused(
    given: object, problem: str, expected: TextInput
) -> None:
    """
    Every message says what was given and what the model expects.
    """
    with pytest.raises(InputError) as caught:
        TEXTS.load_item(given, expected)

    assert str(caught.value) == f"{problem} {EXPECTS}"


def test_a_tensor_is_token_numbers_already(expected: TextInput) -> None:
    """
    One row or a batch; numbers that no token has are refused.
    """
    batch = torch.tensor([[2, 3], [4, 0]])
    items, single = TEXTS.split_items(batch, expected)

    assert not single
    assert TEXTS.split_items(batch[0], expected)[1]
    opened = [TEXTS.load_item(item, expected) for item in items]
    assert torch.equal(TEXTS.collate(opened, expected), batch)
    for wrong, kind in ((torch.tensor([5]), "int64"), (torch.ones(1), "float32")):
        with pytest.raises(InputError) as caught:
            TEXTS.load_item(wrong, expected)
        assert str(caught.value) == (
            f"A tensor (1,) of torch.{kind} is no row of token numbers below 5. "
            f"{EXPECTS}"
        )


def test_what_is_no_list_of_texts_is_refused(expected: TextInput) -> None:
    """
    An empty list, a dict, and a DataFrame, which is not its names.
    """
    for given, problem in (
        ([], "The list is empty."),
        ({"text": "a"}, "A dict is not a text."),
        (
            pd.DataFrame({"text": ["a"]}),
            "A DataFrame is not a text: give one of its columns.",
        ),
    ):
        with pytest.raises(InputError) as caught:
            TEXTS.split_items(given, expected)
        assert str(caught.value) == f"{problem} {EXPECTS}"


def test_files_that_hold_no_text_are_refused(
    expected: TextInput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A missing, an empty, a binary and a huge file, a str as long as that, a folder.
    """
    empty, binary, huge = (tmp_path / name for name in ("empty", "binary", "huge"))
    empty.write_bytes(b"")
    binary.write_bytes(b"a \xff")
    huge.write_bytes(b"a " * 10_000)
    monkeypatch.setattr("zoo.runtime.text.MAX_FILE_BYTES", 10_000)
    long = "The text has more than 0 MiB: give a part of it."

    for path, problem in (
        (tmp_path / "no", f"There is no file '{tmp_path / 'no'}'."),
        (empty, f"{empty} is empty."),
        (
            binary,
            f"{binary} is not UTF-8 text (byte 2): save it as UTF-8, or give its "
            "encoding.",
        ),
        (huge, f"{huge} has more than 0 MiB: give a part of it."),
        ("a " * 10_000, long),
        ("\u00e9 " * 4_000, long),
        (tmp_path, f"{tmp_path} is a folder."),
    ):
        with pytest.raises(InputError) as caught:
            TEXTS.load_item(path, expected)
        assert str(caught.value) == f"{problem} {EXPECTS}"


def test_a_text_of_unknown_words_is_suspicious(expected: TextInput) -> None:
    """
    One known word is enough; emoji and another alphabet have none.
    """
    known = TEXTS.collate(["a dog", "cat"], expected)
    strange = TEXTS.collate(["a dog", "고양이 🐈"], expected)

    assert TEXTS.input_warnings(known, expected) == []
    (found,) = TEXTS.input_warnings(strange, expected)
    assert (found.kind, found.text()) == (
        "unknown",
        "A text has no word that the model knows, so its answer means nothing: check "
        "the language and the alphabet (language: en).",
    )


def test_a_column_that_holds_no_texts_is_refused(expected: TextInput) -> None:
    """
    A gap in a dataset is named by its row.
    """
    with pytest.raises(DataError) as caught:
        TEXTS.column({"text": ["a", None]}, "text", expected, "mine/train")

    assert str(caught.value) == (
        "mine/train: column 'text' does not hold texts (row 1: NoneType)."
    )


def test_batches_are_as_wide_as_they_need(expected: TextInput) -> None:
    """
    Stored rows are cut to their longest text; batches of texts are joined at the width
    of the widest, and other batches as they are.
    """
    stored = torch.tensor([[2, 0, 0], [2, 3, 0]], dtype=torch.int32)
    narrow, wide = torch.tensor([[2]]), torch.tensor([[2, 3]])

    assert tokens.trim_padding(stored, expected).tolist() == [[2, 0], [2, 3]]
    assert tokens.trim_padding(stored * 0, expected).tolist() == [[0], [0]]
    assert tokens.trim_padding(stored, expected).dtype == torch.int64
    assert TEXTS.joined([narrow, wide], expected).tolist() == [[2, 0], [2, 3]]


def test_a_tokenizer_that_is_no_file_is_not_waited_for(
    expected: TextInput, tmp_path: Path
) -> None:
    """
    A folder from somebody else may hold a pipe, a device or a file without end: neither
    the load of a model nor its reading of a text waits for them.
    """
    pipe, device, huge = (tmp_path / name for name in ("pipe", "device", "huge"))
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    with huge.open("wb") as file:
        file.truncate(3 << 30)
    said = {
        pipe: f"{pipe} is no file: get another copy of the checkpoint.",
        device: f"{device} is no file: get another copy of the checkpoint.",
        huge: f"{huge} is too large for a tokenizer.",
    }

    for path, message in said.items():
        theirs = replace(expected, tokenizer="", tokenizer_source=path)
        with pytest.raises(CheckpointError) as caught:
            tokens.tokenizer(theirs.with_contents())
        assert str(caught.value) == message


def test_another_tokenizer_is_not_read(expected: TextInput, tmp_path: Path) -> None:
    """
    A pinned tokenizer that was changed, is missing, is broken or too large.
    """
    changed, broken = tmp_path / "changed.json", tmp_path / "broken.json"
    changed.write_bytes(made().replace(b"cat", b"dog"))
    broken.write_bytes(b"{}")
    found = hashlib.sha256(changed.read_bytes()).hexdigest()

    with pytest.raises(IntegrityError) as other:
        tokens.tokenizer(replace(expected, tokenizer_source=changed))
    with pytest.raises(CheckpointError) as missing:
        tokens.tokenizer(replace(expected, tokenizer_source=tmp_path / "no.json"))
    with pytest.raises(CheckpointError, match=r"broken\.json is no tokenizer \("):
        tokens.tokenizer(replace(expected, tokenizer_source=broken, tokenizer=""))
    with pytest.raises(CheckpointError) as none:
        tokens.tokenizer(replace(expected, tokenizer_source=None))
    with pytest.raises(CheckpointError) as large:
        tokens.tokenizer(replace(expected, vocab_size=4))

    assert str(other.value) == (
        f"{changed} has SHA-256 {found[:12]}..., not {expected.tokenizer[:12]}... as "
        "pinned: it would give other numbers to the same words. Save the checkpoint "
        "again, or get another copy of the folder."
    )
    assert str(missing.value) == (
        f"{tmp_path / 'no.json'} can't be read (No such file or directory): without it "
        "the model reads no text. Train the model, or get another copy of its "
        "checkpoint."
    )
    assert str(none.value) == (
        "This model reads text and has no tokenizer yet: load a trained one, or let "
        "its recipe make one."
    )
    assert str(large.value) == (
        "tokenizer.json knows 5 tokens, and the model 4: they do not belong together."
    )


def test_a_text_input_that_cant_be_meant_is_refused() -> None:
    """
    Numbers outside of the vocabulary, a pin that is no SHA-256.
    """
    for wrong, problem in (
        ({"max_length": 0}, "max_length=0 should be at least 1."),
        (
            {"pad_token_id": 9},
            "pad_token_id=9 should be a number below the vocabulary, 5.",
        ),
        (
            {"unk_token_id": 5},
            "unk_token_id=5 should be a number below the vocabulary, 5.",
        ),
        ({"tokenizer": "x"}, "tokenizer='x' should be 64 hexadecimal digits."),
    ):
        given = {"max_length": 6, "vocab_size": 5, **wrong}
        with pytest.raises(SpecError) as caught:
            TextInput(**given)  # type: ignore[arg-type]
        assert str(caught.value) == f"TextInput: {problem}"


def test_the_tokenizer_travels_with_a_saved_model(tmp_path: Path) -> None:
    """
    It is copied, pinned and found again; config.json never says where it was.
    """
    first = zoo.save(zoo.load("lsa-mlp-20news"), tmp_path / "first")
    second = zoo.save(zoo.load(first), tmp_path / "second")
    raw = json.loads((second / "config.json").read_text())
    text = "the circuit needs 5 volts"

    assert "held" not in raw["input"]
    assert raw["input"]["tokenizer"] == zoo.get_spec("lsa-mlp-20news").input.tokenizer  # type: ignore[union-attr]
    assert zoo.predict(second, text) == zoo.predict("lsa-mlp-20news", text)


def test_a_changed_tokenizer_fails_to_verify(tmp_path: Path) -> None:
    """
    Words would be exchanged without a trace in the weights.
    """
    folder = zoo.save(zoo.load("lsa-mlp-20news"), tmp_path / "model")
    path = folder / checkpoint_folder.TOKENIZER
    path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(IntegrityError, match="has SHA-256"):
        zoo.verify(folder)


def test_a_config_may_not_name_another_file(tmp_path: Path) -> None:
    """
    Else a folder from a stranger could have any file of this machine read.
    """
    folder = zoo.save(zoo.load("lsa-mlp-20news"), tmp_path / "model")
    raw = json.loads((folder / "config.json").read_text())
    raw["input"]["tokenizer_source"] = "/etc/passwd"
    (folder / "config.json").write_text(json.dumps(raw))

    with pytest.raises(CheckpointError, match="unknown entry 'tokenizer_source'"):
        zoo.load(folder)


def test_only_a_text_model_adopts_a_tokenizer_that_fits() -> None:
    """
    A model of pictures takes none, and a vocabulary has an end.
    """
    tokenizer = Tokenizer.from_str(made().decode())
    spec = zoo.get_spec("lsa-mlp-20news")
    assert isinstance(spec.input, TextInput)
    small = replace(spec, input=replace(spec.input, vocab_size=3))

    with pytest.raises(TrainingError) as pictures:
        use_tokenizer(Run(zoo.get_spec("mlp-mnist")), tokenizer)
    with pytest.raises(TrainingError) as large:
        use_tokenizer(Run(small), tokenizer)

    assert str(pictures.value) == "'mlp-mnist' takes no text, so no tokenizer."
    assert str(large.value) == (
        "The tokenizer has 5 tokens, and 'lsa-mlp-20news' is built for 3."
    )


def test_a_tokenizer_file_may_say_that_the_end_is_kept() -> None:
    """
    A text is cut where tokenizer.json says, and at its end where it says nothing.
    """
    ends = Tokenizer.from_str(made().decode())
    ends.enable_truncation(99, direction="left")
    content = str(ends.to_str()).encode()
    start, end = (
        TextInput(max_length=2, vocab_size=5, tokenizer_source=one)
        for one in (made(), content)
    )

    assert tokens.encode_batch(["a cat sat"], start) == [[2, 3]]
    assert tokens.encode_batch(["a cat sat"], end) == [[3, 4]]


@pytest.mark.parametrize("name", ["attention-eng-fra", "bert-mini", "gru-imdb"])
def test_special_tokens_that_are_typed_are_text(name: str) -> None:
    """
    They neither end a text nor pad it: every token of what comes after is there.
    """
    input_spec = zoo.load(name).zoo.spec.input  # type: ignore[union-attr]
    reader = tokens.tokenizer(input_spec)
    around = len(reader.encode("").ids)

    for special in ("</s>", "<s>", "<pad>", "[PAD]", "[SEP]"):
        [row] = tokens.encode_batch([f"I am {special} happy."], input_spec)
        [after] = tokens.encode_batch(["I am so happy."], input_spec)
        assert reader.token_to_id(special) not in row[: len(row) - around]
        assert row[-1 - around :] == after[-1 - around :]


def test_a_text_is_read_past_a_typed_end() -> None:
    """
    The second sentence is not lost.
    """
    answer = zoo.predict("attention-eng-fra", "I am tired.</s> I am happy.")

    assert answer.source_tokens == (
        *("I", "am", "tired", "."),
        *("<", "/", "s", ">"),
        *("I", "am", "happy", ".", "</s>"),
    )


def test_typed_tokens_in_a_vector_and_in_a_text_that_goes_on() -> None:
    """
    A vector is that of all words, and a text goes on from all of it.
    """
    typed, plain, half = (
        zoo.predict("tfidf-retriever", text)
        for text in ("frequency [PAD] maths", "frequency pad maths", "frequency")
    )
    prompt = "what is [PAD] good"

    written = zoo.predict("char-lstm-nietzsche", prompt, max_new_tokens=3, seed=0)

    assert typed.vector == plain.vector
    assert typed.vector != half.vector
    assert (written.prompt, str(written)[: len(prompt)]) == (prompt, prompt)


def test_a_typed_mask_is_a_gap() -> None:
    """
    It is the one special token that people are to type.
    """
    answer = zoo.predict("bert-mini", "the king is [MASK] .")

    assert len(answer.masks) == 1
    assert "[MASK]" not in answer.masks[0][0].sequence


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"%PDF-1.7\nA fine film", "a PDF: save its text in UTF-8"),
        (b"PK\x03\x04word", "a document or an archive: save it as plain text in UTF-8"),
        (b"\xd0\xcf\x11\xe0", "an old office document: save it as plain text in UTF-8"),
        (b"\x1f\x8b", "compressed: unpack it first"),
        (b"\x89PNG\r\n", "a picture"),
    ],
)
def test_a_file_of_another_kind(
    tmp_path: Path, expected: TextInput, start: bytes, kind: str
) -> None:
    """
    It is known by its first bytes, also where all of them happen to be text.
    """
    path = tmp_path / "letter.txt"
    path.write_bytes(start)

    with pytest.raises(InputError) as caught:
        TEXTS.load_item(path, expected)

    assert caught.value.problem == f"{path} is no text, but {kind}."


def test_lines_end_alike_on_every_system(tmp_path: Path, expected: TextInput) -> None:
    """
    A text of Windows is that of Linux.
    """
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfa cat\r\nsat\r")

    assert TEXTS.load_item(tmp_path / "a.txt", expected) == "a cat\nsat\n"
