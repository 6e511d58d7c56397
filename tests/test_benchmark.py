"""The benchmark: its cells, how rows are kept, how methods are compared, and a look at each."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
Load = Callable[[str], Any]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Import a module of the benchmarks, which are scripts and no package."""
    if not BENCHMARKS.is_dir():
        pytest.skip("the benchmarks belong to the repository, not to the package")
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module


def test_published_grid_is_a_part_of_the_full_one(load: Load) -> None:
    grid = load("grid")
    some, every = grid.list_cells(), grid.list_cells(full=True)
    assert set(some) < set(every)
    assert len({cell.name for cell in every}) == len(every)
    assert {cell.kind for cell in some} == set(grid.KINDS)
    assert all(grid.find_sweeps(cell) for cell in some)


def test_a_case_has_its_ratio_and_comes_out_the_same_each_time(load: Load) -> None:
    grid, cases = load("grid"), load("cases")
    cell = grid.Cell("muscle", 19, -3.0, 10.0)
    one, two = (cases.make_case(cell, 1, bank=None) for _ in range(2))
    np.testing.assert_array_equal(one.noisy, two.noisy)
    assert one.clean.shape == (19, 2000)
    ratio = 10 * np.log10(np.mean(one.clean**2) / np.mean(one.artifact**2))
    assert ratio == pytest.approx(-3.0, abs=1e-6)
    assert not cases.make_case(grid.Cell("none", 19, -3.0, 10.0), 0, bank=None).artifact.any()


def test_few_channels_keep_the_reference_of_their_montage(load: Load) -> None:
    refer = load("cases").refer
    x, names = np.random.default_rng(0).standard_normal((19, 50)), tuple(map(str, range(19)))
    np.testing.assert_allclose(refer(x, names, names[:2]), x[:2] - x.mean(axis=0))
    np.testing.assert_allclose(refer(x, names, names[:8]).mean(axis=0), 0.0, atol=1e-12)


def test_rows_are_made_once_and_again_when_a_version_changes(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, methods = load("bench"), load("methods")
    calls: list[str] = []

    def halve(case: Any) -> Any:
        calls.append(case.cell.name)
        return 0.5 * case.noisy

    some = {"halve": methods.Method(halve, ("mne",))}
    arguments = Namespace(rows=tmp_path / "rows.jsonl", full=False, people=1, only="none, 19")

    def run() -> list[dict[str, Any]]:
        rows = list(bench.make_rows(some, None, arguments))
        with arguments.rows.open("a") as file:
            file.writelines(bench.json.dumps(row) + "\n" for row in rows)
        return rows

    (row,) = run()
    assert row["gain_db"] == pytest.approx(20 * np.log10(2), abs=1e-3)
    assert row["rrmse"] == pytest.approx(0.5)
    assert row["alpha_error"] == pytest.approx(0.75)
    assert run() == []
    monkeypatch.setattr(bench, "find_version", lambda method: "mne 99")
    assert len(run()) == 1
    assert len(calls) == 2
    bench.drop_old(arguments.rows)
    (kept,) = bench.read_rows(arguments.rows).values()
    assert kept["version"] == "mne 99"


def test_a_method_that_fails_has_left_the_recording_as_it_was(load: Load) -> None:
    bench, methods, cases, grid = (load(n) for n in ("bench", "methods", "cases", "grid"))
    case = cases.make_case(grid.Cell("line", 19, 5.0, 10.0), 0, bank=None)

    def fail(case: Any) -> Any:
        raise ValueError("no\nway")

    row = bench.score_method(methods.Method(fail), case)
    assert row["failed"] == "ValueError: no way"
    assert row["gain_db"] == pytest.approx(0.0, abs=1e-9)
    assert row["changed"] == 0.0


def test_paired_test_is_exact(load: Load) -> None:
    flip_signs = load("compare").flip_signs
    assert flip_signs([1.0, 2.0, 3.0, 4.0]) == 2 / 16
    assert flip_signs([1.0, -1.0]) == 1.0
    assert flip_signs(np.ones(20)) < 1e-3
    assert flip_signs([0.0, 0.0]) == 1.0


def test_a_peer_that_leads_is_named(load: Load) -> None:
    compare = load("compare")
    gains = {
        "ours": {0: 5.0, 1: 6.0, 2: 7.0},
        "worse": {0: 1.0, 1: 2.0, 2: 3.0},
        "better": {0: 5.5, 1: 6.5, 2: 7.5},
        "elsewhere": {7: 99.0},
    }
    verdict = compare.judge_cell("cell", gains, "ours")
    assert verdict.name == "better"
    assert not verdict.is_best
    assert verdict.is_level
    assert verdict.lead.value == pytest.approx(-0.5)
    assert compare.compare_pairs("cell", gains["ours"], gains["worse"], "worse").is_best


def test_tables_name_every_cell_in_which_a_peer_leads(load: Load) -> None:
    tables, grid = load("bench_tables"), load("grid")
    cell = grid.Cell("eye", *grid.BASE).name
    rows = [
        {"cell": cell, "person": k, "method": name, "gain_db": gain + k, "version": "1"}
        for k in range(4)
        for name, gain in ((tables.DEFAULT, 5.0), ("GEDAI", 6.0), ("oracle", 20.0))
    ]
    gains = tables.gather(rows)
    text = "\n".join(tables.tell_verdicts(gains))
    assert "| GEDAI | 7.5" in text
    assert "oracle" not in text
    table = "\n".join(tables.tabulate_sweeps(gains))
    assert "**7.5 [" in table
    assert "oracle (truth)" in table


def test_no_method_is_broken() -> None:
    if not BENCHMARKS.is_dir():
        pytest.skip("the benchmarks belong to the repository, not to the package")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(BENCHMARKS / "smoke.py")],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("true", "expected"), [(True, -7.0), (False, -14.0)])
def test_decibels_of_eegdenoisenet_are_half_of_true_ones(
    load: Load, true: bool, expected: float
) -> None:
    protocol, rng = load("eegdenoisenet"), np.random.default_rng(0)
    pairs = protocol.mix(rng.standard_normal((4, 512)), rng.standard_normal((4, 512)), true, rng)
    noise = pairs.noisy - pairs.clean
    ratio = 10 * np.log10(np.mean(pairs.clean**2, axis=-1) / np.mean(noise**2, axis=-1))
    assert pairs.noisy.shape == (10, 4, 512)
    np.testing.assert_allclose(ratio[0], expected)
    np.testing.assert_allclose(pairs.noisy.std(axis=-1), 1.0)


def test_leak_free_split_shares_no_epoch(load: Load) -> None:
    protocol, rng = load("eegdenoisenet"), np.random.default_rng(0)
    eeg, noise = np.arange(100.0)[:, np.newaxis], np.arange(60.0)[:, np.newaxis]
    train, test = protocol.split_pools(eeg, noise, "muscle", False, rng)
    for one, other in zip(train, test, strict=True):
        assert not set(one.ravel()) & set(other.ravel())
    assert [len(part[0]) for part in (train, test)] == [48, 6]
    train, test = protocol.split_pools(eeg[:30], noise, "muscle", True, rng)
    assert set(train[0].ravel()) & set(test[0].ravel())  # what the official one does


def test_wiener_filter_takes_what_is_noise_by_frequency(load: Load) -> None:
    protocol, rng = load("eegdenoisenet"), np.random.default_rng(0)
    time = np.arange(512) / protocol.SFREQ
    clean = np.sin(2 * np.pi * 10 * time + rng.uniform(0, 6, (10, 20, 1)))
    noise = 3 * np.sin(2 * np.pi * 60 * time + rng.uniform(0, 6, (10, 20, 1)))
    pairs = protocol.Pairs(clean + noise, clean)
    np.testing.assert_allclose(protocol.fit_wiener(pairs)(pairs.noisy), clean, atol=1e-6)


def test_scores_of_a_model_are_those_of_the_cases_it_has(load: Load) -> None:
    zoo = load("zoo")
    rows = [
        {"method": method, "cell": "19 eye", "case": case, "subject": f"S{case}", "gain_db": gain}
        for method, gains in {
            "a-v1, with the spatial step": (10.0, 14.0),
            "a-v1, network alone": (7.0, 200.0),
            zoo.ICA: (8.0, 10.0, 90.0),  # of one recording more
        }.items()
        for case, gain in enumerate(gains)
    ]
    scores = zoo.gather("a-v1", rows)
    means = {name: table["19 eye"] for name, table in scores["gain_db"].items()}
    assert means == {"with the spatial step": 12.0, "network alone": 53.5, zoo.ICA: 9.0}
    assert scores["recordings"] == 2
    spans = scores["95_percent_interval_of_gain_db"]
    assert spans["with the spatial step"]["19 eye"] == [10.0, 14.0]
    more = {"method": "a-v1, network alone", "cell": "8 eye", "subject": "S0", "case": 7}
    scores = zoo.gather("a-v1", [*rows, more | {"gain_db": 3.0}])
    assert scores["recordings"] == {"19 eye": 2, "8 eye": 1}


def test_recordings_are_chosen_person_by_person(load: Load) -> None:
    zoo, cases = load("zoo"), load("semisynthetic")
    silence = np.zeros((2, 2))
    found = [
        cases.Case(cell, subject, silence, silence, None)
        for subject in ("S1", "S1", "S2", "S3")
        for cell in ("19 eye", "8 eye")
    ]
    chosen = zoo.choose_cases(found, ["8 eye", "64 eye"], 2)
    assert [(number, case.subject) for number, case in chosen] == [(1, "S1"), (5, "S2")]
