"""Labels in any language are drawn with a font that has their characters."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from zoo.tasks.results import fonts, ocr
from zoo.tasks.results.fonts import font_for
from zoo.tasks.results.rendering import plotted

builder = pytest.importorskip("fontTools.fontBuilder")
pens = pytest.importorskip("fontTools.pens.ttGlyphPen")


def write_font(path: Path, characters: str) -> Path:
    """A font whose characters are filled triangles, and what is missing a square."""

    def shape(corners: list[tuple[int, int]]):
        pen = pens.TTGlyphPen(None)
        pen.moveTo(corners[0])
        for corner in corners[1:]:
            pen.lineTo(corner)
        pen.closePath()
        return pen.glyph()

    names = [".notdef", *(f"c{ord(one):x}" for one in characters)]
    made = builder.FontBuilder(1000, isTTF=True)
    made.setupGlyphOrder(names)
    made.setupCharacterMap({ord(one): f"c{ord(one):x}" for one in characters})
    square = shape([(50, 0), (50, 700), (650, 700), (650, 0)])
    triangle = shape([(0, 0), (350, 900), (700, 0)])
    made.setupGlyf({name: triangle if name[0] == "c" else square for name in names})
    made.setupHorizontalMetrics(dict.fromkeys(names, (700, 0)))
    made.setupHorizontalHeader(ascent=900, descent=-100)
    made.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    made.setupOS2()
    made.setupPost()
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save(path)
    return path


@pytest.fixture
def installed(tmp_path: Path, monkeypatch) -> Path:
    """A folder of fonts that stands for those of the system."""
    monkeypatch.setattr(fonts, "_folders", lambda: [tmp_path])
    fonts._find.cache_clear()
    yield tmp_path
    fonts._find.cache_clear()


def test_latin_text_has_the_font_of_pillow(installed: Path) -> None:
    write_font(installed / "Nanum.ttf", "고양이abc")

    assert font_for("cat 98%", 20).getname() == ImageFont.load_default(20).getname()


def test_korean_text_has_the_installed_font_that_has_all_of_it(installed: Path) -> None:
    write_font(installed / "A.ttf", "고양")
    write_font(installed / "deep" / "B.otf", "고양이 98%")
    (installed / "damaged.ttf").write_bytes(b"no font")

    font = font_for("고양이 98%", 20)

    assert font.getname() == ("B", "Regular")


def test_where_no_font_has_it_a_warning_tells_what_to_install(installed: Path) -> None:
    with pytest.warns(UserWarning, match="No font") as caught:
        font = font_for("고양이", 20)

    assert [str(one.message) for one in caught] == [
        "No font on this machine has the characters '고양이': each is drawn as a box. "
        "Install a font that has them; for Korean, on Debian, Ubuntu and Colab: apt "
        "install fonts-nanum."
    ]
    assert font.getname() == ImageFont.load_default(20).getname()


def test_a_figure_draws_korean_labels_and_keeps_its_own_font_for_others(
    installed: Path,
) -> None:
    pytest.importorskip("matplotlib")
    write_font(installed / "ZooTestKorean.ttf", "고양이")
    seen = {}

    def draw(figure) -> None:
        seen["korean"] = figure.text(0.5, 0.5, "고양이")
        seen["latin"] = figure.text(0.5, 0.2, "cat")

    plotted(2, 2, draw)

    assert seen["korean"].get_fontfamily() == ["DejaVu Sans", "ZooTestKorean"]
    assert "ZooTestKorean" not in seen["latin"].get_fontfamily()


def test_windows_of_korean_labels_are_drawn_with_that_font(
    installed: Path, monkeypatch
) -> None:
    from zoo.tasks.results import detection

    write_font(installed / "Nanum.ttf", "고양이 0123456789%")
    used = []
    monkeypatch.setattr(
        ImageDraw.ImageDraw,
        "text",
        lambda self, *args, font, **_: used.append(font.getname()),
    )
    one = detection.Detection(
        label="고양이",
        score=0.98,
        box=detection.Box(xmin=0, ymin=0, xmax=300, ymax=300),
    )
    pen = ImageDraw.Draw(Image.new("RGB", (400, 400)))

    detection._frame(pen, one, 1.0, "red")

    assert used == [("Nanum", "Regular")]


def test_a_korean_reading_is_drawn_with_that_font(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Each character below its picture; Latin ones with them, in one font.
    """
    write_font(installed / "Nanum.ttf", "고양이ab")
    used = []
    monkeypatch.setattr(
        ImageDraw.ImageDraw,
        "text",
        lambda self, place, text, *, font, **_: used.append((text, font.getname()[0])),
    )
    read = ocr.OCRResult(
        text="고a",
        score=0.5,
        characters=(("고", 0.9), ("a", 0.4)),
        picture=Image.new("RGB", (64, 32)),
    )

    read.render()

    assert used == [("고", "Nanum"), ("a", "Nanum")]
