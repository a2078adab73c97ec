"""`zoo sample`: generated images, in a file or the terminal."""

import json
from pathlib import Path

import click
import pytest
import torch
from command_line import Run
from PIL import Image
from zoo_autoencoder.vae import VAE

import zoo
from zoo.cli.render import write_image


def opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.load()
        return picture


def test_sample_into_a_file(run: Run, vae: Path, tmp_path: Path) -> None:
    """
    All samples are in one picture, a square of them; a seed writes the same bytes.
    """
    first, again = tmp_path / "first.png", tmp_path / "again.png"
    ended = run("sample", vae, "-n", 9, "--seed", 3, "-o", first)
    run("sample", vae, "-n", 9, "--seed", 3, "-o", again)

    assert ended == (0, f"{first}\n", "")
    assert opened(first).size == (3 * 30 + 2, 3 * 30 + 2)
    assert first.read_bytes() == again.read_bytes()


def test_one_sample_is_the_picture_itself(run: Run, vae: Path, tmp_path: Path) -> None:
    """
    Without a frame around it, as zoo.sample gives it.
    """
    run("sample", vae, "--seed", 3, "-o", tmp_path / "one.png")

    wanted = zoo.sample(vae, seed=3)[0].image
    assert opened(tmp_path / "one.png").tobytes() == wanted.tobytes()


def test_sample_in_the_terminal(run: Run, vae: Path) -> None:
    """
    Without -o the picture is drawn in characters, with its size beside.
    """
    status, out, _ = run("sample", vae, "--seed", 3)

    assert status == 0
    assert "a grey picture, 28x28" in out
    assert "▒" in out


def test_sample_as_json(run: Run, vae: Path) -> None:
    """
    A list, also of one.
    """
    found = json.loads(run("sample", vae, "--seed", 3, "--json")[1])

    assert [one["width"] for one in found] == [28]
    assert found[0] == zoo.sample(vae, seed=3)[0].to_dict()


def test_truncation_is_for_models_that_know_it(
    run: Run, vae: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It reaches the model's own method; another model refuses it in words.
    """
    status, out, told = run("sample", vae, "--seed", 3, "--truncation", 0.5)
    assert (status, out) == (1, "")
    assert "zoo.sample has no option 'truncation'. Options: n, seed." in told

    given: list[float] = []
    whole = VAE.sample

    def sample(
        self: VAE, count: int, random: torch.Generator, *, truncation: float
    ) -> torch.Tensor:
        given.append(truncation)
        return whole(self, count, random)

    monkeypatch.setattr(VAE, "sample", sample)
    monkeypatch.setattr(VAE, "sample_options", {"truncation": (0, 1)}, raising=False)
    assert run("sample", vae, "--seed", 3, "--truncation", 0.5)[0] == 0
    assert given == [0.5]


def test_predict_from_nothing(run: Run, vae: Path) -> None:
    """
    `zoo predict` without an input is one sample, of a model that draws.
    """
    status, out, _ = run("predict", vae, "--json")

    assert status == 0
    assert json.loads(out)["width"] == 28


def test_a_model_without_the_verb(run: Run) -> None:
    """
    One line on stderr, with status 1.
    """
    assert run("sample", "perceptron-iris") == (
        1,
        "",
        "error: Model 'perceptron-iris' can't sample: its module has no method "
        "'sample'. It can be used with zoo.predict.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            ["encode", "vae-mnist"],
            "Give an input, or --example to use the model's own. See 'zoo encode "
            "--help'.",
        ),
        (
            ["sample", "VAE", "-o", "picture.doc"],
            "'picture.doc' has no image file extension, such as .png. See 'zoo "
            "sample --help'.",
        ),
    ],
)
def test_a_wrong_call(run: Run, vae: Path, arguments: list[str], problem: str) -> None:
    """
    One line on stderr, with status 2.
    """
    words = [str(vae) if word == "VAE" else word for word in arguments]

    assert run(*words) == (2, "", f"error: {problem}\n")


def test_an_image_is_written_as_every_output_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A link stays a link, and what is no file is not replaced by one.
    """
    (tmp_path / "far").mkdir()
    link = tmp_path / "made.png"
    link.symlink_to(tmp_path / "far" / "made.png")

    write_image(Image.new("L", (2, 2)), link)

    assert link.is_symlink()
    assert opened(tmp_path / "far" / "made.png").size == (2, 2)
    with pytest.raises(click.UsageError, match="has no image file extension"):
        write_image(Image.new("L", (2, 2)), tmp_path / "far" / "made")
