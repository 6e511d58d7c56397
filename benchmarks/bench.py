"""Ours and every peer on recordings with known truth, in cells: ``make bench``.

A row is one method on one recording. Finished rows stay in a file of JSON lines and are not made
again while recording, method and versions are the same, so that a run goes on where it was stopped
and a new release of one method costs that method's rows only. ``bench_tables.py`` makes of them
what the documentation shows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from itertools import product
from pathlib import Path

import mne
import numpy as np
from cases import Case, count_people, make_case
from grid import BASE, Cell, list_cells
from methods import Method, find_version, list_methods
from scores import run_measured, score_cleaned

from mne_artdenoise.synthesis.bank import Bank

HERE = Path(__file__).resolve().parent
ROWS = HERE / "results" / "quality.jsonl"
COSTLY_PEOPLE = 4  # of each kind, that costly methods clean in the published grid
Key = tuple[str, int, str]
Row = dict[str, object]


def main() -> None:
    """Make the rows that are missing."""
    arguments = read_arguments()
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    bank = Bank.load(arguments.bank) if arguments.bank else None
    arguments.rows.parent.mkdir(parents=True, exist_ok=True)
    methods = {name: m for name, m in list_methods().items() if name in arguments.methods}
    for row in make_rows(methods, bank, arguments):
        with arguments.rows.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(
            row["cell"], row["person"], row["method"], row.get("gain_db"), row["cpu_s"], flush=True
        )
    drop_old(arguments.rows)


def make_rows(
    methods: dict[str, Method], bank: Bank | None, arguments: argparse.Namespace
) -> Iterator[Row]:
    """Make every row that is not there yet: one person in all cells, then the next."""
    done = read_rows(arguments.rows)
    versions = {name: find_version(method) for name, method in methods.items()}
    for person, cell in product(range(arguments.people), choose_cells(arguments)):
        if person >= count_people(cell, bank):
            continue
        case = make_case(cell, person, bank)
        mark = mark_case(case)
        place = {"cell": cell.name, "person": person, "subject": case.subject}
        for name, method in methods.items():
            row = done.get((cell.name, person, name), {})
            is_done = (row.get("recording"), row.get("version")) == (mark, versions[name])
            is_there = "missing" not in versions[name]
            if is_there and not is_done and is_wanted(method, case, person, arguments.full):
                told = {"method": name, "recording": mark, "version": versions[name]}
                yield place | told | score_method(method, case)


def is_wanted(method: Method, case: Case, person: int, full: bool) -> bool:
    """Tell whether a method runs on a recording; costly ones run on few in the published grid."""
    cell = case.cell
    few = (cell.n_channels, cell.snr_db, cell.seconds) == BASE and person < COSTLY_PEOPLE
    return method.can_run(case) and (full or few or not method.costly)


def score_method(method: Method, case: Case) -> Row:
    """Run a method on a case and score it; one that fails has left the recording as it was."""
    try:
        cleaned, cost = run_measured(method.run, case)
        if not np.isfinite(cleaned).all():
            raise ValueError("the result is not finite")
    except ModuleNotFoundError:  # the benchmark was not installed whole: that is no score
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".replace("\n", " ")[:150]
        return score_cleaned(case, case.noisy) | {"cpu_s": math.nan, "failed": reason}
    return {**score_cleaned(case, cleaned), **cost}


def mark_case(case: Case) -> str:
    """Hash a recording to the nanovolt, so that other data make other rows."""
    rounded = np.round(case.noisy * 1e9).astype(np.int64)
    return hashlib.sha256(rounded.tobytes()).hexdigest()[:8]


def choose_cells(arguments: argparse.Namespace) -> list[Cell]:
    """List the cells of the grid asked for, or those of some names."""
    cells = list_cells(arguments.full)
    return [cell for cell in cells if not arguments.only or arguments.only in cell.name]


def read_rows(path: Path) -> dict[Key, Row]:
    """Read the rows of earlier runs; the last one of each method and recording counts."""
    if not path.exists():
        return {}
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {(row["cell"], row["person"], row["method"]): row for row in rows}


def drop_old(path: Path) -> None:
    """Drop rows that newer ones replaced, and sort the rest, so that changes can be read."""
    rows = read_rows(path)
    names = [cell.name for cell in list_cells(full=True)]
    order = sorted(rows, key=lambda key: (names.index(key[0]), key[1:]))
    path.write_text("".join(json.dumps(rows[key]) + "\n" for key in order), encoding="utf-8")


def read_arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--bank", type=Path, help="held-out.npz of the recipe; without, brains are simulated"
    )
    parser.add_argument("--rows", type=Path, default=ROWS, help="finished rows, as JSON lines")
    parser.add_argument("--full", action="store_true", help="the whole grid: days of work")
    parser.add_argument("--people", type=int, default=8, help="recordings of each cell, at most")
    parser.add_argument("--only", default="", help="cells whose name holds this")
    parser.add_argument("--methods", nargs="+", default=list(list_methods()))
    return parser.parse_args(words)


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, MNE {version('mne')}", file=sys.stderr)
    main()
