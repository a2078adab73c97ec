"""The specs of the networks that answer yes or no.

This module is only metadata; it must stay free of torch.
"""

from zoo import ClassOutput, License, Metric, ModelSpec, Weights
from zoo_tabular.columns import NUCLEI, PIMA, SURGERY

__all__ = ["SPECS"]

UNSTATED = License(code="mit", weights="mit", data="unknown")
BACKPROPAGATION = "https://doi.org/10.1038/323533a0"

SPECS = (
    ModelSpec(
        name="mlp-breast-cancer",
        summary="An MLP tells malignant from benign by 30 measures of cell nuclei.",
        task="tabular-classification",
        build="zoo_tabular.mlp:tabular_mlp",
        options={"inputs": 30, "hidden": (30, 30), "dropout": 0.2},
        recipe="zoo_tabular.cancer_recipe",
        card="cards/mlp-breast-cancer.md",
        license=License(code="mit", weights="mit", data="cc-by-4.0"),
        parameters=1_891,
        input=NUCLEI,
        output=ClassOutput(labels=("malignant", "benign"), function_to_apply="sigmoid"),
        trained_on=("breast-cancer",),
        head="output",
        examples=("nuclei.csv",),
        papers=("https://doi.org/10.24432/C5DW2B", BACKPROPAGATION),
        tags=("mlp",),
        weights=Weights(
            size=8_564,
            sha256="cbe6d4be1aff45d2d51cdefd5700ee673c68a1eb4cde376c4b52672649d2d6bf",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.973684,
                dataset="breast-cancer",
                split="test",
                tolerance=1e-06,
                baseline=0.964912,
                baseline_name="logistic regression",
            ),
            Metric(
                name="f1",
                value=0.972355,
                dataset="breast-cancer",
                split="test",
                tolerance=1e-06,
            ),
        ),
    ),
    ModelSpec(
        name="mlp-pima",
        summary="An MLP tells from eight measures whether diabetes will be found.",
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
        weights=Weights(
            size=4_684,
            sha256="ebad9f5dffaee6a6f220bc3a673de9a33deec8c34219d1560f61820eef766877",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.779221,
                dataset="pima",
                split="test",
                tolerance=1e-06,
                baseline=0.662338,
                baseline_name="majority class",
            ),
            Metric(
                name="f1", value=0.73971, dataset="pima", split="test", tolerance=1e-06
            ),
            Metric(
                name="auc",
                value=0.848416,
                dataset="pima",
                split="test",
                tolerance=0.0008,
            ),
        ),
    ),
    # Without weights: its data can't be had everywhere.
    ModelSpec(
        name="mlp-thoracic",
        summary="An MLP to train on who dies within a year of lung surgery.",
        task="tabular-classification",
        build="zoo_tabular.mlp:tabular_mlp",
        options={"inputs": 16, "hidden": (30, 30), "dropout": 0.5},
        recipe="zoo_tabular.patient_recipe",
        card="cards/mlp-thoracic.md",
        license=UNSTATED,
        parameters=1_471,
        input=SURGERY,
        output=ClassOutput(labels=("survived", "died"), function_to_apply="sigmoid"),
        trained_on=("thoracic",),
        papers=(BACKPROPAGATION,),
        tags=("mlp",),
    ),
)
