"""`zoo.transform`: what a model's inputs go through, for a loop of one's own."""

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from small import small
from torch.utils.data import DataLoader

import zoo
from zoo.errors import InputError, OptionError
from zoo.inference.transform import Transform
from zoo.models.metadata import with_input_spec

SEVEN = "lenet5-mnist"
ROW = {"sepal_length": 5.1, "petal_length": 1.4}


def normalized() -> Any:
    """Return a small network whose pictures are normalised, channel by channel."""
    model = small()
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.2, 0.25)
    return with_input_spec(model, replace(model.zoo.spec.input, mean=mean, std=std))


class Pictures:
    """A dataset of one's own: pictures, and a transform of each."""

    def __init__(self, images: list[Any], prepare: Any) -> None:
        self.images, self.prepare = images, prepare

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, row: int) -> Any:
        return self.prepare(self.images[row])


@pytest.mark.parametrize("workers", [0, 1])
def test_a_loop_of_ones_own_answers_as_predict_does(workers: int) -> None:
    """
    Also where pixels are normalised, and in worker processes.
    """
    model, random = normalized(), np.random.default_rng(0)
    images = [
        Image.fromarray(random.integers(0, 256, (40, 50, 3), np.uint8))
        for _ in range(6)
    ]
    loader: Any = DataLoader(
        Pictures(images, zoo.transform(model)),  # type: ignore[arg-type]
        batch_size=4,
        num_workers=workers,
    )
    with torch.inference_mode():
        scores = torch.cat([model(batch).softmax(dim=1) for batch in loader])

    answers = zoo.predict(model, images)
    assert torch.allclose(
        scores.amax(dim=1), torch.tensor([one.score for one in answers]), atol=1e-6
    )


@pytest.mark.data
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_loop_of_ones_own_measures_what_evaluate_does() -> None:
    """
    Of a model that normalises, 200 pictures: not the accuracy of bare pixels.
    """
    rows = zoo.load_dataset("cifar10", "test").select(range(200))
    model = zoo.load("resnet20-cifar10")
    prepare = zoo.transform(model)
    given = torch.stack([prepare(image) for image in rows["image"]])
    with torch.inference_mode():
        right = model(given).argmax(dim=1) == torch.tensor(rows["label"])

    measured = zoo.evaluate(model, rows)["accuracy"]
    assert right.float().mean().item() == pytest.approx(measured)
    assert measured > 0.8


def test_what_it_does_is_printed() -> None:
    """
    A line a step, with the numbers.
    """
    assert repr(zoo.transform(normalized())) == (
        "Transform for small:\n"
        "  1. Open a picture, the right way up, in 8-bit colour.\n"
        "  2. Fill 32x32 by bilinear resampling; crop what is left over on both sides."
        "\n"
        "  3. Scale the pixels to 0..1.\n"
        "  4. Subtract the mean (0.5, 0.4, 0.3) and divide by (0.2, 0.2, 0.25).\n"
        "  5. Give a float32 tensor (3, 32, 32)."
    )
    assert repr(zoo.transform(SEVEN, invert=True)) == (
        "Transform for lenet5-mnist:\n"
        "  1. Open a picture, the right way up, in 8-bit grey.\n"
        "  2. Fit it into 28x28 by bilinear resampling, on its own ground.\n"
        "  3. Scale the pixels to 0..1.\n"
        "  4. Exchange dark and light.\n"
        "  5. Give a float32 tensor (1, 28, 28)."
    )
    assert repr(zoo.transform("perceptron-iris")) == (
        "Transform for perceptron-iris:\n"
        "  1. Read the columns sepal_length, petal_length, in this order.\n"
        "  2. Give a float32 tensor (2,), unscaled: the model scales it itself."
    )


@pytest.mark.parametrize("options", [{}, {"invert": True}], ids=["as is", "inverted"])
def test_a_picture_and_back(options: dict[str, Any]) -> None:
    """
    The inverse gives every byte back, and the transform of that the same tensor.
    """
    prepare = zoo.transform(normalized(), **options)
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)

    shown = prepare.inverse(prepare(Image.fromarray(pixels)))

    assert np.array_equal(np.asarray(shown), pixels)


def test_a_row_and_back() -> None:
    """
    The numbers of a row by name, as they went in.
    """
    prepare = zoo.transform("perceptron-iris")

    assert prepare(ROW).tolist() == pytest.approx([5.1, 1.4])
    assert prepare.inverse(prepare(ROW)) == pytest.approx(ROW)
    assert prepare([ROW, ROW]).shape == (2, 2)


def test_texts_are_padded_by_collate() -> None:
    """
    As in a batch of `zoo.predict`; they have no inverse.
    """
    model = zoo.load("gru-imdb")
    prepare, texts = zoo.transform(model), ["A fine film.", "It is too long by far."]
    rows = [prepare(text) for text in texts]

    assert rows[0].ndim == 1
    assert torch.equal(prepare.collate(rows), prepare(texts))
    with pytest.raises(InputError) as caught:
        prepare.inverse(rows[0])
    assert str(caught.value) == (
        "The tensors of texts have no inverse. The model expects pictures or rows of a "
        "table for that."
    )


def test_it_pickles() -> None:
    """
    Without the weights, in some hundred bytes.
    """
    prepare = zoo.transform(zoo.load(SEVEN), invert=True)
    packed = pickle.dumps(prepare)
    again: Transform = pickle.loads(packed)

    assert len(packed) < 20_000
    assert repr(again) == repr(prepare)
    assert torch.equal(again(zoo.example(SEVEN)), prepare(zoo.example(SEVEN)))


def test_an_unknown_option() -> None:
    """
    The options are those of the kind of input.
    """
    with pytest.raises(OptionError) as caught:
        zoo.transform(SEVEN, inverted=True)

    assert str(caught.value) == (
        "Model 'lenet5-mnist': zoo.transform has no option 'inverted'. Did you mean "
        "'invert'? Options: invert."
    )


def test_one_bad_input_of_several_is_named() -> None:
    """
    And one alone is not numbered.
    """
    prepare = zoo.transform(SEVEN)

    with pytest.raises(InputError, match=r"^Item 2: There is no file 'b\.png'\."):
        prepare([zoo.example(SEVEN), "b.png"])
    with pytest.raises(InputError, match=r"^There is no file 'b\.png'\."):
        prepare("b.png")
