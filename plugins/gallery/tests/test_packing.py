"""Bytes as scripts, and pictures of cards: smaller, and the same."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from zoo_gallery.packing import script, split_shared
from zoo_gallery.pictures import write_picture

sys.path.insert(0, str(Path(__file__).parent))
from javascript import NODE, STATIC

UNITS = np.arange(1 << 16, dtype="<u2").tobytes()  # each once: also those escaped


def unpacked(content: bytes, folder: Path) -> dict[str, bytes]:
    """Run a script as a page does; return the files that it kept."""
    model = (STATIC / "model.js").read_text(encoding="utf-8")
    reader = model[: model.index("/** The inside of the worker.")]
    engine = model[model.index("  /** Take a kept file") : model.index("  ask(task")]
    code = (
        f"{reader}\nconst engine = {{\n{engine}\n}};\n{content.decode('utf-16')}\n"
        "(async () => { const found = {}; for (const name of zooKept.keys())"
        " found[name] = Buffer.from(await engine.bytes(name)).toString('hex');"
        " console.log(JSON.stringify(found)); })();"
    )
    place = folder / "unpack.js"
    place.write_text(code, encoding="utf-8", newline="")
    assert NODE is not None
    ended = subprocess.run(
        [NODE, str(place)], capture_output=True, text=True, check=True
    )
    found = json.loads(ended.stdout)
    return {name: bytes.fromhex(content) for name, content in found.items()}


@pytest.mark.skipif(NODE is None, reason="Node.js is not here")
def test_a_page_reads_the_bytes_that_were_packed(tmp_path: Path) -> None:
    """
    Empty, odd and even, of numbers with two and four bytes, and every unit there is.
    """
    random = np.random.default_rng(0)
    numbers = random.normal(size=3001)
    files = {
        "empty": b"",
        "odd": b"abc",
        "half": numbers.astype("<f2").tobytes(),
        "single": numbers.astype("<f4").tobytes() + b"x",
        "noise": random.bytes(1 << 16),
        "units": UNITS,
    }

    content = script({name: [part] for name, part in files.items()})

    assert unpacked(content, tmp_path) == files


@pytest.mark.skipif(NODE is None, reason="Node.js is not here")
def test_a_tensor_of_two_graphs_is_kept_once(tmp_path: Path) -> None:
    """
    Both graphs come out whole, and the script is little larger than for one.
    """
    onnx = pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    table = np.random.default_rng(0).normal(size=(100, 100)).astype(np.float16)

    def graph(name: str) -> bytes:
        node = helper.make_node("Identity", ["table"], [name])
        out = helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT16, [100, 100])
        made = helper.make_graph(
            [node], name, [], [out], [numpy_helper.from_array(table, "table")]
        )
        return bytes(helper.make_model(made).SerializeToString())

    files = {"a.onnx": graph("a"), "b.onnx": graph("b"), "text": table.tobytes()}

    parts = split_shared(files)
    both = script({name: parts[name] for name in ("a.onnx", "b.onnx")})

    assert all(b"".join(parts[name]) == files[name] for name in files)
    assert len(parts["a.onnx"]) == len(parts["b.onnx"]) == 3
    assert len(both) < 1.05 * len(script({"a.onnx": parts["a.onnx"]}))
    assert unpacked(script(parts), tmp_path) == files


def test_a_script_says_by_its_first_bytes_how_it_is_read() -> None:
    """
    A mark of UTF-16 goes before what a server says; no unit ends the literal, and none
    is half of a pair, which a browser would replace.
    """
    content = script({"a": [UNITS]})

    assert content[:2] == b"\xff\xfe"
    text = content.decode("utf-16")  # strict: it raises for half of a pair
    assert text.count('"') == 4
    assert text.count("\n") == 1
    assert not set(text) & set("\0\r\\\u2028\u2029")


def test_bytes_grow_by_a_thirtieth() -> None:
    """
    Of compressed bytes, of which all values are as common.
    """
    noise = np.random.default_rng(0).bytes(1 << 20)

    assert len(script({"a": [noise]})) < 1.035 * len(noise)


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA"])
def test_a_picture_keeps_its_pixels(tmp_path: Path, mode: str) -> None:
    """
    Also those that are transparent.
    """
    ramp = np.linspace(0, 255, 64 * 64 * 4).astype(np.uint8).reshape(64, 64, 4)
    Image.fromarray(ramp, "RGBA").convert(mode).save(tmp_path / "a.png")
    expected = Image.open(tmp_path / "a.png").convert("RGBA")

    name = write_picture("a.png", (tmp_path / "a.png").read_bytes(), tmp_path)

    assert name == "a.png.webp"
    with Image.open(tmp_path / name) as found:
        assert np.array_equal(found.convert("RGBA"), expected)
    assert (tmp_path / name).stat().st_size < (tmp_path / "a.png").stat().st_size


def test_an_animation_keeps_its_frames_and_times(tmp_path: Path) -> None:
    """
    Each frame as it is shown, as long as it is shown, over and over.
    """
    random = np.random.default_rng(0)
    frames = [
        Image.fromarray(random.integers(0, 2, (64, 64), np.uint8) * 255)
        for _ in range(4)
    ]
    frames[0].save(
        tmp_path / "a.gif",
        save_all=True,
        append_images=frames[1:],
        duration=[100, 200, 300, 400],
        loop=0,
    )

    name = write_picture("a.gif", (tmp_path / "a.gif").read_bytes(), tmp_path)

    assert name == "a.gif.webp"
    with Image.open(tmp_path / name) as found:
        assert found.info["loop"] == 0
        times = []
        for frame, expected in zip(ImageSequence.Iterator(found), frames, strict=True):
            assert np.array_equal(frame.convert("L"), expected)
            times.append(frame.info["duration"])
    assert times == [100, 200, 300, 400]


def test_a_photograph_stays_as_it_is(tmp_path: Path) -> None:
    """
    A JPEG has lost something already, and would lose more.
    """
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.jpg")
    content = (tmp_path / "photo.jpg").read_bytes()
    (tmp_path / "site").mkdir()

    assert write_picture("photo.jpg", content, tmp_path / "site") == "photo.jpg"
    assert (tmp_path / "site" / "photo.jpg").read_bytes() == content
