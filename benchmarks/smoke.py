"""One look at every method that is installed, without data: ``make bench-smoke``, under 3 minutes.

Each cleans two simulated recordings. It fails if a method raises, gives numbers that are not
finite, or gains less than half of what it usually does: a broken method does, another version of a
library does not. Of those that hardly gain on such recordings only the first two are asked.
"""

from __future__ import annotations

import sys
import time
import warnings

import mne
from bench import score_method
from cases import make_case
from grid import Cell
from methods import DEFAULT, find_version, list_methods

CELLS = (Cell("eye", 19, -3.0, 30.0), Cell("muscle", 19, -3.0, 30.0))
# Half of the decibels of power that each gained when this was written: eye, muscle.
LEAST = {
    DEFAULT: (5.5, 7.0),
    f"{DEFAULT}, network alone": (4.5, 6.0),
    "ICA (Picard) + ICLabel": (4.9, 5.7),
    "GEDAI": (5.5, 3.7),
    "ASR (mne-denoise)": (5.4, 11.8),
    "ASR (meegkit)": (1.6, 7.1),
    "wavelet threshold": (2.1, 6.6),
    "EOGRegression": (9.7, 0.0),
    "SSP": (4.8, 0.0),
    "oracle": (7.5, 12.9),
}
SLOW = ("ICA (infomax) + ICLabel",)  # the path is that of Picard
BROKEN = ("ASR (asrpy)",)  # does not run with the numpy of today
if not mne.utils.check_version("mne", "1.13"):
    BROKEN += ("ASR (mne-denoise)",)  # asks for MNE-Python 1.13
EXACT = {"identity": 0.0, "zero": 3.0}


def main() -> int:
    """Run it; the number of methods that are broken."""
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    began, n_broken = time.process_time(), 0
    for number, cell in enumerate(CELLS):
        case = make_case(cell, 0, bank=None)
        for name, method in list_methods().items():
            is_there = name not in SLOW + BROKEN and "missing" not in find_version(method)
            if not is_there or not method.can_run(case):
                continue
            fault = find_fault(name, score_method(method, case), number)
            n_broken += bool(fault)
            print(f"{cell.kind:7} {name:32} {fault or 'works'}", flush=True)
    print(f"{time.process_time() - began:.0f} CPU seconds, {n_broken} broken")
    return n_broken


def find_fault(name: str, row: dict[str, object], number: int) -> str:
    """Say what is wrong with a row, or nothing."""
    if "failed" in row:
        return f"FAILED: {row['failed']}"
    gain = float(str(row["gain_db"]))
    if name in EXACT and abs(gain - EXACT[name]) > 1e-6:
        return f"BROKEN: {gain} dB, must be {EXACT[name]}"
    least = LEAST.get(name, (-100.0, -100.0))[number]
    return f"BROKEN: {gain:.1f} dB, needs {least:.1f}" if gain < least else ""


if __name__ == "__main__":
    sys.exit(main())
