"""Time and memory from Raw to Raw, ours beside the peers: ``python benchmarks/speed.py``.

Every run has a process of its own, and the methods take turns (A B C A B C ...), so that a busy
minute of the machine falls on all of them. The clock starts when the recording is in memory and
the packages are imported, and covers everything after that: filters, weights, fit, decision.
Memory is the peak of the process (``ru_maxrss``), and what of it came after the clock started.
"""

# Only the standard library up here: a process starts with the peak memory of the one that started
# it, so this one stays small, and everything else is imported in the processes that are measured.
from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
REFERENCE = "ica-20"
PACKAGES = (
    "mne-artdenoise",
    "mne",
    "torch",
    "mne-icalabel",
    "python-picard",
    "mne-denoise",
    "gedai",
)
# What MNE imports only when a method first needs it.
LAZY = (
    *("mne.cov", "mne.epochs", "mne.evoked", "mne.io.array", "mne.preprocessing", "mne.rank"),
    *("mne.dipole", "mne.forward", "mne.forward._make_forward", "mne.time_frequency.tfr"),
    *("mne.source_space", "mne.stats", "mne.utils._numerics_numba"),
)
Timed = Callable[[], Any]


def import_first(*modules: str) -> None:
    """Import what a method would import within the clock, where it is there."""
    for module in modules:
        with suppress(ModuleNotFoundError):
            import_module(module)


def prepare_ours(raw: Any, new: Any) -> Timed:
    """Ours, fitted on the recording that it cleans."""
    import_first(
        "torch", "safetensors.torch", "mne_artdenoise.weights.load", "mne_artdenoise.inference"
    )
    denoiser = import_module("mne_artdenoise").ArtifactDenoiser
    return lambda: denoiser().fit_transform(raw)


def prepare_ours_applied(raw: Any, new: Any) -> Timed:
    """Ours, fitted before the clock starts and applied to another recording."""
    fitted = import_module("mne_artdenoise").ArtifactDenoiser().fit(raw)
    return lambda: fitted.transform(new)


def prepare_onnx(raw: Any, new: Any) -> Timed:
    """Ours in ONNX Runtime, without torch."""
    import_first("onnxruntime", "mne_artdenoise.weights.session", "mne_artdenoise.inference")
    denoiser = import_module("mne_artdenoise").ArtifactDenoiser
    return lambda: denoiser(device="onnx").fit_transform(raw)


def prepare_ica(raw: Any, new: Any) -> Timed:
    """Picard of 20 components, and ICLabel."""
    import_first("picard", "mne_icalabel.iclabel", "mne_icalabel.iclabel.network", "onnxruntime")
    import_first("mne_icalabel.iclabel.network.onnx", "sklearn.decomposition")
    peers = import_module("peers")
    return lambda: peers.clean_with_ica(raw, n_components=20)


def prepare_regression(raw: Any, new: Any) -> Timed:
    """Regression on the EOG channels."""
    peers = import_module("peers")
    return lambda: peers.clean_with_regression(raw)


def prepare_regression_applied(raw: Any, new: Any) -> Timed:
    """``EOGRegression.apply`` alone, on a recording that has the average reference."""
    peers = import_module("peers")
    regression = peers.fit_regression(raw)
    referenced = peers.take_average_referenced(new, range(len(new.ch_names)))
    return lambda: regression.apply(referenced, copy=True)


def prepare_asr(raw: Any, new: Any) -> Timed:
    """Artifact subspace reconstruction by mne-denoise."""
    import_first("mne_denoise.asr")
    peers = import_module("peers")
    return lambda: peers.clean_with_asr(raw)


def prepare_meegkit(raw: Any, new: Any) -> Timed:
    """Artifact subspace reconstruction by meegkit, second by second."""
    import_first("meegkit.asr")
    peers = import_module("peers_more")
    return lambda: peers.clean_with_meegkit(raw)


def prepare_autoreject(raw: Any, new: Any) -> Timed:
    """Repair by autoreject, in epochs of one second."""
    import_first("autoreject")
    peers = import_module("peers_more")
    return lambda: peers.clean_with_autoreject(raw)


def prepare_gedai(raw: Any, new: Any) -> Timed:
    """GEDAI with its wavelet bands."""
    import_first("gedai", "torch")
    peers = import_module("peers")
    return lambda: peers.clean_with_gedai(raw)


def prepare_gedai_broadband(raw: Any, new: Any) -> Timed:
    """GEDAI without its wavelet bands."""
    import_first("gedai", "torch")
    peers = import_module("peers")
    return lambda: peers.clean_with_gedai(raw, bands=False)


METHODS: dict[str, Callable[[Any, Any], Timed]] = {
    "ours": prepare_ours,
    "ours-onnx": prepare_onnx,
    "ours-apply": prepare_ours_applied,
    "ica-20": prepare_ica,
    "eog": prepare_regression,
    "eog-apply": prepare_regression_applied,
    "asr": prepare_asr,
    "asr-meegkit": prepare_meegkit,
    "autoreject": prepare_autoreject,
    "gedai": prepare_gedai,
    "gedai-broadband": prepare_gedai_broadband,
}


def read_peak() -> float:
    """Peak memory of this process so far, in megabytes; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e6 / 1024)


def measure_gain(raw: Any, cleaned: Any, clean: Any) -> float:
    """How many dB the signal-to-noise ratio rose, with everything in the average reference."""
    raw, cleaned, clean = (x.get_data(picks="eeg") for x in (raw, cleaned, clean))
    raw, cleaned, clean = (x - x.mean(axis=0) for x in (raw, cleaned, clean))
    ratio = ((raw - clean) ** 2).sum() / ((cleaned - clean) ** 2).sum()
    return float(10 * math.log10(ratio))


def measure_method(name: str, folder: Path) -> dict[str, Any]:
    """Run one method once, in this process."""
    mne = import_module("mne")
    mne.set_log_level("ERROR")
    raw, new = (
        mne.io.read_raw_fif(folder / f"{which}_raw.fif", preload=True) for which in ("raw", "new")
    )
    import_first(*LAZY)
    run = METHODS[name](raw, new)
    loaded, modules = read_peak(), set(sys.modules)
    started, cpu = time.perf_counter(), time.process_time()
    cleaned = run()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak, late = read_peak(), sorted(set(sys.modules) - modules)
    record = {"seconds": seconds, "cpu": cpu, "peak": peak, "above": peak - loaded, "late": late}
    if not name.endswith("-apply"):
        record["gain"] = measure_gain(raw, cleaned, mne.io.read_raw_fif(folder / "clean_raw.fif"))
    return record


def start_process(*arguments: str) -> str:
    """Run Python in a process of its own; what it printed."""
    command = [sys.executable, "-W", "ignore", *arguments]
    # The package that this file lies beside, installed or not.
    places = [str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, places))}
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE, env=env)
    return done.stdout


def run_methods(
    names: list[str], runs: int, folder: Path, rows: Path | None
) -> dict[str, list[dict[str, Any]]]:
    """Run the methods in turns; one that fails says why and is left out of the next rounds.

    With a file for rows, its runs count, and are kept: what was stopped goes on.
    """
    records: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for name, record in read_rows(rows):
        records.setdefault(name, []).append(record)
    failed: set[str] = set()
    for number in range(runs):
        for name in [name for name in names if name not in failed]:
            if len(records[name]) > number:
                continue
            try:
                answer = start_process(__file__, "--one", name, str(folder))
            except subprocess.CalledProcessError as error:
                failed.add(name)
                reason = (error.stderr.strip() or f"ended with {error.returncode}").splitlines()
                print(f"{name} is left out: {reason[-1]}", file=sys.stderr)
                continue
            records[name].append(json.loads(answer.splitlines()[-1]))
            if rows:
                with rows.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({name: records[name][-1]}) + "\n")
            print(f"run {number + 1}: {name} {records[name][-1]['seconds']:.2f} s", file=sys.stderr)
    return records


def read_rows(path: Path | None) -> list[tuple[str, dict[str, Any]]]:
    """Read the runs of a file, if it is there: the name of the method, and what was measured."""
    if path is None or not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [item for line in lines for item in json.loads(line).items()]


def measure_imports(runs: int) -> dict[str, float]:
    """Median seconds that a new Python takes for each import, without its own start."""
    statements = {"": "pass", "mne": "import mne", "mne_artdenoise": "import mne_artdenoise"}
    walls: dict[str, list[float]] = {name: [] for name in statements}
    for number in range(runs + 1):
        for name, statement in statements.items():
            started = time.perf_counter()
            start_process("-c", statement)
            if number:  # the first round compiles and fills the disk cache
                walls[name].append(time.perf_counter() - started)
    start = median(walls.pop(""))
    return {name: median(wall) - start for name, wall in walls.items()}


def find_version(package: str) -> str:
    """Name a package and its version; ours may run from its source."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} not installed" if package != PACKAGES[0] else f"{package} from source"


def describe_machine() -> str:
    """Name the machine, how busy it is before the first run, and what is measured."""
    count = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    where = f"{platform.machine()}, {len(count(0))} cores, load {os.getloadavg()[0]:.1f}"
    what = ", ".join(find_version(package) for package in PACKAGES)
    return f"{where}; Python {platform.python_version()}, {what}"


def tabulate(records: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Tabulate medians in Markdown; × is the time of the reference over this one."""
    rows = {
        name: {key: median(r[key] for r in runs) for key in runs[0] if key != "late"}
        for name, runs in records.items()
        if runs
    }
    lines = [
        f"| method | runs | wall s (least) | CPU s | × {REFERENCE}, CPU (wall) "
        "| peak MB (above load) | gain dB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        least = min(run["seconds"] for run in records[name])
        faster = {
            key: rows[REFERENCE][key] / row[key] if REFERENCE in rows else math.nan
            for key in ("cpu", "seconds")
        }
        gain = f"{row['gain']:.1f}" if "gain" in row else ""
        lines.append(
            f"| {name} | {len(records[name])} | {row['seconds']:.3g} ({least:.3g}) "
            f"| {row['cpu']:.3g} | {faster['cpu']:.3g} ({faster['seconds']:.3g}) "
            f"| {row['peak']:.0f} ({row['above']:+.0f}) | {gain} |"
        )
    return lines


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="runs of each method")
    parser.add_argument("--seconds", type=float, default=300.0, help="length of the recording")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--imports", action="store_true", help="measure importing, too")
    parser.add_argument("--rows", type=Path, help="file that keeps every run, as JSON lines")
    parser.add_argument("--out", type=Path, help="file for the table")
    parser.add_argument("--one", nargs=2, metavar=("METHOD", "FOLDER"), help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Measure what the command line asks for."""
    arguments = read_arguments()
    if arguments.one:
        print(json.dumps(measure_method(arguments.one[0], Path(arguments.one[1]))))
        return
    about = f"64 EEG channels, {arguments.seconds:g} s, 250 Hz; {describe_machine()}"
    print(about, file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        start_process(str(HERE / "simulated_recording.py"), folder, str(arguments.seconds))
        records = run_methods(arguments.methods, arguments.runs, Path(folder), arguments.rows)
    lines = [about, "", *tabulate(records)]
    if arguments.imports:
        imports = measure_imports(arguments.runs)
        extra = imports["mne_artdenoise"] - imports["mne"]
        more = f"import mne {imports['mne']:.2f} s, import mne_artdenoise {extra:+.2f} s"
        lines += ["", more]
    print("\n".join(lines))
    if arguments.out:
        arguments.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
