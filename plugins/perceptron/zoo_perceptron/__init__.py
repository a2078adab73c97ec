"""Perceptrons and the smallest networks: where the course begins.

This module is only metadata; it must stay free of torch.
"""

from zoo import (
    ClassOutput,
    Column,
    DatasetSpec,
    License,
    ModelSpec,
    TabularInput,
    hookimpl,
)

BITS = TabularInput(
    columns=(Column(name="a", low=0, high=1), Column(name="b", low=0, high=1))
)
IRIS_LENGTHS = TabularInput(
    columns=(
        Column(name="sepal_length", low=4.3, high=7.0, unit="cm"),
        Column(name="petal_length", low=1.0, high=5.1, unit="cm"),
    )
)
MIT = License(code="mit", weights="mit", data="mit")
FALSE_TRUE = ("false", "true")
TASK = "tabular-classification"

SPECS = (
    ModelSpec(
        name="perceptron-gates",
        summary="Two perceptrons compute AND and OR of two bits.",
        task=TASK,
        build="zoo_perceptron.perceptron:perceptron",
        options={"inputs": 2, "outputs": 2},
        recipe="zoo_perceptron.gates_recipe",
        card="cards/perceptron-gates.md",
        license=MIT,
        parameters=6,
        input=BITS,
        output=ClassOutput(
            labels=("and", "or"), function_to_apply="none", multi_label=True
        ),
        trained_on=("logic-gates",),
        examples=("bits.csv",),
        papers=("https://doi.org/10.1037/h0042519",),
        tags=("logic", "perceptron"),
        chapters=("perceptron",),
    ),
    ModelSpec(
        name="neuron-or",
        summary="One sigmoid neuron, trained with hand-written gradients, computes OR.",
        task=TASK,
        build="zoo_perceptron.neuron:neuron",
        recipe="zoo_perceptron.or_recipe",
        card="cards/neuron-or.md",
        license=MIT,
        parameters=3,
        input=BITS,
        output=ClassOutput(labels=FALSE_TRUE, function_to_apply="sigmoid"),
        trained_on=("logic-gates",),
        examples=("bits.csv",),
        papers=("https://doi.org/10.1038/323533a0",),
        tags=("logic", "neuron"),
        chapters=("perceptron",),
    ),
    ModelSpec(
        name="perceptron-iris",
        summary="A perceptron separates setosa from versicolor by two lengths.",
        task=TASK,
        build="zoo_perceptron.perceptron:perceptron",
        options={"inputs": 2, "outputs": 1},
        recipe="zoo_perceptron.iris_recipe",
        card="cards/perceptron-iris.md",
        license=License(code="mit", weights="mit", data="cc-by-4.0"),
        parameters=3,
        input=IRIS_LENGTHS,
        output=ClassOutput(labels=("setosa", "versicolor"), function_to_apply="none"),
        trained_on=("iris",),
        examples=("iris.csv",),
        papers=(
            "https://doi.org/10.1037/h0042519",
            "https://doi.org/10.1111/j.1469-1809.1936.tb02137.x",
        ),
        tags=("iris", "perceptron"),
        chapters=("perceptron",),
    ),
    ModelSpec(
        name="xor-mlp",
        summary="A 2-2-1 sigmoid network learns XOR, which no perceptron can.",
        task=TASK,
        build="zoo_perceptron.xor:xor_mlp",
        options={"activation": "sigmoid"},
        recipe="zoo_perceptron.xor_recipe",
        card="cards/xor-mlp.md",
        license=MIT,
        parameters=9,
        input=BITS,
        output=ClassOutput(labels=FALSE_TRUE, function_to_apply="sigmoid"),
        trained_on=("logic-gates",),
        examples=("bits.csv",),
        papers=("https://doi.org/10.1038/323533a0",),
        tags=("logic", "xor", "mlp"),
        chapters=("perceptron", "mlp"),
    ),
    ModelSpec(
        name="xor-mlp.hand-set",
        summary="A 2-2-1 step network computes XOR with weights set by hand.",
        task=TASK,
        build="zoo_perceptron.xor:xor_mlp",
        options={"activation": "step"},
        recipe="zoo_perceptron.xor_hand_set_recipe",
        card="cards/xor-mlp.hand-set.md",
        license=MIT,
        parameters=9,
        input=BITS,
        output=ClassOutput(labels=FALSE_TRUE, function_to_apply="none"),
        trained_on=("logic-gates",),
        examples=("bits.csv",),
        papers=("https://doi.org/10.1007/BF02478259",),
        tags=("logic", "xor", "mlp"),
        chapters=("perceptron", "mlp"),
    ),
)

DATASETS = (
    DatasetSpec(
        name="logic-gates",
        summary="The truth tables of AND, OR and XOR: four rows, all there are.",
        license="mit",
        splits={"train": 4},
        columns={name: (name,) for name in ("a", "b", "and", "or", "xor")},
        package="zoo_perceptron.truth_tables:logic_gates",
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS


@hookimpl
def zoo_datasets() -> tuple[DatasetSpec, ...]:
    return DATASETS
