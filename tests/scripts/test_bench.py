"""The table of speed in the documentation: how it is written from what was measured."""

import re
from pathlib import Path

import bench
import pytest
from bench_rows import Measured

PAGE = Path("docs", "explanation", "benchmarks.md")
TEXT = (Path(__file__).parents[2] / PAGE).read_text(encoding="utf-8")


def row(name: str, *rounds: float) -> Measured:
    return Measured(name=name, first_ms=99.0, rounds_ms=rounds, mib=1.0)


def found() -> dict[str, object]:
    """Return what a run of every part gives, the zoo's row at any place."""
    ours = {
        "start": "import zoo",
        "resnet50": "zoo.load",
        "vit": "zoo.load",
        "predict 1": "zoo.predict",
        "predict 32": "zoo.predict",
        "train small": "zoo.Run",
        "train large": "zoo.Run",
    }
    rows = {
        part: [row("peer", 4, 3, 9), row(own, 2, 2, 2)] for part, own in ours.items()
    }
    zoo = {"seconds": 20.0, "accuracy": 0.97, "ratio": 1.0, "epochs": 0, "last": 0.97}
    loop = {"seconds": 60.0, "accuracy": 0.95, "ratio": 3.0, "epochs": 5, "last": 0.94}
    return {**rows, "finetune": {"zoo finetune": zoo, "tutorial, last layer": loop}}


def test_ratios_are_paired_by_round() -> None:
    """
    A ratio is the median over rounds, not the ratio of medians.
    """
    peer, mine = row("peer", 4, 3, 9), row("zoo", 1, 3, 2)

    assert peer.times(mine) == 4
    assert peer.ms == 4


def test_every_part_has_a_line() -> None:
    """
    A line tells the zoo's time, and the peers as times of it; also where they win.
    """
    lines = bench.headlines(found())

    assert lines[0] == "| what | zoo | others take times as long |"
    assert lines[2] == "| `import zoo` | 2.0 ms | peer 2.00 |"
    assert lines[-1] == (
        "| fine-tune on 244 photographs | 20 s, accuracy 0.970 | tutorial's loop, last "
        "layer, 5 epochs 3.00, accuracy 0.940 |"
    )
    assert len(lines) == 2 + len(found())


def test_it_is_put_between_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What stood there goes, and the rest of the page stays.
    """
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(bench, "machine", lambda: "Measured somewhere.")
    page = tmp_path / PAGE
    page.parent.mkdir(parents=True)
    page.write_text(f"before\n{bench.BEGIN}\nold\n{bench.END}\nafter\n")

    bench.write(found())

    text = page.read_text()
    assert text.startswith(f"before\n{bench.BEGIN}\n\n| what |")
    assert text.endswith(f"|\n\nMeasured somewhere.\n{bench.END}\nafter\n")
    assert "old" not in text


def test_the_page_says_where_it_was_measured() -> None:
    """
    The table is there, and the machine and versions under it.
    """
    told = TEXT.partition(bench.BEGIN)[2].partition(bench.END)[0]

    assert told.count("\n| ") == 2 + len(found())
    assert re.search(r"\nMeasured on .+, Python 3\.\d+\.\d+, torch \d", told)
