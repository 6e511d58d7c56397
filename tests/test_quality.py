"""Tests of the condition of a recording: each fault is found, and a good recording has none."""

from __future__ import annotations

import re

import numpy as np
import pytest

from mne_artdenoise.evidence.quality import find_doubts, measure_quality
from mne_artdenoise.synthesis import simulate_raw


@pytest.fixture(scope="module")
def good(make_info):
    return simulate_raw(make_info(20, 200.0), 30.0, rng=0)[0]


def find(raw):
    return find_doubts(measure_quality(raw))


def test_a_good_recording_raises_no_doubt(good):
    assert find(good) == ()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda raw: raw.pick(["Fp1", "Fp2", "C3", "C4"]), "Only 4 channels"),
        (
            lambda raw: raw.drop_channels(["Fp1", "Fp2", "F7", "F8", "F3", "F4", "Fz"]),
            "near the eyes",
        ),
        (lambda raw: raw.crop(0, 5), r"Only 5.0 s: fit the denoiser on a longer recording"),
        (lambda raw: scale(raw, slice(None), 1e6), "raw.apply_function"),
        (lambda raw: scale(raw, slice(None), 0.01), "raw.apply_function"),
        (lambda raw: scale(raw, 3, 8.0), r"around: Oz. Set raw.info\['bads'\] \+= \['Oz'\]"),
        (lambda raw: scale(raw, 3, 0.05), "around: Oz"),
        (lambda raw: add(raw, 20e-6 * np.sin(2 * np.pi * 50 * raw.times)), "raw.notch_filter"),
        (lambda raw: add(raw, 15e-6 * whiten(raw)), "hardly falls from 15 to 45 Hz"),
    ],
)
def test_each_fault_is_found_alone_and_names_what_helps(good, spoil, words):
    doubts = find(spoil(good.copy()))
    assert len(doubts) == 1
    assert re.search(words, doubts[0])


def scale(raw, rows, factor):
    raw._data[rows] *= factor
    return raw


def add(raw, x):
    raw._data += x
    return raw


def whiten(raw):
    return np.random.default_rng(0).standard_normal(raw._data.shape)


def test_bad_channels_are_not_judged(good):
    raw = scale(good.copy(), 3, 8.0)
    raw.info["bads"] = ["Oz"]
    assert find(raw) == ()


def test_channels_without_a_position_are_said_to_be_left(good):
    raw = good.copy().set_montage(None)
    (doubt,) = find(raw)
    assert "inst.set_montage" in doubt
    assert measure_quality(raw).seconds == pytest.approx(30.0)


def test_level_is_that_of_the_usual_channel(make_raw):
    raw = make_raw(12, duration=20.0)
    raw._data[:] = 10e-6 * whiten(raw)
    raw._data[:2] *= 3
    quality = measure_quality(raw)
    assert quality.level == pytest.approx(10e-6, rel=0.03)
    assert (quality.n_channels, quality.seconds) == (12, pytest.approx(20.0))
