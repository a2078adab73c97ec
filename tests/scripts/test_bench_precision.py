"""What the comparison of precisions says of the figures that it has measured."""

from pathlib import Path

import bench_precision
import pytest
from bench_precision import Paired
from bench_rows import Measured
from scipy.stats import ttest_rel


def pairs(float32: tuple[float, ...], bfloat16: tuple[float, ...]) -> Paired:
    return Paired(
        name="net",
        metric="accuracy",
        float32=float32,
        bfloat16=bfloat16,
        seconds=(2.0, 1.0),
    )


def ways(plain: float, float32: float, bfloat16: float) -> list[Measured]:
    """Return the milliseconds of STEPS steps, the same in every round."""
    times = {
        bench_precision.PLAIN: plain,
        bench_precision.FLOAT32: float32,
        bench_precision.BFLOAT16: bfloat16,
    }
    return [
        Measured(
            name=name,
            first_ms=0.0,
            rounds_ms=(ms * bench_precision.STEPS,) * 3,
            mib=0.0,
        )
        for name, ms in times.items()
    ]


def test_the_bound_is_that_of_a_paired_t_test() -> None:
    """
    SciPy's one-sided interval of the same differences ends there.
    """
    found = pairs((0.75, 0.74, 0.76, 0.75), (0.74, 0.75, 0.75, 0.745))

    test = ttest_rel(found.float32, found.bfloat16, alternative="less")

    assert found.loss == pytest.approx(0.00375)
    assert found.bound == pytest.approx(test.confidence_interval(0.95).high)


def test_a_row_holds_times_ratio_and_loss() -> None:
    """
    How many times as fast bfloat16 is tells of the loop as people write it.
    """
    found = pairs((0.75, 0.75), (0.74, 0.76))

    row = bench_precision.lines({"net": (ways(8, 4, 2), found)})[2]

    assert row.startswith(
        "| `net` | 8.0 ms | 4.0 ms | 2.0 ms | 4.00 | accuracy 0.7500 | 0.7500 | +0.0000"
    )


def test_the_table_is_put_between_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What stood there goes, and the rest of the page stays.
    """
    monkeypatch.setattr(bench_precision, "ROOT", tmp_path)
    page = tmp_path / "docs" / "explanation" / "benchmarks.md"
    page.parent.mkdir(parents=True)
    begin, end = bench_precision.BEGIN, bench_precision.END
    page.write_text(f"before\n{begin}\nold\n{end}\nafter\n")

    bench_precision.write({"net": (ways(8, 4, 2), pairs((0.7, 0.8), (0.7, 0.8)))})

    text = page.read_text()
    assert text.startswith(f"before\n{begin}\n\n| recipe |")
    assert text.endswith(f"\n{end}\nafter\n")
    assert "old" not in text
