"""Small networks for tables: numbers, and answers yes or no.

This module is only metadata; it must stay free of torch.
"""

from zoo import (
    ClassOutput,
    DatasetSpec,
    License,
    Metric,
    ModelSpec,
    NumberOutput,
    Weights,
    hookimpl,
)
from zoo_tabular.columns import ANGLE, NUCLEI, PATIENT, STUDENT, SUBURB

COMPUTED = License(code="mit", weights="mit", data="mit")
UNSTATED = License(code="mit", weights="mit", data="unknown")
NUMBER = "tabular-regression"
BACKPROPAGATION = "https://doi.org/10.1038/323533a0"

SPECS = (
    ModelSpec(
        name="sine-poly3",
        summary="A cubic polynomial, four weights, fitted to the sine.",
        task=NUMBER,
        build="zoo_tabular.polynomial:cubic",
        recipe="zoo_tabular.sine_recipe",
        card="cards/sine-poly3.md",
        license=COMPUTED,
        parameters=4,
        input=ANGLE,
        output=NumberOutput(name="sine"),
        trained_on=("sine",),
        examples=("sine.csv",),
        tags=("polynomial",),
        weights=Weights(
            size=120,
            sha256="8476c58801ad4e7a217ded8c278b34c010811e849b991f12196c4074752d513e",
        ),
        metrics=(
            Metric(
                name="rmse",
                value=0.066536,
                dataset="sine",
                split="train",
                tolerance=7e-05,
                baseline=0.443568,
                baseline_name="straight line",
            ),
            Metric(
                name="mae",
                value=0.057906,
                dataset="sine",
                split="train",
                tolerance=6e-05,
                baseline=0.391231,
                baseline_name="straight line",
            ),
            Metric(
                name="r2",
                value=0.991137,
                dataset="sine",
                split="train",
                tolerance=0.001,
                baseline=0.606102,
                baseline_name="straight line",
            ),
        ),
    ),
    ModelSpec(
        name="mlp-exam-score",
        summary="A 2-3-1 sigmoid network tells an invented exam's score by two hours.",
        task=NUMBER,
        build="zoo_tabular.mlp:tabular_mlp",
        options={
            "inputs": 2,
            "hidden": (3,),
            "activation": "sigmoid",
            "bounded": True,
        },
        recipe="zoo_tabular.exam_recipe",
        card="cards/mlp-exam-score.md",
        license=COMPUTED,
        parameters=13,
        input=STUDENT,
        output=NumberOutput(name="score"),
        trained_on=("exam-scores",),
        head="output",
        examples=("students.csv",),
        papers=(BACKPROPAGATION,),
        tags=("mlp",),
        weights=Weights(
            size=652,
            sha256="3cc82d3f4f4b8caf1fc648451f790345c8c6ecf6742e22f43f02d77ab176ebc9",
        ),
        metrics=(
            Metric(
                name="rmse",
                value=0.004757,
                dataset="exam-scores",
                split="test",
                tolerance=5e-06,
                baseline=0.105869,
                baseline_name="mean",
            ),
            Metric(
                name="mae",
                value=0.003145,
                dataset="exam-scores",
                split="test",
                tolerance=3e-06,
                baseline=0.091551,
                baseline_name="mean",
            ),
            Metric(
                name="r2",
                value=0.997981,
                dataset="exam-scores",
                split="test",
                tolerance=0.001,
                baseline=-1.3e-05,
                baseline_name="mean",
            ),
        ),
    ),
    ModelSpec(
        name="mlp-boston",
        summary="An MLP tells the median house price of a Boston suburb in 1970.",
        task=NUMBER,
        build="zoo_tabular.mlp:tabular_mlp",
        options={"inputs": 13, "hidden": (64, 64), "dropout": 0.1},
        recipe="zoo_tabular.regression_recipe",
        card="cards/mlp-boston.md",
        license=UNSTATED,
        parameters=5_121,
        input=SUBURB,
        output=NumberOutput(name="price", unit="thousand dollars"),
        trained_on=("boston_housing",),
        head="output",
        examples=("suburb.csv",),
        papers=("https://doi.org/10.1016/0095-0696(78)90006-2", BACKPROPAGATION),
        tags=("mlp",),
        weights=Weights(
            size=21_364,
            sha256="07edf9385966119113475ea56d37b4050a9d8559df1b80078dd72c984ef39a2f",
        ),
        metrics=(
            Metric(
                name="rmse",
                value=3.4004,
                dataset="boston_housing",
                split="test",
                tolerance=0.003,
                baseline=4.493145,
                baseline_name="least squares",
            ),
            Metric(
                name="mae",
                value=2.141457,
                dataset="boston_housing",
                split="test",
                tolerance=0.002,
                baseline=3.33489,
                baseline_name="least squares",
            ),
            Metric(
                name="r2",
                value=0.851226,
                dataset="boston_housing",
                split="test",
                tolerance=0.0009,
                baseline=0.740242,
                baseline_name="least squares",
            ),
        ),
    ),
    ModelSpec(
        name="mlp-diabetes",
        summary="An MLP tells how far diabetes has gone a year after ten measures.",
        task=NUMBER,
        build="zoo_tabular.mlp:tabular_mlp",
        options={"inputs": 10, "hidden": (64, 64)},
        settings={"epochs": 30, "batch": 16, "lr": 1e-3, "weight_decay": 0.1},
        recipe="zoo_tabular.regression_recipe",
        card="cards/mlp-diabetes.md",
        license=UNSTATED,
        parameters=4_929,
        input=PATIENT,
        output=NumberOutput(name="progression", unit="points"),
        trained_on=("diabetes",),
        head="output",
        examples=("patients.csv",),
        papers=("https://doi.org/10.1214/009053604000000067", BACKPROPAGATION),
        tags=("mlp",),
        weights=Weights(
            size=20_572,
            sha256="0cabb775064e42773c76a7e877cf504e7ee6673c886185329ae7522887220075",
        ),
        metrics=(
            Metric(
                name="rmse",
                value=52.117573,
                dataset="diabetes",
                split="test",
                tolerance=0.05,
                baseline=52.453777,
                baseline_name="least squares",
            ),
            Metric(
                name="mae",
                value=43.71463,
                dataset="diabetes",
                split="test",
                tolerance=0.04,
                baseline=44.151542,
                baseline_name="least squares",
            ),
            Metric(
                name="r2",
                value=0.582527,
                dataset="diabetes",
                split="test",
                tolerance=0.0006,
                baseline=0.577123,
                baseline_name="least squares",
            ),
        ),
    ),
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
)

DATASETS = (
    DatasetSpec(
        name="sine",
        summary="The sine at 1,000 points from -pi to pi.",
        license="mit",
        splits={"train": 1_000},
        columns={"x": ("x",), "sine": ("sine",)},
        package="zoo_tabular.tables:sine",
    ),
    DatasetSpec(
        name="exam-scores",
        summary="Invented students: hours of study and sleep, and the score they make.",
        license="mit",
        splits={"train": 800, "test": 200},
        columns={name: (name,) for name in ("study", "sleep", "score")},
        package="zoo_tabular.tables:exam_scores",
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS


@hookimpl
def zoo_datasets() -> tuple[DatasetSpec, ...]:
    return DATASETS
