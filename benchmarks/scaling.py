"""How the cost of the default model grows: ``python benchmarks/scaling.py --help``.

CPU seconds of this process on one thread, as the median of rounds that take all sizes in turn. The
recording is simulated, with blinks and muscle; longer ones repeat it. *fit* is the network and the
filters, *apply* the filters alone.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

import mne
import numpy as np
from cases import make_case
from grid import Cell

from mne_artdenoise import ArtifactDenoiser, get_record
from mne_artdenoise.inference import run_network
from mne_artdenoise.weights import open_network

CHANNELS = (4, 8, 16, 32, 64, 128, 256)
SECONDS = (10, 30, 100, 300, 1000, 3600)
BATCHES = (1, 2, 4)
SFREQ = 250.0
SHAPE = (4, 64, 1600)  # of the windows that forward passes are measured on
PRODUCT = 2048  # rows of the square matrices whose product is the measure of this machine


def main() -> None:
    """Measure what is asked for, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="auto", help="auto or onnx")
    parser.add_argument("--out", type=Path, help="file for the tables")
    arguments = parser.parse_args()
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    lines = []
    for part in arguments.parts:
        found = ["", *PARTS[part](arguments.rounds, arguments.device)]
        print("\n".join(found), flush=True)
        lines += found
    if arguments.out:
        arguments.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def measure(actions: dict[float, Callable[[], object]], rounds: int) -> dict[float, float]:
    """Median CPU seconds of each action, in rounds that take all in turn."""
    found: dict[float, list[float]] = {size: [] for size in actions}
    for _ in range(rounds):
        for size, action in actions.items():
            began = time.process_time()
            action()
            found[size].append(time.process_time() - began)
    return {size: median(seconds) for size, seconds in found.items()}


def make_raw(n_channels: int, seconds: float) -> mne.io.RawArray:
    """Make a recording of any size: a minute, repeated."""
    case = make_case(Cell("both", n_channels, -3.0, min(60.0, seconds)), 0, bank=None)
    raw = mne.io.RawArray(case.noisy, case.info).resample(SFREQ)
    n_times = round(seconds * SFREQ)
    return mne.io.RawArray(np.resize(raw.get_data().T, (n_times, n_channels)).T.copy(), raw.info)


def find_exponent(seconds: dict[float, float]) -> float:
    """Find the power with which cost grows, by a line through the logarithms."""
    return float(np.polyfit(np.log(list(seconds)), np.log(list(seconds.values())), 1)[0])


def scale_channels(rounds: int, device: str) -> list[str]:
    """Measure the cost over channels, at one minute."""
    raws = {n: make_raw(n, 60.0) for n in CHANNELS}
    return tabulate("channels", raws, rounds, device, "1 minute")


def scale_duration(rounds: int, device: str) -> list[str]:
    """Measure the cost over duration, at 64 channels."""
    raws = {s: make_raw(64, s) for s in SECONDS}
    return tabulate("seconds", raws, rounds, device, "64 channels")


def tabulate(
    axis: str, raws: dict[int, mne.io.RawArray], rounds: int, device: str, at: str
) -> list[str]:
    """Measure fit and apply on each recording, and tabulate both with their exponents."""
    denoisers = {size: ArtifactDenoiser(device=device) for size in raws}
    ArtifactDenoiser(device=device).fit_transform(make_raw(4, 10.0))  # what is imported once
    fits = measure({n: lambda n=n: denoisers[n].fit(raws[n]) for n in raws}, rounds)
    applied = measure({n: lambda n=n: denoisers[n].transform(raws[n]) for n in raws}, rounds)
    lines = [
        f"**{at}, {SFREQ:g} Hz**; CPU seconds, medians of {rounds}",
        "",
        f"| {axis} | " + " | ".join(map(str, raws)) + " | exponent |",
        "|---" * (len(raws) + 2) + "|",
    ]
    for name, found in (("fit", fits), ("apply", applied)):
        texts = [f"{seconds:.3g}" for seconds in found.values()]
        lines.append(f"| {name} | {' | '.join(texts)} | {find_exponent(found):.2f} |")
    total = {n: fits[n] + applied[n] for n in raws}
    texts = [f"{seconds:.3g}" for seconds in total.values()]
    return [*lines, f"| both | {' | '.join(texts)} | {find_exponent(total):.2f} |"]


def compare_rates(rounds: int, device: str) -> list[str]:
    """Compare forward passes of each batch size with the rate of matrix products."""
    import torch

    torch.set_num_threads(1)
    record, rng = get_record("any-montage-v1"), np.random.default_rng(0)
    windows = rng.standard_normal(SHAPE).astype(np.float32)
    directions = rng.standard_normal((SHAPE[1], 3)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    square = torch.rand(PRODUCT, PRODUCT)
    torch_says, onnx_says = open_network(record), open_network(record, "onnx")
    actions: dict[str, Callable[[], object]] = {"product": lambda: square @ square}
    for name, network in (("torch", torch_says), ("onnx", onnx_says)):
        for size in BATCHES:
            actions[f"{name}, {size}"] = lambda n=network, s=size: run_network(
                n, windows, directions, batch_size=s, device="cpu", progress=False
            )
    for action in actions.values():
        action()
    found = measure(actions, rounds)
    rate = 2 * PRODUCT**3 / found.pop("product") / 1e9
    work = count_products(record.config, SHAPE[1]) * SHAPE[0] * SHAPE[1] * SHAPE[2]
    work *= 2 / record.config["patch"] / 1e9
    lines = [
        f"**Forward pass**, {SHAPE[0]} windows of {SHAPE[1]} channels and {SHAPE[2]} samples, one "
        f"thread; float32 products of {PRODUCT} x {PRODUCT}: {rate:.0f} GFLOP/s",
        "",
        "| network, windows at once | CPU s | GFLOP/s | share of products |",
        "|---|---|---|---|",
    ]
    for name, seconds in found.items():
        got = work / seconds
        lines.append(f"| {name} | {seconds:.3g} | {got:.0f} | {100 * got / rate:.0f} % |")
    return lines


def count_products(config: dict[str, int], n_channels: int) -> float:
    """Count multiplications of one token of one channel, those of matrix products only."""
    width, hidden, filters = config["width"], config["hidden"], config["filters"]
    mixtures, key, patch = config["mixtures"], config["key"], config["patch"]
    n_blocks = len(config["dilations"])
    n_attentions = -(-n_blocks // config["attentive"])
    total = config["kernel"] * (width + filters) + n_blocks * 4 * width * hidden
    total += n_attentions * (4 * width * width + 2 * n_channels * width)
    total += width * ((1 + mixtures) * filters + 2 * mixtures * key)
    return total + mixtures * n_channels * (key + filters) + filters * 2 * patch


def time_blocks(rounds: int, device: str) -> list[str]:
    """Measure what a block of one second takes after the fit, beside EOGRegression."""
    raw = make_raw(64, 120.0)
    fitted = ArtifactDenoiser(device=device).fit(raw)
    block = raw.copy().crop(30.0, 31.0, include_tmax=False)
    walls = []
    for _ in range(10 * rounds):
        began = time.perf_counter()
        fitted.transform(block)
        walls.append(time.perf_counter() - began)
    low, middle, high = np.percentile(walls, [5, 50, 95]) * 1e3
    return [
        f"A block of 1 s (64 channels, {SFREQ:g} Hz) after the fit: {middle:.1f} ms (5 to 95 % of "
        f"{len(walls)} runs: {low:.1f} to {high:.1f} ms)."
    ]


PARTS: dict[str, Callable[[int, str], list[str]]] = {
    "rates": compare_rates,
    "blocks": time_blocks,
    "channels": scale_channels,
    "duration": scale_duration,
}

if __name__ == "__main__":
    main()
