"""Tests of cutting and joining windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mne_artdenoise.windows import WindowPlan, cut_windows, overlap_add, plan_windows

WINDOW = 64
LENGTHS = [1, 2, 3, 7, 8, 9, 63, 64, 65, 97, 127, 128, 129, 1009, 20011]


@st.composite
def plans(draw, max_context=20):
    stride = draw(st.sampled_from([1, 2, 5, 8]))
    context = draw(st.integers(0, max_context))
    least = -(-(2 * context + stride) // stride)
    window = stride * draw(st.integers(least, least + 30))
    return plan_windows(
        draw(st.integers(1, 700)),
        window=window,
        context=context,
        overlap=draw(st.floats(0, 0.95)),
        stride=stride,
    )


def make_signal(n_times: int, dtype: type = np.float64) -> np.ndarray:
    return np.random.default_rng(n_times).standard_normal((3, n_times)).astype(dtype)


def convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Stand in for a network: look ``len(kernel) // 2`` samples to either side, zeros beyond."""
    half = len(kernel) // 2
    rows = x.reshape(-1, x.shape[-1])
    out = [np.convolve(row, kernel)[half : half + row.size] for row in rows]
    return np.array(out).reshape(x.shape)


@pytest.mark.parametrize("n_times", LENGTHS)
@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5, 0.75])
@pytest.mark.parametrize("stride", [1, 8])
@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_overlap_add_of_identity_returns_the_signal(n_times, overlap, stride, fixed, dtype):
    x = make_signal(n_times, dtype)
    plan = plan_windows(
        n_times, window=WINDOW, context=10, overlap=overlap, stride=stride, fixed=fixed
    )
    y = overlap_add(cut_windows(x, plan), plan)
    assert y.dtype == dtype
    assert y.shape == x.shape
    np.testing.assert_allclose(y, x, rtol=4 * np.finfo(dtype).eps)


@settings(deadline=None, max_examples=150)
@given(plan=plans())
def test_overlap_add_of_identity_returns_the_signal_for_any_plan(plan):
    x = make_signal(plan.n_times)
    np.testing.assert_allclose(overlap_add(cut_windows(x, plan), plan), x, rtol=1e-14)


@settings(deadline=None, max_examples=150)
@given(plan=plans(), half=st.integers(0, 20))
def test_convolution_within_the_context_does_not_see_the_windows(plan, half):
    kernel = np.random.default_rng(half).standard_normal(2 * min(half, plan.context) + 1)
    x = make_signal(plan.n_times)
    y = overlap_add(convolve(cut_windows(x, plan), kernel), plan)
    np.testing.assert_allclose(y, convolve(x, kernel), atol=1e-12)


@pytest.mark.parametrize("n_times", LENGTHS)
@pytest.mark.parametrize("context", [0, 3, 28])
def test_convolution_as_wide_as_the_context_does_not_see_the_windows(n_times, context):
    kernel = np.random.default_rng(context).standard_normal(2 * context + 1)
    x = make_signal(n_times)
    plan = plan_windows(n_times, window=WINDOW, context=context, stride=8)
    y = overlap_add(convolve(cut_windows(x, plan), kernel), plan)
    np.testing.assert_allclose(y, convolve(x, kernel), atol=1e-12)


def test_convolution_wider_than_the_context_sees_the_windows():
    # The other side of the property: without it the tests above could not fail.
    x, kernel = make_signal(500), np.ones(9)
    plan = plan_windows(500, window=WINDOW, context=3, overlap=0.0)
    y = overlap_add(convolve(cut_windows(x, plan), kernel), plan)
    assert np.abs(y - convolve(x, kernel)).max() > 0.1


@pytest.mark.parametrize("phase", [0, 1, 5, 17])
def test_uneven_windows_give_the_same_result(phase):
    x, kernel = make_signal(200), np.random.default_rng(phase).standard_normal(15)
    starts = (0, 20 + phase, 41 + phase, 80 + phase, 100 + phase, 136)
    plan = WindowPlan(200, 200, WINDOW, starts, context=7)
    y = overlap_add(convolve(cut_windows(x, plan), kernel), plan)
    np.testing.assert_allclose(y, convolve(x, kernel), atol=1e-12)


@settings(deadline=None, max_examples=150)
@given(plan=plans())
def test_every_sample_has_its_context_in_some_window(plan):
    seen = np.zeros(plan.n_padded, bool)
    for start in plan.starts:
        stop = start + plan.window
        low = start if start == 0 else start + plan.context
        high = stop if stop == plan.n_padded else stop - plan.context
        seen[low:high] = True
    assert seen.all()
    assert plan.starts[0] == 0
    assert plan.starts[-1] + plan.window == plan.n_padded
    assert (np.diff(plan.starts) > 0).all()


@settings(deadline=None, max_examples=100)
@given(n_times=st.integers(1, 3000), overlap=st.floats(0, 0.9))
def test_windows_share_at_least_the_asked_overlap_and_start_at_the_stride(n_times, overlap):
    plan = plan_windows(n_times, window=WINDOW, context=12, overlap=overlap, stride=4)
    core = WINDOW - 2 * 12
    common = WINDOW - np.diff(plan.starts)
    assert plan.n_padded - n_times in range(4)
    assert not np.any(np.array(plan.starts) % 4)
    # A hop is never shorter than the stride, which bounds what can be asked for.
    assert (common >= min(24 + overlap * core - 1e-9, WINDOW - 4)).all()


@pytest.mark.parametrize("n_times", LENGTHS)
def test_zero_stays_exactly_zero(n_times):
    plan = plan_windows(n_times, window=WINDOW, context=10, stride=8)
    windows = cut_windows(np.zeros((2, n_times)), plan)
    assert not windows.any()
    assert not overlap_add(windows, plan).any()


@settings(deadline=None, max_examples=60)
@given(plan=plans(), factor=st.floats(-1e3, 1e3))
def test_cutting_and_joining_are_linear(plan, factor):
    x, y = make_signal(plan.n_times), make_signal(plan.n_times + 1)[:, 1:]
    both = cut_windows(x + factor * y, plan)
    np.testing.assert_allclose(both, cut_windows(x, plan) + factor * cut_windows(y, plan))
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(both.shape), rng.standard_normal(both.shape)
    expected = overlap_add(a, plan) + factor * overlap_add(b, plan)
    tolerance = 1e-12 * (1 + abs(factor))
    np.testing.assert_allclose(overlap_add(a + factor * b, plan), expected, atol=tolerance)


def test_what_lies_within_the_context_of_a_cut_is_not_read():
    plan = plan_windows(300, window=WINDOW, context=10)
    windows = cut_windows(make_signal(300), plan)
    windows[1:, :, :10] = np.nan
    windows[:-1, :, -10:] = np.nan
    np.testing.assert_allclose(overlap_add(windows, plan), make_signal(300), rtol=1e-14)


def test_windows_fade_into_each_other_without_a_step():
    plan = plan_windows(400, window=WINDOW, context=4, overlap=0.5)
    windows = np.zeros((len(plan.starts), 1, WINDOW))
    windows[::2] = 1.0
    steps = np.abs(np.diff(overlap_add(windows, plan)))
    assert 0.01 < steps.max() < 0.1


@pytest.mark.parametrize("n_times", [1, 2, 30, 63])
def test_short_signal_is_mirrored_up_to_a_fixed_window(n_times):
    x = make_signal(n_times)
    plan = plan_windows(n_times, window=WINDOW, fixed=True)
    windows = cut_windows(x, plan)
    assert windows.shape == (1, 3, WINDOW)
    assert np.array_equal(windows[0], np.pad(x, ((0, 0), (0, WINDOW - n_times)), mode="reflect"))


@pytest.mark.parametrize("n_times", [1, 9, 63])
def test_short_signal_is_one_short_window_when_any_length_is_taken(n_times):
    plan = plan_windows(n_times, window=WINDOW, stride=8)
    assert plan.starts == (0,)
    assert plan.window == plan.n_padded == -(-n_times // 8) * 8
    assert not cut_windows(make_signal(n_times), plan)[..., n_times:].any()


def test_windows_are_copies():
    x = make_signal(50)
    cut_windows(x, plan_windows(50, window=WINDOW))[:] = 0
    assert x.any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 64, "context": 32}, "leaves no core"),
        ({"window": 60, "stride": 8}, "multiple of stride=8, found 60"),
        ({"window": 0}, "multiple of stride=1, found 0"),
        ({"window": 64, "overlap": 1.0}, "overlap must be from 0 to below 1, found 1.0"),
        ({"window": 64, "stride": 0}, "stride must be at least 1"),
        ({"window": 64, "context": -1}, "context at least 0"),
    ],
)
def test_impossible_plan_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        plan_windows(100, **options)


def test_empty_signal_is_refused():
    with pytest.raises(ValueError, match="at least one sample, found 0"):
        plan_windows(0, window=64)


def test_plan_of_another_signal_is_refused():
    plan = plan_windows(100, window=64)
    with pytest.raises(ValueError, match="Make a plan for this length"):
        cut_windows(make_signal(101), plan)
    with pytest.raises(ValueError, match=r"the plan has 3 windows|the plan has 2 windows"):
        overlap_add(np.zeros((1, 3, 64)), plan)
