"""A span that stays on disk gives what its array gives, and reads no more than is asked for."""

from __future__ import annotations

from functools import partial

import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mne.io import BaseRaw

from mne_artdenoise import ArtifactDenoiser, estimation, recording
from mne_artdenoise.estimation import take_stretches
from mne_artdenoise.recording import read_signal, restrict
from mne_artdenoise.spans import PIECE, StoredSpan, read_pieces, take_rows


@pytest.fixture(scope="module")
def stored(make_noisy, tmp_path_factory):
    """Write a recording with annotations, and open it without loading it."""
    raw = make_noisy(6, 20.0, extra_types=["stim"], first_samp=333, bads=["Fz"])
    raw.set_annotations(mne.Annotations([3.0, 8.0], [1.5, 0.0], ["BAD_x", "EDGE"]))
    path = tmp_path_factory.mktemp("stored") / "some_raw.fif"
    raw.save(path, fmt="double", verbose=False)
    return mne.io.read_raw_fif(path, verbose=False)


@pytest.fixture
def on_disk(monkeypatch):
    """Leave every Raw on disk, however small."""
    monkeypatch.setattr(recording, "AT_ONCE", 0)


@given(data=st.data())
def test_what_is_indexed_is_what_the_array_holds(stored, data):
    start = data.draw(st.integers(0, 3999))
    stop = data.draw(st.integers(start + 1, 4000))
    picks = np.array(data.draw(st.permutations(range(7)))[: data.draw(st.integers(1, 7))])
    span = StoredSpan(stored, picks, start, stop)
    array = stored.get_data()[picks, start:stop]
    ends = st.none() | st.integers(-5000, 5000)
    columns = slice(data.draw(ends), data.draw(ends), data.draw(st.integers(1, 300)))
    assert span.shape == array.shape
    assert np.array_equal(span[:, columns], array[:, columns])
    rows = np.array(data.draw(st.permutations(range(len(picks)))))
    assert np.array_equal(take_rows(span, rows)[:, columns], array[rows][:, columns])
    assert np.array_equal(np.asarray(span), array)


@pytest.mark.parametrize("n_channels", [1, 7, 64])
def test_pieces_join_to_the_segment(n_channels, rng, monkeypatch):
    monkeypatch.setattr("mne_artdenoise.spans.PIECE", 100)
    x = rng.standard_normal((n_channels, 333))
    starts, pieces = zip(*read_pieces(x), strict=True)
    assert np.array_equal(np.hstack(pieces), x)
    assert list(starts) == np.cumsum([0, *(piece.shape[1] for piece in pieces)])[:-1].tolist()
    assert all(piece.size <= max(100, n_channels) for piece in pieces)
    assert PIECE * 8 <= 2**24


def test_a_signal_on_disk_is_that_in_memory(stored, on_disk):
    found, expected = read_signal(stored), read_signal(stored.copy().load_data())
    assert all(isinstance(segment, StoredSpan) for segment in found.segments)
    assert not stored.preload
    assert found.places == expected.places
    for signals in ((found, expected), (restrict(found, [2, 0]), restrict(expected, [2, 0]))):
        for one, other in zip(*(signal.segments for signal in signals), strict=True):
            assert np.array_equal(one, other)


def test_a_long_recording_is_fitted_from_stretches_of_it(
    make_noisy, on_disk, monkeypatch, tmp_path
):
    monkeypatch.setattr(estimation, "take_stretches", partial(take_stretches, enough=100.0))
    monkeypatch.setattr("mne_artdenoise.spans.PIECE", 10000)
    make_noisy(5, 130.0).save(tmp_path / "long_raw.fif", fmt="double", verbose=False)
    stored, read, getitem = mne.io.read_raw_fif(tmp_path / "long_raw.fif"), [], BaseRaw.__getitem__

    def note(self, key):
        read.append(np.size(getitem(self, key)[0]))
        return getitem(self, key)

    monkeypatch.setattr(BaseRaw, "__getitem__", note)
    found = ArtifactDenoiser().fit(stored).filter_
    assert 0 < max(read) <= 10000  # at once: 10 s of 5 channels at 200 Hz
    expected = ArtifactDenoiser().fit(stored.copy().load_data()).filter_
    assert any(len(band.ratios) for band in found.bands)
    for one, other in zip(found.bands, expected.bands, strict=True):
        assert np.array_equal(one.unmixing, other.unmixing)
        assert one.closed == other.closed


@pytest.mark.parametrize("spatial", [True, False])
def test_a_recording_on_disk_is_cleaned_as_in_memory(stored, on_disk, spatial):
    found = ArtifactDenoiser(spatial=spatial).fit_transform(stored)
    expected = ArtifactDenoiser(spatial=spatial).fit_transform(stored.copy().load_data())
    assert np.array_equal(found.get_data(), expected.get_data())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_found_on_disk(stored, on_disk, value, tmp_path, monkeypatch):
    monkeypatch.setattr("mne_artdenoise.spans.PIECE", 5 * 150)
    raw = stored.copy().load_data()
    raw._data[1, 3000:3002] = value
    raw._data[4, 3500] = value
    raw.save(tmp_path / "lost_raw.fif", fmt="double", verbose=False)
    with pytest.raises(ValueError, match=r"3 values .* in Pz, C3; .* in Pz at 15.000 s\."):
        read_signal(mne.io.read_raw_fif(tmp_path / "lost_raw.fif", verbose=False))


def test_complex_values_are_refused_on_disk(make_info, on_disk, tmp_path):
    raw = mne.io.RawArray(np.ones((3, 400)) * 1j, make_info(3), verbose=False)
    with pytest.warns(RuntimeWarning, match="complex"):
        raw.save(tmp_path / "complex_raw.fif", verbose=False)
    with pytest.raises(ValueError, match="Complex data not supported"):
        read_signal(mne.io.read_raw_fif(tmp_path / "complex_raw.fif", verbose=False))
