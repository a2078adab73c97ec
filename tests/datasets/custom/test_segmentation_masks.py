"""A user's own masks: what is in them, what is wrong with them, what they teach."""

import struct
import zlib
from pathlib import Path
from typing import Any
from unicodedata import normalize

import datasets as library
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

import zoo
from zoo.datasets.custom.reader import read_data
from zoo.errors import DataError, DataWarning, SettingsError
from zoo.evaluation.evaluate import evaluate
from zoo.finetuning.data import class_weights
from zoo.finetuning.finetune import finetune_model
from zoo.finetuning.preconditions import check
from zoo.finetuning.strategies import Settings
from zoo.inference.features import targets
from zoo.models.metadata import ModelMetadata, attach
from zoo.specs import ImageInput, License, MaskOutput, ModelSpec
from zoo.tasks import get_task
from zoo.tasks.targets.masks import MaskTargets

PHOTO = ImageInput(height=16, width=16, fit="stretch")
COLOURS = {0: (30, 30, 30), 1: (220, 40, 40), 2: (40, 40, 220)}


def scene(number: int, size: tuple[int, int] = (24, 18)) -> tuple[Any, Any]:
    """Return a picture of a red and a blue box on dark ground, and its mask."""
    mask = Image.new("L", size)
    pen = ImageDraw.Draw(mask)
    left, first = number % 8, 1 + number % 2
    pen.rectangle((left, 2, left + 6, 9), fill=first)
    pen.rectangle((left + 8, 8, left + 15, 15), fill=3 - first)
    picture = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    for value, colour in COLOURS.items():
        picture[np.asarray(mask) == value] = colour
    return Image.fromarray(picture), mask


def folder(place: Path, count: int = 6, *, white: bool = False) -> Path:
    """Write pictures and masks; with `white`, all but the ground is 255."""
    for name in ("images", "masks"):
        (place / name).mkdir(parents=True)
    for number in range(count):
        picture, mask = scene(number)
        if white:
            mask = mask.point([0] + 255 * [255])
        picture.save(place / "images" / f"{number}.jpg", quality=100, subsampling=0)
        mask.save(place / "masks" / f"{number}.png")
    return place


def found(data: Any, **how: Any) -> Any:
    return read_data(data, PHOTO, MaskOutput(labels=("ground", "thing")), **how)


def complaint(data: Any, **how: Any) -> str:
    with pytest.raises(DataError) as caught:
        found(data, **how)
    return str(caught.value)


class Pixels(nn.Module):
    """A convolution that looks, and one that decides for each pixel."""

    def __init__(self, *, classes: int = 2) -> None:
        super().__init__()
        self.look = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
        self.decide = nn.Conv2d(8, classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.decide(self.look(image))
        return logits


def pixels(*labels: str) -> nn.Module:
    """Return the network with weights of seed 0, and what the zoo needs to know."""
    torch.manual_seed(0)
    model = Pixels(classes=len(labels)).eval()
    spec = ModelSpec(
        name="pixels",
        summary="A small network.",
        task="image-segmentation",
        build="masks:Pixels",
        card="card.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=0,
        input=PHOTO,
        output=MaskOutput(labels=labels),
        trained_on=(),
        head="decide",
    )
    return attach(model, ModelMetadata(spec=spec, options={}))


# What is found


def test_a_folder_of_images_and_masks(tmp_path: Path) -> None:
    """
    Pairs have the same name; the values of all masks are the labels.
    """
    rows = found(folder(tmp_path / "scenes"))

    assert (rows.source, rows.labels) == ("scenes", ("0", "1", "2"))
    assert list(rows.training.names) == [str(number) for number in range(6)]
    assert rows.counts() == {"0": 6, "1": 6, "2": 6}
    assert isinstance(rows.kind, MaskTargets)
    assert not rows.kind.stratified


def test_a_folder_with_parts(tmp_path: Path) -> None:
    """
    Each part is such a folder.
    """
    for name, count in (("train", 4), ("val", 2), ("test", 3)):
        folder(tmp_path / name, count)

    assert {name: len(rows) for name, rows in found(tmp_path).parts().items()} == {
        "training": 4,
        "validation": 2,
        "test": 3,
    }


def test_a_mask_is_brought_to_the_frame_as_its_picture_is(tmp_path: Path) -> None:
    """
    Each pixel of the frame has the label of what is seen there, and none in between.
    """
    from zoo.inference.features import model_inputs

    model = pixels("0", "1", "2")
    rows = found(folder(tmp_path)).training
    (seen,) = model_inputs(model, rows)
    colours = torch.tensor([COLOURS[n] for n in range(3)]) / 255
    gap = (seen[:, None] - colours[None, :, :, None, None]).abs().sum(dim=2)
    true = targets(model, rows)

    assert true.shape == (6, 16, 16)
    assert true.unique().tolist() == [0, 1, 2]
    assert (gap.argmin(dim=1) == true).double().mean() > 0.93


def test_black_and_white_masks_have_two_labels(tmp_path: Path) -> None:
    """
    0 and 255 are called background and foreground, or what the user calls them.
    """
    data = folder(tmp_path, white=True)

    assert found(data).labels == ("background", "foreground")
    assert found(data, labels=["table", "cup"]).labels == ("table", "cup")
    assert found(data).training.targets[0].opened().max() == 1


def test_a_palette_and_equal_channels_are_numbers_too(tmp_path: Path) -> None:
    """
    Tools save the same mask in several ways.
    """
    data = folder(tmp_path)
    before = found(data).training.targets[0].opened()
    path = data / "masks" / "0.png"
    with Image.open(path) as mask:
        grey = mask.copy()
    indexed = Image.frombytes("P", grey.size, grey.tobytes())
    indexed.putpalette([0, 0, 0, 9, 9, 9, 5, 5, 5])

    for changed in (indexed, grey.convert("RGB"), grey.convert("LA")):
        changed.save(path)
        assert (found(data).training.targets[0].opened() == before).all()


def test_a_dataset_with_a_column_of_masks() -> None:
    """
    The column is found by its usual name, or named.
    """
    pictures, masks = zip(*map(scene, range(4)), strict=True)
    rows = library.Dataset.from_dict(
        {"image": list(pictures), "mask": list(masks)},
        features=library.Features(image=library.Image(), mask=library.Image()),
    )

    assert found(rows).labels == ("0", "1", "2")
    assert len(found(rows, target="mask").training) == 4


@pytest.mark.data("oxford_iiit_pet")
def test_a_registered_dataset_is_named() -> None:
    """
    The trimaps of the pets have three values, and may be given names in their order.
    """
    names = ("pet", "background", "outline")
    rows = found("oxford_iiit_pet", target="mask", labels=names)

    assert rows.labels == names
    assert {name: len(part) for name, part in rows.parts().items()} == {
        "training": 299,
        "test": 298,
    }


def test_the_labels_of_a_model_are_found_again(tmp_path: Path) -> None:
    """
    A model that learned values 0 to 2 under names reads masks by these names' order,
    also where one of them is missing.
    """
    data = folder(tmp_path)
    names = ["ground", "red", "blue"]
    for path in (data / "masks").iterdir():
        with Image.open(path) as mask:
            mask.point([0, 1, 0] + [0] * 253).save(path)

    assert found(data, labels=names).labels == ("ground", "red", "blue")
    assert found(data, labels=names).counts() == {"ground": 6, "red": 6, "blue": 0}


def test_the_fingerprint_follows_the_masks(tmp_path: Path) -> None:
    """
    One pixel changed is other data.
    """
    data = folder(tmp_path)
    before = found(data).training.fingerprint()
    path = data / "masks" / "3.png"
    with Image.open(path) as mask:
        mask.putpixel((0, 0), 1)
        mask.save(path)

    assert found(data).training.fingerprint() != before


def test_classes_count_alike_by_their_pixels(tmp_path: Path) -> None:
    """
    The weight of a label times its pixels is the same for all.
    """
    rows = found(folder(tmp_path))
    held = [target.counts for target in rows.training.targets]
    pixels = torch.tensor([sum(each) for each in zip(*held, strict=True)])
    products = class_weights(rows) * pixels

    assert torch.allclose(products, products[0].expand(3))


def with_a_border(place: Path) -> Path:
    """Write pictures and masks whose outermost pixels are 255, of no class."""
    for path in sorted(folder(place).glob("masks/*.png")):
        mask = np.array(Image.open(path))
        mask[0], mask[-1], mask[:, 0], mask[:, -1] = 255, 255, 255, 255
        Image.fromarray(mask).save(path)
    return place


def test_pixels_of_no_class(tmp_path: Path) -> None:
    """
    255 beside other values is no class, as in Pascal VOC: its pixels are counted, and
    neither learned nor measured.
    """
    place, border = with_a_border(tmp_path / "photos"), 2 * 24 + 2 * 16

    with pytest.warns(DataWarning) as said:
        rows = found(place)

    mask = rows.training.targets[0]
    assert rows.labels == ("0", "1", "2")
    assert sum(rows.sizes()) == 6 * (24 * 18 - border)
    assert (mask.opened() == 255).sum() == border
    assert rows.notes == (
        f"photos: {6 * border} pixels of the training masks are 255, and of no class: "
        "they are neither learned nor measured. If it is one, name every value: "
        "labels=['0', '1', '2', '255'] (--labels 0,1,2,255).",
    )
    assert str(said[0].message) == rows.notes[0]


def test_255_is_a_class_where_it_is_named(tmp_path: Path) -> None:
    """
    By its value, or in turn where the values are no numbers of labels.
    """
    place = with_a_border(tmp_path / "photos")
    for path in place.glob("masks/*.png"):
        mask = np.array(Image.open(path))
        Image.fromarray(np.where(mask == 2, 20, mask)).save(path)
    names = ("ground", "red", "blue", "border")

    assert found(place, labels=("0", "1", "20", "255")).labels[-1] == "255"
    assert found(place, labels=names).counts()["border"] == 6


@pytest.mark.parametrize("function", ["softmax", "sigmoid"])
def test_pixels_of_no_class_change_no_figure(function: Any) -> None:
    """
    Loss and metrics are those of the other pixels alone.
    """
    labels = ("a", "b", "c") if function == "softmax" else ("a", "b")
    output_spec = MaskOutput(labels=labels, function_to_apply=function)
    random = torch.Generator().manual_seed(0)
    output = torch.randn(2, 3 if function == "softmax" else 1, 4, 6, generator=random)
    target = torch.randint(len(labels), (2, 4, 6), generator=random).byte()
    marked = target.clone()
    marked[:, :, 3:] = 255
    task, weight = get_task("image-segmentation"), torch.arange(1.0, len(labels) + 1)
    left = output[..., :3], target[..., :3]

    for each in (None, weight):
        loss = task.loss(output, marked, output_spec, each)
        assert loss.item() == pytest.approx(task.loss(*left, output_spec, each).item())
    assert task.compute_metrics(output, marked, output_spec) == pytest.approx(
        task.compute_metrics(*left, output_spec)
    )
    nothing = torch.full_like(target, 255)
    assert task.loss(output, nothing, output_spec).item() == 0.0


@pytest.mark.filterwarnings("ignore::zoo.errors.DataWarning")
def test_masks_with_pixels_of_no_class_are_learned(tmp_path: Path) -> None:
    """
    The model has no label for them, and its confusion and card are drawn.
    """
    zoo.save(zoo.build("unet-pet", base_channels=2), tmp_path / "small")
    scenes = with_a_border(tmp_path / "scenes")

    zoo.finetune(tmp_path / "small", scenes, tmp_path / "mine", epochs=1)

    assert (tmp_path / "mine" / "confusion.png").is_file()
    assert zoo.load(tmp_path / "mine").zoo.labels == ("0", "1", "2")
    assert zoo.evaluate(zoo.load(tmp_path / "mine"), scenes)["pixel_accuracy"] <= 1


# What is wrong with it


def test_no_folders_of_pairs(tmp_path: Path) -> None:
    """
    The message draws the layout.
    """
    assert complaint(tmp_path) == (
        f"{tmp_path} has no folders 'images' and 'masks' in it. Put each mask where "
        "its picture's name says: photos/images/1.jpg, photos/masks/1.png."
    )


def test_what_has_no_partner(tmp_path: Path) -> None:
    """
    Pictures without a mask and masks without a picture are named.
    """
    data = folder(tmp_path, 3)
    (data / "masks" / "0.png").rename(data / "masks" / "zero.png")

    assert complaint(data) == (
        f"{data}: there is no mask for {data / 'images' / '0.jpg'}. There is no "
        f"picture for {data / 'masks' / 'zero.png'}. A picture and its mask have the "
        "same name: images/1.jpg, masks/1.png."
    )


def test_two_pictures_of_one_name(tmp_path: Path) -> None:
    """
    Which of them a mask is of can't be told.
    """
    data = folder(tmp_path, 2)
    scene(0)[0].save(data / "images" / "0.png")

    assert complaint(data) == (
        f"{data / 'images'} has 0.jpg and 0.png, which have the same name. Which of "
        "them is meant can't be told: rename one."
    )


def test_a_mask_of_another_size(tmp_path: Path) -> None:
    """
    Stretching it in silence would put labels in the wrong place.
    """
    data = folder(tmp_path, 2)
    scene(0, (48, 18))[1].save(data / "masks" / "1.png")

    assert complaint(data) == (
        f"{data.name}: the mask of 1 is 48x18, and its picture is 24x18. Make masks as "
        "large as their pictures, by the nearest pixel."
    )


def test_the_size_of_a_photograph_on_its_side_is_that_of_the_upright_one(
    tmp_path: Path,
) -> None:
    """
    A camera's orientation is followed, as zoo.predict follows it.
    """
    data = folder(tmp_path, 2)
    orientation = Image.Exif()
    orientation[0x0112] = 6
    picture, mask = scene(0)
    picture.save(data / "images" / "0.jpg", exif=orientation)
    mask.transpose(Image.Transpose.ROTATE_270).save(data / "masks" / "0.png")

    assert len(found(data).training) == 2


def test_smoothed_edges(tmp_path: Path) -> None:
    """
    Values between black and white are no classes.
    """
    data = folder(tmp_path, 2, white=True)
    path = data / "masks" / "0.png"
    with Image.open(path) as mask:
        mask.resize((12, 9)).resize((24, 18), Image.Resampling.BICUBIC).save(path)
    with Image.open(path) as mask:
        values = np.unique(np.asarray(mask))

    assert complaint(data) == (
        f"{data.name}: the mask of 0 has {len(values)} values from 0 to 255: its edges "
        "are smoothed, or it is no mask. Save masks as PNG without smoothing, one "
        "value for each class."
    )


def test_a_mask_in_colours(tmp_path: Path) -> None:
    """
    A picture of a mask is not the mask.
    """
    data = folder(tmp_path, 2)
    scene(0)[0].save(data / "masks" / "0.png")

    assert complaint(data) == (
        "The mask of 0 is no mask of numbers: shape (18, 24, 3), type uint8. Give a "
        "PNG whose values are classes, or black and white."
    )


def test_one_class_only(tmp_path: Path) -> None:
    """
    There is nothing to learn from empty masks.
    """
    data = folder(tmp_path, 2)
    for path in (data / "masks").iterdir():
        Image.new("L", (24, 18)).save(path)

    assert complaint(data) == (
        f"{data.name} has one class only: every pixel of every mask is 0. There is "
        "nothing to tell apart: give masks with two values at least."
    )


def test_too_few_labels(tmp_path: Path) -> None:
    """
    Three values don't fit two labels.
    """
    data = folder(tmp_path, 2)

    assert complaint(data, labels=["no", "yes"]) == (
        f"{data.name}: the masks have the values 0, 1, 2, and there are 2 labels: no, "
        "yes. Give a label for each value, in order."
    )


def test_a_mask_that_is_no_picture(tmp_path: Path) -> None:
    """
    The fault is passed on, with whose mask it is.
    """
    data = folder(tmp_path, 2)
    (data / "masks" / "1.png").write_bytes(b"no picture")

    assert complaint(data).startswith(
        f"The mask of 1: {data}/masks/1.png is not a picture in a format that is read"
    )


def test_a_mask_of_too_many_pixels(tmp_path: Path) -> None:
    """
    It is refused for what its first bytes announce.
    """
    data = folder(tmp_path, 2)
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + head
    (data / "masks" / "1.png").write_bytes(
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\r"
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + b"\x00\x00\x00\x00IDAT"
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )

    assert complaint(data) == (
        f"The mask of 1: {data}/masks/1.png is too large: Image size (2500000000 "
        "pixels) exceeds limit of 178956970 pixels, could be decompression bomb DOS "
        "attack."
    )


# What it teaches


@pytest.mark.parametrize("augment", ["none", "flip-crop"])
@pytest.mark.parametrize("freeze", ["backbone", "none"])
def test_a_model_learns_masks(tmp_path: Path, freeze: str, augment: str) -> None:
    """
    Red and blue are told apart after a few epochs, far better than without looking.
    """
    rows = found(folder(tmp_path, 24))
    chosen = Settings(
        freeze=freeze, epochs=30, batch_size=4, lr=0.05, augment=augment, patience=None
    )
    lesson = finetune_model(pixels(*rows.labels), rows, chosen)
    baselines = lesson.run.baselines

    best = max(one["iou"] for one in baselines.values())
    assert set(baselines) == {"the commonest class", "the mean of the masks"}
    assert lesson.metrics["iou"] > best + 0.2


def test_a_frozen_backbone_is_kept_to_the_bit(tmp_path: Path) -> None:
    """
    Only the head learns.
    """
    rows = found(folder(tmp_path, 8))
    model = pixels(*rows.labels)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    finetune_model(model, rows, Settings(epochs=2, lr=0.1))
    moved = [n for n, v in model.state_dict().items() if not torch.equal(v, before[n])]

    assert moved == ["decide.weight", "decide.bias"]


def test_copies_of_masks_are_not_kept() -> None:
    """
    They move anew in every epoch.
    """
    chosen = Settings(augment="flip-crop", augmented_copies=2)

    with pytest.raises(SettingsError) as caught:
        check(pixels("a", "b").zoo.spec, chosen)

    assert str(caught.value) == (
        "augmented_copies=2 keeps the features of copies, and masks move with their "
        "pictures "
        "anew in every epoch: leave augmented_copies out."
    )


def test_a_model_is_measured_on_masks(tmp_path: Path) -> None:
    """
    evaluate reads a folder of pairs by the model's labels.
    """
    model = pixels("0", "1", "2")
    told = evaluate(model, folder(tmp_path))

    assert set(told) == {"iou", "image_iou", "dice", "pixel_accuracy"}


def test_a_taught_model_is_a_model_like_any_other(tmp_path: Path) -> None:
    """
    It is saved with a card, loads, and answers with a mask of the new labels.
    """
    zoo.save(zoo.build("unet-pet", base_channels=2), tmp_path / "small")
    data = folder(tmp_path / "scenes", 8)
    zoo.finetune(tmp_path / "small", data, tmp_path / "taught", epochs=1)
    model: Any = zoo.load(tmp_path / "taught")
    answer = zoo.predict(model, data / "images" / "0.jpg")
    card = (tmp_path / "taught" / "README.md").read_text()

    assert answer.known == ("0", "1", "2")
    assert answer.mask.size == (24, 18)
    assert model.zoo.parent["name"] == "unet-pet"
    assert "| class | in so many masks |" in card
    assert (tmp_path / "taught" / "masks.png").is_file()


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_mask_is_found_by_the_letters_of_its_picture(
    tmp_path: Path, forms: tuple[str, str]
) -> None:
    """
    However a system composed them: both are one name.
    """
    place = folder(tmp_path / "scenes", 2)
    for part, form in zip(("images", "masks"), forms, strict=True):
        for path in sorted((place / part).iterdir()):
            path.rename(path.with_stem(normalize(form, f"고양이{path.stem}")))

    read = found(place, labels=["ground", "red", "blue"])

    assert len(read.training) == 2
    assert read.notes == ()


def test_palettes_in_another_order_are_refused(tmp_path: Path) -> None:
    """
    A value would be of one class in some masks and of another in others.
    """
    black, red = [0, 0, 0], [255, 0, 0]
    for place in ("images", "masks"):
        (tmp_path / place).mkdir()
    for row, palette in enumerate([black + red, black + red, red + black]):
        mask = Image.frombytes("P", (2, 1), bytes([0, 1]))
        mask.putpalette(palette)
        mask.save(tmp_path / "masks" / f"{row}.png")
        Image.new("RGB", (2, 1)).save(tmp_path / "images" / f"{row}.png")

    with pytest.raises(DataError) as caught:
        found(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path.name}: the palettes of the masks of 0 and 2 have the same colours "
        "in another order: 0 is (0, 0, 0) in one and (255, 0, 0) in the other. Save "
        "all masks with one palette."
    )
