"""Windows in, windows out, through any network: batches, device, no gradients.

torch is imported only for a network of torch.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

import numpy as np
import numpy.typing as npt

from mne_artdenoise._compat import ProgressBar
from mne_artdenoise._typing import FloatArray

if TYPE_CHECKING:
    import torch


class Exported(Protocol):
    """A network outside of torch."""

    def run_batch(self, batch: FloatArray, directions: FloatArray) -> npt.NDArray[np.float32]:
        """Run windows (batch, n_channels, n_times) of electrodes in directions (n_channels, 3)."""

    def rest(self) -> None:
        """Give back what was needed between batches."""


def _use_one_thread() -> None:
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


# The threads of torch do not live on in a forked process, and what waits for them waits forever.
# One thread needs no other: as torch's own loader of data does it.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_use_one_thread)

RunBatch = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
_DEVICES = ("auto", "cpu", "cuda", "mps")
_SAMPLES_PER_BATCH = 64 * 1600  # channels times samples: bounds the memory of the activations
_SILENT_BATCHES = 20  # fewer are over before a bar can be read


def run_network(
    network: torch.nn.Module | Exported,
    windows: FloatArray,
    directions: FloatArray,
    *,
    batch_size: int | Literal["auto"] = "auto",
    device: str = "auto",
    progress: bool = True,
) -> npt.NDArray[np.float32]:
    """Run windows through a network, batch by batch.

    Parameters
    ----------
    network : torch.nn.Module | Exported
        Takes tensors of shape (batch, n_channels, n_times) and (batch, n_channels, 3) and returns
        the artifact, of the shape of the first. It is moved to ``device`` and stays there; its
        training flags come back as they were. One outside of torch has a place of its own.
    windows : ndarray, shape (n_windows, n_channels, n_times)
        The windows, in the numbers the network knows.
    directions : ndarray, shape (n_channels, 3)
        Unit vectors to the electrodes.
    batch_size : int | "auto"
        Windows per batch. ``"auto"`` takes as many as make about 100,000 values, at least one.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``, see :func:`pick_device`.
    progress : bool
        Whether to show MNE's progress bar when there are more than 20 batches; it follows MNE's
        logging level.

    Returns
    -------
    artifact : ndarray of float32, shape (n_windows, n_channels, n_times)
        What the network returned, the same for any batch size up to rounding.

    Notes
    -----
    Arrays whose shapes do not fit raise a ValueError. A network that returns another shape, NaN or
    infinity raises a RuntimeError: nothing of that kind may be subtracted from a recording.
    """
    _check_shapes(windows, directions)
    size = _choose_batch_size(batch_size, windows.shape)
    artifact = np.empty(windows.shape, np.float32)
    starts = range(0, len(windows), size)
    with _prepare(network, directions, device) as run_batch:
        for start in _show_progress(starts, progress):
            # A copy: torch would share the array's memory, and a network may work in place.
            batch = np.array(windows[start : start + size], np.float32, order="C")
            result = run_batch(batch)
            _check_result(result, windows[start : start + size].shape)
            artifact[start : start + size] = result
    return artifact


def pick_device(device: str = "auto") -> str:
    """Pick the device a network runs on.

    Parameters
    ----------
    device : str
        ``"cpu"``, ``"cuda"`` (NVIDIA, or AMD through ROCm), ``"mps"`` (Apple), or ``"auto"``: the
        first there is of cuda, mps, cpu.

    Returns
    -------
    device : str
        ``"cpu"``, ``"cuda"`` or ``"mps"``. One that this machine does not offer to torch, or an
        unknown name, raises a ValueError.
    """
    import torch

    if device not in _DEVICES:
        raise ValueError(f"Unknown device: {device!r}. Possible options: {', '.join(_DEVICES)}.")
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if device == "auto":
        return next(name for name, available in there.items() if available)
    if not there[device]:
        raise ValueError(
            f"device={device!r} was asked for, but torch {torch.__version__} finds none on this "
            "machine. Use device='auto', or install a build of torch for it."
        )
    return device


def _choose_batch_size(batch_size: int | Literal["auto"], shape: tuple[int, ...]) -> int:
    if batch_size == "auto":
        return max(1, _SAMPLES_PER_BATCH // (shape[1] * shape[2]))
    if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer):
        raise ValueError(f"batch_size must be a whole number or 'auto', found {batch_size!r}.")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, found {batch_size!r}.")
    return int(batch_size)


@contextmanager
def _prepare(
    network: torch.nn.Module | Exported, directions: FloatArray, device: str
) -> Iterator[RunBatch]:
    """Make ready to run: a function from one batch to what the network says."""
    electrodes = np.array(directions, np.float32, order="C")
    if hasattr(network, "run_batch"):
        outside = cast("Exported", network)
        try:
            yield lambda batch: outside.run_batch(batch, electrodes)
        finally:
            outside.rest()
        return
    import torch

    module, place = cast("torch.nn.Module", network), pick_device(device)
    shown = torch.from_numpy(electrodes).to(place)[None]

    def run_batch(batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        x = torch.from_numpy(batch).to(place)
        result: torch.Tensor = module(x, shown.expand(len(batch), -1, -1))
        return np.asarray(result.float().cpu().numpy())

    with torch.inference_mode(), _evaluate(module.to(place)):
        yield run_batch


@contextmanager
def _evaluate(network: torch.nn.Module) -> Iterator[None]:
    """Switch a network to evaluation, and each of its parts back afterwards."""
    parts = [(part, part.training) for part in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for part, training in parts:
            part.training = training


def _show_progress(starts: range, progress: bool) -> Any:
    if progress and len(starts) > _SILENT_BATCHES:
        return ProgressBar(starts, mesg="Estimating artifacts")
    return starts


def _check_shapes(windows: FloatArray, directions: FloatArray) -> None:
    if windows.ndim != 3 or 0 in windows.shape[1:]:
        raise ValueError(
            f"Found windows of shape {windows.shape}, but (n_windows, n_channels, n_times) with at "
            "least one channel and one sample are needed."
        )
    if directions.shape != (windows.shape[1], 3):
        raise ValueError(
            f"Found directions of shape {directions.shape}, but windows of {windows.shape[1]} "
            f"channels need ({windows.shape[1]}, 3): one direction per channel."
        )


def _check_result(result: npt.NDArray[np.float32], shape: tuple[int, ...]) -> None:
    if result.shape != shape:
        raise RuntimeError(
            f"The network returned shape {result.shape} for input of shape {shape}; it must return "
            "the artifact in the same shape."
        )
    if not np.isfinite(result).all():
        raise RuntimeError(
            "The network returned NaN or infinity. Check that the recording is finite and in "
            "volts, and that the weights are whole."
        )
