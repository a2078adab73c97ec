"""The site: what is on its pages, and that none of them asks a network."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from zoo_gallery import site
from zoo_gallery.command import gallery_command
from zoo_gallery.errors import GalleryError
from zoo_gallery.site import POLICY, build
from zoo_gallery.strings import LANGUAGES, all_strings

import zoo

NAMES = ("lenet5-mnist", "perceptron-iris", "gru-nsmc")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
EMPTY = {"meta", "link", "input", "img", "br", "hr"}


class Page(HTMLParser):
    """The elements of a page, with their attributes and the text right inside."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[int, str] = {}
        self.open: list[int] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.elements[self.open.pop()][0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open:
            place = self.open[-1]
            self.inside[place] = self.inside.get(place, "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag: str) -> list[str]:
        numbered = enumerate(self.elements)
        return [self.inside.get(n, "") for n, (name, _) in numbered if name == tag]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("gallery") / "site"
    return build(place, names=NAMES, live=False).folder


@pytest.fixture(scope="module")
def pages(folder: Path) -> list[Page]:
    return [Page(path) for path in sorted(folder.rglob("*.html"))]


def test_every_model_has_a_page_and_a_place_in_the_index(folder: Path) -> None:
    """
    The index links the page of each model, and says by data what it is filtered by.
    """
    index = Page(folder / "index.html")
    (row,) = (
        one for one in index.all("li") if one["data-task"] == "text-classification"
    )

    links = {one["href"] for one in index.all("a")}
    assert {f"pages/{name}/index.html" for name in NAMES} <= links
    assert (row["data-plugin"], row["data-dataset"]) == ("zoo-rnn", "nsmc")
    assert row["data-size"] == str(zoo.get_spec("gru-nsmc").parameters)
    assert "korean" in (row["data-text"] or "")


def test_the_page_of_a_model_tells_pin_metrics_licence_and_code(folder: Path) -> None:
    """
    What `zoo info` tells is on the page, from the same specs.
    """
    spec = zoo.get_spec("lenet5-mnist")
    text = (folder / "pages" / spec.name / "index.html").read_text(encoding="utf-8")

    assert spec.weights is not None
    assert spec.weights.sha256 in text
    assert f"{spec.metrics[0].value:.4f}" in text
    assert f"{spec.metrics[0].baseline:.4f} {spec.metrics[0].baseline_name}" in text
    assert f": {spec.license.data}</dd>" in text
    assert "zoo predict lenet5-mnist --example" in text
    assert "pip install zoo-cnn" in text
    assert '<img src="mistakes.png.webp"' in text
    assert (folder / "pages" / spec.name / "mistakes.png.webp").is_file()


def test_every_link_inside_the_site_leads_to_a_file(pages: list[Page]) -> None:
    """
    Links, pictures, scripts and styles: what is no page of the web is in the folder.
    """
    found = [
        (page.path, target)
        for page in pages
        for tag, name in (("a", "href"), ("img", "src"), ("script", "src"))
        for attributes in page.all(tag)
        if (target := attributes.get(name)) and not target.startswith("http")
    ]
    lost = [
        (path.name, target)
        for path, target in found
        if not target.startswith("#") and not (path.parent / target).is_file()
    ]

    assert len(found) > 20
    assert not lost


def test_nothing_is_asked_of_a_network(pages: list[Page]) -> None:
    """
    Only a link that somebody follows leads out; no page loads anything from outside.
    """
    loaded = [
        value
        for page in pages
        for tag, attributes in page.elements
        for name, value in attributes.items()
        if tag != "a" and name in ("src", "href", "srcset", "action", "data", "poster")
    ]

    assert loaded
    assert not [value for value in loaded if re.match(r"[a-z]+:|//", value or "")]
    assert not list(site.STATIC.rglob("*.css")) or not [
        path for path in site.STATIC.rglob("*.css") if "url(" in path.read_text()
    ]


def test_the_policy_of_every_page_is_strict(pages: list[Page]) -> None:
    """
    A policy is on each page, allows no script or style inside the page, and the page
    keeps to it.
    """
    for page in pages:
        (policy,) = (one["content"] for one in page.all("meta") if "http-equiv" in one)
        assert policy == POLICY
        assert not page.all("style")
        assert not [one for _, one in page.elements if "style" in one]
        assert not [k for _, one in page.elements for k in one if k.startswith("on")]
        inside = [one for one in page.all("script") if "src" not in one]
        assert all(one["type"] == "application/json" for one in inside)

    assert "unsafe-inline" not in POLICY
    assert "'unsafe-eval'" not in POLICY
    assert POLICY.startswith("default-src 'none'")


def test_texts_of_plugins_stay_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A plugin that puts HTML into its summary, tags, data and card puts none into a page.
    """
    spec = replace(
        zoo.get_spec("perceptron-iris"),
        summary=HOSTILE,
        tags=(HOSTILE,),
        trained_on=(HOSTILE,),
        papers=(HOSTILE,),
    )
    monkeypatch.setattr(zoo, "get_spec", lambda name: spec)
    monkeypatch.setattr(zoo, "card", lambda name: f"# x\n\n{HOSTILE}\n\n`{HOSTILE}`\n")
    monkeypatch.setattr(site, "_code", lambda spec: {HOSTILE: HOSTILE})

    made = build(tmp_path / "site", names=["perceptron-iris"], live=False)

    for path in made.folder.rglob("*.html"):
        page = Page(path)
        assert "alert" in path.read_text(encoding="utf-8")
        assert not [text for text in page.text("script") if "alert" in text]
        assert not [one for one in page.all("img") if one.get("src") == "x"]


def test_data_of_a_page_can_not_end_its_script() -> None:
    """
    Labels and examples stand in a script element: no text of theirs closes it.
    """
    data = {"labels": [HOSTILE, "\u2028<!--"]}
    text = str(site._as_data(data))

    assert "<" not in text
    assert json.loads(text) == data


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """
    Only what was written here is written over.
    """
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(GalleryError) as caught:
        build(tmp_path, names=["perceptron-iris"], live=False)

    assert str(caught.value) == (
        f"{tmp_path} is there already and is no site of zoo gallery; nothing was "
        "written. Name a new folder."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_site_is_written_anew(tmp_path: Path) -> None:
    """
    A second build replaces the first: no page stays of a model that is gone.
    """
    build(tmp_path / "site", names=["perceptron-iris"], live=False)
    made = build(tmp_path / "site", names=["xor-mlp"], live=False)

    assert [path.name for path in (made.folder / "pages").iterdir()] == ["xor-mlp"]
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_only_what_the_site_wrote_is_replaced(tmp_path: Path) -> None:
    """
    A file of one's own in the site stays, and so does a folder or a link beside it
    whatever its name; a site that is a link is written where it leads.
    """
    site_, aside = tmp_path / "site", tmp_path / ".site.new"
    build(site_, names=["perceptron-iris"], live=False)
    (site_ / "CNAME").write_text("zoo.example")
    aside.mkdir()
    (aside / "mine.txt").write_text("mine")
    (link := tmp_path / "link").symlink_to(site_)

    build(link, names=["xor-mlp"], live=False)

    assert link.is_symlink()
    assert (site_ / "CNAME").read_text() == "zoo.example"
    assert (aside / "mine.txt").read_text() == "mine"
    assert [path.name for path in (site_ / "pages").iterdir()] == ["xor-mlp"]
    assert {path.name for path in tmp_path.iterdir()} == {"site", ".site.new", "link"}


def test_every_text_is_in_every_language(folder: Path) -> None:
    """
    Each key has all languages and the same names in braces, and each is used.
    """
    sources = [*site.STATIC.rglob("*.js"), *Path(site.__file__).parent.rglob("*.html")]
    used = "\n".join(path.read_text(encoding="utf-8") for path in sources)

    for key, texts in all_strings().items():
        assert set(texts) == set(LANGUAGES), key
        assert (
            len({tuple(sorted(re.findall(r"\{\w+\}", t))) for t in texts.values()}) == 1
        )
        assert f'"{key}"' in used, key


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    """
    One line: the page to open, and how many models there are.
    """
    place = tmp_path / "site"
    words = ["perceptron-iris", "--no-live", "-o", str(place)]

    ended = CliRunner().invoke(gallery_command, words)

    assert ended.exit_code == 0, ended.output
    start = f"{place / 'index.html'}  1 models, 0 of them live, "
    assert ended.output.startswith(start)


def test_a_site_that_is_too_large_leaves_out_the_largest(tmp_path: Path) -> None:
    """
    First of those whose task, language and chapters have another model, so that each
    stays as long as it can.
    """
    chapters = {"a": ("one",), "b": ("one",), "c": ("one", "two"), "d": ("one",)}
    specs = [
        replace(zoo.get_spec("xor-mlp"), name=name, chapters=some)
        for name, some in chapters.items()
    ]
    sizes = {"a": 10, "b": 30, "c": 500, "d": 20}
    running = {
        name: site._Live(widget="table", script="", size=size, graphs=[], data={})
        for name, size in sizes.items()
    }
    (tmp_path / "all").write_bytes(bytes(1000))

    def out(most: int) -> list[str]:
        return site._too_many(tmp_path, specs, running, most)

    assert out(1000) == []
    assert out(999) == ["b"]
    assert out(960) == ["b", "d"]
    assert out(945) == ["b", "d", "a"]
    assert out(0) == ["b", "d", "a", "c"]


def test_a_language_keeps_its_model(tmp_path: Path) -> None:
    """
    Korean reviews stay, though there are larger and smaller models of English ones.
    """
    names = ["gru-nsmc", "gru-imdb", "lstm-imdb"]
    specs = [replace(zoo.get_spec(name), chapters=()) for name in names]
    running = {
        name: site._Live(widget="text", script="", size=size, graphs=[], data={})
        for name, size in zip(names, (30, 20, 10), strict=True)
    }
    (tmp_path / "all").write_bytes(bytes(60))

    assert site._too_many(tmp_path, specs, running, 45) == ["gru-imdb"]


def test_a_model_that_was_left_out_says_how_it_runs() -> None:
    """
    In a site of its own.
    """
    assert site._left_out("gpt-mini", 110 << 20) == (
        "with it the site would have more than 110 MiB; alone it runs: "
        "zoo gallery gpt-mini -o site/"
    )
