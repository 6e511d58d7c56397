"""Odd recordings and damaged files come to an end, or are told clearly; none is a fault."""

from __future__ import annotations

import pytest
from fuzzing import CASES, damage, run_case
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**31)
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("kind", CASES)
@settings(max_examples=5, deadline=None, suppress_health_check=QUIET)
@given(seed=SEEDS)
def test_odd_cases_come_to_an_end_or_are_told(kind, folder, seed):
    run_case(kind, seed, folder / "case")


@pytest.mark.slow
@pytest.mark.parametrize("kind", CASES)
@settings(max_examples=200, deadline=None, suppress_health_check=QUIET)
@given(seed=SEEDS)
def test_many_odd_cases_come_to_an_end_or_are_told(kind, folder, seed):
    run_case(kind, seed, folder / "case")


# What was a fault once: kind and seed as benchmarks/reliability_fuzz.py found it. Cases may change
# when `fuzzing` does, so each has a test of its own where it was put right, too.
@pytest.mark.parametrize(
    ("kind", "seed"),
    [("denoiser", 81), ("denoiser", 163), ("damaged fif", 129), ("damaged fif", 135)],
)
def test_what_was_a_fault_is_told(kind, seed, folder):
    run_case(kind, seed, folder / "case")


@given(data=st.binary(max_size=300), seed=SEEDS)
@example(data=b"", seed=0)
def test_damage_takes_any_bytes(data, seed):
    import numpy as np

    assert isinstance(damage(np.random.default_rng(seed), data), bytes)
