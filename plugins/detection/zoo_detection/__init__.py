"""Object detection: what a picture shows, each object in a box.

This module is only metadata; it must stay free of torch.
"""

from zoo import BoxOutput, ImageInput, License, ModelSpec, hookimpl

SPECS = (
    ModelSpec(
        name="yolo-mini",
        summary="A small YOLO finds the cells in a picture of blood.",
        task="object-detection",
        build="zoo_detection.yolo:yolo",
        recipe="zoo_detection.yolo_recipe",
        card="cards/yolo-mini.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=417_060,
        input=ImageInput(
            height=192,
            width=256,
            mean=(0.74, 0.7, 0.71),
            std=(0.1, 0.1, 0.1),
            fit="stretch",
        ),
        output=BoxOutput(labels=("RBC", "WBC", "Platelets"), threshold=0.4),
        trained_on=("bccd",),
        examples=("smear.jpg",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1506.02640",
            "https://arxiv.org/abs/1612.08242",
            "https://arxiv.org/abs/1804.02767",
        ),
        tags=("blood cells", "microscopy"),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
