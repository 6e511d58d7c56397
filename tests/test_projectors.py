"""An artifact is kept in the space that active projectors leave, and zero stays zero."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from mne.proj import make_projector

from mne_artdenoise.projectors import find_removed, project


@pytest.fixture
def referenced(make_raw):
    """Make a Raw of an average reference, applied."""
    raw = make_raw(6, extra_types=["eog"])
    return raw.set_eeg_reference(projection=True, verbose=False).apply_proj(verbose=False)


def test_an_average_reference_is_a_projector_of_one_direction(referenced):
    removed = find_removed(referenced.copy().pick("eeg").info)
    np.testing.assert_allclose(np.abs(removed), np.full((1, 6), 6**-0.5))


def test_projecting_is_what_mne_does(make_raw, rng):
    raw = make_raw(8)
    projs = mne.compute_proj_raw(raw, n_eeg=2, n_mag=0, n_grad=0, verbose=False)
    raw.add_proj(projs, verbose=False).set_eeg_reference(projection=True, verbose=False)
    raw.apply_proj(verbose=False)
    matrix, n_projs, _ = make_projector(raw.info["projs"], raw.ch_names, include_active=True)
    x = rng.standard_normal((8, 50))
    (found,) = project([x], raw.info)
    assert n_projs == len(find_removed(raw.info)) == 3
    np.testing.assert_allclose(found, matrix @ x, atol=1e-12)
    np.testing.assert_allclose(project([found], raw.info)[0], found, atol=1e-12)


@pytest.mark.parametrize("keep", [[0, 1], [4, 2, 0], [5, 6]])
def test_some_channels_alone_stay_orthogonal(referenced, rng, keep):
    info = mne.pick_info(referenced.info, keep)
    x = rng.standard_normal((len(keep), 20))
    (found,) = project([x], info)
    is_eeg = np.array(info.get_channel_types()) == "eeg"
    assert np.abs(found[is_eeg].sum(axis=0)).max() < 1e-12
    assert np.array_equal(found[~is_eeg], x[~is_eeg])


def test_samples_of_zero_stay_exactly_zero(referenced, rng):
    x = rng.standard_normal((7, 40))
    x[:, 10:20] = 0.0
    (found,) = project([x], referenced.info)
    assert not found[:, 10:20].any()
    assert found[:6, :10].all()


def test_pending_and_foreign_projectors_take_nothing(make_raw, referenced, rng):
    pending = make_raw(6).set_eeg_reference(projection=True, verbose=False)
    foreign = make_raw(6).rename_channels(lambda name: f"x{name}")
    foreign.info["projs"].extend(referenced.info["projs"])
    for raw in (make_raw(6), pending, foreign):
        x = rng.standard_normal((6, 20))
        assert len(find_removed(raw.info)) == 0
        assert project([x], raw.info)[0] is x


def test_a_projector_given_twice_counts_once(referenced):
    referenced.info["projs"].append(referenced.info["projs"][0].copy())
    assert len(find_removed(referenced.info)) == 1
