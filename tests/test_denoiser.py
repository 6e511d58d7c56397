"""The whole path: what the denoiser changes, what it leaves alone, and what it refuses."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import joblib
import mne
import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

from mne_artdenoise import ArtifactDenoiser, denoise, get_record
from mne_artdenoise.weights import load_network

SEGMENT = "ignore:The longest span:RuntimeWarning"  # short on purpose
DURATION = "ignore:Found .* s in all:RuntimeWarning"


class FindNothing(torch.nn.Module):
    """A network that finds no artifact anywhere."""

    def forward(self, x, directions):
        return torch.zeros_like(x)


@pytest.fixture
def find_nothing(monkeypatch):
    """Let every model be a network that finds nothing."""
    monkeypatch.setattr("mne_artdenoise.weights.load_network", lambda record: FindNothing())


class FindLoud(torch.nn.Module):
    """A network that takes for artifact what is loud."""

    def forward(self, x, directions):
        return x * (x.abs() > 4)


@pytest.fixture
def half_quiet(monkeypatch, make_noisy, make_raw):
    """Make a Raw with artifacts, then little of anything; a network finds the loud ones."""
    monkeypatch.setattr("mne_artdenoise.weights.load_network", lambda record: FindLoud())
    quiet = make_raw(8, 20.0, seed=3)
    quiet._data *= 0.01
    return mne.concatenate_raws([make_noisy(duration=30.0), quiet], verbose=False)


def read_data(inst):
    return inst if isinstance(inst, np.ndarray) else inst.get_data()


def measure_difference(x, y):
    """Largest difference, relative to the largest value."""
    return float(np.abs(x - y).max() / np.abs(y).max())


# Nothing found, nothing changed


@pytest.mark.filterwarnings(SEGMENT)
@pytest.mark.parametrize("kind", ["raw", "epochs", "evoked", "2-D array", "3-D array", "4-D array"])
@pytest.mark.parametrize("n_times", [3, 7, 8, 9, 799, 1600, 3201])
def test_a_network_that_finds_nothing_changes_no_bit(
    find_nothing, make_raw, make_epochs, make_evoked, kind, n_times
):
    options = {"spatial": False}
    if kind == "raw":
        inst = make_raw(4, n_times / 200)
    elif kind == "epochs":
        inst = make_epochs(4, 4, n_times / 200)
    elif kind == "evoked":
        inst = make_evoked(4, n_times / 200)
    else:
        epochs = make_epochs(4, 4, n_times / 200)
        shape = {"2": (4, -1), "3": (4, 4, -1), "4": (2, 2, 4, -1)}[kind[0]]
        inst = epochs.get_data()[: 1 if kind[0] == "2" else 4].reshape(shape)
        options["info"] = epochs.info
    clean = denoise(inst, **options)
    assert type(clean) is type(inst)
    assert clean is not inst
    assert np.array_equal(read_data(clean), read_data(inst))


@pytest.mark.filterwarnings(SEGMENT)
@pytest.mark.parametrize("n_times", [3, 799, 1600, 3201])
@pytest.mark.parametrize("sfreq", [100, 128, 160, 200, 250, 256, 512, 1000, 2000, 249.93])
def test_a_network_that_finds_nothing_changes_no_bit_at_any_rate(
    find_nothing, make_raw, sfreq, n_times
):
    raw = make_raw(2, n_times / sfreq, sfreq)
    assert raw.n_times == n_times
    assert np.array_equal(denoise(raw, spatial=False).get_data(), raw.get_data())


@pytest.mark.slow
def test_an_hour_in_which_nothing_is_found_changes_no_bit(find_nothing, make_raw):
    raw = make_raw(2, 3600.0, 100.0)
    assert np.array_equal(denoise(raw, spatial=False).get_data(), raw.get_data())


@pytest.mark.parametrize("gate", [True, False])
def test_filters_of_nothing_change_no_bit(find_nothing, make_raw, gate):
    raw = make_raw()
    assert np.array_equal(denoise(raw, gate=gate).get_data(), raw.get_data())


# Something found: what must not matter


@pytest.fixture(scope="module", params=[True, False], ids=["spatial", "network"])
def spatial(request):
    return request.param


def test_blinks_and_muscle_shrink(make_noisy, make_raw, spatial):
    noisy, brain = make_noisy(), make_raw(8, 12.0).get_data()
    clean = denoise(noisy, spatial=spatial).get_data()
    before, after = (np.square(x - brain).sum() for x in (noisy.get_data(), clean))
    assert after < 0.5 * before


def test_batch_size_does_not_matter(make_noisy, spatial):
    raw = make_noisy(3, 40.0)
    one, many = (denoise(raw, spatial=spatial, batch_size=size).get_data() for size in (1, 7))
    assert measure_difference(one, many) < 1e-5
    assert measure_difference(one, raw.get_data()) > 1e-2  # and something is removed at all


@pytest.mark.parametrize(
    ("window", "overlap"), [(1600, 0.0), (1600, 0.75), (3200, 0.0), (4000, 0.5), (808, 0.3)]
)
def test_window_length_and_phase_do_not_matter(make_noisy, monkeypatch, spatial, window, overlap):
    raw = make_noisy(3, 26.0)
    expected = denoise(raw, spatial=spatial).get_data()
    record = replace(get_record("any-montage-v1"), window=window)
    monkeypatch.setattr("mne_artdenoise.denoiser.get_record", lambda model: record)
    found = denoise(raw, spatial=spatial, overlap=overlap).get_data()
    assert measure_difference(found, expected) < 1e-5


@pytest.mark.filterwarnings("ignore:The channels vary:RuntimeWarning")
@pytest.mark.parametrize("factor", [1e-3, 0.37, 1e3])
def test_a_scaled_recording_gives_a_scaled_result(make_noisy, spatial, factor):
    raw = make_noisy()
    scaled = raw.copy().apply_function(lambda x: x * factor)
    expected = factor * denoise(raw, spatial=spatial).get_data()
    assert measure_difference(denoise(scaled, spatial=spatial).get_data(), expected) < 1e-5


def test_the_order_of_channels_does_not_matter(make_noisy, spatial):
    raw = make_noisy()
    shuffled = raw.copy().reorder_channels(raw.ch_names[::-1])
    clean = denoise(shuffled, spatial=spatial)
    assert clean.ch_names == raw.ch_names[::-1]
    expected = denoise(raw, spatial=spatial).get_data()
    assert measure_difference(clean.get_data()[::-1], expected) < 1e-5


def test_result_is_input_less_artifact_times_strength(make_noisy, spatial):
    raw = make_noisy()
    denoiser = ArtifactDenoiser(spatial=spatial).fit(raw)
    artifact = denoiser.estimate_artifact(raw).get_data()
    for strength in (0.0, 0.5, 1.0):
        clean = denoiser.set_params(strength=strength).transform(raw).get_data()
        np.testing.assert_allclose(clean, raw.get_data() - strength * artifact, atol=1e-18)
    assert np.abs(artifact).max() > 1e-6


def test_fit_transform_is_fit_then_transform_and_repeats(make_noisy, spatial):
    raw = make_noisy()
    before = raw.get_data()
    denoiser = ArtifactDenoiser(spatial=spatial)
    first = denoiser.fit_transform(raw).get_data()
    assert np.array_equal(first, denoiser.fit(raw).transform(raw).get_data())
    assert np.array_equal(first, denoiser.transform(raw).get_data())
    assert np.array_equal(before, raw.get_data())


def test_recording_read_from_disk_is_that_in_memory(make_noisy, tmp_path, spatial):
    make_noisy().save(tmp_path / "noisy_raw.fif", fmt="double", verbose=False)
    raws = [
        mne.io.read_raw_fif(tmp_path / "noisy_raw.fif", preload=preload, verbose=False)
        for preload in (True, False)
    ]
    loaded, read = (denoise(raw, spatial=spatial).get_data() for raw in raws)
    assert np.array_equal(loaded, read)
    assert not raws[1].preload


def test_other_rates_find_the_same_artifact(make_noisy, spatial):
    raw = make_noisy(duration=20.0, sfreq=200.0)
    fast = raw.copy().resample(499.3, verbose=False)
    expected = denoise(raw, spatial=spatial).resample(499.3, verbose=False).get_data()
    difference = denoise(fast, spatial=spatial).get_data() - expected
    assert difference.std() < 0.1 * (fast.get_data() - expected).std()


# References and projectors


@pytest.mark.parametrize("reference", ["average", ["Cz"], "interpolated"])
def test_rank_deficient_recordings_work(make_noisy, reference, spatial):
    raw = make_noisy(12)
    if reference == "interpolated":
        raw.info["bads"] = ["C3", "Fp1"]
        raw.interpolate_bads(verbose=False)
    else:
        raw.set_eeg_reference(reference, verbose=False)
    if reference == ["Cz"]:  # the reference is flat
        with pytest.warns(RuntimeWarning, match="Flat throughout: Cz"):
            clean = denoise(raw, spatial=spatial)
    else:
        clean = denoise(raw, spatial=spatial)
    assert np.isfinite(clean.get_data()).all()
    assert clean.get_data().std() < 0.95 * raw.get_data().std()


@pytest.mark.parametrize("bads", [[], ["Pz"]])
def test_an_average_reference_stays_one(make_noisy, spatial, bads):
    raw = make_noisy(10, bads=bads).set_eeg_reference(projection=True, verbose=False)
    raw.apply_proj(verbose=False)
    clean = denoise(raw, spatial=spatial)
    good = mne.pick_types(clean.info, eeg=True)
    mean = clean.get_data(good).mean(axis=0)
    assert np.abs(mean).max() < 1e-12 * np.abs(clean.get_data()).max()
    assert measure_difference(clean.get_data(), raw.get_data()) > 1e-2


def test_a_channel_left_alone_keeps_the_average_reference(make_noisy, spatial):
    raw = make_noisy(10).set_eeg_reference(projection=True, verbose=False)
    raw.apply_proj(verbose=False)
    raw.info["chs"][3]["loc"][:] = np.nan
    with pytest.warns(RuntimeWarning, match="Oz will be left"):
        clean = denoise(raw, spatial=spatial)
    assert np.array_equal(clean.get_data([3]), raw.get_data([3]))
    assert np.abs(clean.get_data().mean(axis=0)).max() < 1e-12 * np.abs(raw.get_data()).max()


def test_a_projector_from_data_stays_applied(make_noisy, spatial):
    raw = make_noisy()
    projs = mne.compute_proj_raw(raw, n_eeg=2, n_mag=0, n_grad=0, verbose=False)
    raw.add_proj(projs, verbose=False).apply_proj(verbose=False)
    clean = denoise(raw, spatial=spatial).get_data()
    removed = np.vstack([proj["data"]["data"] for proj in projs])
    assert np.abs(removed @ clean).max() < 1e-12 * np.abs(clean).max()


def test_a_pending_projector_is_told_and_stays_pending(make_noisy, spatial):
    raw = make_noisy().set_eeg_reference(projection=True, verbose=False)
    with pytest.warns(RuntimeWarning, match=r"inst\.apply_proj\(\)"):
        clean = denoise(raw, spatial=spatial)
    assert not clean.info["projs"][0]["active"]
    clean.apply_proj(verbose=False)


# What is left alone


def test_bads_spans_other_types_and_unplaced_channels_are_left_alone(make_noisy, spatial):
    raw = make_noisy(
        8,
        extra_types=["eog", "misc", "stim"],
        order=[8, 0, 1, 9, 2, 3, 4, 5, 6, 7, 10],
        bads=["Fz"],
        first_samp=777,
        annotations=mne.Annotations([2.0, 5.0, 8.0], [1.0, 0.5, 0.0], ["BAD_x", "Edge", "EDGE b"]),
    )
    raw.info["chs"][raw.ch_names.index("C3")]["loc"][:3] = 0.0
    with pytest.warns(RuntimeWarning, match="C3 will be left"):
        clean = denoise(raw, spatial=spatial)
    before, after = raw.get_data(), clean.get_data()
    left = [raw.ch_names.index(name) for name in ("EOG000", "MISC001", "STIM002", "Fz", "C3")]
    assert np.array_equal(before[left], after[left])
    for start, stop in ((400, 600), (1000, 1100)):
        assert np.array_equal(before[:, start:stop], after[:, start:stop])
    assert not np.array_equal(before, after)
    assert clean.first_samp == 777
    assert clean.annotations == raw.annotations
    assert clean.ch_names == raw.ch_names
    assert clean.info["bads"] == ["Fz"]
    assert clean.get_channel_types() == raw.get_channel_types()


def test_spans_without_artifact_stay_bit_identical(half_quiet):
    raw = half_quiet
    clean = denoise(raw).get_data()
    same = (clean == raw.get_data()).all(axis=0)
    assert same.any()
    assert not same.all()


def test_without_the_gate_the_same_filters_work_all_the_time(half_quiet):
    raw = half_quiet
    denoiser = ArtifactDenoiser().fit(raw)
    gated, always = (
        denoiser.set_params(gate=gate).estimate_artifact(raw).get_data() for gate in (True, False)
    )
    assert not gated.any(axis=0).all()
    assert always.any(axis=0).all()


def test_picks_by_name_include_a_bad_channel(make_noisy):
    raw = make_noisy(bads=["Fp1"])
    clean = denoise(raw, picks=["Fp1", "Fp2", "Cz"])
    changed = (clean.get_data() != raw.get_data()).any(axis=1)
    assert {raw.ch_names[index] for index in np.flatnonzero(changed)} == {"Fp1", "Fp2", "Cz"}


def test_epochs_keep_metadata_baseline_and_events(make_noisy, spatial):
    import pandas as pd

    raw = make_noisy()
    events = mne.make_fixed_length_events(raw, duration=2.0)
    epochs = mne.Epochs(
        raw,
        events,
        tmin=-0.2,
        tmax=1.0,
        baseline=(None, 0),
        metadata=pd.DataFrame({"trial": np.arange(len(events))}),
        reject_by_annotation=False,
        verbose=False,
    )
    clean = denoise(epochs, spatial=spatial)
    assert clean.baseline == epochs.baseline
    epochs.load_data()
    assert clean.metadata.equals(epochs.metadata)
    assert np.array_equal(clean.events, epochs.events)
    assert clean.drop_log == epochs.drop_log
    assert not np.array_equal(clean.get_data(), epochs.get_data())


def test_arrays_give_what_epochs_give(make_noisy, spatial):
    epochs = mne.make_fixed_length_epochs(make_noisy(), 2.0, preload=True, verbose=False)
    x = epochs.get_data()
    clean = denoise(x, info=epochs.info, spatial=spatial)
    assert np.array_equal(clean, denoise(epochs, spatial=spatial).get_data())
    single = denoise(x.astype(np.float32), info=epochs.info, spatial=spatial)
    assert single.dtype == np.float32


# Fit here, transform there


def test_filters_of_one_recording_clean_another(make_noisy, make_raw):
    denoiser = ArtifactDenoiser().fit(make_noisy(duration=30.0))
    noisy = make_noisy(seed=5)
    brain = make_raw(8, 12.0, seed=5).get_data()
    clean = denoiser.transform(noisy).get_data()
    assert np.square(clean - brain).sum() < 0.5 * np.square(noisy.get_data() - brain).sum()


def test_channels_may_come_in_another_order_and_rate(make_noisy, spatial):
    denoiser = ArtifactDenoiser(spatial=spatial).fit(make_noisy(seed=2))
    raw = make_noisy()
    shuffled = raw.copy().reorder_channels(raw.ch_names[::-1])
    expected = denoiser.transform(raw).get_data()[::-1]
    assert measure_difference(denoiser.transform(shuffled).get_data(), expected) < 1e-5
    assert denoiser.transform(make_noisy(sfreq=512.0)).info["sfreq"] == 512.0


def test_filters_need_no_network(make_noisy, monkeypatch):
    denoiser = ArtifactDenoiser().fit(make_noisy())
    monkeypatch.setattr("mne_artdenoise.weights.load_network", None)
    denoiser.transform(make_noisy(seed=1))


def test_an_evoked_is_cleaned_by_filters_of_its_recording(make_noisy, make_evoked):
    denoiser = ArtifactDenoiser().fit(make_noisy())
    evoked = make_evoked(8, 0.8)
    clean = denoiser.transform(evoked)
    assert clean.nave == evoked.nave
    assert clean.data.shape == evoked.data.shape


@pytest.mark.parametrize("change", ["fewer", "more", "renamed", "bad"])
def test_other_channels_than_fitted_are_told(make_noisy, spatial, change):
    denoiser = ArtifactDenoiser(spatial=spatial).fit(make_noisy())
    raw = make_noisy(9 if change == "more" else 8)
    if change == "fewer":
        raw.drop_channels(["Cz"])
    elif change == "renamed":
        raw.rename_channels({"Cz": "X1"})
    elif change == "bad":
        raw.info["bads"] = ["Cz"]
    message = {"fewer": "missing Cz, new none", "more": "missing none, new O1"}
    message |= {"renamed": "missing Cz, new X1", "bad": "missing Cz, new none"}
    with pytest.raises(ValueError, match=rf"{message[change]}.*fit_transform"):
        denoiser.transform(raw)


@pytest.mark.parametrize("method", ["transform", "estimate_artifact", "annotate_repaired", "save"])
def test_a_denoiser_must_be_fitted_first(make_raw, method):
    with pytest.raises(NotFittedError, match="not fitted yet. Call 'fit'"):
        getattr(ArtifactDenoiser(), method)(make_raw())


def test_filters_must_be_fitted_before_they_are_asked_for(make_noisy):
    denoiser = ArtifactDenoiser(spatial=False).fit(make_noisy())
    with pytest.raises(NotFittedError):
        denoiser.set_params(spatial=True).transform(make_noisy())


def test_a_second_fit_forgets_the_first(make_noisy):
    denoiser = ArtifactDenoiser().fit(make_noisy())
    denoiser.set_params(spatial=False).fit(make_noisy(6))
    assert not hasattr(denoiser, "filter_")
    assert len(denoiser.ch_names_) == denoiser.n_features_in_ == 6
    with pytest.raises(ValueError, match="set_montage"):
        denoiser.fit(mne.io.RawArray(np.ones((2, 500)), mne.create_info(2, 200.0, "eeg")))
    with pytest.raises(NotFittedError):
        denoiser.transform(make_noisy(6))


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_do_the_same(make_noisy, copier):
    raw = make_noisy()
    denoiser = ArtifactDenoiser(info=raw.info).fit(raw)
    found = copier(denoiser).transform(raw).get_data()
    assert np.array_equal(found, denoiser.transform(raw).get_data())


def test_joblib_writes_and_reads_it(make_noisy, tmp_path):
    raw = make_noisy()
    denoiser = ArtifactDenoiser().fit(raw)
    joblib.dump(denoiser, tmp_path / "denoiser.joblib")
    found = joblib.load(tmp_path / "denoiser.joblib").transform(raw).get_data()
    assert np.array_equal(found, denoiser.transform(raw).get_data())


# Short data


@pytest.mark.filterwarnings(SEGMENT)
@pytest.mark.parametrize("n_times", [3, 9, 160])
@pytest.mark.parametrize("n_channels", [2, 32])
def test_data_too_few_for_filters_work_and_say_what_to_do(make_evoked, n_times, n_channels):
    evoked = make_evoked(n_channels, n_times / 200)
    with pytest.warns(RuntimeWarning, match=r"fit\(raw\)\.transform\(evoked\).*spatial=False"):
        clean = denoise(evoked)
    assert np.isfinite(clean.data).all()
    assert np.abs(clean.data).max() < 5 * np.abs(evoked.data).max()


@pytest.mark.filterwarnings(DURATION)
def test_spans_of_a_moment_say_what_to_do(make_evoked):
    with pytest.warns(RuntimeWarning, match=r"mne\.Epochs\(denoise\(raw\), \.\.\.\)"):
        denoise(make_evoked(4, 0.3))


# Progress and messages


@pytest.mark.parametrize(("n_epochs", "shown"), [(40, True), (4, False)])
def test_progress_is_shown_for_many_epochs_only(make_epochs, monkeypatch, n_epochs, shown):
    seen = []
    monkeypatch.setattr(
        "mne_artdenoise.inference.ProgressBar", lambda x, **kwargs: seen.append(len(x)) or x
    )
    denoise(make_epochs(n_epochs, 2), batch_size=1, spatial=False)
    assert seen == ([n_epochs] if shown else [])


@pytest.mark.parametrize(("verbose", "told"), [("info", True), (True, True), ("error", False)])
def test_verbose_says_what_is_done(make_noisy, verbose, told):
    with mne.utils.catch_logging() as log:
        denoise(make_noisy(2, 3.0), verbose=verbose)
    assert ("Estimating artifacts with any-montage-v1" in log.getvalue()) == told


@pytest.mark.parametrize("method", ["fit_transform", "fit", "transform", "estimate_artifact"])
def test_warnings_tell_the_line_of_whoever_called(make_noisy, tmp_path, method):
    raw = make_noisy(3, 12.0)
    raw.rename_channels({raw.ch_names[2]: "EOG1"})
    with pytest.warns(RuntimeWarning, match="set_channel_types"):
        names = {"denoiser": ArtifactDenoiser().fit(raw), "raw": raw}
    script = str(tmp_path / "script.py")
    code = compile(f"denoiser.{method}(raw)", script, "exec")  # methods are wrapped by others
    with pytest.warns(RuntimeWarning, match="set_channel_types") as told:
        exec(code, names)
    assert {warning.filename for warning in told} == {script}


def test_loaded_networks_are_as_wide_as_their_record_says():
    record = get_record("any-montage-v1")
    assert load_network(record).config.context <= record.context
