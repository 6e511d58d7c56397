"""Tests of event-related potentials whose peak is known."""

from __future__ import annotations

import mne
import numpy as np
import pytest

from mne_artdenoise.synthesis.electrodes import Electrodes, read_electrodes
from mne_artdenoise.synthesis.evoked import (
    COMPONENTS,
    make_evoked_response,
    place_evoked_responses,
)
from mne_artdenoise.synthesis.sites import SITES

TIMES = np.arange(-200, 1000) / 500  # a sample at every latency of COMPONENTS


@pytest.fixture(scope="module")
def everywhere():
    """Give electrodes at all sites of the template."""
    return Electrodes(tuple(SITES), np.array(list(SITES.values())) / 1000, 250.0)


@pytest.mark.parametrize("component", COMPONENTS)
def test_peaks_have_the_usual_size_and_moment_at_their_site(everywhere, component):
    known = COMPONENTS[component]
    response = make_evoked_response(everywhere, TIMES, component=component)
    at_site = response[everywhere.ch_names.index(known.site)]
    peak = int(np.argmax(np.abs(at_site)))
    assert TIMES[peak] == pytest.approx(known.latency)
    assert at_site[peak] == pytest.approx(known.amplitude, rel=1e-6)


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("reference", [(), ("TP9", "TP10"), ("A1",)])
def test_peaks_are_as_asked_against_any_reference(make_info, component, reference):
    known = COMPONENTS[component]
    info = make_info(64)
    response = make_evoked_response(
        info, TIMES, component=component, amplitude=-3e-6, latency=0.3, reference=reference
    )
    if known.site in info["ch_names"]:
        at_site = response[info["ch_names"].index(known.site)]
        peak = int(np.argmax(np.abs(at_site)))
        assert TIMES[peak] == pytest.approx(0.3)
        assert at_site[peak] == pytest.approx(-3e-6, rel=1e-6)
    zero = [info["ch_names"].index(name) for name in reference if name in info["ch_names"]]
    if len(zero) == len(reference) > 0:
        assert np.abs(response[zero].mean(axis=0)).max() < 1e-12


@pytest.mark.parametrize(
    ("component", "most", "more", "less"),
    [
        ("P100", {"O1", "O2", "Oz"}, "O1", "Fz"),
        ("N100", {"FCz", "Fz", "Cz"}, "FCz", "Oz"),
        ("N170", {"PO8"}, "PO8", "PO7"),
        ("MMN", {"FCz", "Fz", "Cz"}, "FCz", "Oz"),
        ("P300", {"Pz"}, "CPz", "Fz"),
        ("N400", {"CPz"}, "Pz", "O1"),
        ("ERN", {"FCz"}, "Cz", "Pz"),
        ("LPP", {"Pz"}, "CPz", "Fz"),
    ],
)
def test_each_component_is_where_it_is_in_people(everywhere, component, most, more, less):
    known = COMPONENTS[component]
    at_peak = make_evoked_response(
        everywhere, np.array([known.latency]), component=component, reference=("TP9", "TP10")
    )[:, 0]
    size = dict(zip(everywhere.ch_names, at_peak / known.amplitude, strict=True))
    assert max(size, key=size.__getitem__) in most
    assert size[more] > 1.4 * size[less]


def test_before_it_rises_and_after_it_fell_there_is_nothing(everywhere):
    known = COMPONENTS["N170"]
    response = make_evoked_response(everywhere, TIMES, component="N170")
    after = TIMES - known.latency
    inside = (-known.rise < after) & (after < known.fall)
    assert not response[:, ~inside].any()
    assert response[0, inside].all()
    assert np.linalg.matrix_rank(response * 1e6) == 1


def test_the_same_electrode_sees_the_same_on_any_montage(make_info):
    few, many = (make_evoked_response(make_info(n), TIMES) for n in (2, 256))
    np.testing.assert_allclose(few, many[:2], rtol=1e-9)


def test_a_montage_of_its_own_counts_at_its_own_electrode(make_info):
    montage = mne.channels.make_standard_montage("biosemi64")
    info = mne.create_info(montage.ch_names, 250.0, "eeg").set_montage(montage)
    response = make_evoked_response(info, np.array([0.38]), component="P300")
    assert response[info["ch_names"].index("Pz"), 0] == pytest.approx(8e-6)


def test_responses_are_placed_at_their_events(make_info):
    info = make_info(20, sfreq=250.0)
    events = [1.0, 3.5, 7.002]
    long = place_evoked_responses(info, 2500, 0, events=events, component="P300", latency=0.4)
    one = make_evoked_response(info, np.arange(-100, 300) / 250, component="P300", latency=0.4)
    expected = np.zeros_like(long)
    expected[:, 150:550] += one
    expected[:, 775:1175] += one
    late = np.arange(2500) / 250 - 7.002  # between two samples
    expected += make_evoked_response(info, late, component="P300", latency=0.4)
    np.testing.assert_allclose(long, expected, atol=1e-15)


def test_responses_at_the_ends_are_cut_and_those_that_overlap_add_up(make_info):
    info = make_info(4, sfreq=250.0)
    ends = place_evoked_responses(info, 500, events=[-0.3, 1.7, 50.0, -50.0])
    both = [place_evoked_responses(info, 500, events=[when]) for when in (-0.3, 1.7)]
    np.testing.assert_allclose(ends, both[0] + both[1], atol=1e-15)
    assert both[0].any()
    assert both[1].any()
    assert not place_evoked_responses(info, 500, events=[]).any()
    twice = place_evoked_responses(info, 500, events=[0.5, 0.5])
    np.testing.assert_allclose(twice, 2 * place_evoked_responses(info, 500, events=[0.5]))


def test_events_differ_as_much_as_asked(make_info):
    info = make_info(8, sfreq=250.0)
    events = np.arange(200) * 2.0
    x = place_evoked_responses(
        info, 100_000, 3, events=events, amplitude_spread=0.3, latency_spread=0.05
    )
    at_site = x[info["ch_names"].index("Pz")].reshape(200, 500)
    peaks, moments = at_site.max(axis=1), at_site.argmax(axis=1) / 250
    assert peaks.mean() == pytest.approx(8e-6, rel=0.1)
    assert peaks.std() == pytest.approx(0.3 * 8e-6, rel=0.2)
    assert moments.mean() == pytest.approx(0.38, abs=0.02)
    assert moments.std() == pytest.approx(0.05, rel=0.2)
    again = place_evoked_responses(
        info, 100_000, 3, events=events, amplitude_spread=0.3, latency_spread=0.05
    )
    assert x.tobytes() == again.tobytes()


@pytest.mark.parametrize("n_channels", [2, 8, 19, 32, 64, 128, 256])
@pytest.mark.parametrize("sfreq", [100.0, 2000.0])
def test_any_montage_and_rate_will_do(make_info, n_channels, sfreq):
    electrodes = read_electrodes(make_info(n_channels, sfreq))
    for n_times in (1, round(sfreq)):
        x = place_evoked_responses(electrodes, n_times, events=[-0.3], component="P300")
        assert x.shape == (n_channels, n_times)
        assert np.isfinite(x).all()
        assert x.any()


def test_an_unknown_component_lists_the_known_ones(everywhere):
    with pytest.raises(ValueError, match="Unknown component 'P3'. Known components: 'P100', .*LPP"):
        make_evoked_response(everywhere, TIMES, component="P3")


def test_a_reference_at_the_site_itself_is_refused(everywhere):
    with pytest.raises(ValueError, match="Against Pz nothing is left of the component at Pz"):
        make_evoked_response(everywhere, TIMES, component="P300", reference=["Pz"])
