"""Tests of ``python -m mne_artdenoise check``."""

from __future__ import annotations

import matplotlib as mpl
import mne
import pytest

from mne_artdenoise import __main__ as cli
from mne_artdenoise.synthesis import simulate_raw

mpl.use("Agg")


@pytest.fixture
def files(make_info, tmp_path):
    """Write a recording and what a good denoiser makes of it."""
    raw, truth, _ = simulate_raw(make_info(12, 210.0), 20.0, rng=0)
    paths = [tmp_path / name for name in ("before_raw.fif", "after_raw.fif")]
    for path, inst in zip(paths, (raw, truth), strict=True):
        inst.save(path, verbose=False)
    return [str(path) for path in paths]


def test_checks_are_printed_and_reported(files, tmp_path, capsys):
    report = tmp_path / "report.html"
    assert cli.main(["check", *files, "--no-components", "--report", str(report)]) == 0
    out = capsys.readouterr().out
    for name in ("Seconds without artifact", "Alpha peak", "Blinks left", f"wrote {report}"):
        assert name in out
    page = report.read_text(encoding="utf-8")
    assert "Before and after" in page
    assert "what was found" in page


def test_components_and_verdict_come_first(files, capsys):
    pytest.importorskip("mne_icalabel", reason="mne-icalabel is not installed (extra iclabel)")
    pytest.importorskip("picard", reason="python-picard is not installed (extra iclabel)")
    assert cli.main(["check", *files]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Removed ")
    assert "Brain kept: " in out or "No component is the brain's" in out


@pytest.mark.filterwarnings("default")
def test_few_channels_are_checked_without_components_and_not_trusted(make_raw, tmp_path, capsys):
    raw = make_raw(4, duration=12.0)
    paths = [tmp_path / name for name in ("before_raw.fif", "after_raw.fif")]
    for path, factor in zip(paths, (1.0, 0.5), strict=True):
        raw.copy().apply_function(lambda x, factor=factor: factor * x).save(path, verbose=False)
    report = tmp_path / "report.html"
    assert cli.main(["check", *map(str, paths), "--report", str(report)]) == 0
    out, err = capsys.readouterr()
    assert "4 channels are too few for components" in out
    assert "Do not trust: Only 4 channels" in out
    assert err.count("should not be trusted") == 1
    assert "Do not trust" in report.read_text(encoding="utf-8")


def test_without_iclabel_all_else_is_checked(files, capsys, monkeypatch):
    from mne_artdenoise import verdict

    monkeypatch.setattr(verdict, "find_missing", lambda *, fit: ["mne-icalabel"])
    assert cli.main(["check", *files]) == 0
    out = capsys.readouterr().out
    assert "pip install 'mne-artdenoise[iclabel]'" in out
    assert "Alpha peak" in out


def test_montage_can_be_named(make_raw, tmp_path, capsys):
    raw = make_raw(12, duration=12.0)
    raw.set_montage(None)
    path = tmp_path / "plain_raw.fif"
    raw.save(path, verbose=False)
    known = mne.channels.get_builtin_montages()
    montage = "colin27_1005" if "colin27_1005" in known else "standard_1005"
    arguments = ["check", str(path), str(path), "--no-components", "--montage", montage]
    assert cli.main(arguments) == 0
    assert "No electrode lies near the eyes" not in capsys.readouterr().out


def test_what_cannot_be_checked_is_one_line(files, tmp_path, capsys):
    assert cli.main(["check", files[0], str(tmp_path / "no_raw.fif")]) == 2
    assert "no_raw.fif does not exist" in capsys.readouterr().err
    report = tmp_path / "report.html"
    report.write_text("mine")
    assert cli.main(["check", *files, "--report", str(report)]) == 2
    assert "Add --overwrite" in capsys.readouterr().err
    assert report.read_text() == "mine"
