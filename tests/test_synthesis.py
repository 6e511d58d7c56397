"""Tests of the public names of synthesis, and of the registry of artifacts."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

from mne_artdenoise import synthesis
from mne_artdenoise.synthesis import GROUPS, KINDS, make_artifact
from mne_artdenoise.synthesis.artifacts import REPLACING, expand_kinds
from mne_artdenoise.synthesis.electrodes import read_electrodes


def make(kind, electrodes, n_times, rng):
    shape = (len(read_electrodes(electrodes)), n_times)
    clean = {"clean": np.ones(shape)} if kind in REPLACING else {}
    return make_artifact(kind, electrodes, n_times, rng, **clean)


def test_public_names_are_found_when_first_used():
    assert sorted(synthesis.__all__) == dir(synthesis)
    for name in synthesis.__all__:
        assert getattr(synthesis, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'make_pair'"):
        _ = synthesis.make_pair


def test_importing_synthesis_brings_no_torch():
    code = "import sys, mne_artdenoise.synthesis as s; s.make_pairs; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_kinds_are_those_of_the_manual():
    known = "blink, horizontal saccade, vertical saccade, slow eye movement, muscle, chewing"
    known += ", jaw clench, shiver, heart, pulse, pop, cable motion, cap motion, drift, sweat"
    assert list(KINDS) == [*known.split(", "), "line", "impedance", "flat", "dead"]
    assert set(REPLACING) <= set(KINDS)
    for name, members in GROUPS.items():
        assert set(members) <= set(KINDS)
        assert name not in KINDS or members == (name,)  # one word, one meaning


def test_groups_stand_for_their_kinds():
    assert expand_kinds(["line", "eye", "blink"]) == ("line", *GROUPS["eye"])
    assert expand_kinds([]) == ()


@pytest.mark.parametrize("kind", [*KINDS])
@pytest.mark.parametrize("n_times", [1, 2, 37, 1500])
@pytest.mark.parametrize(("n_channels", "sfreq"), [(2, 100.0), (30, 256.0), (256, 2000.0)])
def test_every_kind_is_made_for_any_montage_rate_and_length(
    make_info, kind, n_times, n_channels, sfreq
):
    electrodes = read_electrodes(make_info(n_channels, sfreq))
    first, again = (make(kind, electrodes, n_times, 3) for _ in range(2))
    assert first.shape == (n_channels, n_times)
    assert first.dtype == np.float64
    assert np.isfinite(first).all()
    assert first.tobytes() == again.tobytes()
    assert kind in REPLACING or np.abs(first).max() < 0.1  # volts


@pytest.mark.parametrize("kind", [*KINDS])
def test_info_and_electrodes_give_the_same_artifact(make_info, kind):
    info = make_info(12, 250.0, extra_types=["stim"])
    a, b = (make(kind, x, 500, 1) for x in (info, read_electrodes(info)))
    assert np.array_equal(a, b)


@pytest.mark.parametrize("kind", [*KINDS])
def test_something_happens_in_nearly_every_window(make_info, kind):
    electrodes = read_electrodes(make_info(19, 256.0))
    assert sum(make(kind, electrodes, 1024, seed).any() for seed in range(20)) >= 18


@pytest.mark.benchmark
@pytest.mark.parametrize("kind", [*KINDS])
def test_a_window_takes_less_than_20_ms(make_info, kind):
    electrodes = read_electrodes(make_info(30, 256.0))
    make(kind, electrodes, 1024, 0)
    times = []
    for seed in range(20):
        start = time.perf_counter()
        make(kind, electrodes, 1024, seed)
        times.append(time.perf_counter() - start)
    assert np.median(times) < 0.02


def test_an_unknown_kind_lists_the_known():
    with pytest.raises(ValueError, match="Unknown artifact 'cough'. Known: 'blink', "):
        make_artifact("cough", None, 10)
