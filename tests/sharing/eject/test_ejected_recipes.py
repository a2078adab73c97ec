"""Recipes as files of your own: they run without the zoo, and make the same weights."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

import zoo
from zoo import ModelSpec
from zoo.artifacts import resolve
from zoo.errors import DataError
from zoo.models.metadata import unwrap_model
from zoo.runtime.rows import TensorRows
from zoo.training import train
from zoo.training.run import Run

ROWS = 96  # of a dataset: enough for some batches, and for a part held back
LETTERS = 2000  # of a text
TRAINED = [  # by recipes that keep to `zoo.recipes`
    "lenet5-mnist",
    "attention-eng-fra",
    "ae-fashion-mnist",
    "dcgan-mnist",
    "lsa-mlp-20news",
    "mlp-boston",
    "mlp-breast-cancer",
    "mlp-diabetes",
    "mlp-dropout-mnist",
    "mlp-exam-score",
    "mlp-fashion-mnist",
    "mlp-fashion-mnist-reg.cosine",
    "mlp-fashion-mnist-reg.dropout",
    "mlp-fashion-mnist-reg.expdecay",
    "mlp-fashion-mnist-reg.l1l2",
    "mlp-fashion-mnist-reg.maxnorm",
    "mlp-fashion-mnist-reg.none",
    "mlp-mnist",
    "mlp-pima",
    "neuron-or",
    "perceptron-gates",
    "perceptron-iris",
    "rbm-mnist",
    "resnet-basic-cifar10",
    "resnet20-cifar10",
    "rnn-netflix",
    "sine-poly3",
    "softmax-fashion-mnist",
    "vae-mnist",
    "vit-cifar10",
    "word2vec-skipgram",
    "xor-mlp",
    "xor-mlp.hand-set",
]
# Noise that stands in for rows is not what the noise that stands in for texts says.
NEEDS_DATA = ("lsa-mlp-20news",)
OTHERS = {  # models that a recipe needs
    "dcgan-mnist": ("lenet5-mnist",),
}
ALONE = """
import sys
from importlib.abc import MetaPathFinder

OTHERS = ("zoo", "datasets", "torchmetrics")

class Without(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        first = name.partition(".")[0]
        if first in OTHERS or first.startswith("zoo_"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Without())
from importlib import import_module
import torch
torch.set_num_threads(1)
for package in sys.argv[1:]:
    given = torch.load(f"{package}.pt")
    rows, settings = given["rows"], given["settings"]
    for other, ejected in given["models"].items():
        rows[f"{other}/model"] = import_module(ejected).load()
    model = import_module(package).train(rows, log=None, **settings)
    torch.save(model.state_dict(), f"{package}.made.pt")
"""


class Recording(Run):
    """A run that remembers which rows its recipe was given.

    It is no smoke run to the recipe, since none is one in a package.
    """

    def __init__(self, spec: ModelSpec, *, seed: int, **_others: Any) -> None:
        super().__init__(spec, seed=seed)
        self.seen: dict[str, Any] = {}

    def load_rows(self, name: str, split: str = "train", **columns: Any) -> TensorRows:
        if self.spec.input.kind != "series":  # whose splits follow each other
            columns["first"] = ROWS
        with self._stand_in():
            rows = super().load_rows(name, split, **columns)[:ROWS]
        given: Any = rows.input
        if self.spec.input.kind == "text":
            given = self.load_texts(name, split)
        self.seen[f"{name}/{split}"] = (given, rows.target)
        return rows

    def load_texts(
        self,
        name: str,
        split: str = "train",
        *,
        target: bool = False,
        column: str = "text",
    ) -> list[str]:
        # The tokenizer of characters knows those of the training texts alone.
        read = "train" if self.spec.output.kind == "text" else split
        with self._stand_in():
            texts = super().load_texts(name, read, column=column)
        classified = self.spec.output.kind == "classes"  # `load_rows` reads all of them
        texts = [text[: None if classified else LETTERS] for text in texts[:ROWS]]
        held = self.seen.get(f"{name}/{split}")
        self.seen[f"{name}/{split}"] = (held, texts) if target else texts
        return texts

    @contextmanager
    def _stand_in(self) -> Iterator[None]:
        """Have noise where the data can't be had, as in a smoke run."""
        self.smoke = True
        yield
        self.smoke = False


def _has_data(spec: ModelSpec) -> bool:
    try:
        zoo.load_dataset(spec.trained_on[0], "train")
    except DataError:
        return False
    return True


def _package(name: str) -> str:
    return re.sub(r"\W", "_", name)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Any]]:
    """
    The weights of each recipe, by the zoo and by the ejected package, of the same rows.
    """
    folder = tmp_path_factory.mktemp("ejected")
    found: dict[str, Any] = {}
    for other in {one for needed in OTHERS.values() for one in needed} - {*TRAINED}:
        zoo.eject(other, folder / _package(other))
    for name in TRAINED:
        package = zoo.eject(name, folder / _package(name)).name
        spec = resolve.find(name).spec
        if name in NEEDS_DATA and not _has_data(spec):
            continue
        recipe, chosen = train.choose_settings(spec, {}, smoke=True)
        run = Recording(spec, seed=chosen.seed)
        with train.seeded(chosen.seed):
            model = unwrap_model(recipe.train(chosen, run))
        given = {
            "rows": run.seen,
            "settings": recipe.SMOKE_SETTINGS,
            "models": {other: _package(other) for other in OTHERS.get(name, ())},
        }
        torch.save(given, folder / f"{package}.pt")
        found[name] = (package, model.state_dict())
    packages = [package for package, _ in found.values()]
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ALONE, *packages], cwd=folder, check=True
    )
    return {
        name: (weights, torch.load(folder / f"{package}.made.pt"))
        for name, (package, weights) in found.items()
    }


@pytest.mark.parametrize("name", TRAINED)
def test_an_ejected_recipe_makes_the_same_weights(
    name: str, made: dict[str, tuple[Any, Any]]
) -> None:
    """
    Where neither the zoo nor a plugin can be imported, to the last bit.
    """
    if name not in made:
        pytest.skip("the dataset is not at hand")
    ours, theirs = made[name]

    assert list(ours) == list(theirs)
    for key, tensor in ours.items():
        assert torch.equal(tensor, theirs[key]), key


def package(name: str, folder: Path) -> ModuleType:
    """Eject a model under a name that nobody else has, and import it."""
    written = zoo.eject(name, folder / f"mine_{folder.name}".replace("-", "_"))
    spec = spec_from_file_location(written.name, written / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    found = module_from_spec(spec)
    sys.modules[written.name] = found
    spec.loader.exec_module(found)
    return found


def digits(count: int = 64) -> tuple[Tensor, Tensor]:
    """Return noise as bytes, and labels."""
    random = torch.Generator().manual_seed(0)
    picture = torch.randint(
        256, (count, 1, 28, 28), generator=random, dtype=torch.uint8
    )
    return picture, torch.randint(10, (count,), generator=random)


def test_it_logs_a_line_for_each_epoch(tmp_path: Path) -> None:
    """
    The loss and the metrics of the recipe.
    """
    mine, lines = package("lenet5-mnist", tmp_path), list[str]()

    mine.train({"train": digits()}, epochs=2, log=lines.append)

    assert [line.split()[:2] for line in lines] == [["epoch", "1"], ["epoch", "2"]]
    assert lines[0].split()[2::2] == ["loss", "accuracy", "f1"]


def test_it_takes_pictures_as_predict_does(tmp_path: Path) -> None:
    """
    Pictures and paths make the weights that their bytes make, and the trained model
    answers.
    """
    mine, (pixels, labels) = package("lenet5-mnist", tmp_path), digits()
    pictures = [Image.fromarray(one[0].numpy()) for one in pixels]
    pictures[0].save(tmp_path / "first.png")

    raw = ([tmp_path / "first.png", *pictures[1:]], labels.tolist())
    ours = mine.train({"train": raw}, epochs=1, log=None)
    theirs = mine.train({"train": (pixels, labels)}, epochs=1, log=None)

    assert mine.predict(pictures[:2], ours) == mine.predict(pictures[:2], theirs)
    assert all(map(torch.equal, ours.parameters(), theirs.parameters()))


def test_rows_of_several_sets_are_told_apart(tmp_path: Path) -> None:
    """
    By the name of the dataset before that of the split.
    """
    mine = package("lenet5-mnist", tmp_path)
    noise = (torch.zeros(10, 1, 28, 28, dtype=torch.uint8), torch.zeros(10).long())

    one = mine.train({"mnist/train": digits(), "train": noise}, epochs=1, log=None)
    other = mine.train({"train": digits()}, epochs=1, log=None)

    assert all(map(torch.equal, one.parameters(), other.parameters()))


@pytest.mark.parametrize(
    ("rows", "settings", "message"),
    [
        (
            {"test": digits()},
            {},
            "The recipe asks for 'train' of mnist, and what was given is test. Give it "
            "as {'mnist/train': ...}; see README.md.",
        ),
        (
            {"train": (digits(3)[0], digits(4)[1])},
            {},
            "The rows 'mnist/train' have 3 inputs and 4 targets.",
        ),
        (
            {"train": (digits()[0].float() / 0, digits()[1])},
            {"epochs": 1},
            "The loss became nan in epoch 1. Lower the learning rate (the setting lr), "
            "and look for empty, infinite or unscaled values in the data.",
        ),
        (
            {"train": digits(2000)},
            {"lr": 1e9, "weight_decay": 0.0, "batch_size": 512},
            "The loss became EXPLODED in epoch 1. Lower the learning rate (the setting "
            "lr), and look for empty, infinite or unscaled values in the data.",
        ),
    ],
)
def test_what_an_ejected_recipe_refuses(
    rows: Any, settings: Any, message: str, tmp_path: Path
) -> None:
    """
    In the zoo's words, without the zoo: also a loss that explodes.
    """
    mine = package("lenet5-mnist", tmp_path)
    wanted = re.escape(message).replace("EXPLODED", r"\S+")

    with pytest.raises(Exception, match=f"^{wanted}$") as told:
        mine.train(rows, log=None, **settings)

    assert type(told.value).__module__ == f"{mine.__name__}.runtime"


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    """
    By the dataclass of the settings itself.
    """
    mine = package("lenet5-mnist", tmp_path)

    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        mine.train({"train": digits()}, epoch=3)
