"""A card as HTML."""

import pytest
from zoo_gallery.cards import card_html


def test_front_matter_and_the_first_heading_are_left_out() -> None:
    """
    The page has the name of the model already.
    """
    card = "---\nlicense: mit\n---\n\n# name\n\nText.\n\n## Part\n"

    assert card_html(card, {}) == "<p>Text.</p>\n<h2>Part</h2>\n"


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>\n"),
        (
            "![a](here.png)",
            '<p><img src="pics/here.png" alt="a" loading="lazy" /></p>\n',
        ),
        ("![a](gone.png)", "<p>a</p>\n"),
        ("![a](https://x.org/a.png)", "<p>a</p>\n"),
        ("[a](other.md)", "<p>a</p>\n"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        (
            "[a](https://x.org)",
            '<p><a href="https://x.org" rel="noopener noreferrer">a</a></p>\n',
        ),
    ],
    ids=["HTML", "picture", "lost", "far", "file", "script", "web"],
)
def test_what_a_card_may_bring_into_a_page(card: str, expected: str) -> None:
    """
    Texts, pictures that lie beside it, and links into the web: nothing else.
    """
    assert card_html(card, {"here.png": "pics/here.png"}) == expected


def test_a_table_keeps_its_alignment_without_a_style() -> None:
    """
    Markdown aligns by a style, which the pages forbid; a class does it.
    """
    made = card_html("| a | b |\n| --- | ---: |\n| c | d |\n", {})

    assert "style" not in made
    assert made.startswith('<div class="scroll" tabindex="0">\n<table>')
    assert made.endswith("</table>\n</div>\n")
    assert '<th class="right" scope="col">b</th>' in made
    assert '<td class="right">d</td>' in made
