"""Many short recordings through ``clean-bids``, some of them damaged.

``python benchmarks/reliability_bids.py --n 1000``: how many results, whether each damaged one is
named, and whether memory and open files grow. Recordings are copies of one under other names; ten
of them are damaged, each in another way. They go through in ten calls of the command.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import tempfile
import time
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import mne
import numpy as np
from mne_bids import BIDSPath, write_raw_bids

from mne_artdenoise.__main__ import main as run_command

N_CALLS = 10
DAMAGES = (
    *("empty", "short", "text", "no positions", "no channels", "flat"),
    *("too slow", "no EEG", "a folder", "no samples"),
)


def write_template(folder: Path, seconds: float) -> Path:
    """Write one recording in BIDS, with blinks, and give the folder of its subject."""
    names = ["Fp1", "Fp2", "F3", "F4", "C3", "C4", "Cz", "O1", "O2"]
    info = mne.create_info(names, 200.0, "eeg").set_montage("biosemi64", on_missing="ignore")
    rng, times = np.random.default_rng(0), np.arange(round(seconds * 200)) / 200
    x = 1e-5 * np.cumsum(rng.standard_normal((len(names), len(times))), axis=1) / 20
    front = np.array([ch["loc"][1] for ch in info["chs"]]).clip(0)
    x += 2e-3 * np.outer(front, np.exp(-(((times % 2.3 - 1) / 0.1) ** 2)))
    path = BIDSPath(subject="template", task="rest", datatype="eeg", root=folder)
    raw = mne.io.RawArray(x, info)
    write_raw_bids(raw, path, format="EDF", allow_preload=True)
    return folder / "sub-template"


def write_dataset(root: Path, n_recordings: int, seconds: float) -> list[str]:
    """Write the recordings, and give the names of the damaged subjects."""
    template = write_template(root.parent / "template", seconds)
    for path in template.parent.glob("*.json"):
        shutil.copy(path, root / path.name)
    labels = [f"{number:04}" for number in range(n_recordings)]
    for label in labels:
        for path in template.rglob("*"):
            if path.is_file():
                name = path.relative_to(template.parent).as_posix().replace("template", label)
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                text = path.read_bytes()
                if path.suffix in (".tsv", ".json"):
                    text = text.replace(b"template", label.encode())
                (root / name).write_bytes(text)
    rows = ["participant_id", *(f"sub-{label}" for label in labels)]
    (root / "participants.tsv").write_text("\n".join(rows) + "\n")
    chosen = np.linspace(3, n_recordings - 4, len(DAMAGES)).astype(int)
    for index, how in zip(chosen, DAMAGES, strict=True):
        damage(root / f"sub-{labels[index]}" / "eeg", how)
    return [f"sub-{labels[index]}" for index in chosen]


def damage(folder: Path, how: str) -> None:
    """Damage a recording beyond repair."""
    (path,) = folder.glob("*_eeg.edf")
    (channels,) = folder.glob("*_channels.tsv")
    data = bytearray(path.read_bytes())
    n_signals = int(data[252:256])
    head = 256 * (n_signals + 1)
    if how == "empty":
        data.clear()
    elif how == "short":
        del data[300:]
    elif how == "text":
        data[:] = b"this is no recording\n" * 1000
    elif how == "no channels":
        data[252:256] = b"0   "
    elif how == "no samples":
        del data[head:]
    elif how == "flat":
        data[head:] = bytes(len(data) - head)
    elif how == "too slow":
        data[244:252] = b"10      "  # seconds of a record
    if how == "a folder":
        path.unlink()
        path.mkdir()
        return
    path.write_bytes(data)
    if how == "no positions":
        for found in folder.glob("*_electrodes.tsv"):
            found.unlink()
    if how == "no EEG":
        channels.write_text(channels.read_text().replace("\tEEG\t", "\tMISC\t"))


def measure() -> tuple[float, int, int]:
    """Tell the memory in MB, open files and threads of this process (on Linux)."""
    gc.collect()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    n_files = len(list(Path("/proc/self/fd").iterdir()))
    return int(status["VmRSS"].split()[0]) / 1024, n_files, int(status["Threads"])


def main() -> None:
    """Write, clean and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    args = parser.parse_args()
    mne.set_log_level("error")
    with tempfile.TemporaryDirectory() as name:
        root, out = Path(name) / "dataset", Path(name) / "out"
        root.mkdir()
        damaged = write_dataset(root, args.n, args.seconds)
        began = time.process_time()
        rows: list[dict[str, str]] = []
        for call in range(1, N_CALLS + 1):
            words = ["clean-bids", root, "--out", out, "--part", f"{call}/{N_CALLS}"]
            with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
                run_command([str(word) for word in words])
            lines = (out / f"summary_part-{call}of{N_CALLS}.tsv").read_text().splitlines()
            names, *others = (line.split("\t") for line in lines)
            rows += [dict(zip(names, line, strict=True)) for line in others]
            memory, n_files, n_threads = measure()
            print(
                f"{len(rows):5} recordings, {time.process_time() - began:5.0f} s of a core: "
                f"{memory:.0f} MB, {n_files} open files, {n_threads} threads",
                flush=True,
            )
        tell(rows, damaged, out)


def tell(rows: list[dict[str, str]], damaged: list[str], out: Path) -> None:
    """Print what became of the recordings."""
    print(dict(Counter(row["status"] for row in rows)))
    failed = [row for row in rows if row["status"] == "failed"]
    found = {row["source"].split("/")[0] for row in failed}
    print(f"damaged and not named: {sorted(set(damaged) - found) or 'none'}")
    print(f"named and not damaged: {sorted(found - set(damaged)) or 'none'}")
    results = sorted(out.rglob("*_eeg.fif"))
    good = sum(mne.io.read_raw_fif(path).n_times > 0 for path in results)
    strange = [p.name for p in out.rglob("*") if p.is_file() and p.suffix not in KNOWN]
    print(f"{good} results can be read; files left over: {strange or 'none'}")
    for row in failed:
        print(f"  {row['source']}: {row['error'][:160]}")


KNOWN = (".fif", ".json", ".tsv")

if __name__ == "__main__":
    main()
