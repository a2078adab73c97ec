"""Recorded signals: `signal` is a row of numbers."""

from zoo import DatasetSpec

__all__ = ["SPECS"]

ECG = (
    "Chen, Hao, Rakthanmanon, Zakaria, Hu, Keogh: A general framework for never-ending "
    "learning from time series streams, 2015. https://doi.org/10.1007/s10618-014-0388-4"
)

SPECS = (
    DatasetSpec(
        name="ecg5000",
        summary="Heartbeats of one patient, 140 samples each, normal or not. The "
        "compact copy has its own split. A `beat` of -1 is of unknown kind.",
        license="unknown",
        splits={"train": 4_000, "test": 1_000},
        columns={"signal": ("signal",), "label": ("label",), "beat": ("beat",)},
        labels=("abnormal", "normal"),
        homepage="https://www.timeseriesclassification.com/description.php?Dataset=ECG5000",
        citation=ECG,
    ),
    DatasetSpec(
        name="ecg5000_ucr",
        summary="The heartbeats of ecg5000 whose kind is known, in the split of the "
        "UCR archive; rare kinds are over-represented in test.",
        license="unknown",
        splits={"train": 500, "test": 1_500},
        columns={"signal": ("signal",), "label": ("beat",)},
        labels=(
            "Normal",
            "R-on-T PVC",
            "PVC",
            "Supraventricular premature or ectopic beat",
            "Unclassified beat",
        ),
        homepage="https://www.timeseriesclassification.com/description.php?Dataset=ECG5000",
        citation=ECG,
    ),
)
