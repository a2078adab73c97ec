"""A model as a function of batches: `zoo.Predictor`, pickled without its weights."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import zoo
from zoo.errors import InputError, OptionError

SEVEN, IRIS = "lenet5-mnist", "perceptron-iris"
ROWS = {"sepal_length": [5.1, 6.5], "petal_length": [1.4, 4.6], "plant": ["a", "b"]}


def digits(count: int) -> list[Image.Image]:
    with Image.open(zoo.example(SEVEN)) as picture:
        return [picture.convert("L").rotate(3 * number) for number in range(count)]


def test_a_batch_of_columns() -> None:
    """
    The answers are new columns; the others stay.
    """
    made = zoo.Predictor(IRIS, top=2)(ROWS)

    assert list(made) == [*ROWS, "label", "score", "label_2", "score_2", "error"]
    assert made["label"] == ["setosa", "versicolor"]
    assert made["error"] == [None, None]
    assert made["plant"] == ["a", "b"]


def test_a_frame_and_frames() -> None:
    """
    A DataFrame comes back as one, and an iterator of them as an iterator.
    """
    predictor, frame = zoo.Predictor(IRIS), pd.DataFrame(ROWS, index=[7, 8])

    made = predictor(frame)
    assert list(made.index) == [7, 8]
    assert list(made["label"]) == ["setosa", "versicolor"]
    assert "label" not in frame
    assert [len(one) for one in predictor.map_in_pandas(iter([frame, frame]))] == [2, 2]


def test_it_is_pickled_without_its_weights() -> None:
    """
    Also after it was used.
    """
    predictor = zoo.Predictor(SEVEN, column="image")
    first = predictor({"image": digits(2)})
    packed = pickle.dumps(predictor)

    assert len(packed) < 20_000
    assert pickle.loads(packed)({"image": digits(2)})["label"] == first["label"]


def test_a_folder_that_was_replaced_is_loaded_again(tmp_path: Path) -> None:
    model = zoo.load(IRIS)
    folder = zoo.save(model, tmp_path / "iris")
    predictor = zoo.Predictor(folder)
    before = predictor(ROWS)["label"]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(-1)

    zoo.save(model, folder)

    expected = [one.label for one in zoo.predict(folder, frame_rows())]
    assert predictor(ROWS)["label"] == expected != before


def test_it_takes_what_computes_for_every_model() -> None:
    made = zoo.Predictor(IRIS, precision="no", backend="torch")(ROWS)

    assert made["label"] == ["setosa", "versicolor"]


def frame_rows() -> list[dict[str, float]]:
    names = "sepal_length", "petal_length"
    return [
        dict(zip(names, row, strict=True))
        for row in zip(*(ROWS[n] for n in names), strict=True)
    ]


def test_a_batch_in_which_nothing_is_answered() -> None:
    """
    It has the same columns as any other.
    """
    made = zoo.Predictor(SEVEN, top=2)({"image": [b"no picture", b""]})

    assert list(made) == ["image", "label", "score", "label_2", "score_2", "error"]
    assert made["label"] == [None, None]
    assert "is not a picture" in made["error"][0]
    assert made["error"][1] == "The file is empty (0 bytes)."


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_datasets_map_in_two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Each loads the model once; the answers are those of `zoo.predict`.
    """
    # The library leaves a copy in its place: what has imported the old one sees no
    # change that a later test makes.
    monkeypatch.setattr(os, "environ", os.environ)
    library = pytest.importorskip("datasets")
    rows = library.Dataset.from_dict({"image": digits(8)})
    rows = rows.cast_column("image", library.Image())

    made = rows.map(
        zoo.Predictor(SEVEN, column="image"),
        batched=True,
        batch_size=2,
        num_proc=2,
        remove_columns=["image"],
    )

    expected = zoo.predict(SEVEN, digits(8))
    assert made["label"][:] == [one.label for one in expected]
    assert made["score"][:] == pytest.approx([one.score for one in expected], abs=1e-5)


@pytest.mark.filterwarnings("ignore")  # of Ray, about itself
def test_ray_data() -> None:
    """
    Batches of numpy columns, as Ray Data sends them.
    """
    ray: Any = pytest.importorskip("ray.data")
    rows = ray.from_items([{"image": np.asarray(one)} for one in digits(4)])

    made = rows.map_batches(zoo.Predictor(SEVEN), batch_size=2, batch_format="numpy")

    assert [row["label"] for row in made.take_all()] == ["7"] * 4


def test_refused() -> None:
    """
    An unknown option at once, a missing column with the nearest name.
    """
    with pytest.raises(OptionError, match=r"zoo\.Predictor has no option 'invrt'"):
        zoo.Predictor(SEVEN, invrt=True)
    with pytest.raises(InputError) as caught:
        zoo.Predictor(IRIS)({"sepal_length": [1.0], "petal_lengh": [1.0]})
    assert caught.value.problem == (
        "The batch has no column 'petal_length'. Did you mean 'petal_lengh' or "
        "'sepal_length'? It has sepal_length, petal_lengh."
    )
    with pytest.raises(InputError) as caught:
        zoo.Predictor(SEVEN, column="photo")({"image": []})
    assert caught.value.problem == ("The batch has no column 'photo'. It has image.")
