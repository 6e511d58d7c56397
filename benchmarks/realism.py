"""How like real eyes, muscles and hearts the simulated ones are, as a table in markdown.

Run ``python benchmarks/realism.py --data DATA --components FOLDER``. ``DATA`` holds the open sets
as for the training recipe; ``FOLDER`` the components of raw recordings that the recipe's first run
leaves in ``WORK/components``. Places and spreads of the head model and the shapes of blinks and
muscle spectra were chosen on the people of ``--people development``; the others only score.
"""

from __future__ import annotations

import argparse
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path

import mne
import numpy as np
from scipy.signal import butter, find_peaks, sosfiltfilt, welch
from scipy.stats import kurtosis

from mne_artdenoise._typing import FloatArray
from mne_artdenoise.synthesis.cardiac import shape_heartbeat
from mne_artdenoise.synthesis.components import ComponentSet
from mne_artdenoise.synthesis.gaze import CLOSING, shape_blink
from mne_artdenoise.synthesis.headmodel import draw_eye_topographies, draw_muscle_topographies
from mne_artdenoise.synthesis.motor_units import draw_firing

RECIPE = Path(__file__).parent.parent / "examples" / "training" / "any-montage-v1.py"
N_DRAWS = 500
SFREQ = 1000.0  # of the Glasgow recordings
CHIN, FOREHEAD = "CHIN", "Fp1"
# The muscle that an electrode of the Glasgow set records, and the tasks that tense it.
TASKS = {
    CHIN: ("masseter", ("jaw", "eyescrunching", "turninghead", "lie_smile", "sit_smile")),
    FOREHEAD: ("frontal", ("raisingeyebrows", "eyescrunching")),
}


def main() -> None:
    """Read the command line and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--components", type=Path, required=True)
    parser.add_argument("--people", choices=("development", "held-out"), default="held-out")
    args = parser.parse_args()
    mne.set_log_level("ERROR")
    held_out = read_held_out()

    def is_asked(subject: str) -> bool:
        return (subject in held_out) == (args.people == "held-out")

    sets = [ComponentSet.load(path) for path in sorted(args.components.glob("*.npz"))]
    sets = [item for item in sets if is_asked(item.subject)]
    print(f"### People: {args.people}\n\n| what | real | simulated |\n|---|---|---|")
    for rows in (
        compare_eyes(sets),
        compare_muscle_maps(sets),
        compare_blinks(args.data, is_asked),
        compare_firing(args.data, is_asked),
        compare_heartbeats(args.data, is_asked),
    ):
        for row in rows:
            print(f"| {' | '.join(row)} |", flush=True)


def read_held_out() -> tuple[str, ...]:
    """Read from the training recipe who is held out."""
    return tuple(runpy.run_path(str(RECIPE))["HELD_OUT"])


def compare_eyes(sets: list[ComponentSet]) -> Iterator[tuple[str, str, str]]:
    """Compare the maps of blinks and of eyes that turn aside, by montage."""
    for n_channels in (19, 64):
        found = [item for item in sets if len(item.ch_names) == n_channels]
        if not found:
            continue
        positions = found[0].positions.astype(float)
        rng = np.random.default_rng(0)
        drawn = np.array([draw_eye_topographies(positions, rng) for _ in range(N_DRAWS)])
        for row, kind in enumerate(("blink", "eyes turned aside")):
            real = find_eye_maps(found, row)
            if len(real) < 3:
                continue
            maps, mean = refer_to_average(drawn[:, row]), refer_to_average(real.mean(axis=0))
            typical = refer_to_average(drawn[:, row].mean(axis=0))
            name = f"{kind}, {n_channels} channels, {len(real)} people"
            yield f"{name}: mean map with mean map", "1", f"**{typical @ mean:.3f}**"
            yield f"{name}: a map with the mean real map", span(real @ mean), span(maps @ mean)
            yield f"{name}: two people", span(pair_up(real)), span(pair_up(maps))
            nearest = (real @ maps.T).max(axis=1)
            yield f"{name}: a real map with the nearest of {N_DRAWS} draws", "", span(nearest)


def find_eye_maps(sets: list[ComponentSet], row: int) -> FloatArray:
    """Mean eye component of each person, symmetric for blinks (0) or opposite (1)."""
    people: dict[str, list[FloatArray]] = {}
    for item in sets:
        positions = item.positions.astype(float)
        mirror = np.linalg.norm(positions[:, None] * [-1, 1, 1] - positions, axis=-1).argmin(1)
        front = positions[:, 1] > 0.07 if row == 0 else positions[:, 0] > 0.04
        for which in item.select("eye", 0.8):
            topography = refer_to_average(item.maps[which].astype(float))
            symmetry = topography @ topography[mirror]
            if symmetry > 0.5 if row == 0 else symmetry < -0.3:
                sign = np.sign(topography[front].sum())
                people.setdefault(item.subject, []).append(sign * topography)
    return np.array([refer_to_average(np.mean(maps, axis=0)) for maps in people.values()])


def refer_to_average(maps: FloatArray) -> FloatArray:
    """Give maps the average reference and unit length."""
    maps = maps - maps.mean(axis=-1, keepdims=True)
    return np.asarray(maps / np.linalg.norm(maps, axis=-1, keepdims=True))


def pair_up(maps: FloatArray) -> FloatArray:
    """Correlate each map with each other."""
    return np.asarray((maps @ maps.T)[np.triu_indices(len(maps), 1)])


def span(values: FloatArray) -> str:
    """Median, with the fifth and the ninety-fifth part in a hundred."""
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return f"{middle:.3g} [{low:.3g}, {high:.3g}]"


def compare_muscle_maps(sets: list[ComponentSet]) -> Iterator[tuple[str, str, str]]:
    """How focal muscle components are, where there are 64 channels."""
    found = [item for item in sets if len(item.ch_names) == 64]
    real = [(item, item.maps[which]) for item in found for which in item.select("muscle", 0.7)]
    if len(real) < 3:
        return
    positions, rng = found[0].positions.astype(float), np.random.default_rng(0)
    drawn = np.concatenate(
        [draw_muscle_topographies(positions, 1, rng) for _ in range(4 * N_DRAWS)]
    )
    people = len({item.subject for item, _ in real})
    name = f"muscle, 64 channels, {len(real)} components of {people} people"
    for index, what in enumerate(("electrodes that hold it", "power within 45 mm of the loudest")):
        both = [
            span(np.array([measure_focus(positions, topography)[index] for topography in maps]))
            for maps in ([topography for _, topography in real], drawn)
        ]
        yield f"{name}: {what}", both[0], both[1]
    maps = refer_to_average(np.array([topography for _, topography in real], dtype=float))
    nearest = np.abs(maps @ refer_to_average(drawn).T).max(axis=1)
    yield f"{name}: with the nearest of {len(drawn)} draws", "", span(nearest)


def measure_focus(positions: FloatArray, topography: FloatArray) -> tuple[float, float]:
    """Effective number of electrodes, and share of the power near the loudest."""
    power = np.square(topography - np.median(topography))
    power /= power.sum()
    near = np.linalg.norm(positions - positions[power.argmax()], axis=1) < 0.045
    return float(1 / np.square(power).sum()), float(power[near].sum())


def read_glasgow(
    data: Path, tasks: tuple[str, ...], channel: str, is_asked: Callable[[str], bool]
) -> Iterator[FloatArray]:
    """One channel of the recordings of some tasks, in microvolts, mains taken out."""
    for path in sorted((data / "glasgow_eeg_emg_artefacts").glob("*_raw.fif.gz")):
        subject, task = path.name.removesuffix("_raw.fif.gz").split("_", 1)
        if task in tasks and is_asked(subject):
            raw = mne.io.read_raw_fif(path, preload=True)
            raw.notch_filter(np.arange(50, 451, 50), picks="all", notch_widths=2)
            yield 1e6 * raw.get_data(picks=channel)[0]


def compare_blinks(data: Path, is_asked: Callable[[str], bool]) -> Iterator[tuple[str, str, str]]:
    """Blinks at Fp1 against the shape of the simulated ones."""
    tasks = ("blink", "readinglieing", "readingsitting")
    found = [
        x for signal in read_glasgow(data, tasks, FOREHEAD, is_asked) for x in cut_blinks(-signal)
    ]
    if not found:
        return
    real = np.array([measure_blink(blink) for blink in found])
    phase = (np.arange(1500) - 600) / SFREQ / 0.4 + CLOSING  # of blinks as long as usual
    shape = np.where((phase > 0) & (phase < 1), shape_blink(np.clip(phase, 0, 1)), 0.0)
    ours = measure_blink(shape)
    for index, what in enumerate(
        ("width at half height, s", "width at a tenth, s", "closing over opening speed")
    ):
        yield f"{len(found)} blinks: {what}", span(real[:, index]), f"{ours[index]:.3g}"
    likeness = np.corrcoef(np.median(found, axis=0), shape)[0, 1]
    yield "blinks: their median with the simulated shape", "", f"**{likeness:.3f}**"


def cut_blinks(signal: FloatArray) -> Iterator[FloatArray]:
    """Lone blinks of more than 120 µV, from 0.6 s before to 0.9 s after the peak, height one."""
    smooth = sosfiltfilt(butter(2, [0.1, 25], "bandpass", fs=SFREQ, output="sos"), signal)
    peaks, _ = find_peaks(smooth, prominence=120, distance=300, width=(60, 300), rel_height=0.5)
    for peak in peaks:
        blink = smooth[peak - 600 : peak + 900] if peak >= 600 else smooth[:0]
        if len(blink) == 1500:
            rest = np.concatenate([blink[:300], blink[1150:]])
            blink = (blink - np.median(rest)) / (blink[600] - np.median(rest))
            if np.abs(np.concatenate([blink[:350], blink[1150:]])).max() < 0.25:
                yield blink


def measure_blink(blink: FloatArray) -> tuple[float, float, float]:
    """Widths at half and a tenth of the height in seconds, and closing over opening speed."""
    widths = []
    for level in (0.5, 0.1):
        below = np.flatnonzero(blink < level)
        widths.append((below[below > 600].min() - below[below < 600].max()) / SFREQ)
    slopes = np.diff(blink)
    return widths[0], widths[1], float(slopes.max() / -slopes.min())


def compare_firing(data: Path, is_asked: Callable[[str], bool]) -> Iterator[tuple[str, str, str]]:
    """Spectrum and kurtosis of chin and forehead muscles against the simulated ones."""
    names = ("median frequency, Hz", "slope 80 to 300 Hz, dB/octave", "kurtosis in 0.5 s")
    for channel, (muscle, tasks) in TASKS.items():
        real = [measure_firing(x) for x in read_glasgow(data, tasks, channel, is_asked)]
        found = np.array([row for row in real if row is not None])
        if not len(found):
            continue
        rng = np.random.default_rng(0)
        waves = [draw_firing(4, 20_000, SFREQ, muscle, 400.0, rng).sum(axis=0) for _ in range(30)]
        ours = np.array([measure_spectrum(wave.reshape(-1, 500), None) for wave in waves])
        for index, what in enumerate(names):
            low, high = found[:, index].min(), found[:, index].max()
            inside = np.mean((ours[:, index] >= low) & (ours[:, index] <= high))
            yield (
                f"muscle at {channel}, {len(found)} recordings: {what}",
                f"{low:.3g} to {high:.3g}",
                f"{span(ours[:, index])}, {inside:.0%} of it inside",
            )


def measure_firing(signal: FloatArray) -> tuple[float, float, float] | None:
    """Measure the half seconds in which a muscle is tense, less what is there at rest."""
    band = butter(4, [20, 450], "bandpass", fs=SFREQ, output="sos")
    pieces = sosfiltfilt(band, signal)[500:-500]
    pieces = pieces[: len(pieces) // 500 * 500].reshape(-1, 500)
    size = pieces.std(axis=1)
    active = pieces[size > 3 * np.quantile(size, 0.1)]
    if len(active) < 4:
        return None
    return measure_spectrum(active, pieces[size <= np.quantile(size, 0.2)])


def measure_spectrum(active: FloatArray, rest: FloatArray | None) -> tuple[float, float, float]:
    """Median frequency from 20 to 400 Hz, slope, and median kurtosis of the pieces."""
    frequency, power = welch(active, SFREQ, nperseg=500)
    power = power.mean(axis=0)
    if rest is not None:
        power = np.maximum(power - welch(rest, SFREQ, nperseg=500)[1].mean(axis=0), 1e-9)
    band, upper = (frequency >= 20) & (frequency <= 400), (frequency >= 80) & (frequency <= 300)
    share = np.cumsum(power[band]) / power[band].sum()
    slope = np.polyfit(np.log2(frequency[upper]), 10 * np.log10(power[upper]), 1)[0]
    middle = frequency[band][np.searchsorted(share, 0.5)]
    return float(middle), float(slope), float(np.median(kurtosis(active, axis=1)))


def compare_heartbeats(
    data: Path, is_asked: Callable[[str], bool]
) -> Iterator[tuple[str, str, str]]:
    """Compare mean beats of electrocardiograms with ours, and tell the R peak between the ears."""
    likeness, ears = [], []
    for path in sorted((data / "eegmat").glob("*_1_250Hz_raw.fif.gz")):
        if is_asked(path.name.split("_")[0]):
            raw = mne.io.read_raw_fif(path, preload=True)
            heart, ear = raw.get_data("ecg")[0], raw.get_data("A2-A1")[0]
            beat, between = average_beats(heart, ear, raw.info["sfreq"])
            phase = np.linspace(-np.pi, np.pi, len(beat), endpoint=False)
            ours = shape_heartbeat(phase, 60 * raw.info["sfreq"] / len(beat)).sum(axis=0)
            shifts = [np.corrcoef(np.roll(ours, k), beat)[0, 1] for k in range(-8, 9)]
            likeness.append(max(shifts))
            ears.append(1e6 * between)
    if likeness:
        yield f"heartbeat, {len(ears)} people: with the simulated one", "", span(np.array(likeness))
        yield "R peak between the ears, µV", span(np.array(ears)), "8 over the scalp"


def average_beats(heart: FloatArray, ear: FloatArray, sfreq: float) -> tuple[FloatArray, float]:
    """Median beat of an electrocardiogram, and what another channel has at its R peak."""
    wide = butter(2, [0.5, 40], "bandpass", fs=sfreq, output="sos")
    narrow = butter(2, [5, 30], "bandpass", fs=sfreq, output="sos")
    sharp = sosfiltfilt(narrow, heart)
    if -np.quantile(sharp, 0.001) > np.quantile(sharp, 0.999):
        heart, sharp = -heart, -sharp
    peaks, _ = find_peaks(sharp, height=0.5 * np.quantile(sharp, 0.995), distance=int(0.4 * sfreq))
    half = int(np.median(np.diff(peaks)) / 2)
    peaks = peaks[(peaks > half) & (peaks < len(heart) - half)]

    def average(signal: FloatArray) -> FloatArray:
        smooth = sosfiltfilt(wide, signal)
        return np.asarray(np.median([smooth[peak - half : peak + half] for peak in peaks], axis=0))

    between = average(ear)
    return average(heart), float(abs(between[half - 3 : half + 4] - np.median(between)).max())


if __name__ == "__main__":
    main()
