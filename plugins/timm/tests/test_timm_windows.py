"""Windows over collages of real photographs: of features as of pixels, both found."""

import pytest
from collages import PETS, SIDE, collages, photographs, two_way
from PIL import Image, ImageOps

import zoo
from zoo._utils import paths as folders

COUNT = 20
THRESHOLD = 0.8  # chosen on collages of training photographs


def test_a_cat_beside_a_coffee() -> None:
    """
    Two things of ImageNet's labels on one canvas are both found, by features.
    """
    canvas = Image.new("RGB", (2 * SIDE, SIDE))
    folder = zoo.example("efficientnet-lite0").parent
    for place, name in enumerate(("coffee.jpg", "cat.jpg")):
        with Image.open(folder / name) as photo:
            canvas.paste(ImageOps.fit(photo, (SIDE, SIDE)), (place * SIDE, 0))

    over = {"threshold": 0.3, "by": "features"}
    found = zoo.predict("efficientnet-lite0", canvas, windows=over)

    places = {one.label: one.box.xmin < SIDE / 2 for one in found.objects}
    assert places["espresso"]
    assert not places[zoo.predict("efficientnet-lite0", folder / "cat.jpg").label]


@pytest.mark.data
@pytest.mark.skipif(
    not any((folder / PETS.dataset).is_dir() for folder in folders.data_dirs()),
    reason=f"ZOO_DATA does not hold {PETS.dataset}",
)
def test_cats_and_dogs_side_by_side() -> None:
    """
    A new head for two labels, on collages of photographs it has not seen: at least nine
    in ten show both, each in its half, by features as by pixels, and where both ways
    are sure of a window they say the same of it.
    """
    model = two_way("efficientnet-lite0", PETS, photographs(PETS, "train"))
    over = {"size": SIDE, "threshold": THRESHOLD, "overlap": 1.0}
    right, same = {"features": 0, "pixels": 0}, []

    for whole in collages(PETS, photographs(PETS, "test"), COUNT):
        said = {}
        for by in right:
            found = zoo.predict(model, whole.picture, windows={**over, "by": by})
            right[by] += whole.shown_by(found.objects)
            said[by] = {one.box: one.label for one in found.objects}
        sure = said["features"].keys() & said["pixels"].keys()
        same += [said["features"][box] == said["pixels"][box] for box in sure]

    assert min(right.values()) >= 0.9 * COUNT, right
    assert len(same) > 4 * COUNT
    assert sum(same) >= 0.98 * len(same)
