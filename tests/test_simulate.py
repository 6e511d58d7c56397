"""Tests of the command that simulates a recording."""

from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
import pytest

from mne_artdenoise.__main__ import main
from mne_artdenoise.commands.simulate import name_part, read_snr
from mne_artdenoise.synthesis import measure_snr

SHORT = ("--duration", 3)


def run(*words) -> int:
    return main([str(word) for word in words])


def read(path: Path) -> mne.io.BaseRaw:
    return mne.io.read_raw(path, verbose=False)


def test_a_recording_its_truth_and_its_artifacts_are_written(tmp_path, capsys):
    assert run("simulate", tmp_path / "new" / "a_raw.fif", *SHORT, "--snr-db", -6) == 0
    names = ["a_artifact_raw.fif", "a_raw.fif", "a_truth_raw.fif"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == names
    artifact, noisy, clean = (read(tmp_path / "new" / name) for name in names)
    assert len(noisy.ch_names) == 32
    assert (noisy.info["sfreq"], noisy.n_times) == (250.0, 750)
    assert np.array_equal(noisy.get_data(), clean.get_data() + artifact.get_data())
    assert measure_snr(clean.get_data(), artifact.get_data()) == pytest.approx(-6.0, abs=1e-6)
    assert len(noisy.annotations) == len(artifact.annotations) > 0
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.startswith("simulated 32 channels, 3 s at 250 Hz (seed 0): ")
    counted = list(noisy.annotations.description).count("muscle")
    assert f"{counted} muscle" in told.out
    assert told.out.count("wrote") == 3


def test_seeds_decide(tmp_path):
    for name, seed in [("a", 1), ("b", 1), ("c", 2)]:
        run("simulate", tmp_path / f"{name}_raw.fif", *SHORT, "--seed", seed)
    first, same, other = (read(tmp_path / f"{name}_raw.fif").get_data() for name in "abc")
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_montage_rate_and_artifacts_can_be_chosen(tmp_path, capsys):
    target = tmp_path / "a_raw.fif"
    run("simulate", target, *SHORT, "--montage", "biosemi16", "--sfreq", 128, "--artifacts")
    raw = read(target)
    assert (len(raw.ch_names), raw.info["sfreq"], len(raw.annotations)) == (16, 128.0, 0)
    assert "brain only" in capsys.readouterr().out
    run("simulate", target, *SHORT, "--artifacts", "muscle", "--snr-db", "none", "--overwrite")
    assert set(read(target).annotations.description) == {"muscle"}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["x.fif"], "OUT must end in _raw.fif"),
        (["x_raw.fif", "--artifacts", "cough"], "Unknown artifact 'cough'. Known artifacts: '"),
        (["x_raw.fif", "--duration", "0"], "duration must be 1 second or more"),
        (["x_raw.fif", "--montage", "helmet"], "helmet"),
        (["kept_raw.fif"], "exists. Add --overwrite"),
        (["kept.xyz_raw.fif"], "exists. Add --overwrite"),
    ],
)
def test_what_cannot_be_simulated_is_told_in_one_line(tmp_path, monkeypatch, capsys, words, text):
    monkeypatch.chdir(tmp_path)
    Path("kept_raw.fif").write_bytes(b"kept")
    Path("kept.xyz_artifact_raw.fif").write_bytes(b"kept")
    before = sorted(tmp_path.iterdir())
    assert run("simulate", *words) == 2
    told = capsys.readouterr()
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1
    assert text in told.err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a_raw.fif", "a_truth_raw.fif"),
        ("a-raw.fif.gz", "a_truth-raw.fif.gz"),
        ("sub-01_eeg.fif", "sub-01_truth_eeg.fif"),
    ],
)
def test_parts_are_named_after_the_whole(name, expected):
    assert name_part(Path("x") / name, "truth") == Path("x") / expected
    assert name_part(Path("x") / name, "") == Path("x") / name


def test_none_is_a_ratio():
    assert read_snr("None") is None
    assert read_snr("-3.5") == -3.5
    with pytest.raises(ValueError, match="loud"):
        read_snr("loud")
