"""Tables of numbers, and the small sets that scikit-learn ships.

scikit-learn's iris differs from the UCI's in two rows, the 35th and the 38th: it has
Fisher's own values there, and the UCI's copy, which is also the compact one, has not.
"""

from zoo import DatasetSpec

__all__ = ["BREAST_CANCER", "CALIFORNIA", "DIABETES", "IRIS", "PIMA", "SPECS", "WINE"]

IRIS = {
    "sepal_length": ("SepalLengthCm",),
    "sepal_width": ("SepalWidthCm",),
    "petal_length": ("PetalLengthCm",),
    "petal_width": ("PetalWidthCm",),
}

WINE = (
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280_od315_of_diluted_wines",
    "proline",
)

DIABETES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")

_NUCLEUS = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave_points",
    "symmetry",
    "fractal_dimension",
)
BREAST_CANCER = (
    *(f"mean_{name}" for name in _NUCLEUS),
    *(f"{name}_error" for name in _NUCLEUS),
    *(f"worst_{name}" for name in _NUCLEUS),
)

_BOSTON = (
    "CRIM",
    "ZN",
    "INDUS",
    "CHAS",
    "NOX",
    "RM",
    "AGE",
    "DIS",
    "RAD",
    "TAX",
    "PTRATIO",
    "B",
    "LSTAT",
)
CALIFORNIA = {
    "median_income": ("MedInc",),
    "house_age": ("HouseAge",),
    "rooms": ("AveRooms",),
    "bedrooms": ("AveBedrms",),
    "population": ("Population",),
    "occupancy": ("AveOccup",),
    "latitude": ("Latitude",),
    "longitude": ("Longitude",),
}
PIMA = {
    "pregnancies": ("Pregnancies", "Preg", "preg"),
    "glucose": ("Glucose", "Plas", "plas"),
    "pressure": ("BloodPressure", "Pres", "pres"),
    "skin": ("SkinThickness", "Skin"),
    "insulin": ("Insulin", "Insu", "insu"),
    "bmi": ("BMI", "Mass", "mass"),
    "pedigree": ("DiabetesPedigreeFunction", "Pedi", "pedi"),
    "age": ("Age",),
}
# The names of the UCI's file. diagnosis, performance and size are codes, the smaller
# the milder; of the others, all but the two volumes and age are 1 for yes.
_THORACIC = {
    "diagnosis": ("DGN",),
    "forced_capacity": ("PRE4",),
    "forced_second": ("PRE5",),
    "performance": ("PRE6",),
    "pain": ("PRE7",),
    "blood": ("PRE8",),
    "breathless": ("PRE9",),
    "cough": ("PRE10",),
    "weakness": ("PRE11",),
    "size": ("PRE14",),
    "diabetes": ("PRE17",),
    "infarct": ("PRE19",),
    "arteries": ("PRE25",),
    "smoking": ("PRE30",),
    "asthma": ("PRE32",),
    "age": ("AGE",),
}
_STOCK = ("date", "open", "high", "low", "close", "adj_close", "volume")


def _unrenamed(names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {name: (name,) for name in names}


SPECS = (
    DatasetSpec(
        name="iris",
        summary="Four measurements of 150 flowers of three species, sorted by species: "
        "shuffle. Two rows of scikit-learn's copy differ from the UCI's.",
        license="cc-by-4.0",
        splits={"train": 150},
        columns={**IRIS, "label": ("Species", "species")},
        labels=("Iris-setosa", "Iris-versicolor", "Iris-virginica"),
        hub="scikit-learn/iris",
        package="zoo_datasets.scikit_learn:iris",
        homepage="https://archive.ics.uci.edu/dataset/53/iris",
        citation="Fisher: The use of multiple measurements in taxonomic problems, "
        "1936. https://doi.org/10.1111/j.1469-1809.1936.tb02137.x",
    ),
    DatasetSpec(
        name="digits",
        summary="Handwritten digits, 8x8, gray: small enough for any method.",
        license="cc-by-4.0",
        splits={"train": 1_797},
        columns={"image": ("image",), "label": ("label",)},
        labels=tuple("0123456789"),
        package="zoo_datasets.scikit_learn:digits",
        homepage="https://archive.ics.uci.edu/dataset/80",
        citation="Alpaydin, Kaynak: Optical recognition of handwritten digits, 1998. "
        "https://doi.org/10.24432/C50P49",
    ),
    DatasetSpec(
        name="breast-cancer",
        summary="Thirty measurements of cell nuclei; is the tumour malignant?",
        license="cc-by-4.0",
        splits={"train": 569},
        columns={**_unrenamed(BREAST_CANCER), "label": ("label",)},
        labels=("malignant", "benign"),
        package="zoo_datasets.scikit_learn:breast_cancer",
        homepage="https://archive.ics.uci.edu/dataset/17",
        citation="Wolberg, Mangasarian, Street, Street: Breast cancer Wisconsin "
        "(diagnostic), 1995. https://doi.org/10.24432/C5DW2B",
    ),
    DatasetSpec(
        name="wine",
        summary="Thirteen measurements of Italian wines from three growers.",
        license="cc-by-4.0",
        splits={"train": 178},
        columns={**_unrenamed(WINE), "label": ("label",)},
        labels=("class_0", "class_1", "class_2"),
        package="zoo_datasets.scikit_learn:wine",
        homepage="https://archive.ics.uci.edu/dataset/109/wine",
        citation="Aeberhard, Forina: Wine, 1992. https://doi.org/10.24432/C5PC7J",
    ),
    DatasetSpec(
        name="diabetes",
        summary="Ten measurements of patients, unscaled, and the progression of the "
        "disease a year later.",
        license="unknown",
        splits={"train": 442},
        columns={**_unrenamed(DIABETES), "target": ("target",)},
        package="zoo_datasets.scikit_learn:diabetes",
        homepage="https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
        citation="Efron, Hastie, Johnstone, Tibshirani: Least angle regression, 2004. "
        "https://doi.org/10.1214/009053604000000067",
    ),
    DatasetSpec(
        name="boston_housing",
        summary="House prices of 1970 in Boston's suburbs. Column b is contested: it "
        "transforms the share of Black residents. Leave it out.",
        license="unknown",
        splits={"train": 506},
        columns={**{n.lower(): (n,) for n in _BOSTON}, "target": ("MEDV",)},
        similar=("gvlassis/california_housing",),
        homepage="https://github.com/jbrownlee/Datasets",
        citation="Harrison, Rubinfeld: Hedonic prices and the demand for clean air, "
        "1978. https://doi.org/10.1016/0095-0696(78)90006-2",
    ),
    DatasetSpec(
        name="california_housing",
        summary="House values of 1990 in Californian blocks, from eight numbers; "
        "sorted by place: shuffle.",
        license="unknown",
        splits={"train": 20_640},
        columns={**CALIFORNIA, "target": ("MedHouseVal",)},
        package="zoo_datasets.on_demand:california_housing",
        similar=("gvlassis/california_housing",),
        homepage="https://scikit-learn.org/stable/datasets/real_world.html",
        citation="Pace, Barry: Sparse spatial autoregressions, Statistics and "
        "Probability Letters, 1997.",
    ),
    DatasetSpec(
        name="pima",
        summary="Eight measurements of Pima women, and whether diabetes was diagnosed "
        "within five years. A zero often stands for a missing value.",
        license="unknown",
        splits={"train": 768},
        columns={**PIMA, "label": ("label", "Outcome", "class")},
        labels=("healthy", "diabetes"),
        package="zoo_datasets.on_demand:pima",
        homepage="https://sci2s.ugr.es/keel/datasets.php",
        citation="Smith, Everhart, Dickson, Knowler, Johannes: Using the ADAP learning "
        "algorithm to forecast the onset of diabetes mellitus, 1988.",
    ),
    DatasetSpec(
        name="thoracic",
        summary="Sixteen facts about lung cancer patients before surgery, as numbers, "
        "and whether they died within a year.",
        license="unknown",
        splits={"train": 470},
        columns={**_THORACIC, "label": ("label", "Risk1Yr")},
        labels=("survived", "died"),
        homepage="https://archive.ics.uci.edu/dataset/277",
        citation="Zieba, Tomczak, Lubicz, Swiatek: Boosted SVM for extracting rules "
        "from imbalanced data, 2014.",
    ),
    DatasetSpec(
        name="netflix_stock",
        summary="Daily prices of the Netflix share, 2015 to 2020, split by time.",
        license="unknown",
        splits={"train": 1_007, "test": 252},
        columns=_unrenamed(_STOCK),
        homepage="https://github.com/Lautaro275/csv-empresas",
        citation="Yahoo Finance, NFLX, 2015-11-23 to 2020-11-20.",
    ),
)
