"""The specs of the networks that tell a number.

This module is only metadata; it must stay free of torch.
"""

from zoo import License, ModelSpec, NumberOutput
from zoo_tabular.columns import ANGLE, BLOCK, PATIENT, STUDENT, SUBURB

__all__ = ["SPECS"]

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
    ),
    # Without weights: its data can't be had everywhere.
    ModelSpec(
        name="mlp-california",
        summary="An MLP to train on the house values of Californian blocks.",
        task=NUMBER,
        build="zoo_tabular.mlp:tabular_mlp",
        options={"inputs": 8, "hidden": (100,)},
        settings={"epochs": 100, "batch": 100},
        recipe="zoo_tabular.regression_recipe",
        card="cards/mlp-california.md",
        license=UNSTATED,
        parameters=1_001,
        input=BLOCK,
        output=NumberOutput(name="value", unit="hundred thousand dollars"),
        trained_on=("california_housing",),
        papers=(BACKPROPAGATION,),
        tags=("mlp",),
    ),
)
