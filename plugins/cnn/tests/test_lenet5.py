"""What only LeNet-5 promises; what every model promises is in zoo.testing."""

import torch
from PIL import Image, ImageOps
from torch import nn
from zoo_cnn.lenet5 import lenet5
from zoo_cnn.lenet5_recipe import Settings, random_affine

import zoo


def test_the_parameter_count_is_the_papers_with_full_maps() -> None:
    """
    156 + 2,416 in the convolutions, 48,120 + 10,164 + 850 in the linear layers.
    """
    counts = [p.numel() for p in lenet5().parameters()]

    assert sum(counts[:2]) == 156
    assert sum(counts[2:4]) == 2_416
    assert sum(counts) == 61_706


def test_it_computes_what_its_layers_say() -> None:
    """
    The same numbers come out of torch's functions, called one by one.
    """
    torch.manual_seed(0)
    model, image = lenet5().eval(), torch.rand(3, 1, 28, 28)
    parts = dict(model.named_parameters())
    found = image
    for place, padding in (("features.0", 2), ("features.3", 0)):
        kernel, bias = parts[f"{place}.weight"], parts[f"{place}.bias"]
        found = nn.functional.conv2d(found, kernel, bias, padding=padding)
        found = nn.functional.max_pool2d(found.relu(), 2)
    found = found.flatten(start_dim=1)
    for place in ("classifier.1", "classifier.3"):
        found = (found @ parts[f"{place}.weight"].T + parts[f"{place}.bias"]).relu()
    found = found @ parts["classifier.5.weight"].T + parts["classifier.5.bias"]

    assert torch.allclose(model(image), found, atol=1e-5)


def test_the_example_is_classified() -> None:
    """
    The shipped digit is a seven, with a score above 0.99.
    """
    answer = zoo.predict("lenet5-mnist", zoo.example("lenet5-mnist"))

    assert answer.label == "7"
    assert answer.score > 0.99


def test_dark_ink_on_a_large_white_page() -> None:
    """
    A scan of the digit, large, dark on light and not square, is read with invert=True.
    """
    digit = Image.open(zoo.example("lenet5-mnist"))
    page = ImageOps.invert(digit).resize((280, 280))
    page = ImageOps.expand(page, border=(0, 40), fill=255)

    assert zoo.predict("lenet5-mnist", page, invert=True).label == "7"


def test_an_augmentation_of_nothing_changes_nothing() -> None:
    """
    With every range at zero the grid is the identity.
    """
    image = torch.rand(4, 1, 28, 28)
    still = Settings(rotation_degrees=0, shift_pixels=0, scale_range=0)
    found = random_affine(image, torch.Generator().manual_seed(0), still)

    assert torch.allclose(found, image, atol=1e-4)


def test_each_image_is_augmented_by_its_own_draw() -> None:
    """
    Four copies of an image come out as four images, none far from the first.
    """
    image = torch.rand(1, 1, 28, 28).expand(4, 1, 28, 28)
    found = random_affine(image, torch.Generator().manual_seed(0), Settings())

    assert len({tuple(one.flatten().tolist()) for one in found}) == 4
    assert found.mean().item() > 0.5 * image.mean().item()
