"""Tests of the command line, with a stand-in for the denoiser."""

from __future__ import annotations

import re
import subprocess
import sys
from types import ModuleType
from typing import Any

import matplotlib as mpl
import mne
import numpy as np
import pytest

from mne_artdenoise import __main__ as cli
from mne_artdenoise import weights
from mne_artdenoise.commands import clean as clean_command
from mne_artdenoise.files import write_whole

mpl.use("Agg")

SIMULATED = ["simulated_before_after.png", "simulated_clean_raw.fif", "simulated_raw.fif"]


class HalvingDenoiser:
    """Takes half of every EEG signal away, and keeps how it was asked to."""

    asked: dict[str, Any]

    def __init__(self, model: str, **options: Any) -> None:
        HalvingDenoiser.asked = {"model": model, **options}

    def fit_transform(self, inst):
        result = inst.copy().load_data()
        result._data[..., mne.pick_types(inst.info, eeg=True), :] *= 0.5
        return result


def denoise_in_memory(raw, target, denoiser, *, resume, overwrite):
    """Stand in for the way from disk to disk."""
    HalvingDenoiser.asked |= {"resume": resume}
    write_whole(target, lambda path: denoiser.fit_transform(raw).save(path, fmt=raw.orig_format))


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    """Put the stand-in in the place of the denoiser, and keep the simulated recording short."""
    module = ModuleType("mne_artdenoise.denoiser")
    module.ArtifactDenoiser = HalvingDenoiser
    monkeypatch.setitem(sys.modules, "mne_artdenoise.denoiser", module)
    disk = ModuleType("mne_artdenoise.outofcore")
    disk.denoise_file = denoise_in_memory
    monkeypatch.setitem(sys.modules, "mne_artdenoise.outofcore", disk)
    monkeypatch.setattr(clean_command, "SIMULATED_SECONDS", 5.0)


@pytest.fixture
def source(make_raw, tmp_path):
    """Write a recording."""
    path = tmp_path / "sub-01_raw.fif"
    make_raw(5, 4.0, extra_types=["stim"]).save(path, fmt="double", verbose=False)
    return path


def run(*words: Any) -> int:
    return cli.main([str(word) for word in words])


def list_names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_refused(capsys, code: int, text: str) -> None:
    told = capsys.readouterr()
    assert code == 2
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1
    assert text in told.err
    assert "wrote" not in told.out


def test_without_a_file_a_recording_is_simulated_and_the_true_gain_told(tmp_path, capsys):
    assert run("clean", "--out", tmp_path / "new" / "folder") == 0
    told = capsys.readouterr()
    folder = tmp_path / "new" / "folder"
    assert list_names(folder) == SIMULATED
    assert told.err == ""
    for name in SIMULATED:
        assert f"wrote {folder / name}" in told.out
    noisy, clean = (mne.io.read_raw(folder / name, verbose=False) for name in SIMULATED[:0:-1])
    np.testing.assert_allclose(clean.get_data(), noisy.get_data() / 2, rtol=1e-6)
    assert len(noisy.ch_names) == 32
    assert (noisy.info["sfreq"], noisy.info["highpass"]) == (250.0, 1.0)
    assert (folder / SIMULATED[0]).read_bytes().startswith(b"\x89PNG")


def test_the_gain_told_is_that_against_the_truth(tmp_path, capsys):
    run("clean", "--out", tmp_path, "--seed", 3)
    lines = dict(line.rsplit(maxsplit=2)[:2] for line in capsys.readouterr().out.splitlines()[1:4])
    # It is mixed at -3 dB, and high-passed; artifacts are slower than brain.
    before = float(lines["SNR before"])
    assert -3.0 < before < 0.0
    # Half of brain and artifact leaves an error of a quarter of both powers.
    assert float(lines["SNR after"]) == pytest.approx(
        10 * np.log10(4 / (1 + 10 ** (-before / 10))), abs=0.4
    )
    gain = float(lines["SNR after"]) - float(lines["SNR before"])
    assert float(lines["true gain"]) == pytest.approx(gain, abs=0.11)


def test_seeds_decide_the_simulated_recording(tmp_path, monkeypatch):
    monkeypatch.setattr(clean_command, "write_figure", lambda *_: None)  # it takes time
    for folder, seed in [("a", 1), ("b", 1), ("c", 2)]:
        run("clean", "--out", tmp_path / folder, "--seed", seed)
    first, same, other = (
        mne.io.read_raw(tmp_path / folder / SIMULATED[2], verbose=False).get_data()
        for folder in "abc"
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_file_is_denoised_into_the_named_one(source, tmp_path, capsys):
    target = tmp_path / "results" / "clean_raw.fif"
    assert run("clean", source, target) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (f"wrote {target}\n", "")
    before, after = (mne.io.read_raw(path, verbose=False) for path in (source, target))
    assert np.array_equal(after.get_data("eeg"), before.get_data("eeg") / 2)  # double stays double
    assert np.array_equal(after.get_data("stim"), before.get_data("stim"))
    assert list_names(target.parent) == ["clean_raw.fif"]


def test_without_a_name_the_result_is_named_after_the_recording(source, tmp_path):
    assert run("clean", source, "--out", tmp_path / "results") == 0
    assert list_names(tmp_path / "results") == ["sub-01_clean_raw.fif"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sub-01_task-rest_eeg.vhdr", "sub-01_task-rest_eeg_clean_raw.fif"),
        ("a.b.edf", "a.b_clean_raw.fif"),
        ("x-raw.fif.gz", "x_clean_raw.fif"),
        ("x_eeg.fif", "x_clean_raw.fif"),
    ],
)
def test_names_of_results_keep_what_tells_recordings_apart(name, expected, tmp_path):
    assert clean_command.name_clean(tmp_path / name, is_epochs=False) == expected


def test_epochs_are_denoised(make_epochs, tmp_path):
    source = tmp_path / "sub-01-epo.fif"
    epochs = make_epochs(3)
    epochs.save(source, verbose=False)
    assert run("clean", source, tmp_path / "clean-epo.fif", "--figure", tmp_path / "y.png") == 0
    after = mne.read_epochs(tmp_path / "clean-epo.fif", verbose=False)
    np.testing.assert_allclose(after.get_data(), epochs.get_data() / 2, rtol=1e-6)
    assert np.array_equal(after.events, epochs.events)


def test_options_reach_the_denoiser(source, tmp_path):
    target = tmp_path / "x_raw.fif"
    run("clean", source, target)
    plain = {"spatial": True, "gate": True, "strength": 1.0, "device": "auto", "resume": True}
    assert HalvingDenoiser.asked == {"model": "any-montage-v1", **plain}
    run("clean", source, target, "--overwrite", "--no-resume")
    assert HalvingDenoiser.asked["resume"] is False
    options = ["--model", "m-v2", "--strength", 0.5, "--device", "cpu", "--no-spatial", "--no-gate"]
    run("clean", source, target, "--overwrite", *options)
    asked = {"spatial": False, "gate": False, "strength": 0.5, "device": "cpu"}
    assert HalvingDenoiser.asked == {"model": "m-v2", **asked}


@pytest.mark.filterwarnings("ignore:The denoiser should not be trusted")  # seconds are few
def test_figure_and_report_are_written(source, tmp_path, capsys):
    figure, page = tmp_path / "x.pdf", tmp_path / "x.html"
    target = tmp_path / "x_raw.fif"
    assert run("clean", source, target, "--figure", figure, "--report", page) == 0
    assert figure.read_bytes().startswith(b"%PDF")
    assert "Before and after" in page.read_text(encoding="utf-8")
    assert capsys.readouterr().out.count("wrote") == 3


@pytest.mark.parametrize("name", ["x_raw.fif", "x.png", "x.html"])
def test_what_exists_is_kept_unless_told_otherwise(source, tmp_path, capsys, monkeypatch, name):
    (tmp_path / name).write_bytes(b"kept")
    words = ["clean", source, tmp_path / "x_raw.fif", "--figure", tmp_path / "x.png"]
    words += ["--report", tmp_path / "x.html"]
    monkeypatch.setattr(clean_command, "denoise", None)  # no work is done before
    before = list_names(tmp_path)
    assert_refused(capsys, run(*words), f"{name} exists. Add --overwrite")
    assert (tmp_path / name).read_bytes() == b"kept"
    assert list_names(tmp_path) == before


def test_what_exists_is_replaced_when_told(source, tmp_path):
    target = tmp_path / "x_raw.fif"
    target.write_bytes(b"old")
    assert run("clean", source, target, "--overwrite") == 0
    assert mne.io.read_raw(target, verbose=False).n_times == 800


@pytest.mark.parametrize("name", SIMULATED)
def test_the_simulated_recording_replaces_nothing_either(tmp_path, capsys, monkeypatch, name):
    monkeypatch.setattr(clean_command, "write_figure", lambda *_: None)
    (tmp_path / name).write_bytes(b"kept")
    assert_refused(capsys, run("clean", "--out", tmp_path), "exists")
    assert list_names(tmp_path) == [name]
    assert run("clean", "--out", tmp_path, "--overwrite") == 0


def test_a_failure_while_writing_leaves_the_old_file_and_no_other(
    source, tmp_path, capsys, monkeypatch
):
    target = tmp_path / "x_raw.fif"
    target.write_bytes(b"old")
    before = list_names(tmp_path)

    def fail(self, fname, **_):
        fname.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mne.io.BaseRaw, "save", fail)
    code = run("clean", source, target, "--overwrite")
    assert_refused(capsys, code, "No space left on device")
    assert target.read_bytes() == b"old"
    assert list_names(tmp_path) == before


def test_a_recording_written_in_parts_can_be_read(source, tmp_path, monkeypatch):
    target = tmp_path / "parts" / "x_raw.fif"
    save = mne.io.BaseRaw.save

    def save_split(self, fname, **options):
        return save(self, fname, split_size="2MB", buffer_size_sec=1, **options)

    long = mne.io.read_raw(source, verbose=False)
    long = mne.concatenate_raws([long.copy() for _ in range(100)], verbose=False)
    long.save(tmp_path / "long_raw.fif", fmt="double", verbose=False)
    monkeypatch.setattr(mne.io.BaseRaw, "save", save_split)
    assert run("clean", tmp_path / "long_raw.fif", target) == 0
    assert list_names(target.parent)[0] == "x_raw-1.fif"
    after = mne.io.read_raw(target, verbose=False)
    assert np.array_equal(after.get_data("eeg"), long.get_data("eeg") / 2)


@pytest.mark.parametrize("name", ["x.fif", "x.edf", "x-epo.fif", "x"])
def test_a_name_that_mne_would_not_read_is_told(source, tmp_path, capsys, name):
    assert_refused(capsys, run("clean", source, tmp_path / name), "OUT must end in _raw.fif")
    assert list_names(tmp_path) == ["sub-01_raw.fif"]


def test_epochs_of_a_calibration_of_zero_are_told_before_any_work(
    make_epochs, tmp_path, capsys, monkeypatch
):
    source, target = tmp_path / "in_epo.fif", tmp_path / "out_epo.fif"
    make_epochs(5, 4, 1.0).save(source, verbose=False)
    read = mne.read_epochs

    def read_damaged(*args, **kwargs):
        epochs = read(*args, **kwargs)
        epochs.info["chs"][1]["cal"] = 0.0
        return epochs

    monkeypatch.setattr(mne, "read_epochs", read_damaged)
    assert_refused(capsys, run("clean", source, target), "The calibration of Pz is 0 or not finite")
    assert not target.exists()


def test_epochs_do_not_become_raw(make_epochs, tmp_path, capsys):
    source = tmp_path / "a_epo.fif"
    make_epochs(2).save(source, verbose=False)
    assert_refused(capsys, run("clean", source, tmp_path / "x_raw.fif"), "OUT must end in _epo.fif")


@pytest.mark.parametrize("option", [("--figure", "x.txt"), ("--report", "x.pdf")])
def test_other_endings_of_figures_and_reports_are_told(source, tmp_path, capsys, option):
    code = run("clean", source, tmp_path / "x_raw.fif", option[0], tmp_path / option[1])
    assert_refused(capsys, code, f"{option[0]} must end in")


def test_the_recording_itself_is_never_replaced(source, capsys):
    before = source.read_bytes()
    code = run("clean", source, source.parent / "." / source.name, "--overwrite")
    assert_refused(capsys, code, "OUT must not be IN")
    assert source.read_bytes() == before


def test_a_file_that_is_not_there_is_told(tmp_path, capsys):
    assert_refused(capsys, run("clean", tmp_path / "no_raw.fif"), "no_raw.fif does not exist")


@pytest.mark.parametrize("name", ["x_raw.fif", "x.edf", "x.vhdr", "x.xyz", "x-epo.fif"])
def test_a_file_that_is_no_recording_is_told(tmp_path, capsys, name):
    (tmp_path / name).write_bytes(b"nothing of the kind\n" * 50)
    code = run("clean", tmp_path / name, "--out", tmp_path / "results")
    assert_refused(capsys, code, f"{name} cannot be read")


def test_an_error_of_the_denoiser_becomes_one_line(source, tmp_path, capsys, monkeypatch):
    def fail(self, inst):
        raise ValueError("Unknown model 'x'.\nKnown models: none.")

    monkeypatch.setattr(HalvingDenoiser, "fit_transform", fail)
    code = run("clean", source, tmp_path / "x_raw.fif")
    assert_refused(capsys, code, "error: Unknown model 'x'. Known models: none.\n")


@pytest.mark.filterwarnings("default")
def test_a_warning_of_the_denoiser_becomes_one_line(source, tmp_path, capsys, monkeypatch):
    def warn(self, inst):
        mne.utils.warn("2 channels are flat.\nLook at them.")
        return inst.copy().load_data()

    monkeypatch.setattr(HalvingDenoiser, "fit_transform", warn)
    assert run("clean", source, tmp_path / "x_raw.fif") == 0
    assert capsys.readouterr().err == "warning: 2 channels are flat. Look at them.\n"


def test_models_are_listed_with_what_they_do(make_record, monkeypatch, capsys):
    monkeypatch.setattr(weights, "list_models", lambda: ["stand-in-v1"])
    monkeypatch.setattr(weights, "get_record", lambda model: make_record())
    assert run("models") == 0
    told = capsys.readouterr().out
    for text in ("stand-in-v1", "A record for tests.", "eye, muscle", "0.5 to 90 Hz", "BSD-3"):
        assert text in told


def test_fetch_tells_where_the_weights_are(tmp_path, monkeypatch, capsys):
    asked = []

    def fetch(model, *, force):
        asked.append((model, force))
        return tmp_path / "weights.safetensors"

    monkeypatch.setattr(weights, "fetch_weights", fetch)
    assert run("fetch") == run("fetch", "art-v1", "--force") == 0
    assert asked == [("any-montage-v1", False), ("art-v1", True)]
    assert capsys.readouterr().out == f"{tmp_path / 'weights.safetensors'}\n" * 2


def test_fetching_an_unknown_model_is_told(capsys):
    assert_refused(capsys, run("fetch", "no-such-v1"), "Unknown model 'no-such-v1'")


@pytest.mark.parametrize(
    "words", [[], ["wash"], ["clean", "a", "b", "c"], ["clean", "--seed", "x"]]
)
def test_a_command_that_is_not_understood_is_told(words, capsys):
    with pytest.raises(SystemExit) as stop:
        run(*words)
    assert stop.value.code == 2
    assert "usage: python -m mne_artdenoise" in capsys.readouterr().err


def test_help_is_given_without_loading_anything_heavy():
    code = (
        "import sys\nfrom mne_artdenoise.__main__ import main\n"
        "try:\n    main(['clean', '--help'])\nfinally:\n"
        "    print([m for m in ('torch', 'mne', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for option in ("IN", "OUT", "--model", "--device", "--strength", "--no-spatial", "--no-gate"):
        assert option in done.stdout


def test_a_file_without_positions_gets_them_from_a_template(make_raw, tmp_path, capsys):
    raw = make_raw(8, 6.0)
    raw.set_montage(None)
    raw.save(tmp_path / "in_raw.fif")
    words = ["clean", str(tmp_path / "in_raw.fif"), str(tmp_path / "out_raw.fif")]
    assert cli.main(words) == 2
    told = capsys.readouterr().err
    template = re.search(r"--montage (\w+);", told)[1]
    assert cli.main([*words, "--montage", template]) == 0
    assert mne.io.read_raw(tmp_path / "out_raw.fif").get_montage() is not None


@pytest.fixture
def words(make_noisy, tmp_path):
    """Write a recording of which one channel is that of the eyes, and give words to clean it."""
    raw = make_noisy(6, 12.0)
    raw.rename_channels({raw.ch_names[5]: "EOG1"})
    raw.save(tmp_path / "in_raw.fif")
    return ["clean", str(tmp_path / "in_raw.fif"), str(tmp_path / "out_raw.fif")]


def test_types_and_bads_can_be_told(words, tmp_path, capsys):
    assert cli.main([*words, "--type", "EOG1=eog", "--bad", "Cz"]) == 0
    assert "set_channel_types" not in capsys.readouterr().err
    before, after = (mne.io.read_raw(tmp_path / f"{name}_raw.fif") for name in ("in", "out"))
    assert after.get_channel_types() == ["eeg"] * 5 + ["eog"]
    assert after.info["bads"] == ["Cz"]
    same = (before.get_data() == after.get_data()).all(axis=1)
    assert same.tolist() == [name in ("Cz", "EOG1") for name in before.ch_names]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--bad", "C99"], "No channel is called C99. The channels are Cz, Pz,"),
        (["--type", "EOG9=eog"], "No channel is called EOG9"),
        (["--type", "EOG1"], "--type needs NAME=TYPE, for example --type EOG1=eog, got 'EOG1'"),
        (["--type", "EOG1=nose"], "nose"),
        (["--montage", "nowhere"], "nowhere"),
    ],
)
def test_what_is_told_wrongly_is_an_error(words, tmp_path, capsys, more, message):
    assert cli.main([*words, *more]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out_raw.fif").exists()
