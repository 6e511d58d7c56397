"""What ``bench.py`` measured, as the tables and figures of the documentation.

``python benchmarks/bench_tables.py`` reads the rows and writes ``results/*.md`` and figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from bench import ROWS, Row, read_rows
from compare import Verdict, average, compare_pairs, judge_cell
from grid import BASE, SWEPT, Cell, find_sweeps, list_cells
from methods import DEFAULT, list_methods

HERE = Path(__file__).resolve().parent
FIGURES = HERE.parent / "docs" / "images"
PACKAGES = (
    *("mne", "torch", "numpy", "scipy", "mne-icalabel", "python-picard", "onnxruntime"),
    *("gedai", "mne-denoise", "meegkit", "asrpy", "autoreject", "pywavelets"),
)
# Of the other scores: how each is called, by what it is multiplied, and its digits.
SCORES: dict[str, tuple[str, float, int]] = {
    "rrmse": ("RRMSE, time", 1, 2),
    "rrmse_spectral": ("RRMSE, spectrum", 1, 2),
    "cc": ("CC", 1, 3),
    "alpha_error": ("alpha error, %", 100, 1),
    "quiet_error": ("error where clean, %", 100, 1),
    "changed": ("samples changed, %", 100, 0),
    "cpu_s": ("CPU s", 1, 2),
    "peak_mb": ("MB on top", 1, 0),
}
Gains = dict[str, dict[str, dict[int, float]]]  # of each cell, of each method, of each person


def main() -> None:
    """Write every table and figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=Path, default=ROWS)
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--figures", type=Path, default=FIGURES)
    arguments = parser.parse_args()
    rows = list(read_rows(arguments.rows).values())
    works = {row["method"] for row in rows if "failed" not in row}
    gains = gather(row for row in rows if row["method"] in works)
    arguments.out.mkdir(parents=True, exist_ok=True)
    parts = {
        "quality_machine": [describe_machine(rows)],
        "quality_gain": tabulate_sweeps(gains),
        "quality_scores": tabulate_scores([row for row in rows if row["method"] in works]),
        "quality_verdict": tell_verdicts(gains),
    }
    for name, lines in parts.items():
        text = "\n".join(lines) + "\n"
        (arguments.out / f"{name}.md").write_text(text, encoding="utf-8")
    draw_sweeps(gains, arguments.figures / "benchmark_quality.svg")


def gather(rows: Iterable[Row]) -> Gains:
    """Gather the gains of every method on every recording."""
    gains: Gains = {}
    for row in rows:
        cell = gains.setdefault(str(row["cell"]), {})
        cell.setdefault(str(row["method"]), {})[int(row["person"])] = float(row["gain_db"])
    return gains


def tabulate_sweeps(gains: Gains) -> list[str]:
    """Tabulate the gain, a table by kind and one per kind for each axis."""
    lines = []
    for title, cells, label in list_sweeps():
        found = [cell for cell in cells if cell.name in gains]
        if found:
            heads = [f"{label(c)} (n={count_people(gains[c.name])})" for c in found]
            lines += ["", f"**{title}**", "", *tabulate(gains, found, heads)]
    return lines


def list_sweeps() -> list[tuple[str, list[Cell], Callable[[Cell], str]]]:
    """List the tables: title, cells, and how a column is named."""
    cells = list_cells()
    channels, ratio, length = BASE
    at = f"{channels} channels, {ratio:g} dB, {length:g} s"
    sweeps: list[tuple[str, list[Cell], Callable[[Cell], str]]] = [
        (f"Every kind; {at}", [c for c in cells if "kinds" in find_sweeps(c)], lambda c: c.kind)
    ]
    axes: dict[str, tuple[str, Callable[[Cell], float], Callable[[Cell], str]]] = {
        "channels": ("by channels", lambda c: c.n_channels, lambda c: f"{c.n_channels} ch"),
        "ratios": ("by ratio before", lambda c: c.snr_db, lambda c: f"{c.snr_db:+g} dB"),
        "lengths": ("by length", lambda c: c.seconds, lambda c: f"{c.seconds:g} s"),
    }
    for kind in SWEPT:
        for axis, (title, place, label) in axes.items():
            some = [c for c in cells if c.kind == kind and axis in find_sweeps(c)]
            sweeps.append((f"{kind.capitalize()}, {title}", sorted(some, key=place), label))
    return sweeps


def count_people(methods: dict[str, dict[int, float]]) -> int:
    """Count the recordings of a cell that ours cleaned."""
    return len(methods.get(DEFAULT, {}))


def tabulate(gains: Gains, cells: list[Cell], heads: list[str]) -> list[str]:
    """Tabulate the gain: a row per method, the highest mean of blind methods in bold."""
    lines = ["| method | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    methods = list_methods()
    best = {c.name: max(blind_means(gains[c.name]).values(), default=np.inf) for c in cells}
    for name, method in methods.items():
        if not any(name in gains[cell.name] for cell in cells):
            continue
        texts = []
        for cell in cells:
            found = gains[cell.name].get(name)
            if not found:
                texts.append("")
                continue
            mean = average(list(found.values()))
            fewer = f" (n={mean.n})" if mean.n != count_people(gains[cell.name]) else ""
            is_best = not method.needs and mean.value == best[cell.name]
            texts.append(f"**{mean}**{fewer}" if is_best else f"{mean}{fewer}")
        note = f" ({method.needs})" if method.needs else ""
        lines.append(f"| {name}{note} | " + " | ".join(texts) + " |")
    return lines


def blind_means(methods: dict[str, dict[int, float]]) -> dict[str, float]:
    """Mean gain of the blind methods that cleaned every recording of a cell."""
    known, most = list_methods(), count_people(methods)
    return {
        name: average(list(found.values())).value
        for name, found in methods.items()
        if name in known and not known[name].needs and len(found) == most
    }


def tabulate_scores(rows: list[Row]) -> list[str]:
    """Tabulate the other scores: with eyes and muscle together, and with nothing wrong."""
    lines = []
    for kind in ("both", "none"):
        cell = Cell(kind, *BASE)
        found = [row for row in rows if row["cell"] == cell.name]
        heads = ["method", *(title for title, _, _ in SCORES.values())]
        lines += ["", f"**{cell.name}**", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
        for name in list_methods():
            own = [row for row in found if row["method"] == name]
            if own:
                texts = [write_score(own, key, *how[1:]) for key, how in SCORES.items()]
                lines.append(f"| {name} | {' | '.join(texts)} |")
    return lines


def write_score(rows: list[Row], key: str, factor: float, digits: int) -> str:
    """Write the mean of a score over recordings that have it."""
    values = np.array([row.get(key, np.nan) for row in rows], dtype=float)
    values = values[np.isfinite(values)]
    return f"{factor * values.mean():.{digits}f}" if len(values) else ""


def tell_verdicts(gains: Gains) -> list[str]:
    """Tell in how many cells ours is best, and name every cell in which a peer leads."""
    known = list_methods()
    peers = {n for n, m in known.items() if not m.needs and "ours" not in m.packages}
    blind = {
        c: {n: g for n, g in m.items() if n in peers or n == DEFAULT} for c, m in gains.items()
    }
    names = [cell.name for cell in list_cells(full=True) if cell.name in gains]
    judged = [v for name in names if (v := judge_cell(name, blind[name], DEFAULT)) is not None]
    n_best, n_level = sum(v.is_best for v in judged), sum(v.is_level for v in judged)
    lines = [
        f"Of {len(judged)} cells, {DEFAULT} has a higher mean than every blind peer in {n_best}, "
        f"and is best or within the interval of the best in {n_level} "
        f"({100 * n_level / max(len(judged), 1):.0f} %). Cells in which a peer leads:",
        "",
        "| cell | peer | its gain | ours | peer's lead | p | n |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in names:
        for peer in sorted(peers & set(blind[name])):
            verdict = compare_pairs(name, blind[name].get(DEFAULT, {}), blind[name][peer], peer)
            if verdict and not verdict.is_best:
                lines.append(write_verdict(verdict))
    return lines


def write_verdict(v: Verdict) -> str:
    """Write the row of a cell in which a peer leads."""
    lead = f"{-v.lead.value:.1f} [{-v.lead.high:.1f}, {-v.lead.low:.1f}]"
    return f"| {v.cell} | {v.name} | {v.peer} | {v.ours} | {lead} | {v.p:.3f} | {v.ours.n} |"


def describe_machine(rows: list[Row]) -> str:
    """Say on what, with which versions and when the tables were made."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    packages = []
    for name in PACKAGES:
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    own = Counter(str(row["version"]) for row in rows if row["method"] == DEFAULT)
    versions = [f"{name} ({n} rows)" for name, n in own.most_common()]
    failed = {str(row["method"]): str(row["failed"]) for row in rows if "failed" in row}
    counts = Counter(str(row["method"]) for row in rows if "failed" in row)
    told = [f"{name} in {counts[name]} rows ({why})" for name, why in sorted(failed.items())]
    return (
        f"{len(rows)} rows; {os.cpu_count()} cores ({model}), one thread, shared with other work; "
        f"{platform.system()}, Python {platform.python_version()}, {', '.join(packages)}; "
        f"{datetime.now(UTC):%Y-%m-%d}; seeds as in `cases.py`. Ours: {', '.join(versions)}. "
        f"Failed, and counted as untouched there, or left out of tables if everywhere: "
        f"{'; '.join(told) or 'none'}."
    )


def draw_sweeps(gains: Gains, path: Path) -> None:
    """Draw the gain along every axis, a row per kind."""
    from bench_figures import draw_grid

    means = {
        cell: {name: average(list(found.values())) for name, found in methods.items()}
        for cell, methods in gains.items()
    }
    draw_grid(list_sweeps()[1:], means, path)


if __name__ == "__main__":
    print(json.dumps({"tables": "results"}))
    main()
