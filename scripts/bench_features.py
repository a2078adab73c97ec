"""Features of photographs, as the zoo computes them and as timm's plain forward does.

    bench_features.py WAY ARCHITECTURE FOLDER  # features once for each line it is sent

The 244 photographs of ants and bees that are learned from, as JPEG files, which every
way opens and brings to 224 pixels. ResNet-50 has random weights; those of
EfficientNet-Lite0 are the same everywhere. timm computes in batches of 32, in float32.
Reading the files is in all times. One thread. Needs ZOO_DATA.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench_rows import Measured, asked_in_turn, available, console, made, table
from bench_ways import ARCHITECTURES as FILES
from bench_ways import make_zoo, serve

__all__ = ["ARCHITECTURES", "OURS", "features", "show"]

OURS = "zoo.features"
BATCH_SIZE = 32
ARCHITECTURES = {
    "resnet50": (FILES["resnet50"].zoo, FILES["resnet50"].timm),
    "efficientnet-lite0": ("efficientnet-lite0", "tf_efficientnet_lite0.in1k"),
}
Way = Callable[[str, list[Path]], Callable[[], Any]]


def zoo_features(architecture: str, paths: list[Path], **how: Any) -> Callable[[], Any]:
    import zoo

    model = zoo.load(ARCHITECTURES[architecture][0])
    return lambda: zoo.features(model, paths, **how)


def zoo_float32(architecture: str, paths: list[Path]) -> Callable[[], Any]:
    return zoo_features(architecture, paths, precision="no")


def timm_features(architecture: str, paths: list[Path]) -> Callable[[], Any]:
    import timm
    import torch
    from PIL import Image
    from timm.data.config import resolve_data_config
    from timm.data.transforms_factory import create_transform

    model = timm.create_model(ARCHITECTURES[architecture][1], num_classes=0).eval()
    configured: Any = resolve_data_config
    prepare: Any = create_transform(**configured({}, model=model))

    def computed() -> Any:
        parts = []
        with torch.inference_mode():
            for start in range(0, len(paths), BATCH_SIZE):
                part = paths[start : start + BATCH_SIZE]
                rows = [prepare(Image.open(path).convert("RGB")) for path in part]
                parts.append(model(torch.stack(rows)))
        return torch.cat(parts)

    return computed


WAYS: dict[str, tuple[str, Way]] = {
    OURS: ("zoo", zoo_features),
    "zoo.features in float32": ("zoo", zoo_float32),
    "timm": ("timm", timm_features),
}


def features(repeat: int) -> dict[str, list[Measured]]:
    """Return the rows by architecture."""
    with tempfile.TemporaryDirectory(prefix="zoo-bench-") as temporary:
        folder = Path(temporary)
        made([__file__, "make", "", temporary], folder)
        there = [n for n, (module, _) in WAYS.items() if available(n, module)]
        return {
            architecture: asked_in_turn(
                {name: [__file__, name, architecture, temporary] for name in there},
                folder,
                repeat,
            )
            for architecture in ARCHITECTURES
        }


def show(found: Mapping[str, Sequence[Measured]]) -> None:
    """Print what the photographs take, as times of what the zoo takes."""
    filled = table("Features of 244 photographs, one thread")
    for architecture in found:
        filled.add_column(f"ms, {architecture}", justify="right")
        filled.add_column(f"/ {OURS}", justify="right")
    ours = {name: row for name in found for row in found[name] if row.name == OURS}
    for way in zip(*found.values(), strict=True):
        cells = [
            (f"{row.ms:,.0f}", f"{row.times(ours[name]):.2f}")
            for name, row in zip(found, way, strict=True)
        ]
        filled.add_row(way[0].name, *(cell for pair in cells for cell in pair))
    console.print(filled)


def main(way: str, architecture: str, folder: Path) -> None:
    if way == "make":
        import zoo

        make_zoo(FILES["resnet50"], folder)
        for number, row in enumerate(zoo.load_dataset("hymenoptera", "train")):
            row["image"].convert("RGB").save(folder / f"{number:03}.jpg", quality=90)
        return
    import torch

    torch.set_num_threads(1)
    serve(WAYS[way][1](architecture, sorted(folder.glob("*.jpg"))))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
