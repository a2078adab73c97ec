"""The specs of the regressions.

This module is only metadata; it must stay free of torch.
"""

from zoo import License, ModelSpec, NumberOutput
from zoo_tabular.columns import BOSTON, CALIFORNIA, DIABETES, EXAM_SCORES, SINE

__all__ = ["SPECS"]

COMPUTED = License(code="mit", weights="mit", data="mit")
UNSTATED = License(code="mit", weights="mit", data="unknown")
REGRESSION = "tabular-regression"
BACKPROPAGATION = "https://doi.org/10.1038/323533a0"

SPECS = (
    ModelSpec(
        name="sine-poly3",
        summary="A cubic polynomial with four weights, fitted to the sine.",
        task=REGRESSION,
        build="zoo_tabular.polynomial:cubic",
        recipe="zoo_tabular.sine_recipe",
        card="cards/sine-poly3.md",
        license=COMPUTED,
        parameters=4,
        input=SINE,
        output=NumberOutput(name="sine"),
        trained_on=("sine",),
        examples=("sine.csv",),
        tags=("polynomial",),
        chapters=("autograd",),
    ),
    ModelSpec(
        name="mlp-exam-score",
        summary="A 2-3-1 sigmoid network predicts a synthetic exam score.",
        task=REGRESSION,
        build="zoo_tabular.mlp:tabular_mlp",
        options={
            "inputs": 2,
            "hidden": (3,),
            "activation": "sigmoid",
            "sigmoid_output": True,
        },
        recipe="zoo_tabular.exam_recipe",
        card="cards/mlp-exam-score.md",
        license=COMPUTED,
        parameters=13,
        input=EXAM_SCORES,
        output=NumberOutput(name="score"),
        trained_on=("exam-scores",),
        head="head",
        examples=("students.csv",),
        papers=(BACKPROPAGATION,),
        tags=("mlp",),
        chapters=("data",),
    ),
    ModelSpec(
        name="mlp-boston",
        summary="An MLP predicts the median house price of a Boston suburb in 1970.",
        task=REGRESSION,
        build="zoo_tabular.mlp:tabular_mlp",
        options={"inputs": 13, "hidden": (64, 64), "dropout": 0.1},
        recipe="zoo_tabular.regression_recipe",
        card="cards/mlp-boston.md",
        license=UNSTATED,
        parameters=5_121,
        input=BOSTON,
        output=NumberOutput(name="price", unit="thousand dollars"),
        trained_on=("boston_housing",),
        head="head",
        examples=("suburb.csv",),
        papers=("https://doi.org/10.1016/0095-0696(78)90006-2", BACKPROPAGATION),
        tags=("mlp",),
        chapters=("mlp", "data"),
    ),
    ModelSpec(
        name="mlp-diabetes",
        summary="An MLP predicts the progression of diabetes from ten measurements.",
        task=REGRESSION,
        build="zoo_tabular.mlp:tabular_mlp",
        options={"inputs": 10, "hidden": (64, 64)},
        settings={"epochs": 30, "batch_size": 16, "lr": 1e-3, "weight_decay": 0.1},
        recipe="zoo_tabular.regression_recipe",
        card="cards/mlp-diabetes.md",
        license=UNSTATED,
        parameters=4_929,
        input=DIABETES,
        output=NumberOutput(name="progression", unit="points"),
        trained_on=("diabetes",),
        head="head",
        examples=("patients.csv",),
        papers=("https://doi.org/10.1214/009053604000000067", BACKPROPAGATION),
        tags=("mlp",),
        chapters=("mlp", "data"),
    ),
    ModelSpec(
        name="mlp-california",
        summary="An MLP predicts the median house value of a block in California.",
        task=REGRESSION,
        build="zoo_tabular.mlp:tabular_mlp",
        # Rooms, bedrooms and people, whose largest values are far above their means.
        options={"inputs": 8, "hidden": (100,), "log_columns": (2, 3, 4, 5)},
        settings={"epochs": 100, "batch_size": 100, "lr": 1e-2},
        recipe="zoo_tabular.california_recipe",
        card="cards/mlp-california.md",
        license=UNSTATED,
        parameters=1_001,
        input=CALIFORNIA,
        output=NumberOutput(name="value", unit="hundred thousand dollars"),
        trained_on=("california_housing",),
        head="head",
        examples=("block.csv",),
        papers=("https://doi.org/10.1016/S0167-7152(96)00140-X", BACKPROPAGATION),
        tags=("mlp",),
        behind_baseline="On tables of a few numbers, trees usually are; the network is "
        "ahead of least squares and of the nearest neighbours.",
        chapters=("mlp", "data"),
    ),
)
