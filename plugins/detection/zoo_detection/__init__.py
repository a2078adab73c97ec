"""Object detection: what a picture shows, each object in a box or as its keypoints.

This module is only metadata; it must stay free of torch.
"""

from zoo import (
    BoxOutput,
    ImageInput,
    InstanceOutput,
    KeypointOutput,
    License,
    ModelSpec,
    hookimpl,
)

# The 68 points of a face, in the order of iBUG 300-W: of each part how many there are,
# and whether a line closes it. Left and right are the picture's.
FACE_PARTS = (
    ("jaw", 17, False),
    ("left brow", 5, False),
    ("right brow", 5, False),
    ("nose bridge", 4, False),
    ("nostrils", 5, False),
    ("left eye", 6, True),
    ("right eye", 6, True),
    ("outer lips", 12, True),
    ("inner lips", 8, True),
)
FACE_POINTS = tuple(
    f"{part} {number}"
    for part, count, _ in FACE_PARTS
    for number in range(1, count + 1)
)
EYE_CORNERS = FACE_POINTS.index("left eye 1"), FACE_POINTS.index("right eye 4")
# Which point each is in the mirror.
MIRRORED = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31),
    *range(35, 30, -1),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
)


def face_lines() -> tuple[tuple[int, int], ...]:
    """Return the pairs of points of a face that lines connect."""
    lines: list[tuple[int, int]] = []
    first = 0
    for _, count, closed in FACE_PARTS:
        last = first + count - 1
        lines += [(number, number + 1) for number in range(first, last)]
        lines += [(last, first)] if closed else []
        first += count
    return tuple(lines)


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
        head="head",
        examples=("smear.jpg",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1506.02640",
            "https://arxiv.org/abs/1612.08242",
            "https://arxiv.org/abs/1804.02767",
        ),
        tags=("blood cells", "microscopy"),
        chapters=("detection",),
    ),
    ModelSpec(
        name="faster-rcnn-mini",
        summary="A small Faster R-CNN finds the cells in a picture of blood.",
        task="object-detection",
        build="zoo_detection.faster_rcnn:faster_rcnn",
        recipe="zoo_detection.faster_rcnn_recipe",
        card="cards/faster-rcnn-mini.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=603_917,
        input=ImageInput(
            height=192,
            width=256,
            mean=(0.74, 0.7, 0.71),
            std=(0.1, 0.1, 0.1),
            fit="stretch",
        ),
        output=BoxOutput(labels=("RBC", "WBC", "Platelets"), threshold=0.4),
        trained_on=("bccd",),
        head="head",
        examples=("smear.jpg",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1506.01497",
            "https://arxiv.org/abs/1504.08083",
            "https://arxiv.org/abs/1703.06870",
        ),
        tags=("blood cells", "microscopy"),
        chapters=("detection",),
    ),
    ModelSpec(
        name="mask-rcnn-mini",
        summary="A small Mask R-CNN finds cell nuclei, and the pixels of each.",
        task="image-segmentation",
        build="zoo_detection.mask_rcnn:mask_rcnn",
        recipe="zoo_detection.mask_rcnn_recipe",
        card="cards/mask-rcnn-mini.md",
        license=License(code="mit", weights="mit", data="cc0-1.0"),
        parameters=694_516,
        input=ImageInput(
            height=192,
            width=192,
            mean=(0.18, 0.16, 0.2),
            std=(0.27, 0.25, 0.3),
            fit="stretch",
        ),
        output=InstanceOutput(
            labels=("nucleus",), mask_size=14, threshold=0.5, max_objects=200
        ),
        trained_on=("nuclei",),
        head="head",
        examples=("nuclei.png",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1703.06870",
            "https://arxiv.org/abs/1506.01497",
            "https://arxiv.org/abs/1612.03144",
        ),
        tags=("nuclei", "microscopy", "instance segmentation"),
        chapters=("detection",),
    ),
    ModelSpec(
        name="posenet-mini",
        summary="A small PoseNet finds 68 keypoints of a face.",
        task="keypoint-detection",
        build="zoo_detection.posenet:posenet",
        recipe="zoo_detection.posenet_recipe",
        card="cards/posenet-mini.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=474_984,
        input=ImageInput(
            height=96,
            width=96,
            mean=(0.47, 0.36, 0.3),
            std=(0.26, 0.22, 0.21),
            fit="stretch",
        ),
        output=KeypointOutput(
            labels=FACE_POINTS, reference=EYE_CORNERS, skeleton=face_lines()
        ),
        trained_on=("facial_keypoints",),
        head="head",
        examples=("face.png",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1701.01779",
            "https://arxiv.org/abs/1803.08225",
        ),
        tags=("faces", "keypoints"),
        chapters=("detection",),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
