"""A card in a notebook."""

import os
from pathlib import Path

import pytest

import zoo
from zoo.cards.markdown_card import MarkdownCard
from zoo.errors import CardError

TEXT = "---\nlicense: mit\n---\n# Ours\n\n![A curve](curve.png)\n![Gone](gone.png)\n"


def test_a_notebook_shows_a_page_with_its_pictures(tmp_path: Path) -> None:
    """
    Without the block for the Hub; a picture that is missing stays a link.
    """
    (tmp_path / "curve.png").write_bytes(b"\x89PNG")

    assert MarkdownCard(TEXT, tmp_path)._repr_markdown_() == (
        "# Ours\n\n![A curve](data:image/png;base64,iVBORw==)\n![Gone](gone.png)\n"
    )


def test_a_card_is_still_its_text() -> None:
    """
    It is a string, as it is written to a file, and its page holds every picture.
    """
    card = zoo.card("xor-mlp")

    assert isinstance(card, str)
    assert card.startswith("---\n")
    assert card.count("](") - card.count("](http") == card._repr_markdown_().count(
        "](data:image/png;base64,"
    )


def test_a_link_is_no_picture_of_a_card(tmp_path: Path) -> None:
    """
    A folder from somebody else may hold a link to what is the user's own, which a
    notebook would keep, or to a file without end.
    """
    (tmp_path / "key").write_text("secret")
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "a.png").symlink_to(tmp_path / "key")
    (folder / "b.png").symlink_to("/dev/zero")
    os.mkfifo(folder / "c.png")
    text = "![a](a.png) ![b](b.png) ![c](c.png)"

    assert MarkdownCard(text, folder)._repr_markdown_() == text


def test_a_card_that_is_a_link_or_no_file_is_not_shown(tmp_path: Path) -> None:
    """
    A folder from somebody else may call a file of the user's its card, or a pipe or a
    file without end; a link to a blob beside the folder is how the Hub's client keeps
    it.
    """
    folder = tmp_path / "models--a--b" / "snapshots" / "1"
    zoo.save(zoo.load("xor-mlp"), folder)
    card, secret = folder / "README.md", tmp_path / "secret"
    secret.write_text("mine")

    card.symlink_to(secret)
    with pytest.raises(CardError) as linked:
        zoo.card(folder)
    card.unlink()
    os.mkfifo(card)
    with pytest.raises(CardError) as pipe:
        zoo.card(folder)
    card.unlink()
    with card.open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(CardError) as huge:
        zoo.card(folder)
    card.unlink()
    blob = tmp_path / "models--a--b" / "blobs" / "2"
    blob.parent.mkdir()
    blob.write_text("# Theirs\n")
    card.symlink_to(blob)

    assert str(linked.value) == (
        f"{card} is a link to {secret}, outside of the checkpoint. Put the file itself "
        "there."
    )
    unread = f"The card in {folder} can't be read: "
    assert str(pipe.value) == f"{unread}it is no file."
    assert str(huge.value) == f"{unread}it has 2,147,483,648 bytes."
    assert zoo.card(folder) == "# Theirs\n"
