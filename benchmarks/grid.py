"""The cells of the quality grid: kinds of artifact, channels, input ratios and lengths."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

KINDS = ("eye", "muscle", "both", "heart", "electrode", "motion", "line", "all", "none")
SWEPT = ("eye", "muscle", "both")  # kinds that the published grid takes along every axis
COUNTS = (2, 4, 8, 19, 32, 64, 128)
RATIOS = (-10.0, -3.0, 5.0)  # decibels of power: brain over artifact, above 1 Hz, all channels
# No held-out person has five clean minutes: the two runs of one make four.
LENGTHS = (10.0, 60.0, 240.0)
BASE = (19, -3.0, 60.0)
LONGEST_64 = 120.0  # seconds of one held-out person with 64 channels


@dataclass(frozen=True)
class Cell:
    """One cell: recordings of one kind, size, ratio and length."""

    kind: str
    n_channels: int
    snr_db: float
    seconds: float

    @property
    def name(self) -> str:
        """Name of the cell, as tables and cached rows have it."""
        ratio = "" if self.kind == "none" else f", {self.snr_db:+g} dB"
        return f"{self.kind}, {self.n_channels} ch{ratio}, {self.seconds:g} s"


def list_cells(full: bool = False) -> list[Cell]:
    """List the cells of the published grid, or of the full one."""
    if full:
        return [cell for cell in map(make_cell, product(KINDS, COUNTS, RATIOS, LENGTHS)) if cell]
    n_channels, snr_db, seconds = BASE
    cells = [Cell(kind, n_channels, snr_db, seconds) for kind in KINDS]
    for kind in SWEPT:
        cells += [Cell(kind, n, snr_db, seconds) for n in COUNTS]
        cells += [Cell(kind, n_channels, ratio, seconds) for ratio in RATIOS]
        cells += [Cell(kind, n_channels, snr_db, length) for length in LENGTHS]
    return list(dict.fromkeys(cells))


def make_cell(place: tuple[str, int, float, float]) -> Cell | None:
    """Make the cell at a place of the full grid, or None where there can be none."""
    kind, n_channels, snr_db, seconds = place
    if kind == "none" and snr_db != BASE[1]:  # a ratio to nothing
        return None
    if n_channels in (32, 64) and seconds > LONGEST_64:
        return None
    return Cell(kind, n_channels, snr_db, seconds)


def find_sweeps(cell: Cell) -> list[str]:
    """Find the tables that a cell stands in: by kind, by channels, by ratio, by length."""
    same = tuple(
        a == b for a, b in zip((cell.n_channels, cell.snr_db, cell.seconds), BASE, strict=True)
    )
    sweeps = ["kinds"] if all(same) else []
    if cell.kind in SWEPT:
        for name, rest in (("channels", same[1:]), ("ratios", same[::2]), ("lengths", same[:2])):
            sweeps += [name] if all(rest) else []
    return sweeps
