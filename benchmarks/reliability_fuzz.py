"""As many odd cases as asked for: ``python benchmarks/reliability_fuzz.py --n 20000``.

Each kind runs in processes of its own, so that one that dies is noticed and told by its seed; a
case that takes longer than ``LIMIT`` counts as hung. A case is named by its kind and its seed; the
seeds of a kind count from ``--start``, as many as ``SHARES`` gives it. The table goes to the
standard output, with the errors that were told most.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SHARES = {
    "denoiser": 0.21,
    "damaged fif": 0.12,
    "damaged edf": 0.12,
    "damaged brainvision": 0.06,
    "damaged epochs": 0.05,
    "damaged fitted": 0.06,
    "damaged bank": 0.05,
    "damaged weights": 0.06,
    "damaged record": 0.1,
    "damaged staging": 0.02,
    "stream": 0.08,
    "check": 0.04,
    "command": 0.03,
}
CHUNK = 1000  # cases per process
LIMIT = 60  # seconds per case
MEMORY = 12 * 2**30  # bytes of addresses, so that a wild size is an error and not the machine's end


def run_chunk(kind: str, first: int, stop: int, out: Path) -> None:
    """Run cases in this process, and write a line before and after each."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    from fuzzing import run_case

    signal.signal(signal.SIGALRM, raise_hung)
    with tempfile.TemporaryDirectory() as folder, out.open("a") as file:
        for seed in range(first, stop):
            tell(file, kind=kind, seed=seed, state="begun")
            signal.alarm(LIMIT)
            try:
                error = run_case(kind, seed, Path(folder) / "case")
                tell(file, kind=kind, seed=seed, state="clear" if error else "done", text=error)
            except BaseException as fault:
                text = "".join(traceback.format_exception(fault))
                tell(file, kind=kind, seed=seed, state="fault", text=text)
            finally:
                signal.alarm(0)


def raise_hung(*_: Any) -> None:
    """End a case that hangs."""
    raise SystemError(f"more than {LIMIT} s")  # no error that a case may end with


def tell(file: Any, **entry: Any) -> None:
    """Write one line at once."""
    file.write(json.dumps(entry) + "\n")
    file.flush()


def run_kind(kind: str, n_cases: int, start: int, folder: Path) -> list[dict[str, Any]]:
    """Run all cases of a kind, chunk by chunk; a process that dies loses one case."""
    found: list[dict[str, Any]] = []
    seed, stop = start, start + n_cases
    while seed < stop:
        out = folder / f"{kind.replace(' ', '-')}-{seed}.jsonl"
        end = min(stop, seed + CHUNK)
        words = [sys.executable, __file__, "--chunk", kind, str(seed), str(end), str(out)]
        done = subprocess.run(words, capture_output=True, text=True)
        lines = [json.loads(line) for line in out.read_text().splitlines()]
        found += [line for line in lines if line["state"] != "begun"]
        last = lines[-1]
        seed = last["seed"] + 1
        if last["state"] == "begun":
            text = f"the process ended with {done.returncode}\n{done.stderr[-2000:]}"
            found.append(last | {"state": "fault", "text": text})
    return found


def tell_errors(clear: list[dict[str, Any]], most: int = 40) -> None:
    """Print which errors were told, numbers and names left out, and how often."""
    texts = Counter(re.sub(r"[\d.e+-]*\d|'[^']*'|/\S+", "#", line["text"])[:110] for line in clear)
    for text, count in texts.most_common(most):
        print(f"{count:6} {text}")


def main() -> None:
    """Run cases of all kinds, and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=2000, help="cases in all")
    parser.add_argument("--start", type=int, default=0, help="first seed of each kind")
    parser.add_argument("--kinds", nargs="+", default=list(SHARES), choices=list(SHARES))
    parser.add_argument("--faults", type=Path, help="file for faults, with seeds and tracebacks")
    parser.add_argument("--chunk", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.chunk:
        kind, first, stop, out = args.chunk
        run_chunk(kind, int(first), int(stop), Path(out))
        return
    began, total = time.monotonic(), Counter[str]()
    clear: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []
    weight = sum(SHARES[kind] for kind in args.kinds)
    with tempfile.TemporaryDirectory() as folder:
        for kind in args.kinds:
            n_cases, at = max(1, round(args.n * SHARES[kind] / weight)), time.monotonic()
            found = run_kind(kind, n_cases, args.start, Path(folder))
            counts = Counter(line["state"] for line in found)
            total.update(counts)
            clear += [line for line in found if line["state"] == "clear"]
            faults += [line for line in found if line["state"] == "fault"]
            told = ", ".join(f"{counts[state]} {state}" for state in ("done", "clear", "fault"))
            print(
                f"{kind:20} seeds {args.start} to {args.start + n_cases - 1}: {told}, "
                f"{time.monotonic() - at:.0f} s",
                flush=True,
            )
    print(f"{sum(total.values())} cases in {time.monotonic() - began:.0f} s: {dict(total)}")
    tell_errors(clear)
    if args.faults and faults:
        args.faults.write_text("\n".join(json.dumps(line) for line in faults) + "\n")
    for line in faults[:20]:
        print(f"\n{line['kind']}, seed {line['seed']}:\n{line['text']}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
