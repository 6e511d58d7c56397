"""The peers of the benchmarks: each runs, and gives back a copy with everything in its place."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest

pytestmark = pytest.mark.benchmark
BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
NEEDS: dict[str, tuple[str, ...]] = {
    "clean_with_ica": ("picard", "mne_icalabel"),
    "clean_with_asr": ("mne_denoise",),
    "clean_with_gedai": ("gedai",),
    "clean_with_regression": (),
}


@pytest.fixture
def load_benchmark(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Import a module of the benchmarks, which are scripts and no package."""
    if not BENCHMARKS.is_dir():
        pytest.skip("the benchmarks belong to the repository, not to the package")
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module


@pytest.fixture
def recording(load_benchmark: Callable[[str], Any]) -> tuple[mne.io.BaseRaw, mne.io.BaseRaw]:
    """Simulate 16 channels out of order, one of them bad, and their clean part."""
    raw, clean = load_benchmark("simulated_recording").simulate_recording(30.0, seed=3)
    names = [*raw.ch_names[-3::-4], "HEOG", "VEOG"]
    raw.pick(names).reorder_channels(names)
    raw.info["bads"] = [names[3]]
    return raw, clean.pick(names).reorder_channels(names)


@pytest.mark.parametrize("name", NEEDS)
def test_peer_cleans_a_copy_and_leaves_the_rest(
    name: str,
    recording: tuple[mne.io.BaseRaw, mne.io.BaseRaw],
    load_benchmark: Callable[[str], Any],
) -> None:
    for package in NEEDS[name]:
        pytest.importorskip(package)
    raw, clean = recording
    before = raw.get_data().copy()
    peers = load_benchmark("peers")
    cleaned = getattr(peers, name)(raw)
    assert (cleaned.ch_names, cleaned.info["bads"]) == (raw.ch_names, raw.info["bads"])
    np.testing.assert_array_equal(raw.get_data(), before)
    untouched = [raw.info["bads"][0], "HEOG", "VEOG"]
    np.testing.assert_array_equal(cleaned.get_data(untouched), raw.get_data(untouched))
    picks = peers.find_cleaned_channels(raw.info)
    truth = clean.get_data(picks)
    noisy, left = (((x.get_data(picks) - truth) ** 2).sum() for x in (raw, cleaned))
    assert left < 0.75 * noisy


def test_components_are_chosen_by_label_and_by_probability(
    load_benchmark: Callable[[str], Any],
) -> None:
    peers = load_benchmark("peers")
    eye, brain, unsure, other = np.zeros((4, 7))
    eye[peers.LABELS.index("eye")] = brain[0] = other[-1] = 0.9
    unsure[peers.LABELS.index("muscle")], unsure[0] = 0.5, 0.4
    probabilities = np.stack([brain, eye, unsure, other])
    assert peers.choose_components(probabilities) == [1, 2]
    assert peers.choose_components(probabilities, minimum=0.8) == [1]
