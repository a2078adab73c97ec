"""The scripts of the site beside what they stand for in Python, run by Node.js."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

import zoo
from zoo.runtime import (
    beam_search,
    classification,
    ctc,
    image_generation,
    instance_segmentation,
    keypoint_detection,
    label_map,
    object_detection,
)
from zoo.runtime.image import flat
from zoo.runtime.input_errors import InputError

sys.path.insert(0, str(Path(__file__).parent))
from javascript import NODE, evaluate

pytestmark = pytest.mark.skipif(NODE is None, reason="Node.js is not here")


@pytest.mark.parametrize("seed", [0, 7, 2**40 + 3])
def test_a_seed_draws_the_numbers_of_torch(seed: int) -> None:
    """
    Uniform numbers are the same to the bit, normal ones to the last bits, in blocks of
    sixteen and below; whole numbers and doubles as a generation draws them.
    """

    def generator() -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    found = evaluate(
        "random.js",
        """{
            uniform: [...new ZooRandom(given[0]).uniform(700)],
            many: [...new ZooRandom(given[0]).normal(100)],
            few: [...new ZooRandom(given[0]).normal(7)],
            whole: String(new ZooRandom(given[0]).whole(1n << 62n)),
            double: new ZooRandom(given[0]).double(),
        }""",
        seed,
    )

    assert torch.equal(
        torch.tensor(found["uniform"]), torch.rand(700, generator=generator())
    )
    for name, count in (("many", 100), ("few", 7)):
        drawn = torch.randn(count, generator=generator())
        assert torch.tensor(found[name]).sub(drawn).abs().max() <= 2.4e-7 * 4
    whole = torch.randint(2**62, (1,), generator=generator()).item()
    assert int(found["whole"]) == whole
    double = torch.rand((), generator=generator(), dtype=torch.float64).item()
    assert found["double"] == double


def test_scores_are_those_of_python() -> None:
    """
    Softmax, and the sigmoid of one logit for two labels.
    """
    logits = torch.randn(4, generator=torch.Generator().manual_seed(0))
    for spec in (
        zoo.ClassOutput(labels=tuple("abcd")),
        zoo.ClassOutput(labels=("no", "yes"), function_to_apply="sigmoid"),
    ):
        row = logits[: 1 if spec.function_to_apply == "sigmoid" else 4]
        given = {"labels": spec.labels, "function_to_apply": spec.function_to_apply}
        found = evaluate(
            "answers.js", "zooAnswers.ranked(...given)", row.tolist(), given
        )

        (expected,) = classification.results(row[None], spec)
        assert [one["label"] for one in found] == list(expected["scores"])
        scores = [one["score"] for one in found]
        assert scores == pytest.approx(list(expected["scores"].values()), abs=1e-6)


def test_a_text_is_read_along_the_best_path() -> None:
    """
    Equal neighbours are one character, and blanks part them.
    """
    logits = torch.randn(40, 5, generator=torch.Generator().manual_seed(1))
    found = evaluate(
        "answers.js",
        "zooAnswers.bestPath(Float32Array.from(given[0]), [40, 5], given[1])",
        logits.flatten().tolist(),
        {"labels": list("wxyz")},
    )

    path = ctc.collapse(logits.argmax(dim=1).tolist())
    assert found == "".join("wxyz"[number - 1] for number in path)
    assert len(found) > 5


def test_objects_are_those_of_python() -> None:
    """
    Threshold, overlap and order, of many boxes at random.
    """
    random = torch.Generator().manual_seed(2)
    low = torch.rand(60, 2, generator=random) * 0.6
    high = low + torch.rand(60, 2, generator=random) * 0.5
    logits = torch.randn(60, 3, generator=random) * 2
    output = torch.cat([low, high, logits], dim=1)
    spec = zoo.BoxOutput(labels=("a", "b"), threshold=0.3, overlap=0.4)
    given = {name: getattr(spec, name) for name in ("labels", "threshold", "overlap")}
    given |= {"max_objects": 100, "function_to_apply": "softmax"}

    found = evaluate(
        "answers.js",
        "zooAnswers.objects(Float32Array.from(given[0]), [60, 7], given[1])",
        output.flatten().tolist(),
        given,
    )

    (expected,) = object_detection.find(output[None], spec)
    assert [one["label"] for one in found] == [spec.labels[n] for n in expected.labels]
    assert [one["score"] for one in found] == pytest.approx(
        expected.scores.tolist(), abs=1e-6
    )
    assert len(found) > 5


def test_masks_of_objects_are_those_of_python() -> None:
    """
    The pixels of each box, also at the border and where a box is a line.
    """
    random = torch.Generator().manual_seed(6)
    side, size = 5, (31, 23)
    low = torch.rand(12, 2, generator=random) * 0.6
    high = low + torch.rand(12, 2, generator=random) * 0.5
    high[0] = low[0] + 1e-4
    logits = torch.randn(12, 2 + side**2, generator=random) * 2
    output = torch.cat([low, high, logits], dim=1)
    spec = zoo.InstanceOutput(
        labels=("nucleus",), mask_size=side, threshold=0.2, overlap=0.9
    )
    given = {name: getattr(spec, name) for name in ("labels", "threshold", "overlap")}
    given |= {"max_objects": 100, "function_to_apply": "softmax"}

    found = evaluate(
        "answers.js",
        """(([numbers, spec, side, [wide, high]]) => {
            const rows = Float32Array.from(numbers);
            const width = 6 + side * side;
            return zooAnswers.objects(rows, [12, width], spec).map(({ box, place }) => {
                const logits = rows.subarray(place * width + 6, (place + 1) * width);
                const mask = zooAnswers.instanceMask(logits, side, box, wide, high);
                return { ...zooAnswers.wholeBox(box, wide, high), mask: [...mask] };
            });
        })(given)""",
        output.flatten().tolist(),
        given,
        side,
        size,
    )

    (expected,) = instance_segmentation.results(
        output[None], [Image.new("RGB", size)], spec
    )
    assert len(found) == len(expected["objects"]) > 5
    for one, other in zip(found, expected["objects"], strict=True):
        mask = one.pop("mask")
        assert one == other["box"]
        assert [255 * pixel for pixel in mask] == list(other["mask"].tobytes())


@pytest.mark.parametrize("beams", [1, 3])
def test_a_beam_search_writes_what_python_writes(beams: int) -> None:
    """
    The same texts in the same order, with their scores and their attention.
    """
    tokens, length = 9, 4
    random = torch.Generator().manual_seed(8)
    table = torch.randn(tokens, tokens, generator=random) * 2
    weights = torch.rand(tokens, length, generator=random)
    output = zoo.TranslationOutput(bos_token_id=1, eos_token_id=2)

    class Table(torch.nn.Module):  # the next token depends on the last one alone
        def encode_source(self, source: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"row": torch.arange(len(source))}

        def decode_step(self, token: torch.Tensor, memory: dict[str, torch.Tensor]):  # type: ignore[no-untyped-def]
            return table[token], weights[token], memory

    spec = SimpleNamespace(input=SimpleNamespace(pad_token_id=0), output=output)
    model = Table()
    model.zoo = SimpleNamespace(spec=spec)  # type: ignore[assignment]
    plan = beam_search.BeamSearchConfig(beams=beams)
    (expected,) = beam_search.run_beam_search(model, [[3, 4, 5, 2]], plan=plan)

    found = evaluate(
        "beams.js",
        """(([table, weights, length, beams]) => {
            const plan = { beams, lengthPenalty: 1 };
            const output = { bos_token_id: 1, eos_token_id: 2 };
            const texts = new ZooBeams(length, plan, output);
            while (texts.kept.length) {
                const last = texts.kept.map((one) => one.tokens.at(-1));
                const logits = Float32Array.from(last.flatMap((token) => table[token]));
                const seen = Float32Array.from(last.flatMap((token) => weights[token]));
                texts.grow(logits, seen, [0, 1]);
            }
            return texts.results();
        })(given)""",
        table.tolist(),
        weights.tolist(),
        length,
        beams,
    )

    assert [one["tokens"] for one in found] == [one.tokens for one in expected]
    assert len(found) == beams
    for one, other in zip(found, expected, strict=True):
        assert one["finished"] == other.finished
        assert one["score"] == pytest.approx(other.score, abs=1e-6)
        assert torch.tensor(one["attention"]).allclose(other.attention)


def test_keypoints_are_those_of_python() -> None:
    """
    The cells near the best one vote, at the border as well.
    """
    output = torch.randn(1, 9, 6, 5, generator=torch.Generator().manual_seed(3)) / 5
    spec = zoo.KeypointOutput(labels=("a", "b", "c"), reference=(0, 1))

    found = evaluate(
        "answers.js",
        "zooAnswers.keypoints(Float32Array.from(given[0]), [9, 6, 5], given[1])",
        output.flatten().tolist(),
        {"labels": spec.labels},
    )

    points, scores = keypoint_detection.decode(output, spec)
    for one, point, score in zip(found, points[0], scores[0], strict=True):
        assert (one["x"], one["y"]) == pytest.approx(point.tolist(), abs=1e-5)
        assert one["score"] == pytest.approx(score.item(), abs=1e-6)


@pytest.mark.parametrize(("function", "low"), [("sigmoid", 0.0), ("none", -1.0)])
def test_pixels_are_those_of_python_in_every_byte(function: str, low: float) -> None:
    """
    Logits or tanh become the same bytes.
    """
    output = torch.randn(1, 1, 9, 8, generator=torch.Generator().manual_seed(4))
    spec = zoo.ImageOutput(
        height=9,
        width=8,
        channels=1,
        function_to_apply=function,
        low=low,  # type: ignore[arg-type]
    )

    found = evaluate(
        "answers.js",
        "[...zooAnswers.pixels(Float32Array.from(given[0]), [1, 9, 8], given[1])]",
        output.flatten().tolist(),
        {"function_to_apply": function, "low": low, "high": 1.0},
    )

    (expected,) = image_generation.results(output, spec)
    assert found[::4] == list(expected["image"].tobytes())
    assert set(found[3::4]) == {255}


@pytest.mark.parametrize("background", [None, "dark", "light"])
def test_a_transparent_picture_is_put_on_paper_as_in_python(
    background: str | None,
) -> None:
    """
    Grey is Pillow's grey, and a drawing gets the ground that shows it.
    """
    pixels = torch.randint(256, (12, 10, 4), generator=torch.Generator().manual_seed(5))
    image = Image.fromarray(pixels.byte().numpy(), "RGBA")
    spec = zoo.ImageInput(height=12, width=10, channels=1, background=background)  # type: ignore[arg-type]

    found = evaluate(
        "answers.js",
        "[...zooAnswers.prepared(Uint8ClampedArray.from(given[0]), given[1])]",
        pixels.flatten().tolist(),
        {"channels": 1, "background": background},
    )

    expected = list(flat(image, spec).tobytes())
    apart = [abs(a - b) for a, b in zip(found, expected, strict=True)]
    assert max(apart) <= 1


@pytest.mark.parametrize("other", [0.0, 0.1, 0.16, 0.3])
@pytest.mark.parametrize("noise", [0, 60])
def test_a_label_map_is_one_where_python_takes_it(other: float, noise: int) -> None:
    """
    Areas of other colours are refused, mixtures at borders are not.
    """
    colors = ((0, 0, 170), (255, 85, 0), (0, 255, 255))
    random = torch.Generator().manual_seed(9)
    pixels = torch.tensor(colors)[torch.randint(3, (5, 6), generator=random)]
    pixels = pixels.repeat_interleave(8, 0).repeat_interleave(8, 1)
    side = round(other**0.5 * 40)
    pixels[:side, :side] = torch.tensor([120, 120, 120])
    mixed = torch.randint(-noise, noise + 1, pixels.shape, generator=random)
    pixels = (pixels + mixed).clamp(0, 255).byte()
    rgba = torch.cat([pixels, torch.full((40, 48, 1), 255, dtype=torch.uint8)], 2)
    labels = [
        zoo.LabelColor(label=str(number), color=color)
        for number, color in enumerate(colors)
    ]

    found = evaluate(
        "answers.js",
        "zooAnswers.isLabelMap(given[0], 48, 40, given[1])",
        rgba.flatten().tolist(),
        colors,
    )

    try:
        label_map.label_map(Image.fromarray(pixels.numpy()), labels)
    except InputError:
        assert not found
    else:
        assert found
    assert found or other or noise


def test_a_drawing_is_laid_as_the_digits_of_mnist_lie() -> None:
    """
    Its longer side takes 20 pixels of 28, and its mass has its centre in the middle.
    """
    size = 56
    ink = torch.zeros(size, size)
    ink[3:13, 40:44] = 255  # 10 high, 4 wide, in a corner
    found = evaluate(
        "answers.js", f"zooAnswers.centred(given[0], {size})", ink.flatten().tolist()
    )

    assert found["scale"] == pytest.approx(20 / 28 * size / 10)
    assert found["scale"] * 42 + found["x"] == pytest.approx(size / 2)
    assert found["scale"] * 8 + found["y"] == pytest.approx(size / 2)
    assert (
        evaluate("answers.js", f"zooAnswers.centred(given[0], {size})", [0] * size**2)
        is None
    )
