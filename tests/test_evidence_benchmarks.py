"""The benchmarks of the evidence: trials of a test are never fitted, and known bias is measured."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin

from mne_artdenoise import ArtifactDenoiser

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def load_benchmark(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Import a module of the benchmarks, which are scripts and no package."""
    if not BENCHMARKS.is_dir():
        pytest.skip("the benchmarks belong to the repository, not to the package")
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module


class Spy(TransformerMixin, BaseEstimator):
    """A step that writes down which trials it was fitted on, and which it was applied to."""

    seen: tuple[list[set[float]], list[set[float]]] = ([], [])

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        self.seen[0].append(set(X[:, 0, 0]))
        return self

    def transform(self, X):
        self.seen[1].append(set(X[:, 0, 0]))
        return X


@pytest.fixture
def trials(rng):
    """Make 40 trials of 4 channels, the power of one of which tells their class."""
    y = np.repeat([1, 2], 20)
    x = rng.standard_normal((40, 4, 800))
    x[y == 2, 1] *= 3.0
    return x, y


def test_trials_of_a_fold_are_decoded_by_what_was_fitted_on_others(load_benchmark, trials):
    imagery = load_benchmark("evidence_imagery")
    x, y = trials
    for record in Spy.seen:
        record.clear()
    right = imagery.score(x, y, [Spy()], 160.0)
    assert right.mean() > 0.9
    fitted, applied = Spy.seen
    assert len(fitted) == 5
    tested = [some for some in applied if some not in fitted]
    assert len(tested) == 5
    for train, test in zip(fitted, tested, strict=True):
        assert not train & test
        assert len(train | test) == 40


def test_nothing_is_decoded_from_labels_at_random(load_benchmark, trials, rng):
    x, y = trials
    right = load_benchmark("evidence_imagery").score(x, rng.permutation(y), [], 160.0)
    assert right.mean() < 0.8


def test_ways_are_compared_trial_by_trial(load_benchmark):
    tell = load_benchmark("evidence_imagery").tell_accuracy
    raw = np.array([True] * 30 + [False] * 15)
    assert tell(raw, raw).startswith("67 % [51, 80]")
    better = raw.copy()
    better[[0, 31, 32, 33]] = ~raw[[0, 31, 32, 33]]
    told = tell(better, raw)
    assert "+4 [-" in told
    assert told.endswith("| 3, 1")


@pytest.mark.parametrize("component", ["P300", "N170"])
def test_bias_of_a_known_response_is_measured(load_benchmark, make_info, component):
    erp = load_benchmark("evidence_erp")
    info, window = make_info(20, 200.0), erp.RESPONSES[component]
    raw, truth, events = erp.simulate_trials(info, component, 0)
    assert (len(events), (events[:, 2] == 2).sum()) == (60, 20)
    artifact = raw.get_data() - truth.get_data()
    high = np.abs(artifact[:, events[:, 0] + round(erp.BLINK_AT * 200.0)]).max(axis=0)
    assert (high[events[:, 2] == 2] > 50e-6).mean() > 0.9  # locked to the stimulus
    none = erp.measure_bias(truth, truth, events, window)
    assert (none.amplitude, none.latency, none.calm) == (0.0, 0.0, 0.0)
    weak, late = truth.copy(), truth.copy()
    weak._data *= 0.9
    late._data[:, 2:] = truth.get_data()[:, :-2]
    found = erp.measure_bias(weak, truth, events, window)
    assert (found.amplitude, found.calm) == (pytest.approx(-0.1),) * 2
    assert found.latency == pytest.approx(0.0)
    assert erp.measure_bias(late, truth, events, window).latency == pytest.approx(10.0)


def test_a_response_that_blinks_lie_over_is_kept_by_fitting_without_it(load_benchmark, make_info):
    erp = load_benchmark("evidence_erp")
    window = erp.RESPONSES["P300"]
    raw, truth, events = erp.simulate_trials(make_info(20, 200.0), "P300", 0)
    before = raw.get_data()
    ways = {
        "with": ArtifactDenoiser().fit_transform(raw),
        "without": erp.denoise_without_response(raw, events),
        "chance": erp.regress_on_truth(raw, truth, events),
    }
    np.testing.assert_array_equal(raw.get_data(), before)
    bias = {name: erp.measure_bias(clean, truth, events, window) for name, clean in ways.items()}
    assert bias["with"].amplitude < -0.07  # or the test shows nothing
    assert abs(bias["without"].amplitude) < 0.5 * abs(bias["with"].amplitude)
    assert abs(bias["without"].latency) <= 4.0
    assert bias["chance"].calm == pytest.approx(0.0, abs=1e-3)


def test_distances_are_told_against_those_after_ica(load_benchmark, capsys):
    dipoles = load_benchmark("evidence_dipoles")
    far = [dict.fromkeys(dipoles.METHODS, 0.012), dict.fromkeys(dipoles.METHODS, 0.008)]
    near = [dict.fromkeys(dipoles.METHODS, 0.006)] * 2
    dipoles.tell_errors(
        {"truth": near, "as it is": far, "ICA + ICLabel": far, "this package": near}, 20
    )
    told = capsys.readouterr().out
    assert "| this package | 6.0 [6.0, 6.0] mm |" in told
    assert "dipole: this package minus ICA + ICLabel, -4.0 mm in the median; as near or" in told
    assert "nearer in 2 of 2" in told
