"""What a model costs: time, memory and multiply-adds, as they were measured.

Time and memory belong to the machine and the release of PyTorch that are named beside
them; the multiply-adds are the same everywhere.
"""

from dataclasses import dataclass

__all__ = ["BATCH", "Cost"]

BATCH = 32  # inputs of the larger of the two passes


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Time and memory of one model: median milliseconds, and peak memory.

    `load_ms` is None where the architecture was measured without its weights. `pass_ms`
    is a forward pass of one input, `batch_ms` of 32. `memory_mib` is the growth of a
    process that has imported torch, after a load and a forward pass of one input.
    """

    load_ms: float | None
    pass_ms: float
    batch_ms: float
    memory_mib: float
    multiply_adds: int  # of one input
    hardware: str
    torch: str
    backend: str = "torch"  # what computed the batch

    def __str__(self) -> str:
        """Return one line, which ends with the machine."""
        by = "" if self.backend == "torch" else f", {self.backend}"
        load = f", {_ms(self.load_ms)} to load" if self.load_ms is not None else ""
        return (
            f"{_ms(self.pass_ms)} a pass, {_ms(self.batch_ms)} of {BATCH} inputs"
            f"{load}, {self.memory_mib:,.0f} MiB; {self.multiply_adds:,} multiply-adds "
            f"an input ({self.hardware}, torch {self.torch}{by})"
        )


def _ms(value: float) -> str:
    return f"{value:,.2f} ms" if value < 10 else f"{value:,.0f} ms"
