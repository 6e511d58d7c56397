"""Tests of the estimator that ties labels to latents."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mne_artdenoise import get_record
from mne_artdenoise.networks.scan import measure_divergence
from mne_artdenoise.scan import SCAN
from mne_artdenoise.training import erp_labels
from mne_artdenoise.training.erp_pairs import TrialsConfig
from mne_artdenoise.weights import load_network


def draw_latents(n=120, seed=0):
    """Draw latents whose first tells a label, and whose second tells another."""
    latents = np.random.default_rng(seed).standard_normal((n, 4))
    latents[:, :2] *= 2
    return latents, (latents[:, :2] > 0).astype(int)


@pytest.mark.parametrize("kind", ["words", "numbers"])
def test_labels_that_latents_tell_are_found_in_new_trials(kind):
    latents, symbols = draw_latents()
    names = np.array(["seen", "heard"]) if kind == "words" else np.array([3, 7])
    scan = SCAN(steps=300).fit(latents, names[symbols[:, 0]])
    others, known = draw_latents(seed=1)
    assert np.mean(scan.predict(others) == names[known[:, 0]]) > 0.9
    assert scan.score(others, names[known[:, 0]]) > 0.9
    np.testing.assert_allclose(scan.predict_proba(others).sum(axis=1), 1)


def test_several_symbols_are_told_apart():
    latents, symbols = draw_latents()
    scan = SCAN(steps=300).fit(latents, symbols, spread=np.full(latents.shape, 0.3))
    others, known = draw_latents(seed=1)
    assert np.mean(scan.predict(others) == known) > 0.9


def test_labels_stand_for_latents_like_those_that_have_them():
    latents, symbols = draw_latents()
    scan = SCAN(steps=400).fit(latents, symbols[:, 0])
    imagined = scan.imagine([0, 1])
    assert imagined.shape == (2, 4)
    assert imagined[1, 0] - imagined[0, 0] > 0.5
    assert abs(imagined[1, 2] - imagined[0, 2]) < imagined[1, 0] - imagined[0, 0]


def test_a_seed_gives_the_same_twice_and_leaves_that_of_others():
    latents, symbols = draw_latents(30)
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    first, second = (SCAN(steps=5).fit(latents, symbols[:, 0]) for _ in range(2))
    assert torch.equal(torch.rand(2), expected)
    np.testing.assert_array_equal(first.predict_proba(latents), second.predict_proba(latents))


def test_scores_of_labels_are_those_of_other_people(monkeypatch):
    monkeypatch.setattr(erp_labels, "COUNTS", (5,))
    rng = np.random.default_rng(0)
    people = [rng.standard_normal((3, 1000)).astype(np.float32) for _ in range(4)]
    network = load_network(get_record("beta-vae-erp-v1", "respond"))
    quiet = TrialsConfig(noise=(0.1, 0.2))
    told = erp_labels.score_labels(network, people[:2], people[2:], quiet, n_conditions=120)
    assert set(told) >= {"SCAN"}
    assert told["SCAN"]["component, 5 trials"] > 2 / len(erp_labels.DRAWN)
    assert told["SCAN"]["size, 5 trials"] > 0.5


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"labels": np.full((30, 2), 0.5)}, "Symbols are 0 or 1"),
        ({"spread": np.zeros((30, 4))}, "above zero"),
        ({"spread": np.ones((30, 3))}, "above zero"),
        ({"labels": np.zeros(29)}, "inconsistent"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(change, match):
    latents, symbols = draw_latents(30)
    options = {"labels": symbols[:, 0]} | change
    with pytest.raises(ValueError, match=match):
        SCAN(steps=1).fit(latents, **options)


def test_unknown_labels_and_other_latents_are_refused():
    latents, symbols = draw_latents(30)
    scan = SCAN(steps=1).fit(latents, symbols[:, 0])
    with pytest.raises(ValueError, match=r"Unknown labels \[5\]. Known: 0, 1"):
        scan.imagine([5])
    with pytest.raises(ValueError, match="Found 3 latents, fitted to 4"):
        scan.predict(latents[:, :3])


def test_the_divergence_is_that_of_torch():
    generator = torch.Generator().manual_seed(0)
    mean, log_variance, other, other_log_variance = torch.randn(4, 3, 5, generator=generator)
    normal = torch.distributions.Normal
    expected = torch.distributions.kl_divergence(
        normal(mean, torch.exp(0.5 * log_variance)),
        normal(other, torch.exp(0.5 * other_log_variance)),
    ).sum(1)
    found = measure_divergence(mean, log_variance, other, other_log_variance)
    torch.testing.assert_close(found, expected)
