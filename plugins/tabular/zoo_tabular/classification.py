"""The specs of the binary classifiers.

This module is only metadata; it must stay free of torch.
"""

from zoo import ClassOutput, License, ModelSpec
from zoo_tabular.columns import BREAST_CANCER, PIMA, THORACIC

__all__ = ["SPECS"]

UNSTATED = License(code="mit", weights="mit", data="unknown")
BACKPROPAGATION = "https://doi.org/10.1038/323533a0"

SPECS = (
    ModelSpec(
        name="mlp-breast-cancer",
        summary="An MLP classifies tumors as malignant or benign by 30 measurements.",
        task="tabular-classification",
        build="zoo_tabular.mlp:tabular_mlp",
        options={"inputs": 30, "hidden": (30, 30), "dropout": 0.2},
        recipe="zoo_tabular.cancer_recipe",
        card="cards/mlp-breast-cancer.md",
        license=License(code="mit", weights="mit", data="cc-by-4.0"),
        parameters=1_891,
        input=BREAST_CANCER,
        output=ClassOutput(labels=("malignant", "benign"), function_to_apply="sigmoid"),
        trained_on=("breast-cancer",),
        head="head",
        examples=("nuclei.csv",),
        papers=("https://doi.org/10.24432/C5DW2B", BACKPROPAGATION),
        tags=("mlp",),
        chapters=("mlp", "data"),
    ),
    ModelSpec(
        name="mlp-pima",
        summary="An MLP predicts the onset of diabetes from eight measurements.",
        task="tabular-classification",
        build="zoo_tabular.mlp:tabular_mlp",
        options={"inputs": 8, "hidden": (100,), "dropout": 0.5},
        settings={"lr": 1e-3},
        recipe="zoo_tabular.patient_recipe",
        card="cards/mlp-pima.md",
        license=UNSTATED,
        parameters=1_001,
        input=PIMA,
        output=ClassOutput(labels=("healthy", "diabetes"), function_to_apply="sigmoid"),
        trained_on=("pima",),
        examples=("woman.csv",),
        papers=(BACKPROPAGATION,),
        tags=("mlp",),
        behind_baseline="In cross-validation the two are equally good, and on the "
        "test rows they differ by no more than chance.",
        chapters=("mlp", "tuning"),
    ),
    ModelSpec(
        name="mlp-thoracic",
        summary="An MLP predicts death within a year of lung cancer surgery.",
        task="tabular-classification",
        build="zoo_tabular.mlp:tabular_mlp",
        # A few volumes of the first second are noted in another unit: 86 litres.
        options={
            "inputs": 16,
            "hidden": (30, 30),
            "dropout": 0.5,
            "log_columns": (2,),
        },
        recipe="zoo_tabular.thoracic_recipe",
        card="cards/mlp-thoracic.md",
        license=UNSTATED,
        parameters=1_471,
        input=THORACIC,
        output=ClassOutput(labels=("survived", "died"), function_to_apply="sigmoid"),
        trained_on=("thoracic",),
        head="head",
        examples=("patient.csv",),
        papers=("https://doi.org/10.1016/j.asoc.2013.07.016", BACKPROPAGATION),
        tags=("mlp",),
        behind_baseline="Whoever predicts survival for all is right most often and "
        "finds no death; in cross-validation the network and balanced logistic "
        "regression differ by no more than chance.",
        chapters=("mlp", "data"),
    ),
)
