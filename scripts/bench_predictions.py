"""From a JPEG file to named classes by a ResNet-50, as each library does it.

    bench_predictions.py WAY COUNT FOLDER  # predict once for each line it is sent

Every library opens the same photograph, COUNT times, brings it to 224 pixels in its own
way, and names the five best classes of a network with random weights. What is built is
built before the clock starts. Nothing is held to one batch that its own library would
part. One thread.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench_rows import Measured, asked_in_turn, available, console, made, table
from bench_ways import ARCHITECTURES, make_zoo, serve

__all__ = ["COUNTS", "OURS", "predictions", "show"]

PHOTO, RESNET = "photo.jpg", ARCHITECTURES["resnet50"]
COUNTS = (1, 32)
OURS = "zoo.predict"
Way = Callable[[list[Path]], Callable[[], Any]]


def zoo_predict(paths: list[Path], **options: Any) -> Callable[[], Any]:
    import zoo

    model = zoo.load(RESNET.zoo)
    return lambda: zoo.predict(model, paths, **options)


def zoo_bfloat16(paths: list[Path]) -> Callable[[], Any]:
    return zoo_predict(paths, precision="bf16")


def zoo_engine(paths: list[Path]) -> Callable[[], Any]:
    return zoo_predict(paths, backend="onnxruntime")


def timm_predict(paths: list[Path]) -> Callable[[], Any]:
    import timm
    import torch
    from PIL import Image
    from timm.data.config import resolve_data_config
    from timm.data.transforms_factory import create_transform

    model = timm.create_model(RESNET.timm).eval()
    configured: Any = resolve_data_config
    prepare: Any = create_transform(**configured({}, model=model))

    def predict() -> Any:
        with torch.inference_mode():
            rows = [prepare(Image.open(path).convert("RGB")) for path in paths]
            return model(torch.stack(rows)).softmax(dim=1).topk(5)

    return predict


def torchvision_predict(paths: list[Path]) -> Callable[[], Any]:
    import torch
    from torchvision import models
    from torchvision.io import ImageReadMode, decode_image

    model = models.get_model(RESNET.torchvision).eval()
    prepare = models.ResNet50_Weights.IMAGENET1K_V1.transforms()

    def predict() -> Any:
        with torch.inference_mode():
            rows = [
                prepare(decode_image(str(path), ImageReadMode.RGB)) for path in paths
            ]
            return model(torch.stack(rows)).softmax(dim=1).topk(5)

    return predict


def transformers_predict(paths: list[Path]) -> Callable[[], Any]:
    import transformers

    peer: Any = transformers
    config = peer.ResNetConfig(num_labels=1000)
    model = peer.ResNetForImageClassification(config).eval()
    prepare = peer.ConvNextImageProcessor(size={"shortest_edge": 224}, crop_pct=0.875)
    naming = peer.pipeline("image-classification", model, image_processor=prepare)
    words: Any = [str(path) for path in paths]
    return lambda: naming(words, top_k=5, batch_size=len(words))


WAYS: dict[str, tuple[str, Way]] = {
    OURS: ("zoo", zoo_predict),
    "zoo.predict in bfloat16": ("zoo", zoo_bfloat16),
    "zoo.predict by onnxruntime": ("onnxruntime", zoo_engine),
    "timm": ("timm", timm_predict),
    "torchvision": ("torchvision", torchvision_predict),
    "transformers pipeline": ("transformers", transformers_predict),
}


def predictions(repeat: int) -> dict[int, list[Measured]]:
    """Return the rows by the number of photographs that are given at once."""
    with tempfile.TemporaryDirectory(prefix="zoo-bench-") as temporary:
        folder = Path(temporary)
        made([__file__, "make", "0", temporary], folder)
        there = [n for n, (module, _) in WAYS.items() if available(n, module)]
        return {
            count: asked_in_turn(
                {name: [__file__, name, str(count), temporary] for name in there},
                folder,
                repeat,
            )
            for count in COUNTS
        }


def show(found: Mapping[int, Sequence[Measured]]) -> None:
    """Print what a photograph takes, as times of what the zoo takes."""
    filled = table("From a JPEG file to classes, ResNet-50, one thread")
    for count in found:
        filled.add_column(f"ms, {count} at once", justify="right")
        filled.add_column(f"/ {OURS}", justify="right")
    rows = zip(*found.values(), strict=True)
    ours = {count: row for count in found for row in found[count] if row.name == OURS}
    for way in rows:
        cells = [
            (f"{row.ms:,.0f}", f"{row.times(ours[count]):.2f}")
            for count, row in zip(found, way, strict=True)
        ]
        filled.add_row(way[0].name, *(cell for pair in cells for cell in pair))
    console.print(filled)


def main(way: str, count: int, folder: Path) -> None:
    if way == "make":
        from PIL import Image

        make_zoo(RESNET, folder)
        noise = Image.effect_noise((500, 400), 60).convert("RGB")
        noise.save(folder / PHOTO, quality=90)
        return
    import torch

    torch.set_num_threads(1)
    serve(WAYS[way][1]([folder / PHOTO] * count))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
