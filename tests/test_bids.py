"""A dataset in BIDS becomes a derivative; what fails is named and stops nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import mne
import numpy as np
import pytest

from mne_artdenoise import ArtifactDenoiser, bids
from mne_artdenoise.__main__ import main
from mne_artdenoise.bids import clean_bids, find_recordings

mne_bids = pytest.importorskip("mne_bids", reason="mne-bids is not installed")
pytest.importorskip("edfio", reason="edfio is not installed")


@pytest.fixture(scope="module")
def dataset(make_noisy, tmp_path_factory):
    """Write a dataset of two subjects, a session, a bad channel and a damaged file."""
    root = tmp_path_factory.mktemp("dataset")
    for number, (subject, session) in enumerate([("01", None), ("02", "a"), ("03", None)]):
        raw = make_noisy(6, 8.0, seed=number, bads=["Fz"] if subject == "01" else [])
        raw.set_annotations(mne.Annotations([2.0, 5.0], [1.0, 0.0], ["BAD_move", "go"]))
        path = mne_bids.BIDSPath(
            subject=subject, session=session, task="rest", datatype="eeg", root=root
        )
        mne_bids.write_raw_bids(raw, path, format="EDF", allow_preload=True, verbose="error")
    damaged = root / "sub-03" / "eeg" / "sub-03_task-rest_eeg.edf"
    damaged.write_bytes(damaged.read_bytes()[:300])
    return root


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def read_table(path):
    names, *rows = (line.split("\t") for line in path.read_text("utf-8").splitlines())
    return [dict(zip(names, row, strict=True)) for row in rows]


def run(*words):
    return main(["clean-bids", *map(str, words)])


FIRST = "sub-01/eeg/sub-01_task-rest_desc-denoised_eeg"
SECOND = "sub-02/ses-a/eeg/sub-02_ses-a_task-rest_desc-denoised_eeg"


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_dataset_becomes_a_derivative(dataset, out, n_jobs):
    outcomes = clean_bids(dataset, out=out, n_jobs=n_jobs)
    assert [one.status for one in outcomes] == ["done", "done", "failed"]
    made = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    ends = (".fif", ".json")
    results = [name + end for name in (FIRST, SECOND) for end in ends]
    assert made == sorted(["dataset_description.json", "summary.tsv", *results])
    path = mne_bids.BIDSPath(subject="01", task="rest", datatype="eeg", root=dataset)
    raw = mne_bids.read_raw_bids(path, verbose="error")
    after = mne.io.read_raw_fif(out / f"{FIRST}.fif")
    ArtifactDenoiser().fit_transform(raw).save(out / "expected_raw.fif")
    expected = mne.io.read_raw_fif(out / "expected_raw.fif")
    assert np.array_equal(after.get_data(), expected.get_data())
    assert after.info["bads"] == ["Fz"]
    assert sorted(after.annotations.description) == ["BAD_move", "go"]


def test_each_result_tells_how_it_was_made(dataset, out):
    clean_bids(dataset, ArtifactDenoiser(strength=0.5), out=out, subjects=["01"])
    side = json.loads((out / f"{FIRST}.json").read_text("utf-8"))
    assert side["Sources"] == ["bids::sub-01/eeg/sub-01_task-rest_eeg.edf"]
    assert side["Model"] == "any-montage-v1"
    assert len(side["ModelSHA256"]) == 64
    assert side["Parameters"]["strength"] == 0.5
    assert side["Facts"]["n_channels"] == 5
    assert 0 < side["Facts"]["removed"] < 1
    assert 0 < side["Facts"]["repaired"] <= 1
    about = json.loads((out / "dataset_description.json").read_text("utf-8"))
    assert about["DatasetType"] == "derivative"
    assert about["GeneratedBy"][0]["Name"] == "mne-artdenoise"


def test_the_table_names_what_failed(dataset, out, capsys):
    assert run(dataset, "--out", out) == 1
    told = capsys.readouterr()
    assert told.out == "2 done, 0 kept, 1 failed\n"
    assert "sub-03_task-rest_eeg.edf" in told.err
    first, second, third = read_table(out / "summary.tsv")
    assert [row["status"] for row in (first, second, third)] == ["done", "done", "failed"]
    assert first["source"] == "sub-01/eeg/sub-01_task-rest_eeg.edf"
    assert (first["error"], first["duration"], first["sfreq"]) == ("n/a", "8.0", "200.0")
    assert third["error"].startswith("OSError: sub-03_task-rest_eeg.edf cannot be read: ")
    assert third["removed"] == "n/a"


def test_results_are_kept_on_request_only(dataset, out, capsys):
    words = (dataset, "--out", out, "--subjects", "01", "02")
    assert run(*words) == 0
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.fif")}
    assert run(*words) == 1
    assert "exists" in capsys.readouterr().err
    assert run(*words, "--resume") == 0
    assert "0 done, 2 kept, 0 failed" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.fif")} == before
    assert read_table(out / "summary.tsv")[0]["duration"] == "8.0"
    assert run(*words, "--resume", "--strength", 0.5) == 1
    assert "in another way" in capsys.readouterr().err
    assert run(*words, "--overwrite", "--strength", 0.5) == 0
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.fif")} != before


def test_a_result_without_its_json_is_made_again(dataset, out):
    clean_bids(dataset, out=out, subjects=["01"])
    (out / f"{FIRST}.json").unlink()
    (one,) = clean_bids(dataset, out=out, subjects=["01"])
    assert one.status == "done"
    assert (out / f"{FIRST}.json").exists()


def test_parts_of_a_dataset_make_the_whole(dataset, out):
    parts = [clean_bids(dataset, out=out, part=(number, 2)) for number in (1, 2)]
    sources = [one.source for part in parts for one in part]
    assert sorted(sources) == [str(path) for path in find_recordings(dataset)]
    assert sorted(path.name for path in out.glob("*.tsv")) == [
        "summary_part-1of2.tsv",
        "summary_part-2of2.tsv",
    ]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_example_of_a_slurm_array_runs(dataset, tmp_path):
    """As docs/many_recordings.md prints it, two tasks of fifty for three recordings."""
    text = (Path(__file__).parents[1] / "docs" / "many_recordings.md").read_text("utf-8")
    (script,) = [code for code in re.findall(r"```bash\n(.*?)```", text, re.S) if "#SBATCH" in code]
    root = shutil.copytree(dataset, tmp_path / "study")
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    codes = []
    for task in ("1", "3"):
        held = {"SLURM_ARRAY_TASK_ID": task, "SLURM_CPUS_PER_TASK": "1", "ROOT": str(root)}
        job = subprocess.run(["bash", "-c", script], env=os.environ | held | {"PATH": paths})
        codes.append(job.returncode)
    assert codes == [0, 1]  # the third recording is damaged
    out = root / "derivatives" / "mne-artdenoise"
    assert (out / f"{FIRST}.fif").is_file()
    assert [read_table(path)[0]["status"] for path in sorted(out.glob("summary_part-*.tsv"))] == [
        "done",
        "failed",
    ]


def test_the_derivative_is_in_the_dataset_and_not_taken_for_a_source(dataset, monkeypatch):
    made = []
    monkeypatch.setattr(bids, "run_each", lambda work, pairs, n_jobs: made.extend(pairs) or [])
    clean_bids(dataset)
    folder = dataset / "derivatives" / "mne-artdenoise"
    assert made[0][1] == folder / f"{FIRST}.fif"
    made[0][1].parent.mkdir(parents=True)
    made[0][1].touch()
    assert len(find_recordings(dataset)) == 3


def test_positions_may_come_from_a_template(make_noisy, tmp_path):
    raw = make_noisy(6, 8.0)
    raw.set_montage(None)
    path = mne_bids.BIDSPath(subject="1", task="x", datatype="eeg", root=tmp_path)
    mne_bids.write_raw_bids(raw, path, format="EDF", allow_preload=True, verbose="error")
    (one,) = clean_bids(tmp_path, out=tmp_path / "a")
    assert one.status == "failed"
    assert "set_montage" in one.error
    known = mne.channels.get_builtin_montages()
    name = "colin27_1005" if "colin27_1005" in known else "standard_1005"
    (one,) = clean_bids(tmp_path, out=tmp_path / "a", montage=name)
    assert one.status == "done", one.error


def test_what_cannot_be_asked_for_is_told(dataset, tmp_path, out, capsys):
    assert run(tmp_path / "no") == 2
    assert "is not a folder" in capsys.readouterr().err
    assert run(tmp_path) == 2
    assert "holds no EEG recording" in capsys.readouterr().err
    assert run(dataset, "--subjects", "9", "--out", out) == 2
    for part in ("0/2", "3/2", "x", "1"):
        with pytest.raises(SystemExit):
            run(dataset, "--part", part)
    with pytest.raises(ValueError, match="part must be from"):
        clean_bids(dataset, part=(3, 2))


def test_without_mne_bids_it_is_named(dataset, out, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mne_bids", None)
    outcomes = clean_bids(dataset, out=out)
    assert all("pip install mne-bids" in one.error for one in outcomes)
