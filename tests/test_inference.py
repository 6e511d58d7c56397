"""Tests of running windows through a network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mne_artdenoise import inference
from mne_artdenoise.inference import pick_device, run_network
from mne_artdenoise.scale import measure_scale, to_model_scale, to_volts
from mne_artdenoise.windows import cut_windows, overlap_add, plan_windows

DIRECTIONS = np.random.default_rng(0).standard_normal((3, 3)).astype(np.float32)


class NumpyConvolution(nn.Module):
    """Convolve every channel with a kernel, in numpy, and note the batches."""

    def __init__(self, kernel: np.ndarray) -> None:
        super().__init__()
        self.kernel = kernel
        self.batch_sizes: list[int] = []

    def forward(self, x, directions):
        self.batch_sizes.append(len(x))
        assert directions.shape == (len(x), x.shape[1], 3)
        return torch.from_numpy(convolve(x.numpy(), self.kernel))


class Mixer(nn.Module):
    """Mix channels by their directions, with dropout and normalisation to tell the modes apart."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.convolution = nn.Conv1d(3, 3, 5, padding=2)
        self.norm = nn.BatchNorm1d(3)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x, directions):
        mixing = directions @ directions.transpose(1, 2)
        return self.dropout(self.norm(mixing @ self.convolution(x)))


class Constant(nn.Module):
    """Return the same tensor whatever comes in."""

    def __init__(self, result: torch.Tensor) -> None:
        super().__init__()
        self.result = result

    def forward(self, x, directions):
        return self.result


def convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    half = len(kernel) // 2
    rows = x.reshape(-1, x.shape[-1])
    out = [np.convolve(row, kernel)[half : half + row.size] for row in rows]
    return np.array(out, np.float32).reshape(x.shape)


class InPlace(nn.Module):
    """Overwrite the input."""

    def forward(self, x, directions):
        return x.mul_(2)


def make_windows(n_windows: int, n_times: int = 50) -> np.ndarray:
    rng = np.random.default_rng(n_windows)
    return rng.standard_normal((n_windows, 3, n_times)).astype(np.float32)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 10, 1000, "auto"])
@pytest.mark.parametrize("n_windows", [1, 2, 7, 10])
def test_result_does_not_depend_on_the_batch_size(batch_size, n_windows):
    windows, network = make_windows(n_windows), Mixer()
    expected = run_network(network, windows, DIRECTIONS, batch_size=n_windows, device="cpu")
    result = run_network(network, windows, DIRECTIONS, batch_size=batch_size, device="cpu")
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_no_window_gives_no_window():
    assert run_network(Mixer(), make_windows(0), DIRECTIONS, device="cpu").shape == (0, 3, 50)


@settings(deadline=None, max_examples=40)
@given(
    n_times=st.sampled_from([1, 2, 3, 7, 8, 9, 39, 40, 41, 97, 500]),
    context=st.integers(0, 16),
    overlap=st.floats(0, 0.9),
    batch_size=st.integers(1, 20),
)
def test_windowed_network_gives_the_result_of_the_whole_signal(
    n_times, context, overlap, batch_size
):
    x = make_windows(1, n_times)[0]
    network = NumpyConvolution(np.random.default_rng(1).standard_normal(2 * context + 1))
    plan = plan_windows(n_times, window=40, context=context, overlap=overlap, stride=4)
    windows = cut_windows(x, plan)
    result = run_network(network, windows, DIRECTIONS, batch_size=batch_size, device="cpu")
    np.testing.assert_allclose(overlap_add(result, plan), convolve(x, network.kernel), atol=1e-4)


@pytest.mark.parametrize("factor", [1e-3, 0.37, 1e3])
def test_whole_path_is_equivariant_to_the_scale(factor):
    def estimate(volts):
        scale = measure_scale([volts], 100.0)
        plan = plan_windows(volts.shape[-1], window=64, context=2, stride=8)
        windows = cut_windows(to_model_scale(volts, scale), plan)
        result = np.tanh(run_network(Mixer(), windows, DIRECTIONS, device="cpu"))
        return to_volts(overlap_add(result, plan), scale)

    x = 1e-5 * make_windows(1, 1009)[0].astype(np.float64)
    np.testing.assert_allclose(estimate(factor * x), factor * estimate(x), atol=1e-10 * factor)


def test_zero_in_is_exactly_zero_out():
    network = NumpyConvolution(np.ones(9))
    assert not run_network(network, np.zeros((5, 3, 40)), DIRECTIONS, device="cpu").any()


def test_network_runs_in_evaluation_and_comes_back_as_it_was():
    network = Mixer()
    network.train()
    network.norm.eval()
    running_mean = network.norm.running_mean.clone()
    first = run_network(network, make_windows(4), DIRECTIONS, device="cpu")
    again = run_network(network, make_windows(4), DIRECTIONS, device="cpu")
    assert np.array_equal(first, again)
    assert torch.equal(network.norm.running_mean, running_mean)
    assert network.training
    assert network.dropout.training
    assert not network.norm.training


def test_network_comes_back_as_it_was_after_an_error():
    network = Constant(torch.zeros(1, 1, 1)).train()
    with pytest.raises(RuntimeError, match="returned shape"):
        run_network(network, make_windows(2), DIRECTIONS, device="cpu")
    assert network.training


def test_threads_and_input_are_left_alone():
    windows = make_windows(3)
    before, threads = windows.copy(), torch.get_num_threads()
    run_network(InPlace(), windows, DIRECTIONS, device="cpu")
    assert np.array_equal(windows, before)
    assert torch.get_num_threads() == threads


def test_read_only_float64_and_strided_windows_are_taken():
    windows = np.repeat(make_windows(4), 2, axis=-1).astype(np.float64)[..., ::2]
    windows.flags.writeable = False
    expected = run_network(Mixer(), make_windows(4), DIRECTIONS, device="cpu")
    result = run_network(Mixer(), windows, DIRECTIONS, device="cpu")
    np.testing.assert_allclose(result, expected, atol=1e-6)


@pytest.mark.parametrize(("n_times", "size"), [(10, 32), (1600, 21), (200_000, 1)])
def test_automatic_batches_hold_a_bounded_number_of_values(n_times, size):
    network = NumpyConvolution(np.ones(1))
    run_network(network, np.zeros((32, 3, n_times), np.float32), DIRECTIONS, device="cpu")
    assert network.batch_sizes[0] == size


@pytest.mark.parametrize(("n_windows", "shown"), [(20, False), (21, True)])
def test_progress_is_shown_only_when_there_is_something_to_wait_for(monkeypatch, n_windows, shown):
    bars = []
    monkeypatch.setattr(inference, "ProgressBar", lambda x, mesg: bars.append(mesg) or x)
    windows = make_windows(n_windows)
    run_network(Mixer(), windows, DIRECTIONS, batch_size=1, device="cpu")
    assert bool(bars) is shown
    run_network(Mixer(), windows, DIRECTIONS, batch_size=1, device="cpu", progress=False)
    assert len(bars) == int(shown)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_network_that_returns_no_numbers_is_refused(value):
    network = Constant(torch.full((2, 3, 50), value))
    with pytest.raises(RuntimeError, match="NaN or infinity"):
        run_network(network, make_windows(2), DIRECTIONS, device="cpu")


@pytest.mark.parametrize("batch_size", [0, -1, 1.5, "all", True])
def test_impossible_batch_size_is_refused(batch_size):
    with pytest.raises(ValueError, match="batch_size must be"):
        run_network(Mixer(), make_windows(2), DIRECTIONS, batch_size=batch_size, device="cpu")


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="Found windows of shape"):
        run_network(Mixer(), np.zeros((3, 50)), DIRECTIONS, device="cpu")
    with pytest.raises(ValueError, match=r"need \(3, 3\)"):
        run_network(Mixer(), make_windows(2), DIRECTIONS[:2], device="cpu")


def test_unknown_device_lists_the_known_ones():
    with pytest.raises(ValueError, match="Unknown device: 'tpu'.*auto, cpu, cuda, mps"):
        pick_device("tpu")


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_device_that_is_not_there_is_refused(monkeypatch, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match=f"device='{device}' was asked for"):
        pick_device(device)
    assert pick_device("auto") == pick_device("cpu") == "cpu"


def test_automatic_device_prefers_the_accelerator(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device() == "cuda"
