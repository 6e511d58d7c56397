"""Streams: load, equality, survival, latency: ``python benchmarks/reliability_stream.py``.

Recordings are simulated, so that the truth is known: a minute to calibrate on, a minute to clean.
"""

from __future__ import annotations

import argparse
import copy
import time
from typing import Any

import mne
import numpy as np

from mne_artdenoise import ArtifactDenoiser, OnlineDenoiser
from mne_artdenoise.metrics import snr
from mne_artdenoise.synthesis import simulate_raw

BLOCK = 0.1  # seconds
LATENCIES = (0.0, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
EDGE = 5.0  # seconds at either end that are not judged


def simulate(n_channels: int, sfreq: float, seed: int) -> tuple[Any, Any, np.ndarray]:
    """Make a calibration, a recording to clean and the truth of that."""
    names = mne.channels.make_standard_montage("biosemi64").ch_names
    chosen = np.linspace(0, 63, n_channels).round().astype(int)
    info = mne.create_info([names[k] for k in chosen], sfreq, "eeg").set_montage("biosemi64")
    raw, truth, _ = simulate_raw(info, 120.0, rng=seed)
    for inst in (raw, truth):
        inst.filter(0.5, None, verbose=False)
    wanted = truth.get_data(tmin=60.0)
    return raw.copy().crop(0, 60.0 - 1 / sfreq), raw.copy().crop(60.0), wanted


def send(online: OnlineDenoiser, x: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Send a recording through in blocks; give what came out, and the seconds of each block."""
    parts, seconds = [], []
    for start in range(0, x.shape[1], size):
        began = time.perf_counter()
        parts.append(online.process(x[:, start : start + size]))
        seconds.append(time.perf_counter() - began)
    return np.hstack(parts), np.array(seconds)


def measure_load(n_channels: int, sfreq: float) -> None:
    """Print the share of a core, and whether blocks and one piece agree."""
    calibration, recording, _ = simulate(n_channels, sfreq, 0)
    online = OnlineDenoiser().fit(calibration)
    whole, x = copy.deepcopy(online), recording.get_data()
    online.process(x[:, : round(sfreq)])
    online.reset()
    began = time.process_time()
    found, seconds = send(online, x, round(BLOCK * sfreq))
    share = (time.process_time() - began) / (x.shape[1] / sfreq)
    directions = [len(band.ratios) for band in online.denoiser_.filter_.bands]
    difference = np.abs(found - whole.process(x)).max() / np.abs(x).max()
    print(
        f"{n_channels} channels, {sfreq:g} Hz, blocks of {BLOCK:g} s: {share:.2%} of a core, "
        f"{np.median(seconds) * 1e3:.2f} ms per block (worst {seconds.max() * 1e3:.1f} ms); "
        f"directions per band {directions}; largest difference from one piece {difference:.1e}"
    )


def measure_survival(n_channels: int, sfreq: float) -> None:
    """Print the gain with a hole of 5 s and with a dead channel."""
    calibration, recording, truth = simulate(n_channels, sfreq, 1)
    x, size = recording.get_data(), round(BLOCK * sfreq)
    loud = int(np.argmax(np.abs(x).max(axis=1)))
    second = round(sfreq)
    for name in ("nothing", "a hole of 5 s (NaN)", "a hole of 5 s (zeros)", "a dead channel"):
        y, others = x.copy(), np.ones(len(x), dtype=bool)
        if "hole" in name:
            y[:, 20 * second : 25 * second] = np.nan if "NaN" in name else 0.0
        elif "dead" in name:
            y[loud, 10 * second :], others[loud] = np.nan, False
        online = OnlineDenoiser().fit(calibration)
        found = send(online, y, size)[0][:, online.delay_ :]
        judged = slice(30 * second, 55 * second)
        wanted = truth[others, judged]
        before, after = (float(snr(wanted, z[others, judged])) for z in (x, found))
        print(f"{name:22}: from 30 s on {before:5.1f} dB before, {after:5.1f} dB after")


def measure_latency(n_seeds: int) -> None:
    """Print the gain for each latency, beside that of the same filters offline."""
    gains: dict[str, list[float]] = {}
    for seed in range(n_seeds):
        n_channels, sfreq = ((32, 250.0), (64, 250.0), (16, 250.0))[seed % 3]
        calibration, recording, truth = simulate(n_channels, sfreq, seed + 10)
        edge = round(EDGE * sfreq)
        denoiser = ArtifactDenoiser().fit(calibration)
        x = recording.get_data()
        results = {"offline": denoiser.transform(recording).get_data()}
        for latency in LATENCIES:
            online = OnlineDenoiser(denoiser, latency=latency).fit(calibration)
            held = np.pad(x, ((0, 0), (0, online.delay_)), mode="edge")
            results[f"{latency:g} s"] = online.process(held)[:, online.delay_ :]
        before = float(snr(truth[:, edge:-edge], x[:, edge:-edge]))
        for name, y in results.items():
            gain = float(snr(truth[:, edge:-edge], y[:, edge:-edge])) - before
            gains.setdefault(name, []).append(gain)
    print("| latency | gain in dB, mean | below offline, mean (worst) |")
    print("|---|---|---|")
    offline = np.array(gains["offline"])
    for name, some in gains.items():
        loss = offline - np.array(some)
        print(f"| {name} | {np.mean(some):.1f} | {loss.mean():.1f} ({loss.max():.1f}) |")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--sfreq", type=float, default=500.0)
    parser.add_argument("--seeds", type=int, default=6, help="recordings for the latency")
    args = parser.parse_args()
    mne.set_log_level("error")
    measure_load(args.channels, args.sfreq)
    measure_survival(32, 250.0)
    measure_latency(args.seeds)


if __name__ == "__main__":
    main()
