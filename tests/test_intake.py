"""What cannot be denoised is refused by the denoiser, each with words of its own that help."""

from __future__ import annotations

import json
import pickle
import struct
from dataclasses import replace

import mne
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from mne_artdenoise import ArtifactDenoiser, denoise, get_record, list_models
from mne_artdenoise.intake import copy_unknown, is_unknown, put_in_order, take_in
from mne_artdenoise.weights import download


@pytest.fixture(params=[True, False], ids=["spatial", "network"])
def denoiser(request):
    return ArtifactDenoiser(spatial=request.param)


def check_refused(denoiser, inst, error, message):
    """Check that neither fit nor transform takes it, and that a failed fit is no fit."""
    for method in (denoiser.fit, denoiser.fit_transform):
        with pytest.raises(error, match=message):
            method(inst)
    with pytest.raises(NotFittedError):
        denoiser.transform(inst)


# Recordings


def test_no_eeg_channel(denoiser, make_raw):
    raw = make_raw(0, extra_types=["eog", "misc"])
    check_refused(denoiser, raw, ValueError, r"no channel to denoise.*eog.*set_channel_types")


def test_all_channels_bad(denoiser, make_raw):
    raw = make_raw(2, bads=["Cz", "Pz"])
    check_refused(denoiser, raw, ValueError, r"marked bad: \['Cz', 'Pz'\]")


def test_no_positions(denoiser, make_raw):
    raw = mne.io.RawArray(make_raw(4).get_data(), mne.create_info(4, 200.0, "eeg"), verbose=False)
    check_refused(denoiser, raw, ValueError, r"None of the 4 EEG channels.*inst\.set_montage")


def test_one_position(denoiser, make_raw):
    raw = make_raw(3)
    for ch in raw.info["chs"][1:]:
        ch["loc"][:3] = 0.0
    check_refused(denoiser, raw, ValueError, r"1 channel with a position, and Pz, Fz without")


def test_one_channel(denoiser, make_raw):
    check_refused(denoiser, make_raw(1), ValueError, r"1 EEG channel \(Cz\), and at least 2")


def test_more_channels_than_any_cap(denoiser, make_raw):
    message = r"257 EEG channels, and at most 256.*inst\.pick"
    check_refused(denoiser, make_raw(257, 1.0), ValueError, message)


@pytest.mark.parametrize("level", [0.0, 2e-5])
def test_all_flat(denoiser, make_raw, level):
    raw = make_raw(3).apply_function(lambda x: np.full_like(x, level))
    check_refused(denoiser, raw, ValueError, r"All 3 EEG channels are flat.*raw\.plot")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(denoiser, make_raw, value):
    raw = make_raw(4)
    raw._data[2, 500:507] = value
    message = r"7 values that are NaN or inf, in Fz; the first is in Fz at 2\.500 s.*BAD_"
    check_refused(denoiser, raw, ValueError, message)
    raw.set_annotations(mne.Annotations([2.4], [0.5], ["BAD_gap"]))
    assert np.isnan(denoiser.fit_transform(raw).get_data()).sum() == 7 * np.isnan(value)


def test_not_finite_in_epochs(denoiser, make_epochs):
    epochs = make_epochs(5, 4)
    epochs._data[3, 1, 100] = np.nan
    message = r"1 values.*in Pz; the first is in Pz at 0\.300 s of epoch 3.*epochs\.drop"
    check_refused(denoiser, epochs, ValueError, message)


def test_one_sample(denoiser, make_raw):
    check_refused(denoiser, make_raw(4, 1 / 200), ValueError, "has 1 samples.*at least 2")


def test_no_sample(denoiser, make_info):
    denoiser.set_params(info=make_info(4))
    check_refused(denoiser, np.zeros((4, 0)), ValueError, "no sample to denoise")


def test_wholly_annotated(denoiser, make_raw):
    raw = make_raw(4, annotations=mne.Annotations([0.0], [10.0], ["bad all"]))
    check_refused(denoiser, raw, ValueError, r"cover all 2000 samples.*annotations\.delete")


def test_complex(denoiser, make_raw, make_info):
    x = make_raw(4).get_data() * (1 + 1j)
    denoiser.set_params(info=make_info(4))
    check_refused(denoiser, x, ValueError, "Complex data not supported")


@pytest.mark.parametrize(("sfreq", "nearest"), [(64.0, 100), (5000.0, 2000)])
def test_rates_that_are_not_supported(denoiser, make_raw, sfreq, nearest):
    message = rf"{sfreq:g} Hz.*raw\.resample\({nearest}\)"
    check_refused(denoiser, make_raw(2, 3.0, sfreq), ValueError, message)


def test_another_number_of_channels_than_info(denoiser, make_raw, make_info):
    denoiser.set_params(info=make_info(5))
    check_refused(denoiser, make_raw(4).get_data(), ValueError, "info has 5 channels")


def test_picks_that_are_not_there(denoiser, make_raw):
    check_refused(denoiser.set_params(picks=["Xz"]), make_raw(4), ValueError, "Xz")


@pytest.mark.parametrize(("factor", "call"), [(1e6, "1e-6"), (1e-6, "1e6")])
def test_another_unit_is_suspected_at_fit_and_at_transform(denoiser, make_raw, factor, call):
    raw = make_raw(4)
    other = raw.copy().apply_function(lambda x: x * factor)
    with pytest.warns(RuntimeWarning, match=rf"apply_function\(lambda x: x \* {call}\)") as caught:
        denoiser.fit_transform(other)
    assert len(caught) == 1  # not once for fit and once for transform
    denoiser.fit(raw)
    with pytest.warns(RuntimeWarning, match=rf"apply_function\(lambda x: x \* {call}\)"):
        denoiser.transform(other)


# Parameters


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"strength": 1.5}, ValueError, "strength must be from 0 to 1, found 1.5"),
        ({"strength": "all"}, TypeError, "strength must be a number, found 'all'"),
        ({"overlap": 1.0}, ValueError, "overlap must be from 0 to below 1"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"batch_size": "many"}, ValueError, "whole number or 'auto', found 'many'"),
        ({"device": "tpu"}, ValueError, "Unknown device: 'tpu'. Possible options: auto, cpu"),
        ({"info": "eeg"}, TypeError, "instance of mne.Info, got str"),
    ],
)
def test_parameters_are_told(make_raw, parameters, error, message):
    raw = make_raw(4)
    inst = raw.get_data() if "info" in parameters else raw
    with pytest.raises(error, match=message):
        ArtifactDenoiser(**parameters).fit(inst)


def test_strength_set_after_fit_is_checked(make_raw):
    fitted = ArtifactDenoiser().fit(make_raw(4))
    with pytest.raises(ValueError, match="strength"):
        fitted.set_params(strength=-1).transform(make_raw(4))


# Models and their weights


def test_an_unknown_model_lists_the_known(denoiser, make_raw):
    denoiser.set_params(model="any-montage-v0")
    known = ".*".join(repr(name) for name in list_models())
    check_refused(denoiser, make_raw(4), ValueError, f"Known models: {known}.*Did you mean")


@pytest.fixture
def use_file(monkeypatch, tmp_path):
    """Let the default model have its weights in a folder, and put these bytes there."""

    def use(content, **changes):
        changes = {"file": "elsewhere.safetensors", "size": len(content), **changes}
        record = replace(get_record("any-montage-v1"), **changes)
        monkeypatch.setattr("mne_artdenoise.denoiser.get_record", lambda model: record)
        monkeypatch.setenv(download.SOURCE_VARIABLE, str(tmp_path))
        (tmp_path / record.file).write_bytes(content)

    return use


def hash_bytes(content):
    import hashlib

    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def weights():
    return (download.FILES / get_record("any-montage-v1").file).read_bytes()


def test_weights_in_a_folder_do_what_bundled_ones_do(use_file, weights, make_raw):
    raw = make_raw(4)
    expected = denoise(raw, spatial=False).get_data()
    use_file(weights)
    assert np.array_equal(denoise(raw, spatial=False).get_data(), expected)


def test_weights_of_another_hash(use_file, weights, make_raw):
    use_file(weights[:-1] + bytes([weights[-1] ^ 1]))
    with pytest.raises(ValueError, match="SHA-256.*not used"):
        denoise(make_raw(4))


def test_weights_cut_short(use_file, weights, make_raw):
    use_file(weights[: len(weights) // 2], size=len(weights))
    with pytest.raises(ValueError, match=rf"expected {len(weights)} bytes.*not used"):
        denoise(make_raw(4))


class Bomb:
    """What fails when it is read from a pickle."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Bomb()),
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 300) + json.dumps({"x": {"shape": [2**40]}}).encode().ljust(300),
    ],
    ids=["pickle", "endless header", "no table", "no type"],
)
def test_hostile_weights_with_the_right_hash(use_file, make_raw, content):
    use_file(content, sha256=hash_bytes(content))
    with pytest.raises(ValueError, match=r"cannot be read as safetensors.*Nothing was loaded"):
        denoise(make_raw(4))


def test_no_weights_in_the_folder(use_file, make_raw, tmp_path):
    use_file(b"x")
    (tmp_path / "elsewhere.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"elsewhere\.safetensors.*Put it there, or unset"):
        denoise(make_raw(4))


def test_no_network(use_file, make_raw, monkeypatch, tmp_path):
    use_file(b"x")
    monkeypatch.setenv(download.SOURCE_VARIABLE, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv(download.CACHE_VARIABLE, str(tmp_path / "cache"))
    with pytest.raises(ConnectionError, match="Without a network, put elsewhere"):
        denoise(make_raw(4))


def test_a_cache_that_cannot_be_written(use_file, make_raw, monkeypatch, tmp_path):
    use_file(b"x")
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv(download.SOURCE_VARIABLE, "http://127.0.0.1:9")
    monkeypatch.setenv(download.CACHE_VARIABLE, str(tmp_path / "cache"))
    with pytest.raises(OSError, match=f"cannot be kept.*{download.CACHE_VARIABLE}"):
        denoise(make_raw(4))


# The parts


def test_channels_without_a_position_are_left_out_and_not_checked(make_raw):
    raw = make_raw(5)
    raw._data[3] = 0.0  # flat, and not told: it has no part in this
    raw.info["chs"][3]["loc"][:3] = np.nan
    with pytest.warns(RuntimeWarning, match="Oz will be left") as caught:
        signal = take_in(raw, "eeg", None)
    assert len(caught) == 1
    assert signal.ch_names == ["Cz", "Pz", "Fz", "C3"]


def test_channels_are_put_in_order(make_raw):
    signal = take_in(make_raw(4), "eeg", None)
    assert put_in_order(signal, signal.ch_names) is signal
    names = ["Oz", "Cz", "Fz", "Pz"]
    other = put_in_order(signal, names)
    assert other.ch_names == names
    assert np.array_equal(other.segments[0], signal.segments[0][[3, 0, 2, 1]])


def test_long_lists_of_differing_channels_are_cut(make_raw):
    signal = take_in(make_raw(4), "eeg", None)
    with pytest.raises(ValueError, match=r"missing X0, X1, .* X9 and 10 more, new Cz, Pz"):
        put_in_order(signal, [f"X{n}" for n in range(20)])


def test_only_arrays_without_info_are_unknown(make_raw, make_info):
    x = np.ones((2, 3))
    assert all(is_unknown(X, None) for X in (x, x.tolist(), pd.DataFrame(x)))
    assert not any(is_unknown(X, make_info(2)) for X in (x, x.tolist(), pd.DataFrame(x)))
    assert not any(is_unknown(X, None) for X in (make_raw(2), "x", None, make_info(2), pytest))


@pytest.mark.parametrize("dtype", [np.float32, np.int16, bool])
def test_an_unknown_array_is_copied_with_its_precision(dtype):
    x = np.ones((2, 3), dtype)
    copied = copy_unknown(x)
    assert copied.dtype == (np.float32 if dtype is np.float32 else np.float64)
    assert not np.shares_memory(copied, x)
