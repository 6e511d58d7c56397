"""What goes wrong with recordings in practice: each comes out whole, or is told."""

from __future__ import annotations

import os
import subprocess
import sys

import mne
import numpy as np
import pytest

from mne_artdenoise import ArtifactDenoiser, denoise, denoise_file


def check(before, after):
    """Check that a result has the shape of what went in, is finite, and is another."""
    x, y = before.get_data(), after.get_data()
    assert y.shape == x.shape
    assert np.isfinite(y).all()
    assert not np.array_equal(x, y)


# Values


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_lost_values_are_told_unless_they_are_marked(make_noisy, value):
    raw = make_noisy()
    raw._data[2, 500:700] = value
    with pytest.raises(ValueError, match=r"200 values .* NaN or inf, in Fz; .* in Fz at 2.500 s"):
        denoise(raw)
    raw.set_annotations(mne.Annotations([2.4], [1.2], ["BAD_lost"]))
    clean = denoise(raw).get_data()
    assert np.array_equal(clean[:, 480:720], raw.get_data()[:, 480:720], equal_nan=True)
    assert np.isfinite(np.delete(clean, np.arange(480, 720), axis=1)).all()


def test_flat_spans_are_no_obstacle(make_noisy):
    raw = make_noisy()
    raw._data[:, 1000:1400] = 0.0
    raw._data[3, 1500:] = 1e-5
    check(raw, denoise(raw))


def test_a_flat_channel_is_told_and_no_obstacle(make_noisy):
    raw = make_noisy()
    raw._data[3] = 0.0
    with pytest.warns(RuntimeWarning, match="Flat throughout: Oz"):
        check(raw, denoise(raw))


@pytest.mark.parametrize("limit", [5e-6, 3e-5])
def test_clipped_spans_are_no_obstacle(make_noisy, limit):
    raw = make_noisy()
    raw._data = np.clip(raw._data, -limit, limit)
    check(raw, denoise(raw))


@pytest.mark.parametrize(
    ("factor", "told"), [(1e6, "look like they are in microvolts"), (1e-6, "too little for EEG")]
)
def test_mistakes_of_units_are_told(make_noisy, factor, told):
    raw = make_noisy()
    raw._data *= factor
    with pytest.warns(RuntimeWarning, match=told):
        check(raw, denoise(raw))


def test_an_offset_of_an_amplifier_is_no_obstacle(make_noisy):
    raw = make_noisy()
    raw._data += np.linspace(-0.3, 0.3, 8)[:, np.newaxis]
    check(raw, denoise(raw))


@pytest.mark.parametrize("dtype", [np.int16, np.int64, np.float16, ">f4"])
def test_other_types_of_numbers_become_volts(make_noisy, dtype):
    raw = make_noisy()
    unit = 1e-7 if np.dtype(dtype).kind == "i" else 1.0
    x = np.clip(raw.get_data() / unit, -32000, 32000).astype(dtype)
    denoiser = ArtifactDenoiser(info=raw.info)
    if unit < 1:
        with pytest.warns(RuntimeWarning, match="microvolts"):
            clean = denoiser.fit_transform(x)
    else:
        clean = denoiser.fit_transform(x)
    assert clean.dtype.kind == "f"
    assert clean.shape == x.shape
    assert np.isfinite(clean).all()


def test_complex_data_are_refused(make_noisy):
    raw = make_noisy()
    with pytest.raises(ValueError, match="Complex data not supported"):
        ArtifactDenoiser(info=raw.info).fit(raw.get_data() + 0j)


# Channels


def test_doubled_positions_are_no_obstacle(make_noisy):
    raw = make_noisy()
    for channel in raw.info["chs"][1:4]:
        channel["loc"][:3] = raw.info["chs"][0]["loc"][:3]
    check(raw, denoise(raw))


def test_doubled_channels_are_no_obstacle(make_noisy):
    raw = make_noisy()
    raw._data[1] = raw._data[0]
    check(raw, denoise(raw))


# Spans


@pytest.mark.parametrize(
    ("onset", "duration", "description"),
    [
        (3.0, 0.0, "BAD nothing"),
        (0.0, 2.0, "bad_acq_skip"),
        (5.0, 0.0, "EDGE boundary"),
        (11.995, 0.0, "edge"),
        (0.0, 0.0, "EDGE"),
        (4.0, 1e-9, "BAD"),
    ],
)
def test_odd_annotations_part_spans_and_stay(make_noisy, onset, duration, description):
    raw = make_noisy(annotations=mne.Annotations([onset], [duration], [description]))
    clean = denoise(raw)
    check(raw, clean)
    assert clean.annotations == raw.annotations


@pytest.mark.filterwarnings("ignore:Limited 1 annotation:RuntimeWarning")  # of MNE-Python
def test_an_annotation_over_the_end_is_cut_and_stays(make_noisy):
    raw = make_noisy(annotations=mne.Annotations([11.0], [99.0], ["BAD over the end"]))
    clean = denoise(raw)
    check(raw, clean)
    assert np.array_equal(clean.get_data()[:, 2200:], raw.get_data()[:, 2200:])
    assert clean.annotations == raw.annotations


def test_what_is_wholly_bad_is_told(make_noisy):
    raw = make_noisy(annotations=mne.Annotations([0.0], [12.0], ["BAD"]))
    with pytest.raises(ValueError, match="nothing remains to denoise"):
        denoise(raw)


def test_decimated_and_baseline_corrected_epochs_come_out_as_such(make_noisy):
    raw = make_noisy(sfreq=400.0)
    events = mne.make_fixed_length_events(raw, duration=1.5)
    options = {"tmin": -0.2, "tmax": 1.0, "baseline": (None, 0), "preload": True}
    with pytest.warns(RuntimeWarning, match="aliasing"):
        epochs = mne.Epochs(raw, events, decim=2, **options, verbose=False)
    clean = denoise(epochs)
    check(epochs, clean)
    assert clean.info["sfreq"] == 200.0
    assert clean.baseline == (-0.2, 0.0)
    coarse = epochs.copy().decimate(4, verbose="error")
    with pytest.raises(ValueError, match=r"50 Hz, and 100 to 2000 Hz"):
        denoise(coarse)


# Files


@pytest.fixture
def source(make_noisy, tmp_path):
    path = tmp_path / "in_raw.fif"
    make_noisy(5, 8.0).save(path, fmt="double", verbose=False)
    return path


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are those of POSIX")
def test_a_recording_that_may_not_be_read_is_told(source, tmp_path):
    source.chmod(0o000)
    if os.access(source, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(OSError, match="in_raw.fif cannot be read: .*permission"):
        denoise_file(source, tmp_path / "x_raw.fif")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are those of POSIX")
def test_a_recording_that_may_only_be_read_is_only_read(source, tmp_path):
    source.chmod(0o400)
    before = source.stat().st_mtime_ns
    denoise_file(source, tmp_path / "x_raw.fif")
    assert source.stat().st_mtime_ns == before


def test_a_folder_that_may_not_be_written_is_told(source, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(PermissionError, match="cannot be written"):
        denoise_file(source, folder / "x_raw.fif")


LIMITED = """
import resource, signal, sys
import mne
from mne_artdenoise import denoise_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    denoise_file(sys.argv[1], sys.argv[2], verbose="error")
except OSError as error:
    print("told:", error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no files")
@pytest.mark.parametrize("limit", [20_000, 60_000])
def test_a_disk_that_is_full_is_told_and_no_half_file_is_left(source, tmp_path, limit):
    target = tmp_path / "out" / "x_raw.fif"
    target.parent.mkdir()
    words = [sys.executable, "-c", LIMITED, str(source), str(target), str(limit)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "told:" in done.stdout, done.stdout + done.stderr
    assert not target.exists()
    denoise_file(source, target)
    assert sorted(path.name for path in target.parent.iterdir()) == ["x_raw.fif"]
