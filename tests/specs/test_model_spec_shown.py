"""How a spec, and a list of them, show themselves."""

import zoo
from zoo.plugins.spec_list import SpecList


def test_a_spec_has_a_short_repr() -> None:
    """
    A thousand labels do not fill a log.
    """
    shown = repr(zoo.get_spec("efficientnet-lite0"))

    assert shown == (
        "<ModelSpec efficientnet-lite0: image-classification, 4,652,008 parameters>"
    )


def test_a_notebook_shows_a_table_of_facts() -> None:
    """
    With the figures, and marks of HTML in them as text.
    """
    page = zoo.get_spec("perceptron-iris")._repr_html_()

    assert "<tr><th>parameters</th><td>3</td></tr>" in page
    assert "accuracy 1.0000 on iris test" in page
    assert "<tr><th>chapters</th><td>perceptron</td></tr>" in page
    assert "<th>labels</th><td>setosa, versicolor</td>" in page


def test_a_search_is_a_table() -> None:
    """
    A row for each model; as a list it is a plain one.
    """
    found = zoo.search("captcha")

    assert isinstance(found, SpecList)
    assert [spec.name for spec in found] == ["crnn-captcha"]
    page = found._repr_html_()
    assert page.count("<tr>") == 2
    assert "<td>878,661</td><td>string_accuracy 0.9907</td>" in page
