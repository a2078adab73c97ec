"""What is shown is text: nothing that a class is called has power over a surface."""

import pytest

from zoo._utils.shown import code, counted, lines, markdown, one_line
from zoo.results import Classification

CLEAR = "\x1b[2J\x1b]0;owned\x07"  # clears a terminal, and gives it a title


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("golden retriever", "golden retriever"),
        ("Käse 🧀 पनीर", "Käse 🧀 पनीर"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        (CLEAR, r"\x1b[2J\x1b]0;owned\x07"),
        ("cat\nerror: disk full", r"cat\nerror: disk full"),
        ("a\u202eb\u2028c\x9bd\ud800", r"a\u202eb\u2028c\x9bd\ud800"),
    ],
)
def test_a_line_for_a_terminal(text: str, shown: str) -> None:
    """
    Letters of every script stay; what a terminal obeys is spelled out.
    """
    assert one_line(text) == shown


def test_lines_for_a_terminal() -> None:
    """
    A text keeps its lines and tabs, and nothing else of what is obeyed.
    """
    assert lines(f"one\n\ttwo{CLEAR}\r") == "one\n\ttwo\\x1b[2J\\x1b]0;owned\\x07\\r"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fashion_mnist", "fashion_mnist"),
        ("golden-retriever (old)", "golden-retriever (old)"),
        ("<script>alert(1)</script>", r"&lt;script\>alert(1)&lt;/script\>"),
        ("[x](javascript:alert(1))", r"\[x\](javascript:alert(1))"),
        ("![x](http://far/p.png)", r"\!\[x\](http:<!-- -->//far/p.png)"),
        ("https://far.example/x", "https:<!-- -->//far.example/x"),
        (
            "FTP://far or WWW.far.example",
            "FTP:<!-- -->//far or WWW<!-- -->.far.example",
        ),
        ("www.far.example", "www<!-- -->.far.example"),
        (
            "@someone, a@b.example, 5 @ 3",
            "@<!-- -->someone, a@<!-- -->b.example, 5 @ 3",
        ),
        ("hf://a/b at 12:30", "hf://a/b at 12:30"),
        ("a|b\n| c | d |", r"a\|b\\n\| c \| d \|"),
        ("**_bold_**", r"\*\*\_bold\_\*\*"),
        ("# heading", r"\# heading"),
        ("`code` &lt;", r"\`code\` \&lt;"),
    ],
)
def test_a_line_of_markdown(text: str, shown: str) -> None:
    """
    A reader of the card sees the name, not a link, a picture or a row of a table.
    """
    assert markdown(text) == shown


def test_code_in_markdown() -> None:
    """
    Backticks in it do not end it.
    """
    assert code("mnist/train") == "`mnist/train`"
    assert code("a`b``c\n") == "```a`b``c\\n```"
    assert code("`x`") == "`` `x` ``"


def test_a_class_with_a_strange_name_is_shown_as_text() -> None:
    """
    In a terminal and in a notebook; plain Python has the name itself.
    """
    name = f"{CLEAR}<img src=x onerror=alert(1)>\n"
    answer = Classification(label=name, score=0.9, scores={name: 0.9, "b": 0.1})

    seen = "".join([str(answer), *answer.lines()])
    assert "\x1b" not in seen
    assert "\n" not in seen
    assert "<img src=x" not in answer._repr_html_()
    assert answer.to_dict()["label"] == name


def test_one_of_a_thing_is_counted_in_the_singular() -> None:
    """
    And thousands have commas.
    """
    assert [counted(number, "row") for number in (0, 1, 2, 2000)] == [
        "0 rows",
        "1 row",
        "2 rows",
        "2,000 rows",
    ]
