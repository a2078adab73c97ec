"""Pictures that no recipe of the core draws."""

import io

from PIL import Image

from zoo import pictures


def test_lines_are_a_picture_and_the_same_each_time() -> None:
    """
    Seven series need a second round through the colours; a PNG holds no date.
    """
    series = {f"series {n}": [0.1 * n + 0.1, 0.5, 1.0] for n in range(7)}
    first, again = (
        pictures.lines(series, "epoch", "accuracy", log=True) for _ in range(2)
    )

    assert Image.open(io.BytesIO(first)).format == "PNG"
    assert first == again
