"""A day of EEG from disk to disk, once in peace and once killed again and again.

``python benchmarks/reliability_day.py --hours 24 --kills 10``: memory, time, and whether both
results are equal. Needs about 1.2 GB of disk per hour in ``--folder``.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import mne
import numpy as np

from mne_artdenoise.staging import find_folder, read_state

SFREQ = 250.0
PIECE = 20.0  # seconds written at once, and compared at once
CODE = "import sys, mne_artdenoise as m; m.denoise_file(*sys.argv[1:], verbose='error')"


class Day(mne.io.BaseRaw):  # type: ignore[misc]
    """Pink noise with blinks and bursts of muscle, made piece by piece while it is written."""

    def __init__(self, hours: float) -> None:
        names = mne.channels.make_standard_montage("biosemi64").ch_names
        info = mne.create_info(names, SFREQ, "eeg").set_montage("biosemi64")
        places = np.array([ch["loc"][:2] for ch in info["chs"]]).clip(0)
        super().__init__(
            info,
            first_samps=[0],
            last_samps=[round(hours * 3600 * SFREQ) - 1],
            filenames=[None],
            raw_extras=[{"places": places}],
            orig_format="single",
        )

    def _read_segment_file(
        self, data: Any, idx: Any, fi: int, start: int, stop: int, cals: Any, mult: Any
    ) -> None:
        side, front = self._raw_extras[fi]["places"].T
        rng, n_times = np.random.default_rng(start), stop - start
        spectrum = np.fft.rfft(rng.standard_normal((len(front), n_times)))
        x = np.fft.irfft(spectrum / np.sqrt(np.arange(spectrum.shape[1]).clip(1)), n=n_times)
        times = np.arange(start, stop) / SFREQ
        blinks = np.exp(-(((times % 4.3 - 2) / 0.1) ** 2)) * (times % 97 < 60)
        muscle = np.diff(rng.standard_normal(n_times + 1)) * (times % 61 < 7)
        x = 1e-5 * x / x.std() + 2e-3 * np.outer(front, blinks) + 3e-4 * np.outer(side, muscle)
        data[:] = x[idx]


def run(source: Path, target: Path, longest: float = np.inf) -> tuple[int, float, float]:
    """Denoise in a process, killed after so many seconds of a core: code, MB, seconds of a core."""
    job = subprocess.Popen([sys.executable, "-c", CODE, str(source), str(target)])
    pid = 0
    while not pid:
        time.sleep(0.02)
        pid, status, used = os.wait4(job.pid, os.WNOHANG)
        if not pid and tell_seconds(job.pid) > longest:
            os.kill(job.pid, signal.SIGKILL)
    job.returncode = os.waitstatus_to_exitcode(status)
    return job.returncode, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime


def tell_seconds(pid: int) -> float:
    """Tell the seconds of a core that a process has used (on Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_killed(
    source: Path, target: Path, n_kills: int, longest: float, rng: np.random.Generator
) -> list[float]:
    """Denoise, killed at random moments and started again; give the memory of each process."""
    memory: list[float] = []
    for kill in range(1, n_kills + 1):
        wait = rng.uniform(0, longest)
        code, largest, _ = run(source, target, wait)
        memory.append(largest)
        while code == 0:  # whole before its kill: once more from the beginning
            for path in target.parent.glob(f"{target.stem}*"):
                path.unlink()
            wait = rng.uniform(0, longest)
            code, largest, _ = run(source, target, wait)
            memory.append(largest)
        if code != -signal.SIGKILL:
            raise SystemExit(f"The process ended with {code}.")
        state = read_state(find_folder(target))
        print(f"kill {kill} after {wait:.1f} s: {state.get('done', 0)} blocks done", flush=True)
    code, largest, _ = run(source, target)
    if code:
        raise SystemExit(f"The process ended with {code}.")
    return [*memory, largest]


def compare(first: Path, second: Path) -> tuple[int, int]:
    """Count values, and those that differ."""
    one, other = (mne.io.read_raw_fif(path) for path in (first, second))
    if one.n_times != other.n_times or one.annotations != other.annotations:
        raise SystemExit("The results differ in length or annotations.")
    n_values = n_wrong = 0
    size = round(10 * PIECE * SFREQ)
    for begin in range(0, one.n_times, size):
        x, y = (raw[:, begin : begin + size][0] for raw in (one, other))
        n_values, n_wrong = n_values + x.size, n_wrong + int((x != y).sum())
    return n_values, n_wrong


def main() -> None:
    """Make a recording, denoise it in both ways, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="for the files, which are removed")
    args = parser.parse_args()
    mne.set_log_level("error")
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        source, clean, killed = (folder / f"{name}_raw.fif" for name in ("day", "clean", "killed"))
        Day(args.hours).save(source, fmt="single", buffer_size_sec=PIECE)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e9
        print(f"{args.hours:g} h, 64 channels, {SFREQ:g} Hz: {size:.1f} GB on disk", flush=True)
        began = time.monotonic()
        code, memory, seconds = run(source, clean)
        wall = time.monotonic() - began
        if code:
            raise SystemExit(f"The process ended with {code}.")
        print(f"in peace: {memory:.0f} MB, {seconds:.0f} s of a core, {wall:.0f} s", flush=True)
        rng = np.random.default_rng(args.seed)
        most = max(run_killed(source, killed, args.kills, 0.7 * seconds, rng))
        n_values, n_wrong = compare(clean, killed)
        print(f"killed {args.kills} times: {most:.0f} MB at most, {n_wrong} of {n_values} differ")
        left = sorted(path.name for path in folder.iterdir() if path.name.startswith("."))
        print(f"left over: {left or 'nothing'}; this process: {peak():.0f} MB")


def peak() -> float:
    """Tell the largest memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
