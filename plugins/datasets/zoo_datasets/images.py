"""Images with one label or text each: `image` and `label`."""

from zoo import DatasetSpec

__all__ = ["SPECS"]

SPECS = (
    DatasetSpec(
        name="mnist",
        summary="Handwritten digits, 28x28, gray: light strokes on black.",
        license="cc-by-sa-3.0",
        splits={"train": 60_000, "test": 10_000},
        columns={"image": ("image",), "label": ("label",)},
        labels=tuple("0123456789"),
        hub="ylecun/mnist",
        homepage="http://yann.lecun.com/exdb/mnist/",
        citation="LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to "
        "document recognition, 1998. https://doi.org/10.1109/5.726791",
    ),
    DatasetSpec(
        name="fashion_mnist",
        summary="Clothes of ten classes, 28x28, gray: a harder replacement for MNIST.",
        license="mit",
        splits={"train": 60_000, "test": 10_000},
        columns={"image": ("image",), "label": ("label",)},
        labels=(
            "T - shirt / top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        hub="zalando-datasets/fashion_mnist",
        homepage="https://github.com/zalandoresearch/fashion-mnist",
        citation="Xiao, Rasul, Vollgraf: Fashion-MNIST, 2017. "
        "https://arxiv.org/abs/1708.07747",
    ),
    DatasetSpec(
        name="cifar10",
        summary="Animals and vehicles of ten kinds, 32x32, colour.",
        license="unknown",
        splits={"train": 50_000, "test": 10_000},
        columns={"image": ("img",), "label": ("label",)},
        labels=(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
        hub="uoft-cs/cifar10",
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
        citation="Krizhevsky: Learning multiple layers of features from tiny images, "
        "2009.",
    ),
    DatasetSpec(
        name="hymenoptera",
        summary="Photographs of ants and of bees: few, for transfer learning.",
        license="unknown",
        splits={"train": 244, "test": 153},
        columns={"image": ("image",), "label": ("label",)},
        labels=("ants", "bees"),
        homepage="https://download.pytorch.org/tutorial/hymenoptera_data.zip",
        citation="The PyTorch transfer learning tutorial; images from ImageNet.",
    ),
    DatasetSpec(
        name="horse2zebra",
        summary="Photographs of horses and of zebras, 128x128, not paired.",
        license="unknown",
        splits={"train": 2_375, "test": 260},
        columns={"image": ("image",), "label": ("domain",)},
        labels=("horse", "zebra"),
        similar=("huggan/horse2zebra",),  # one row a pair: imageA, imageB
        homepage="https://github.com/LiorYaacov/Horse2zebra-Image-to-image-Translation",
        citation="Zhu, Park, Isola, Efros: Unpaired image-to-image translation using "
        "cycle-consistent adversarial networks, 2017. https://arxiv.org/abs/1703.10593",
    ),
    DatasetSpec(
        name="faces",
        summary="Faces with an emotion, 64x64, gray; split by person. A label of -1 "
        "means that the emotion is unknown.",
        license="unknown",
        splits={"train": 11_284, "test": 1_508},
        columns={"image": ("image",), "label": ("emotion",), "person": ("person",)},
        labels=(
            "anger",
            "contempt",
            "disgust",
            "fear",
            "happiness",
            "neutral",
            "sadness",
            "surprise",
        ),
        similar=("nielsr/CelebA-faces",),
        homepage="https://github.com/muxspace/facial_expressions",
        citation="Labelled by students; mostly images of Labeled Faces in the Wild, "
        "Huang and others, 2007. Not for identifying people.",
    ),
    DatasetSpec(
        name="captcha",
        summary="Images of five distorted characters and the text, 200x50, gray.",
        license="unknown",
        splits={"train": 963, "test": 107},
        columns={"image": ("image",), "text": ("text",)},
        homepage="https://www.kaggle.com/datasets/fournierp/captcha-version-2-images",
        citation="Wilhelmy, Rosas: captcha dataset, 2013.",
    ),
    DatasetSpec(
        name="sr_photos",
        summary="Natural photographs for super-resolution: Berkeley's to train with, "
        "Set5 and Set14 to test with.",
        license="other",  # the train part: non-commercial research and education
        splits={"train": 399, "validation": 100, "test": 18},
        columns={"image": ("image",), "origin": ("source",), "name": ("name",)},
        similar=("eugenesiow/Div2k", "eugenesiow/Set5", "eugenesiow/Set14"),
        homepage="https://github.com/BIDS/BSDS500",
        citation="Arbelaez, Maire, Fowlkes, Malik: Contour detection and hierarchical "
        "image segmentation, 2011. https://doi.org/10.1109/TPAMI.2010.161",
    ),
    DatasetSpec(
        name="flowers",
        summary="Photographs of five kinds of flowers. The compact copy has a shorter "
        "side of 72 pixels, and a split of its own. `photo` names the photograph.",
        license="cc-by-2.0",
        splits={"train": 2_931, "validation": 367, "test": 367},
        columns={"image": ("image",), "label": ("label",), "photo": ("photo",)},
        labels=("dandelion", "daisy", "tulips", "sunflowers", "roses"),
        homepage="https://www.tensorflow.org/datasets/catalog/tf_flowers",
        citation="The TensorFlow Team: Flowers, 2019. Each photograph belongs to its "
        "photographer, by Flickr.",
    ),
    DatasetSpec(
        name="utkface",
        summary="Faces of adults in colour, 64x64, without labels. People are not told "
        "apart, so one person may be in both splits.",
        license="other",  # non-commercial research
        splits={"train": 3_420, "test": 380},
        columns={"image": ("image",)},
        similar=("py97/UTKFace-Cropped",),
        homepage="https://susanqq.github.io/UTKFace/",
        citation="Zhang, Song, Qi: Age progression/regression by conditional "
        "adversarial autoencoder, 2017. https://arxiv.org/abs/1702.08423. Not for "
        "identifying people.",
    ),
)
