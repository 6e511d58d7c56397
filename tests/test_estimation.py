"""A network sees each segment at its own rate and scale, and its answer comes back in place."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mne_artdenoise.estimation import estimate_artifact, find_artifact, learn_filter
from mne_artdenoise.recording import read_signal


@pytest.fixture
def seen(monkeypatch):
    """Let every network answer with a tenth of what it sees, and keep what it saw."""
    batches = []

    class TakeTenth(torch.nn.Module):
        def forward(self, x, directions):
            batches.append((x.numpy().copy(), directions.numpy().copy()))
            return x / 10

    monkeypatch.setattr("mne_artdenoise.weights.load_network", lambda record: TakeTenth())
    return batches


def test_the_network_sees_numbers_of_about_one_at_its_rate(seen, make_raw, make_record):
    raw = make_raw(4, 20.0, 500.0)
    recording, artifact = estimate_artifact(read_signal(raw), make_record())
    (x,) = (batch for batch, _ in seen)
    assert x.shape[1:] == (4, 1600)
    assert 0.3 < np.median(x.std(axis=-1)) < 3
    assert recording[0].shape == artifact[0].shape == (4, 4000)
    np.testing.assert_allclose(artifact[0], recording[0] / 10, atol=1e-6 * recording[0].max())


def test_directions_are_those_of_the_channels(seen, make_raw, make_record):
    estimate_artifact(read_signal(make_raw(3)), make_record())
    directions = seen[0][1][0]
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, rtol=1e-6)
    assert directions[0, 2] > 0.9  # Cz is up
    assert directions[1, 1] < 0  # Pz is behind


@pytest.mark.parametrize("sfreq", [200.0, 249.93, 1000.0])
def test_the_answer_comes_back_at_the_rate_and_length_of_the_recording(
    seen, make_raw, make_record, sfreq
):
    signal = read_signal(make_raw(3, 12.0, sfreq).filter(5, 30, verbose=False))
    (found,) = find_artifact(signal, make_record())
    (x,) = signal.segments
    assert found.shape == x.shape
    middle = slice(x.shape[1] // 4, -x.shape[1] // 4)
    assert np.abs(found - x / 10)[:, middle].max() < 0.01 * np.abs(x / 10).max()


def test_segments_of_one_length_run_together(seen, make_epochs, make_record):
    signal = read_signal(make_epochs(12, 4, 1.0))
    find_artifact(signal, make_record())
    assert [len(x) for x, _ in seen] == [12]
    seen.clear()
    find_artifact(signal, make_record(), batch_size=5)
    assert [len(x) for x, _ in seen] == [5, 5, 2]


def test_segments_do_not_mix(seen, make_raw, make_record):
    import mne

    spans = mne.Annotations([3.0, 7.5], [1.0, 0.5], ["BAD_a", "BAD_b"])
    signal = read_signal(make_raw(3, 12.0, annotations=spans))
    recording, artifact = estimate_artifact(signal, make_record(l_freq=None))
    assert [x.shape[1] for x in artifact] == [600, 700, 800]
    for segment, x, y in zip(signal.segments, recording, artifact, strict=True):
        assert np.array_equal(segment, x)
        np.testing.assert_allclose(y, x / 10, atol=1e-12)


def test_too_little_to_see_is_nothing_found(seen, make_raw, make_record):
    signal = read_signal(make_raw(3, 3 / 2000, 2000.0))
    _, artifact = estimate_artifact(signal, make_record())
    assert [x.shape for x in artifact] == [(3, 1)]
    assert not artifact[0].any()
    assert seen == []


def test_weak_artifacts_give_no_filter(seen, make_raw, make_record):
    fitted = learn_filter(read_signal(make_raw(3, 10.0)), make_record(band=[0.5, 90.0]))
    # The network's answer is a tenth of all: nowhere does artifact outweigh brain.
    assert sum(len(band.ratios) for band in fitted.bands) == 0
