"""From disk to disk in blocks: the result in memory, whole or not at all, however often killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import mne
import numpy as np
import pytest

from mne_artdenoise import ArtifactDenoiser, bands, denoise_file, outofcore, recording
from mne_artdenoise.provenance import read_lines
from mne_artdenoise.staging import Staging


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Work in blocks of seconds, and leave every recording on disk."""
    monkeypatch.setattr(recording, "AT_ONCE", 0)
    monkeypatch.setattr(bands, "BLOCK", 3.0)
    monkeypatch.setattr("mne_artdenoise.staging.EVERY", 0.0)


@pytest.fixture(scope="module")
def noisy(make_noisy):
    """Make a recording with everything that has to come out as it went in."""
    raw = make_noisy(
        8,
        24.0,
        extra_types=["eog", "stim"],
        order=[8, 0, 1, 2, 3, 4, 9, 5, 6, 7],
        bads=["Fz"],
        first_samp=777,
        annotations=mne.Annotations([2.0, 9.0, 12.0], [1.0, 0.0, 0.5], ["BAD_x", "EDGE", "go"]),
    )
    raw._data[raw.ch_names.index("STIM001")] = np.arange(raw.n_times) % 7
    raw.info["description"] = "mine"
    return raw


@pytest.fixture(scope="module")
def source(noisy, tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "noisy_raw.fif"
    noisy.save(path, fmt="double", verbose=False)
    return path


@pytest.fixture(scope="module")
def expected(source, tmp_path_factory):
    """Denoise in memory, in the same blocks."""
    path = tmp_path_factory.mktemp("expected") / "clean_raw.fif"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bands, "BLOCK", 3.0)
        raw = mne.io.read_raw_fif(source, preload=True, verbose=False)
        ArtifactDenoiser().fit_transform(raw).save(path, fmt="double", verbose=False)
    return mne.io.read_raw_fif(path, preload=True, verbose=False)


def read(path):
    return mne.io.read_raw_fif(path, preload=True, verbose=False)


def list_names(folder):
    return sorted(path.name for path in folder.iterdir())


def assert_same(found, expected):
    assert np.array_equal(found.get_data(), expected.get_data())
    for name in ("ch_names", "first_samp", "annotations", "n_times"):
        assert getattr(found, name) == getattr(expected, name), name
    for name in ("bads", "description", "sfreq", "highpass", "meas_date"):
        assert found.info[name] == expected.info[name], name
    assert found.get_channel_types() == expected.get_channel_types()


def test_the_result_is_that_in_memory_bit_for_bit(source, expected, tmp_path):
    target = denoise_file(source, tmp_path / "clean_raw.fif")
    found = read(target)
    assert_same(found, expected)
    assert not np.array_equal(found.get_data(), read(source).get_data())
    assert read_lines(found.info) == read_lines(expected.info)
    assert list_names(tmp_path) == ["clean_raw.fif"]


@pytest.mark.parametrize("preload", [True, False])
def test_a_raw_is_neither_changed_nor_loaded(source, expected, tmp_path, preload):
    raw = mne.io.read_raw_fif(source, preload=preload, verbose=False)
    before = raw.get_data()
    assert_same(read(denoise_file(raw, tmp_path / "x-raw.fif.gz")), expected)
    assert np.array_equal(raw.get_data(), before)
    assert raw.preload is preload


def test_filters_that_are_fitted_are_applied(make_noisy, source, tmp_path):
    denoiser = ArtifactDenoiser(strength=0.5, gate=False).fit(make_noisy(8, 30.0, bads=["Fz"]))
    found = read(denoise_file(source, tmp_path / "x_raw.fif", denoiser))
    assert np.array_equal(found.get_data(), denoiser.transform(read(source)).get_data())


def test_a_denoiser_that_is_not_fitted_stays_so(source, tmp_path):
    denoiser = ArtifactDenoiser(picks=slice(1, 5))
    denoise_file(source, tmp_path / "x_raw.fif", denoiser)
    assert not hasattr(denoiser, "filter_")
    assert denoiser.picks == slice(1, 5)


def test_an_average_reference_stays_one(make_noisy, tmp_path):
    raw = make_noisy(8, 24.0).set_eeg_reference(projection=True, verbose=False)
    raw.apply_proj(verbose=False)
    raw.save(tmp_path / "in_raw.fif", fmt="double", verbose=False)
    found = read(denoise_file(tmp_path / "in_raw.fif", tmp_path / "x_raw.fif")).get_data()
    expected = ArtifactDenoiser().fit_transform(read(tmp_path / "in_raw.fif")).get_data()
    assert np.abs(found - expected).max() < 1e-15 * np.abs(expected).max()
    assert np.abs(found.mean(axis=0)).max() < 1e-12 * np.abs(found).max()


@pytest.mark.filterwarnings("ignore:Encountered data in 'double' format:RuntimeWarning")
@pytest.mark.parametrize("ending", [".edf", ".vhdr"])
def test_other_formats_are_read_from_disk(make_noisy, tmp_path, ending):
    pytest.importorskip("edfio" if ending == ".edf" else "pybv")
    raw = make_noisy(6, 20.0)
    mne.export.export_raw(tmp_path / f"in{ending}", raw, verbose=False)
    opened = mne.io.read_raw(tmp_path / f"in{ending}", verbose=False)
    opened.set_montage(raw.get_montage())
    found = read(denoise_file(opened, tmp_path / "x_raw.fif", fmt="double"))
    assert not opened.preload
    expected = ArtifactDenoiser().fit_transform(opened)
    expected.save(tmp_path / "y_raw.fif", fmt="double", verbose=False)
    assert_same(found, read(tmp_path / "y_raw.fif"))


def test_precision_is_that_of_the_recording(noisy, source, tmp_path):
    noisy.save(tmp_path / "in_raw.fif", fmt="single", verbose=False)
    sizes = {}
    for name, path, fmt in (
        ("double", source, None),
        ("single", tmp_path / "in_raw.fif", None),
        ("asked", source, "single"),
    ):
        target = denoise_file(path, tmp_path / f"{name}_raw.fif", fmt=fmt)
        assert read(target).orig_format == {"asked": "single"}.get(name, name)
        sizes[name] = target.stat().st_size
    assert sizes["asked"] == sizes["single"] < 0.6 * sizes["double"]


def test_large_results_are_split_and_read_as_one(make_noisy, tmp_path, monkeypatch):
    monkeypatch.setattr(bands, "BLOCK", 300.0)
    raw = make_noisy(4, 330.0)
    raw.save(tmp_path / "long_raw.fif", fmt="double", buffer_size_sec=1.0, verbose=False)
    target = tmp_path / "out" / "x_raw.fif"
    target.parent.mkdir()
    denoise_file(tmp_path / "long_raw.fif", target, split_size="2MB")
    assert list_names(target.parent)[0] == "x_raw-1.fif"
    expected = ArtifactDenoiser().fit_transform(read(tmp_path / "long_raw.fif"))
    assert np.array_equal(read(target).get_data(), expected.get_data())


def test_acquisition_skips_stay_what_they_were(make_noisy, tmp_path):
    raw = make_noisy(4, 20.0)
    raw.set_annotations(mne.Annotations([4.0, 10.0], [2.0, 3.0], ["BAD_ACQ_SKIP", "bad muscle"]))
    raw._data[:, 800:1200] = 0.0
    raw.save(tmp_path / "in_raw.fif", fmt="double", buffer_size_sec=1.0, verbose=False)
    before = read(tmp_path / "in_raw.fif")
    after = read(denoise_file(tmp_path / "in_raw.fif", tmp_path / "x_raw.fif"))
    assert np.array_equal(after.get_data(None, 800, 1200), np.zeros((4, 400)))
    assert np.array_equal(after.get_data(None, 2000, 2600), before.get_data(None, 2000, 2600))
    expected = ArtifactDenoiser().fit_transform(before)
    expected.save(tmp_path / "y_raw.fif", fmt="double", verbose=False)
    assert_same(after, read(tmp_path / "y_raw.fif"))


# Interrupted


class Stop(Exception):
    """Stands for whatever ends the work."""


@pytest.fixture
def stop_after(monkeypatch):
    """Let the work end after so many blocks."""

    def arrange(number):
        write, count = Staging.write, []

        def stop(self, *args):
            if len(count) == number:
                raise Stop
            count.append(1)
            return write(self, *args)

        monkeypatch.setattr(Staging, "write", stop)
        return count

    return arrange


@pytest.mark.parametrize("number", [0, 1, 3])
def test_what_was_interrupted_is_continued(
    source, expected, tmp_path, monkeypatch, stop_after, number
):
    target = tmp_path / "clean_raw.fif"
    stop_after(number)
    with pytest.raises(Stop):
        denoise_file(source, target)
    assert list_names(tmp_path) == ([".clean_raw.fif.artdenoise"] if number else [])
    monkeypatch.undo()
    monkeypatch.setattr(recording, "AT_ONCE", 0)
    monkeypatch.setattr(bands, "BLOCK", 3.0)
    if number:
        monkeypatch.setattr(ArtifactDenoiser, "_fit", None)  # filters are not fitted again
    done = stop_after(100)
    assert_same(read(denoise_file(source, target)), expected)
    assert len(done) == 8 - number
    assert list_names(tmp_path) == ["clean_raw.fif"]


@pytest.mark.parametrize("change", ["recording", "bads", "strength", "resume"])
def test_what_was_done_of_another_task_is_not_used(
    source, tmp_path, monkeypatch, stop_after, change
):
    path, target = tmp_path / "in_raw.fif", tmp_path / "clean_raw.fif"
    path.write_bytes(source.read_bytes())
    stop_after(2)
    with pytest.raises(Stop):
        denoise_file(path, target)
    monkeypatch.undo()
    denoiser, options = ArtifactDenoiser(), {}
    if change == "recording":
        os.utime(path, (0, 0))
    raw = mne.io.read_raw_fif(path, verbose=False)
    if change == "bads":
        raw.info["bads"] = ["Cz"]
    elif change == "strength":
        denoiser.set_params(strength=0.5)
    elif change == "resume":
        options = {"resume": False}
    done = stop_after(100)
    found = read(denoise_file(raw, target, denoiser, **options))
    assert len(done) == 3  # all of them, now one block per span
    expected = denoiser.fit_transform(raw)
    assert np.array_equal(found.get_data(), expected.get_data())


def test_a_result_that_was_not_moved_is_moved(source, expected, tmp_path, monkeypatch):
    target = tmp_path / "clean_raw.fif"

    def stop(folder, target):
        raise Stop

    with monkeypatch.context() as patch:
        patch.setattr("mne_artdenoise.staging.move_parts", stop)
        with pytest.raises(Stop):
            denoise_file(source, target)
    assert not target.exists()
    monkeypatch.setattr(outofcore, "stage_result", None)
    assert_same(read(denoise_file(source, target)), expected)
    assert list_names(tmp_path) == ["clean_raw.fif"]


def test_a_folder_that_was_not_removed_is_removed(source, expected, tmp_path, monkeypatch):
    target = tmp_path / "clean_raw.fif"
    with monkeypatch.context() as patch:
        patch.setattr(Staging, "remove", lambda self: None)
        patch.setattr(Staging, "__init__", make_folder_first(Staging.__init__))
        denoise_file(source, target)
    assert list_names(tmp_path) == [".clean_raw.fif.artdenoise", "clean_raw.fif"]
    assert_same(read(denoise_file(source, target)), expected)
    assert list_names(tmp_path) == ["clean_raw.fif"]


@pytest.mark.parametrize("age", [0, 3600])
def test_halves_of_killed_writers_are_removed_when_they_are_old(source, tmp_path, age):
    staging = Staging(tmp_path / "clean_raw.fif", "mine")
    half = staging.make_room()
    half.write_bytes(b"half")
    for path in (half, half.parent):
        os.utime(path, (time.time() - age,) * 2)
    other = Staging(tmp_path / "clean_raw.fif", "mine").make_room()
    assert half.exists() == (age == 0)
    assert other.parent.is_dir()


def make_folder_first(init):
    def make(self, target, *args, **kwargs):
        return init(self, target, *args, **kwargs)

    return make


@pytest.mark.parametrize("name", ["state.json", "artifact.f64", "fitted-artdenoise.npz"])
def test_a_damaged_folder_is_no_obstacle(source, expected, tmp_path, monkeypatch, stop_after, name):
    target = tmp_path / "clean_raw.fif"
    stop_after(3)
    with pytest.raises(Stop):
        denoise_file(source, target)
    (tmp_path / ".clean_raw.fif.artdenoise" / name).write_bytes(b"{")
    monkeypatch.undo()
    monkeypatch.setattr(bands, "BLOCK", 3.0)
    assert_same(read(denoise_file(source, target)), expected)


CODE = """
import sys
from mne_artdenoise import bands, denoise_file, recording, staging
bands.BLOCK, recording.AT_ONCE, staging.EVERY = 3.0, 0, 0.0
print("ready", flush=True)
denoise_file(sys.argv[1], sys.argv[2], verbose="error")
"""


@pytest.mark.slow
def test_a_process_that_is_killed_again_and_again_gets_there(source, expected, tmp_path, rng):
    target, kills = tmp_path / "clean_raw.fif", 0
    while True:
        job = subprocess.Popen(
            [sys.executable, "-c", CODE, str(source), str(target)], stdout=subprocess.PIPE
        )
        job.stdout.readline()
        time.sleep(rng.uniform(0.0, 4.0 if kills < 10 else 60.0))
        job.send_signal(signal.SIGKILL)
        job.stdout.close()
        if job.wait() == 0:
            break
        kills += 1
        assert kills < 100
    assert_same(read(target), expected)
    assert list_names(tmp_path) == ["clean_raw.fif"]


# Refused


def test_a_result_is_kept_unless_told(source, tmp_path):
    target = tmp_path / "x_raw.fif"
    target.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        denoise_file(source, target)
    assert target.read_bytes() == b"mine"
    assert list_names(tmp_path) == ["x_raw.fif"]
    assert read(denoise_file(source, target, overwrite=True)).n_times == 4800


def test_the_recording_is_never_replaced(source):
    before = source.read_bytes()
    with pytest.raises(ValueError, match="must not be the recording itself"):
        denoise_file(source, source.parent / "." / source.name, overwrite=True)
    assert source.read_bytes() == before


@pytest.mark.parametrize("name", ["x.fif", "x.edf", "x"])
def test_a_name_that_mne_would_not_read_is_told(source, tmp_path, name):
    with pytest.raises(ValueError, match="must end in _raw.fif or"):
        denoise_file(source, tmp_path / name)


def test_names_that_fif_cannot_hold_are_told_before_any_work(make_noisy, tmp_path):
    raw = make_noisy(4, 8.0).rename_channels({"Cz": "\u010cz"})
    with pytest.raises(ValueError, match="only ASCII names .* found \u010cz: .*rename_channels"):
        denoise_file(raw, tmp_path / "x_raw.fif")
    assert list_names(tmp_path) == []


def test_the_network_alone_needs_the_recording_in_memory(source, tmp_path):
    with pytest.raises(ValueError, match=r"spatial=True.*fit_transform"):
        denoise_file(source, tmp_path / "x_raw.fif", ArtifactDenoiser(spatial=False))


def test_a_folder_that_is_not_there_is_told(source, tmp_path):
    with pytest.raises(PermissionError, match="cannot be written"):
        denoise_file(source, tmp_path / "no" / "x_raw.fif")


@pytest.mark.parametrize("name", ["x_raw.fif", "x.edf", "x.vhdr"])
def test_a_file_that_is_no_recording_is_told(tmp_path, name):
    (tmp_path / name).write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(OSError, match=f"{name} cannot be read: "):
        denoise_file(tmp_path / name, tmp_path / "y_raw.fif")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        denoise_file(tmp_path / "no_raw.fif", tmp_path / "y_raw.fif")
    assert list_names(tmp_path) == [name]


@pytest.mark.parametrize("stage", ["artifact", "result"])
def test_a_full_disk_is_told_and_what_is_done_kept(source, expected, tmp_path, monkeypatch, stage):
    target = tmp_path / "clean_raw.fif"
    full = OSError(28, "No space left on device")

    def fail(*args, **kwargs):
        raise full

    with monkeypatch.context() as patch:
        if stage == "artifact":
            patch.setattr(Staging, "write", fail)
        else:
            patch.setattr(mne.io.BaseRaw, "save", fail)
        with pytest.raises(OSError, match="No space left"):
            denoise_file(source, target)
    assert not target.exists()
    assert_same(read(denoise_file(source, target)), expected)
    assert list_names(tmp_path) == ["clean_raw.fif"]


def test_a_header_that_names_no_type_of_channel_is_told(source, tmp_path, monkeypatch):
    def fail(self):
        raise KeyError(16515073)

    monkeypatch.setattr(mne.Info, "get_channel_types", fail)
    with pytest.raises(OSError, match="noisy_raw.fif cannot be read: 16515073"):
        denoise_file(source, tmp_path / "x_raw.fif")


def test_a_result_that_cannot_be_read_back_is_no_result(make_noisy, tmp_path):
    raw = make_noisy(4, 8.0, annotations=mne.Annotations([1.0], [0.0], [""]))
    with pytest.raises(OSError, match="cannot read back .* annotations without a description"):
        denoise_file(raw, tmp_path / "x_raw.fif")
    assert not (tmp_path / "x_raw.fif").exists()
