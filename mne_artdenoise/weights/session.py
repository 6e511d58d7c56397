"""A pretrained network in ONNX Runtime, without torch: the graph of its model, and its weights."""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError

from .._typing import FloatArray
from .download import fetch_weights
from .record import ModelRecord

if TYPE_CHECKING:
    import onnxruntime

GRAPHS = files("mne_artdenoise.weights") / "files"
TRANSPOSED = ".T"  # how names in a graph end where the weights are wanted the other way round


class Session:
    """A network that runs in ONNX Runtime; ``stride`` samples are its shortest window."""

    def __init__(self, session: onnxruntime.InferenceSession, stride: int) -> None:
        self.session, self.stride = session, stride

    def run_batch(self, batch: FloatArray, directions: FloatArray) -> npt.NDArray[np.float32]:
        """Run windows (batch, n_channels, n_times) of electrodes in directions (n_channels, 3)."""
        spread = np.broadcast_to(directions, (len(batch), *directions.shape))
        inputs = {"x": batch, "directions": np.ascontiguousarray(spread, np.float32)}
        return np.asarray(self.session.run(None, inputs)[0])

    def rest(self) -> None:
        """Give back the memory that batches used: the runtime does so with a run only, a tiny one.

        Kept from batch to batch, it saves a quarter of the time.
        """
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        nothing = np.zeros((1, 1, self.stride), np.float32), np.zeros((1, 1, 3), np.float32)
        self.session.run(None, dict(zip(("x", "directions"), nothing, strict=True)), options)


def open_session(record: ModelRecord) -> Session:
    """Open the network of a model in ONNX Runtime.

    Parameters
    ----------
    record : ModelRecord
        The model. One that has no graph is a ValueError, and so is a graph of another config.

    Returns
    -------
    network : Session
        For :func:`~mne_artdenoise.inference.run_network`. It is kept: opening takes half as long as
        a look at a minute of EEG.

    Notes
    -----
    Weights are those of torch, fetched and verified by `fetch_weights`; the graph comes with the
    package. Without ONNX Runtime, an ImportError says how to get it.
    """
    if find_spec("onnxruntime") is None:
        raise ImportError(
            "device='onnx', or a machine without torch, needs ONNX Runtime. Install it with "
            'pip install "mne-artdenoise[onnx]", or use device="auto" with torch.'
        )
    if not (GRAPHS / f"{record.id}.onnx").is_file():
        raise ValueError(
            f"{record.id!r} has no ONNX graph, so it runs in torch only: use device='auto'."
        )
    return _open(record, fetch_weights(record), count_threads())


def count_threads() -> int:
    """Count the threads to use: what OMP_NUM_THREADS says, as torch does, or 0 for all cores."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdigit() else 0


@lru_cache(maxsize=2)
def _open(record: ModelRecord, path: Path, n_threads: int) -> Session:
    import onnxruntime

    graph = (GRAPHS / f"{record.id}.onnx").read_bytes()
    tensors = read_tensors(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = n_threads, 1
    names = find_names(graph, record, set(tensors))
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(turn(tensors, name)) for name in names]
    options.add_external_initializers(names, values)
    providers = ["CPUExecutionProvider"]
    inside = onnxruntime.InferenceSession(graph, options, providers=providers)
    return Session(inside, record.stride)


def find_names(graph: bytes, record: ModelRecord, there: set[str]) -> list[str]:
    """Find the names that a graph has for the weights, after a look at whether it is of the model.

    They stand in the graph as they are: no library is needed to see which of two forms it wants.
    """
    if describe_config(record).encode() not in graph:
        raise ValueError(
            f"The ONNX graph of {record.id!r} is of another config than its weights. Write it anew "
            f"with python -m mne_artdenoise.weights.graph {record.id}."
        )
    return [
        name + TRANSPOSED if (name + TRANSPOSED).encode() in graph else name
        for name in sorted(there)
    ]


def describe_config(record: ModelRecord) -> str:
    """Write the config of a model as one line, as its graph holds it."""
    return " ".join([record.network, *(f"{k}={v}" for k, v in sorted(record.config.items()))])


def turn(tensors: dict[str, Any], name: str) -> npt.NDArray[np.float32]:
    """Give a tensor in the form that its name in the graph tells."""
    value = tensors[name.removesuffix(TRANSPOSED)]
    return np.ascontiguousarray(value.T if name.endswith(TRANSPOSED) else value)


def read_tensors(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read a verified file of weights without torch."""
    try:
        return dict(safetensors.numpy.load(path.read_bytes()))
    except (SafetensorError, ValueError, TypeError) as error:
        raise ValueError(f"{path} cannot be read as safetensors: {error}") from error
