"""What is read from a recording comes back to its place, and nothing else changes."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mne_artdenoise.recording import read_signal, restrict, write_artifact, write_signal
from mne_artdenoise.spans import find_places

KINDS = ["raw", "raw on disk", "epochs", "epochs on disk", "lazy epochs", "evoked", "array"]
MIXED = ("stim", "eog", "ecg", "misc")


@pytest.fixture
def make_inst(make_raw, make_epochs, make_evoked, tmp_path):
    """Make a recording of a kind, EEG between channels of other types, and the info= it needs."""

    def make(kind):
        order = [8, 0, 1, 2, 9, 3, 4, 5, 10, 6, 7, 11]
        if kind == "evoked":
            evoked = make_evoked(extra_types=MIXED)
            return evoked.reorder_channels([evoked.ch_names[i] for i in order]), None
        if "epochs" not in kind:
            raw = make_raw(extra_types=MIXED, order=order, bads=["C4"])
            raw.set_annotations(mne.Annotations([1.0, 6.0], [0.5, 0.0], ["BAD_x", "EDGE"]))
            if kind == "array":
                return raw.get_data(), raw.info
            if kind == "raw":
                return raw, None
            raw.save(tmp_path / "some_raw.fif", fmt="double", verbose=False)
            return mne.io.read_raw_fif(tmp_path / "some_raw.fif", verbose=False), None
        if kind == "lazy epochs":
            raw = make_raw(extra_types=MIXED, order=order)
            events = np.array([[sample, 0, 1] for sample in range(100, 1900, 300)])
            options = {"tmin": -0.2, "tmax": 0.5, "baseline": (None, 0), "preload": False}
            raw._data[order.index(3), 650:1000] = 0.0
            flat = {"eeg": 1e-9}
            return mne.Epochs(raw, events, flat=flat, verbose=False, **options), None
        epochs = make_epochs(extra_types=MIXED, baseline=(None, 0)).drop([1], verbose=False)
        epochs.reorder_channels([epochs.ch_names[i] for i in order])
        if kind == "epochs":
            return epochs, None
        epochs.save(tmp_path / "some-epo.fif", fmt="double", verbose=False)
        return mne.read_epochs(tmp_path / "some-epo.fif", preload=False, verbose=False), None

    return make


def get_volts(inst):
    """Read the data as the user would, from a copy, for reading may drop epochs."""
    return inst.copy() if isinstance(inst, np.ndarray) else inst.copy().get_data()


def get_state(inst):
    """Collect what a user could see change."""
    if isinstance(inst, np.ndarray):
        return inst.tobytes(), inst.flags.writeable
    state = [repr(inst.info), inst.ch_names, inst.get_channel_types(), inst.info["bads"]]
    state += [inst.proj, inst.times.tobytes(), getattr(inst, "preload", None)]
    for name in ("events", "selection", "drop_log", "baseline", "first_samp", "annotations"):
        value = getattr(inst, name, None)
        state.append(value.tolist() if isinstance(value, np.ndarray) else str(value))
    return [*state, get_volts(inst).tobytes()]


def zeros_like(signal):
    return [np.zeros(segment.shape) for segment in signal.segments]


# reading


@pytest.mark.parametrize("kind", KINDS)
def test_segments_are_the_picked_channels_in_volts(make_inst, kind):
    inst, info = make_inst(kind)
    signal = read_signal(inst, info=info)
    volts = get_volts(inst)
    volts = volts if volts.ndim == 3 else volts[np.newaxis]
    assert signal.n_channels == (7 if "raw" in kind or kind == "array" else 8)
    for (epoch, start, stop), segment in zip(signal.places, signal.segments, strict=True):
        assert segment.dtype == np.float64
        assert not segment.flags.writeable
        assert_allclose(segment, volts[epoch, signal.picks, start:stop], rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_signal_knows_the_names_and_rate_of_its_rows(make_inst, kind):
    inst, info = make_inst(kind)
    whole = info if info is not None else inst.info
    signal = read_signal(inst, info=info)
    assert signal.sfreq == 200.0
    assert signal.ch_names == [whole["ch_names"][pick] for pick in signal.picks]
    assert set(signal.info.get_channel_types()) == {"eeg"}
    assert signal.n_channels == len(signal.ch_names) == len(signal.info["ch_names"])


def test_types_leave_out_bads_and_names_do_not(make_raw):
    raw = make_raw(4, bads=["Pz"])
    assert read_signal(raw, "eeg").ch_names == ["Cz", "Fz", "Oz"]
    assert read_signal(raw, None).ch_names == ["Cz", "Fz", "Oz"]
    assert read_signal(raw, ["Oz", "Pz"]).ch_names == ["Oz", "Pz"]
    assert_array_equal(read_signal(raw, [3, 1]).segments[0], raw.get_data()[[3, 1]])
    assert_array_equal(read_signal(raw, slice(1, 3)).picks, [1, 2])


def test_neighbouring_channels_of_a_loaded_raw_are_read_without_a_copy(make_raw):
    raw = make_raw(6, extra_types=["stim"])
    assert np.shares_memory(read_signal(raw).segments[0], raw._data)
    assert raw._data.flags.writeable


def test_picks_do_not_follow_the_array_they_came_from(make_raw):
    picks = np.array([2, 0])
    signal = read_signal(make_raw(4), picks)
    picks[:] = 1
    assert_array_equal(signal.picks, [2, 0])


@pytest.mark.parametrize("shape", [(4, 50), (3, 4, 50), (2, 3, 4, 50), (1, 1, 1, 4, 1)])
def test_leading_dimensions_of_an_array_are_epochs(make_info, rng, shape):
    x = rng.standard_normal(shape)
    signal = read_signal(x, info=make_info(4))
    assert len(signal.segments) == np.prod(shape[:-2], dtype=int)
    assert_array_equal(np.reshape(signal.segments, shape), x)


@pytest.mark.parametrize("dtype", [object, str, bool])
def test_arrays_of_anything_but_numbers_are_refused(make_info, dtype):
    x = np.arange(40).reshape(4, 10).astype(dtype)
    with pytest.raises(TypeError, match="must hold numbers in volts"):
        read_signal(x, info=make_info(4))


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.int64])
def test_every_real_number_is_read_as_float64(make_info, dtype):
    x = np.arange(40).reshape(4, 10).astype(dtype)
    (segment,) = read_signal(x, info=make_info(4)).segments
    assert segment.dtype == np.float64
    assert_array_equal(segment, np.arange(40.0).reshape(4, 10))


# annotations


@pytest.mark.parametrize(
    ("onsets", "durations", "descriptions", "expected"),
    [
        ([], [], [], [(0, 2000)]),
        ([2.0], [1.0], ["blink"], [(0, 2000)]),
        ([2.0], [1.0], ["BAD_x"], [(0, 400), (600, 2000)]),
        ([2.0], [1.0], ["bad segment"], [(0, 400), (600, 2000)]),
        ([2.0], [1.0], ["bad_acq_skip"], [(0, 400), (600, 2000)]),
        ([0.0], [1.0], ["BAD"], [(200, 2000)]),
        ([9.0], [1.0], ["BAD"], [(0, 1800)]),
        ([0.0, 9.0], [1.0, 1.0], ["BAD", "BAD"], [(200, 1800)]),
        ([2.0, 2.5], [1.0, 1.0], ["BAD", "BAD"], [(0, 400), (700, 2000)]),
        ([2.0, 2.5], [3.0, 0.5], ["BAD", "BAD"], [(0, 400), (1000, 2000)]),
        ([2.0, 3.0], [1.0, 1.0], ["BAD", "BAD"], [(0, 400), (800, 2000)]),
        ([5.0], [0.0], ["EDGE boundary"], [(0, 1000), (1000, 2000)]),
        ([5.0, 5.0], [0.0, 0.0], ["edge", "BAD boundary"], [(0, 1000), (1000, 2000)]),
        ([2.0, 2.5], [1.0, 0.0], ["BAD", "EDGE"], [(0, 400), (600, 2000)]),
        ([2.0, 2.0], [0.0, 1.0], ["EDGE", "BAD"], [(0, 400), (600, 2000)]),
        ([0.0], [0.0], ["EDGE"], [(0, 2000)]),
        ([9.995], [0.0], ["EDGE"], [(0, 1999), (1999, 2000)]),
    ],
)
@pytest.mark.parametrize("first_samp", [0, 12345])
@pytest.mark.parametrize("dated", [False, True])
def test_segments_lie_between_annotations(
    make_raw, onsets, durations, descriptions, expected, first_samp, dated
):
    date = datetime(2020, 5, 17, 8, 30, tzinfo=UTC) if dated else None
    raw = make_raw(2, first_samp=first_samp, meas_date=date)
    # Without a date in the annotations, onsets count from the first sample of the data.
    raw.set_annotations(mne.Annotations(onsets, durations, descriptions))
    signal = read_signal(raw)
    assert [place[1:] for place in signal.places] == expected
    assert all(place[0] == 0 for place in signal.places)


def test_concatenation_parts_segments(make_raw):
    raw = mne.concatenate_raws([make_raw(2, 3.0), make_raw(2, 2.0, seed=1)], verbose=False)
    assert [place[1:] for place in read_signal(raw).places] == [(0, 600), (600, 1000)]


def test_annotation_of_one_channel_counts_for_all(make_raw):
    raw = make_raw(2)
    raw.set_annotations(mne.Annotations([2.0], [1.0], ["BAD"], ch_names=[("Cz",)]))
    assert [place[1:] for place in read_signal(raw).places] == [(0, 400), (600, 2000)]


@pytest.mark.parametrize(
    ("onsets", "durations"), [([0.0], [10.0]), ([0.0, 4.0, 5.0], [5.0, 1.0, 5.0])]
)
def test_nothing_left_between_annotations_says_which_call_helps(make_raw, onsets, durations):
    raw = make_raw(2)
    raw.set_annotations(mne.Annotations(onsets, durations, "BAD_all"))
    with pytest.raises(ValueError, match=r"nothing remains.*raw\.annotations\.delete"):
        read_signal(raw)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.integers(0, 999), st.integers(0, 300), st.sampled_from(["BAD", "edge", "ok"])),
        max_size=8,
    )
)
def test_segments_cover_every_good_sample_once(spans):
    info = mne.create_info(["Cz"], 100.0, "eeg")
    raw = mne.io.RawArray(np.zeros((1, 1000)), info, verbose=False)
    good = np.ones(1000, dtype=bool)
    for start, length, name in spans:
        length = min(length, 1000 - start)
        raw.annotations.append(start / 100, length / 100, name)
        good[start : start + length] &= name == "ok"
    covered = np.zeros(1000, dtype=int)
    if not good.any():
        return
    for _, start, stop in find_places(raw, (1, 1, 1000)):
        assert start < stop
        covered[start:stop] += 1
        inside = range(start + 1, stop)
        assert not any(name != "ok" and onset in inside for onset, _, name in spans)
    assert_array_equal(covered, good)


def test_a_thousand_trials_are_read_and_written_fast(make_raw):
    raw = make_raw(32, 1000.0, 100.0)
    onsets = np.arange(1.0, 1000.0)
    raw.set_annotations(mne.Annotations(onsets, np.zeros(999), "EDGE boundary"))
    start = time.perf_counter()
    signal = read_signal(raw)
    write_signal(raw, signal, signal.segments)
    assert len(signal.segments) == 1000
    # About 0.1 s on a quiet machine; a scan of the recording per trial takes minutes.
    assert time.perf_counter() - start < 5.0


# writing


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strength", [1.0, 0.0, -0.5])
def test_zero_artifact_leaves_every_bit(make_inst, kind, strength):
    inst, info = make_inst(kind)
    signal = read_signal(inst, info=info)
    for sign in (1.0, -1.0):
        artifact = [sign * zeros for zeros in zeros_like(signal)]
        result = write_signal(inst, signal, artifact, strength)
        assert get_volts(result).tobytes() == get_volts(inst).tobytes()


def test_zero_artifact_leaves_the_sign_of_zero(make_info):
    x = np.full((2, 5), -0.0)
    signal = read_signal(x, info=make_info(2))
    assert np.signbit(write_signal(x, signal, [-np.zeros((2, 5))])).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("write", [write_signal, write_artifact])
def test_the_recording_is_never_modified(make_inst, rng, kind, write):
    inst, info = make_inst(kind)
    before = get_state(inst)
    signal = read_signal(inst, info=info)
    result = write(inst, signal, [rng.standard_normal(s.shape) for s in signal.segments])
    assert get_state(inst) == before
    assert result is not inst
    if isinstance(inst, np.ndarray):
        result[:] = 0.0
    else:
        result.apply_function(lambda x: 0.0 * x, picks="all")
    assert get_state(inst) == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_artifact_is_subtracted_at_its_place_only(make_inst, rng, kind, strength):
    inst, info = make_inst(kind)
    signal = read_signal(inst, info=info)
    artifact = [rng.standard_normal(segment.shape) for segment in signal.segments]
    expected = np.zeros_like(get_volts(inst))
    view = expected if expected.ndim == 3 else expected[np.newaxis]
    for (epoch, start, stop), estimate in zip(signal.places, artifact, strict=True):
        view[epoch, signal.picks, start:stop] = strength * estimate
    clean = get_volts(write_signal(inst, signal, artifact, strength))
    assert_array_equal(clean, get_volts(inst) - expected)
    assert_array_equal(get_volts(write_artifact(inst, signal, artifact, strength)), expected)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "array"])
@pytest.mark.parametrize("write", [write_signal, write_artifact])
def test_result_keeps_what_is_not_volts(make_inst, kind, write):
    inst, _ = make_inst(kind)
    signal = read_signal(inst)
    result = write(inst, signal, zeros_like(signal))
    loaded = inst.copy() if kind == "evoked" else inst.copy().load_data()
    assert type(result) is type(inst)
    assert get_state(result)[:-1] == get_state(loaded)[:-1]


def test_epochs_keep_metadata_and_drop_log(make_epochs):
    pandas = pytest.importorskip("pandas")
    epochs = make_epochs(4, metadata=pandas.DataFrame({"load": [1, 2, 3, 4]}))
    epochs.drop([2], reason="cough", verbose=False)
    signal = read_signal(epochs)
    result = write_signal(epochs, signal, zeros_like(signal))
    assert result.metadata.equals(epochs.metadata)
    assert result.drop_log == ((), (), ("cough",), ())
    assert_array_equal(result.selection, [0, 1, 3])


def test_epochs_not_loaded_drop_the_bad_ones_in_the_result_only(make_raw):
    raw = make_raw(3)
    raw._data[1, 600:700] = 0.0
    events = np.array([[100, 0, 1], [600, 0, 1], [1000, 0, 1]])
    options = {"tmin": 0, "tmax": 0.4, "baseline": None, "verbose": False}
    epochs = mne.Epochs(raw, events, flat={"eeg": 1e-9}, **options)
    signal = read_signal(epochs)
    result = write_signal(epochs, signal, zeros_like(signal))
    assert len(signal.segments) == len(result) == 2
    assert epochs.drop_log == ((), (), ())
    assert not epochs.preload


def test_baseline_is_kept_but_not_applied_again(make_epochs):
    epochs = make_epochs(2, baseline=(None, 0))
    signal = read_signal(epochs)
    result = write_signal(epochs, signal, [np.ones(s.shape) for s in signal.segments])
    assert result.baseline == epochs.baseline
    assert_array_equal(result.get_data(), epochs.get_data() - 1.0)


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("preload", [False, True])
def test_projectors_stay_as_they_are(make_raw, tmp_path, applied, preload):
    make_raw(4).save(tmp_path / "some_raw.fif", fmt="double", verbose=False)
    raw = mne.io.read_raw_fif(tmp_path / "some_raw.fif", preload=preload, verbose=False)
    raw.set_eeg_reference("average", projection=True, verbose=False)
    if applied:
        raw.apply_proj(verbose=False)
    signal = read_signal(raw)
    result = write_signal(raw, signal, zeros_like(signal))
    assert [proj["active"] for proj in result.info["projs"]] == [applied]
    assert_array_equal(result.get_data(), raw.copy().load_data(verbose=False).get_data())
    assert_allclose(signal.segments[0], raw.get_data(), atol=1e-18)


@pytest.mark.parametrize("dated", [False, True])
def test_first_sample_date_and_annotations_survive_saving(make_raw, tmp_path, dated):
    date = datetime(2020, 5, 17, 8, 30, tzinfo=UTC) if dated else None
    raw = make_raw(2, first_samp=777, meas_date=date)
    raw.set_annotations(mne.Annotations([1.0, 3.0], [0.5, 0.5], ["BAD", "note"]))
    signal = read_signal(raw)
    result = write_signal(raw, signal, zeros_like(signal))
    result.save(tmp_path / "some_raw.fif", fmt="double", verbose=False)
    again = mne.io.read_raw_fif(tmp_path / "some_raw.fif", verbose=False)
    assert again.first_samp == 777
    assert again.info["meas_date"] == raw.info["meas_date"]
    assert_allclose(again.annotations.onset, raw.annotations.onset)
    assert read_signal(again).places == signal.places


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.float64, np.float64), (np.float32, np.float32), (np.int16, np.float64)],
)
@pytest.mark.parametrize("shape", [(4, 7), (3, 4, 7), (2, 3, 4, 7)])
def test_arrays_keep_shape_and_floating_type(make_info, rng, dtype, expected, shape):
    x = (100 * rng.standard_normal(shape)).astype(dtype)
    signal = read_signal(x, [3, 0], info=make_info(4))
    for write in (write_signal, write_artifact):
        result = write(x, signal, zeros_like(signal))
        assert result.dtype == expected
        assert result.shape == shape
    assert_array_equal(write_signal(x, signal, zeros_like(signal)), x)
    ones = write_artifact(x, signal, [np.ones(s.shape) for s in signal.segments])
    assert_array_equal(ones[..., [0, 3], :], 1.0)
    assert_array_equal(ones[..., [1, 2], :], 0.0)


@pytest.mark.parametrize("layout", ["read-only", "fortran", "strided", "transposed"])
def test_arrays_of_any_layout_are_written(make_info, rng, layout):
    x = rng.standard_normal((2, 3, 4, 8))
    if layout == "read-only":
        x.flags.writeable = False
    elif layout == "fortran":
        x = np.asfortranarray(x)
    elif layout == "strided":
        x = x[..., ::2]
    else:
        x = rng.standard_normal((3, 2, 8, 4)).transpose(1, 0, 3, 2)
    signal = read_signal(x, info=make_info(4))
    result = write_signal(x, signal, signal.segments)
    assert_array_equal(result, np.zeros(x.shape))
    assert result.flags.writeable


def test_what_is_not_finite_passes_where_nothing_is_read(make_raw):
    raw = make_raw(4, bads=["Pz"], extra_types=["misc"])
    raw._data[1] = np.nan
    raw._data[4] = np.inf
    raw._data[:, 300:400] = np.nan
    raw.set_annotations(mne.Annotations([1.5], [0.5], ["BAD_nan"]))
    signal = read_signal(raw)
    result = write_signal(raw, signal, zeros_like(signal))
    assert result.get_data().tobytes() == raw.get_data().tobytes()
    assert np.isfinite(write_artifact(raw, signal, zeros_like(signal)).get_data()).all()


def test_memory_mapped_raw_is_not_written_to(make_raw, tmp_path):
    make_raw(4).save(tmp_path / "some_raw.fif", verbose=False)
    options = {"preload": tmp_path / "buffer.dat", "verbose": False}
    raw = mne.io.read_raw_fif(tmp_path / "some_raw.fif", **options)
    before = raw.get_data()
    signal = read_signal(raw)
    result = write_signal(raw, signal, signal.segments)
    assert_array_equal(result.get_data(), np.zeros_like(before))
    assert_array_equal(raw.get_data(), before)


# restricting


@pytest.mark.parametrize("keep", [[0], [1, 2], [2, 0], [0, 1, 2, 3], np.array([3])])
def test_restricted_signal_is_the_one_read_with_fewer_picks(make_raw, keep):
    raw = make_raw(4, extra_types=["stim"], order=[4, 0, 1, 2, 3])
    raw.set_annotations(mne.Annotations([2.0], [0.0], ["EDGE"]))
    found = restrict(read_signal(raw), keep)
    expected = read_signal(raw, np.asarray(keep) + 1)
    assert found.ch_names == expected.ch_names == found.info["ch_names"]
    assert found.places == expected.places
    assert_array_equal(found.picks, expected.picks)
    for ours, theirs in zip(found.segments, expected.segments, strict=True):
        assert_array_equal(ours, theirs)
        assert not ours.flags.writeable


@pytest.mark.parametrize("keep", [[], [1, 1], [0, -4]])
def test_restrict_needs_distinct_channels(make_raw, keep):
    with pytest.raises(ValueError, match="each once"):
        restrict(read_signal(make_raw(4)), keep)


# errors


@pytest.mark.parametrize("X", [[[1.0, 2.0]], "raw.fif", None, 3.0])
def test_other_types_are_told_which_are_accepted(X):
    with pytest.raises(TypeError, match=r"Raw, Epochs or Evoked, or an ndarray.*got \w+"):
        read_signal(X)


def test_array_needs_the_info_of_its_channels(make_info):
    with pytest.raises(ValueError, match="info="):
        read_signal(np.zeros((4, 10)))
    with pytest.raises(TypeError, match=r"mne\.Info, got dict"):
        read_signal(np.zeros((4, 10)), info={})
    for shape in [(5, 10), (10,), (4, 10, 2)]:
        with pytest.raises(ValueError, match=r"4 channels and the array has shape.*pick"):
            read_signal(np.zeros(shape), info=make_info(4))


@pytest.mark.parametrize("shape", [(4, 0), (0, 4, 10), (3, 4, 0)])
def test_data_without_a_sample_are_refused(make_info, shape):
    with pytest.raises(ValueError, match="no sample"):
        read_signal(np.zeros(shape), info=make_info(4))


def test_complex_data_are_refused(make_info, make_raw):
    with pytest.raises(ValueError, match="Complex data not supported"):
        read_signal(np.zeros((4, 10), complex), info=make_info(4))
    with pytest.raises(ValueError, match="Complex data not supported"):
        read_signal(make_raw(2).apply_hilbert(verbose=False))


@pytest.mark.parametrize("picks", ["mag", "eeg", [], ["nowhere"]])
def test_no_channel_to_denoise_says_what_there_is(make_raw, picks):
    raw = make_raw(1, extra_types=["eog"], bads=["Cz"])
    with pytest.raises(ValueError, match=r"no channel to denoise.*'eog': 1.*\['Cz'\]"):
        read_signal(raw, picks)


def test_a_channel_named_twice_is_refused(make_raw):
    with pytest.raises(ValueError, match="more than once"):
        read_signal(make_raw(2), ["Cz", "Cz"])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_not_finite_are_located(make_raw, make_epochs, make_evoked, make_info, value):
    raw = make_raw(4, extra_types=["stim"], first_samp=5000)
    raw._data[2, [700, 650]] = value
    raw.set_annotations(mne.Annotations([1.0], [0.5], ["BAD"]))
    with pytest.raises(ValueError, match=r"2 values.*NaN or inf, in Fz; .* Fz at 3\.250 s\. Mark"):
        read_signal(raw)
    epochs = make_epochs(3, 4)
    epochs._data[1, 0, 10] = epochs._data[2, 3, 0] = value
    with pytest.raises(ValueError, match=r"in Cz, Oz; .* Cz at -0\.150 s of epoch 1.*drop"):
        read_signal(epochs)
    evoked = make_evoked(4)
    evoked.data[1, 60] = value
    with pytest.raises(ValueError, match=r"1 values.*in Pz; .* Pz at 0\.100 s\. Mark"):
        read_signal(evoked)
    x = np.zeros((2, 4, 100), np.float32)
    x[1, 3, 50] = value
    with pytest.raises(ValueError, match=r"Oz at 0\.250 s of epoch 1\."):
        read_signal(x, info=make_info(4))


def test_artifact_must_fit_the_segments(make_raw):
    raw = make_raw(2)
    signal = read_signal(raw)
    for artifact in ([], [np.zeros((2, 5))], [np.zeros((2, 2000))] * 2, [np.zeros(2000)]):
        for write in (write_signal, write_artifact):
            with pytest.raises(ValueError, match=r"1 shapes of the segments.*\(2, 2000\)"):
                write(raw, signal, artifact)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_artifact_and_strength_must_be_finite(make_raw, value):
    raw = make_raw(2)
    signal = read_signal(raw)
    with pytest.raises(ValueError, match="NaN or inf"):
        write_signal(raw, signal, [np.full((2, 2000), value)])
    with pytest.raises(ValueError, match="strength must be a finite number"):
        write_artifact(raw, signal, zeros_like(signal), value)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 5), st.integers(1, 40), st.floats(-2.0, 2.0), st.integers(0, 99), st.data())
def test_clean_and_artifact_add_up_to_the_input(n_channels, n_times, strength, seed, data):
    names = [f"E{number}" for number in range(n_channels)]
    info = mne.create_info(names, 100.0, "eeg")
    picks = data.draw(st.permutations(range(n_channels)))
    picks = picks[: data.draw(st.integers(1, n_channels))]
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, n_channels, n_times))
    signal = read_signal(x, picks, info)
    artifact = [rng.standard_normal(segment.shape) for segment in signal.segments]
    clean = write_signal(x, signal, artifact, strength)
    removed = write_artifact(x, signal, artifact, strength)
    assert_allclose(clean + removed, x, atol=1e-12)


@pytest.mark.parametrize("kind", ["raw", "epochs"])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_file_cut_short_is_told_by_its_name(
    make_raw, make_epochs, tmp_path, monkeypatch, kind, at_once
):
    monkeypatch.setattr("mne_artdenoise.recording.AT_ONCE", 2**24 if at_once else 0)
    path = tmp_path / f"cut-{kind[:3] if kind == 'epochs' else kind}.fif"
    whole = make_raw() if kind == "raw" else make_epochs()
    whole.save(path, verbose=False)
    reader = mne.io.read_raw_fif if kind == "raw" else mne.read_epochs
    inst = reader(path, preload=False, verbose=False)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(OSError, match=r"cut-.*\.fif cannot be read: .*whole"):
        read_signal(inst)


@pytest.mark.parametrize("value", [1e13, -1e300])
def test_values_too_large_for_any_unit_are_told(make_raw, value):
    raw = make_raw()
    raw._data[2, 300] = value
    with pytest.raises(ValueError, match=r"1 values .* beyond 1e\+12 V, in Fz; .* at 1.500 s"):
        read_signal(raw)


@pytest.mark.parametrize("picks", [[99], [0, 8], [-9]])
def test_channels_that_are_not_there_are_told(make_raw, picks):
    with pytest.raises(ValueError, match="names channels that are not there"):
        read_signal(make_raw(), picks=picks)


@pytest.mark.parametrize("dtype", [object, "U8", bool, "datetime64[s]", "V4"])
def test_arrays_of_no_numbers_are_told(make_info, dtype):
    with pytest.raises(TypeError, match="must hold numbers in volts, found"):
        read_signal(np.zeros((3, 100), dtype=dtype), info=make_info(3))
