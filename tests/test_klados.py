"""Tests of loading the set of Klados and Bamidis, on small files of its layout."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

from mne_artdenoise.channels import find_positioned
from mne_artdenoise.datasets import load_klados
from mne_artdenoise.datasets.klados import CH_NAMES

NUMBERS = (1, 2, 10)


def make_files(numbers=NUMBERS) -> dict[str, dict[str, np.ndarray]]:
    """Make the variables of the four files, in microvolts, each recording of its own length."""
    rng = np.random.default_rng(0)
    files = {"Pure_Data": {}, "Contaminated_Data": {}, "VEOG": {}, "HEOG": {}}
    for number in numbers:
        n_times = 300 + number
        pure, eyes = (
            20 * rng.standard_normal((19, n_times)),
            100 * rng.standard_normal((2, n_times)),
        )
        shares = rng.random((19, 2))
        files["Pure_Data"][f"sim{number}_resampled"] = pure
        files["Contaminated_Data"][f"sim{number}_con"] = pure + shares @ eyes
        files["VEOG"][f"veog_{number}"] = eyes[:1]
        files["HEOG"][f"heog_{number}"] = eyes[1:]
    return files


@pytest.fixture
def write(tmp_path):
    def write_files(files) -> None:
        for name, variables in files.items():
            savemat(tmp_path / f"{name}.mat", variables, do_compression=True)

    return write_files


def test_published_files_become_recordings_in_volts(write, tmp_path):
    files = make_files()
    write(files)
    data = load_klados(str(tmp_path))
    assert [recording.number for recording in data.recordings] == [1, 2, 10]
    assert repr(data) == "<Klados | 3 recordings, 0.1 min>"
    for recording in data.recordings:
        number = recording.number
        expected = files["Contaminated_Data"][f"sim{number}_con"]
        np.testing.assert_allclose(recording.noisy, 1e-6 * expected, rtol=1e-12)
        expected = files["Pure_Data"][f"sim{number}_resampled"]
        np.testing.assert_allclose(recording.clean, 1e-6 * expected, rtol=1e-12)
        np.testing.assert_allclose(recording.veog, 1e-6 * files["VEOG"][f"veog_{number}"][0])
    assert "2, 1.5 s" in repr(data.recordings[1])


def test_files_in_a_folder_below_are_found(write, tmp_path):
    write(make_files())
    assert len(load_klados(tmp_path.parent).recordings) == 3


def test_what_was_added_is_the_eyes(write, tmp_path):
    write(make_files())
    for recording in load_klados(tmp_path).recordings:
        shares = recording.measure_propagation()
        assert shares.shape == (19, 2)
        eyes = np.array([recording.veog, recording.heog])
        np.testing.assert_allclose(recording.noisy - recording.clean, shares @ eyes, atol=1e-15)


def test_recordings_become_raws_that_can_be_denoised(write, tmp_path):
    write(make_files())
    recording = load_klados(tmp_path).recordings[0]
    noisy, clean = recording.to_raws()
    assert noisy.ch_names == clean.ch_names == [*CH_NAMES, "VEOG", "HEOG"]
    assert noisy.get_channel_types() == ["eeg"] * 19 + ["eog"] * 2
    assert noisy.info["sfreq"] == 200.0
    np.testing.assert_array_equal(noisy.get_data("eeg"), recording.noisy)
    np.testing.assert_array_equal(clean.get_data("eeg"), recording.clean)
    np.testing.assert_array_equal(clean.get_data("eog"), [recording.veog, recording.heog])
    assert len(find_positioned(noisy.info)[0]) == 19


def test_parts_of_unequal_length_are_cut_to_the_shortest(write, tmp_path):
    files = make_files()
    files["VEOG"]["veog_2"] = files["VEOG"]["veog_2"][:, :-7]
    write(files)
    recording = load_klados(tmp_path).recordings[1]
    lengths = {np.shape(value)[-1] for value in vars(recording).values() if np.ndim(value)}
    assert lengths == {295}


def test_variables_of_other_names_are_no_recordings(write, tmp_path):
    files = make_files()
    files["Contaminated_Data"]["sim2_resampled"] = np.zeros((3, 4))  # as in the published file
    files["Pure_Data"]["info"] = np.array(["text"])
    write(files)
    assert len(load_klados(tmp_path).recordings) == 3


def test_a_recording_that_lacks_a_part_is_left_out_with_a_warning(write, tmp_path):
    files = make_files()
    del files["HEOG"]["heog_2"]
    write(files)
    with pytest.warns(RuntimeWarning, match=r"Recordings \[2\] in .* lack one of"):
        data = load_klados(tmp_path)
    assert [recording.number for recording in data.recordings] == [1, 10]


def test_a_missing_file_is_named_with_how_to_get_it(write, tmp_path):
    files = make_files()
    del files["VEOG"]
    write(files)
    with pytest.raises(FileNotFoundError, match=r"lacks VEOG.mat. fetch_klados\(\) downloads"):
        load_klados(tmp_path)


@pytest.mark.parametrize("content", [b"", b"Rar!\x1a\x07", bytes(1000), b"MATLAB 7.3" + bytes(600)])
def test_a_file_of_something_else_is_told(write, tmp_path, content):
    write(make_files())
    (tmp_path / "HEOG.mat").write_bytes(content)
    with pytest.raises(ValueError, match="HEOG.mat is not a whole MATLAB file|holds no recording"):
        load_klados(tmp_path)


def test_a_file_of_which_no_variable_is_a_recording_is_told(write, tmp_path):
    write(make_files() | {"VEOG": {"other": np.zeros((1, 4))}})
    with pytest.raises(ValueError, match=r"VEOG.mat holds no recording: no variable .* veog_"):
        load_klados(tmp_path)


def test_a_file_that_was_cut_is_told(write, tmp_path):
    write(make_files())
    path = tmp_path / "Pure_Data.mat"
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(ValueError, match="Pure_Data.mat is not a whole MATLAB file"):
        load_klados(tmp_path)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((18, 301)), r"clean is float64 of shape .18, 301., needs .* 19 × times"),
        (np.full((19, 301), np.nan), "needs finite numbers"),
        (np.array([["a", "b"]]), "clean is <U"),
    ],
)
def test_signals_of_another_form_are_told(write, tmp_path, value, message):
    files = make_files()
    files["Pure_Data"]["sim1_resampled"] = value
    write(files)
    with pytest.raises(ValueError, match=f"Recording 1: .*{message}"):
        load_klados(tmp_path)


def test_recordings_are_split_by_number(write, tmp_path):
    write(make_files())
    data = load_klados(tmp_path)
    kept, held = data.split([10, 1])
    assert [r.number for r in kept.recordings] == [2]
    assert [r.number for r in held.recordings] == [1, 10]
    with pytest.raises(ValueError, match=r"no recordings \[3\]"):
        data.split([1, 3])
