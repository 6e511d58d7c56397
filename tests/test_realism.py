"""Tests of the measures that compare simulated artifacts with real ones, and of the comparison."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from mne_artdenoise.synthesis.components import ComponentSet
from mne_artdenoise.synthesis.gaze import shape_blink

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
BLINK, ASIDE = 0, 1


@pytest.fixture
def realism(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import the benchmark, which is a script and in no package."""
    if not BENCHMARKS.is_dir():
        pytest.skip("the benchmarks belong to the repository, not to the package")
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module("realism")


@pytest.fixture
def open_sets() -> Path:
    """Find the open recordings that the training recipe reads."""
    folder = os.environ.get("MNE_ARTDENOISE_OPEN_SETS", "")
    if not (Path(folder) / "glasgow_eeg_emg_artefacts").is_dir():
        pytest.skip("MNE_ARTDENOISE_OPEN_SETS names no folder with the open recordings")
    return Path(folder)


@pytest.fixture
def make_set(make_info):
    """Make components of which each is 1 at some channels and 0 at the others, all called eye."""

    def make(subject: str, *maps: dict[str, float]) -> ComponentSet:
        info = make_info(19)
        topographies = np.array([[m.get(name, 0.0) for name in info["ch_names"]] for m in maps])
        return ComponentSet(
            subject=subject,
            sfreq=200.0,
            ch_names=tuple(info["ch_names"]),
            positions=np.array([ch["loc"][:3] for ch in info["chs"]]),
            maps=topographies,
            sources=np.zeros((len(maps), 4)),
            probabilities=np.tile(np.eye(7)[2], (len(maps), 1)),
        )

    return make


def test_components_are_told_apart_by_symmetry_and_get_one_sign(realism, make_set):
    blink, aside = {"Fp1": -1.0, "Fp2": -0.9}, {"F7": 1.0, "F8": -1.0}
    one_sided = {"F7": 1.0}
    sets = [make_set("a", blink, aside), make_set("b", {"Fp1": 1.0, "Fp2": 1.0}, one_sided)]
    names = sets[0].ch_names
    blinks, turns = (realism.find_eye_maps(sets, row) for row in (BLINK, ASIDE))
    assert len(blinks) == 2  # one for each person
    assert len(turns) == 1
    assert (blinks[:, names.index("Fp1")] > 0.5).all()
    assert turns[0, names.index("F8")] > 0.5 > -0.5 > turns[0, names.index("F7")]


def test_maps_with_another_reference_are_the_same_map(realism, rng):
    maps = rng.standard_normal((3, 19))
    first, other = realism.refer_to_average(maps), realism.refer_to_average(5 * maps + 7.0)
    np.testing.assert_allclose(first, other, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1.0)


def test_one_loud_electrode_is_focal_and_many_are_not(realism, make_info):
    positions = np.array([ch["loc"][:3] for ch in make_info(64)["chs"]])
    one, near = realism.measure_focus(positions, np.eye(64)[5])
    assert one == pytest.approx(1.0)
    assert near == pytest.approx(1.0)
    many, near = realism.measure_focus(positions, np.tile([1.0, -1.0], 32))
    assert many == pytest.approx(64.0)
    assert near < 0.3


def test_blinks_are_found_in_noise_and_measured(realism, rng):
    sfreq, length = 1000, 0.4
    signal = 2 * rng.standard_normal(30 * sfreq)
    for onset in (3, 9, 16, 24):
        phase = np.arange(1, length * sfreq) / (length * sfreq)
        signal[onset * sfreq : onset * sfreq + len(phase)] += 200 * shape_blink(phase)
    found = list(realism.cut_blinks(signal))
    assert len(found) == 4
    half, tenth, ratio = np.median([realism.measure_blink(blink) for blink in found], axis=0)
    assert half == pytest.approx(0.126, abs=0.01)
    assert tenth == pytest.approx(0.270, abs=0.03)
    assert ratio > 1.1
    assert list(realism.cut_blinks(-signal)) == []


def test_a_burst_is_measured_without_the_noise_at_rest(realism, rng):
    band = butter(2, [60, 90], "bandpass", fs=1000, output="sos")
    signal = 0.5 * rng.standard_normal(30_000)
    signal[10_000:18_000] += 40 * sosfilt(band, rng.standard_normal(8_000))
    middle, slope, spiky = realism.measure_firing(signal)
    assert 65 < middle < 85
    assert slope < -12
    assert abs(spiky) < 0.5
    assert realism.measure_firing(rng.standard_normal(30_000)) is None


def test_a_beat_is_averaged_with_r_upwards(realism, rng):
    heart = np.zeros(5000)
    heart[200::250] = -1.0
    beat, between = realism.average_beats(
        heart + 0.01 * rng.standard_normal(5000), 3 * heart, 250.0
    )
    assert len(beat) == 250
    assert np.argmax(beat) == pytest.approx(125, abs=2)
    assert between > 0.5


@pytest.mark.slow
def test_simulated_muscles_and_blinks_lie_among_the_real_ones(realism, open_sets):
    held_out = realism.read_held_out()
    rows = [*realism.compare_firing(open_sets, lambda subject: subject not in held_out)]
    rows += realism.compare_blinks(open_sets, lambda subject: subject not in held_out)
    assert len(rows) == 10
    shares = [int(row[2].split("%")[0].split()[-1]) for row in rows if "inside" in row[2]]
    assert len(shares) == 6
    assert min(shares) >= 90
    assert float(rows[-1][2].strip("*")) > 0.98
