"""The any-montage network as an ONNX graph without weights: they stay in one file of safetensors.

Written out rather than traced, so that any number of windows, channels and samples goes through one
graph, and that making it needs no torch. A model trained anew needs a new graph only if its config
changes: ``python -m mne_artdenoise.weights.graph any-montage-v1``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import FloatArray
from .record import ModelRecord
from .registry import get_record
from .session import TRANSPOSED, describe_config

if TYPE_CHECKING:
    import onnx

OPSET, IR_VERSION = 17, 8  # of 2022: any ONNX Runtime that is asked for reads them


class GraphBuilder:
    """Nodes of a graph, by functions that read like the network they write down."""

    def __init__(self) -> None:
        import onnx

        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}
        self.weights: dict[str, tuple[int, ...]] = {}

    def add(self, kind: str, *inputs: str, n_outputs: int = 1, **attributes: Any) -> Any:
        """Add a node; the name of its output, or the names of several."""
        names = [f"{kind}_{len(self.nodes)}_{k}" for k in range(n_outputs)]
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, names, **attributes))
        return names[0] if n_outputs == 1 else names

    def hold(self, value: FloatArray | list[int] | float) -> str:
        """Add a constant, whole numbers as int64 and others as float32; its name."""
        array = np.asarray(value)
        array = array.astype(np.int64 if array.dtype.kind == "i" else np.float32)
        name = f"constant_{len(self.constants)}"
        self.constants[name] = self.onnx.numpy_helper.from_array(array, name)
        return name

    def weigh(self, name: str, *shape: int) -> str:
        """Add a weight that comes from elsewhere; its name."""
        self.weights[name] = shape
        return name

    def multiply(self, x: str, part: str, n_in: int, n_out: int, bias: bool = True) -> str:
        """Add a linear layer over the last axis."""
        y = self.add("MatMul", x, self.weigh(f"{part}.weight{TRANSPOSED}", n_in, n_out))
        return self.add("Add", y, self.weigh(f"{part}.bias", n_out)) if bias else str(y)

    def normalise(self, x: str, part: str, width: int) -> str:
        """Add a layer norm over the last axis."""
        scale, bias = (self.weigh(f"{part}.{name}", width) for name in ("weight", "bias"))
        return str(self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-5))

    def cut(self, x: str, axis: int, start: int, stop: int) -> str:
        """Add a slice along one axis; a stop of 0 is the end."""
        stop = stop or np.iinfo(np.int64).max
        return str(self.add("Slice", x, *(self.hold([k]) for k in (start, stop, axis))))

    def pad(self, x: str, n_axes: int, axis: int, before: int, after: int) -> str:
        """Add zeros before and after along one axis."""
        pads = [0] * 2 * n_axes
        pads[axis], pads[n_axes + axis] = before, after
        return str(self.add("Pad", x, self.hold(pads)))

    def reshape(self, x: str, *sizes: int | str) -> str:
        """Add a change of shape; a name stands for a size that is known only when it runs."""
        parts = [size if isinstance(size, str) else self.hold([size]) for size in sizes]
        return str(self.add("Reshape", x, self.add("Concat", *parts, axis=0)))

    def finish(self, shapes: Mapping[str, list[str | int]], about: str) -> onnx.ModelProto:
        """Make the model; ``shapes`` gives its inputs and, last, its output."""
        helper, kind = self.onnx.helper, self.onnx.TensorProto.FLOAT
        values = [helper.make_tensor_value_info(n, kind, shape) for n, shape in shapes.items()]
        tensors = [*self.constants.values()]
        for name, size in self.weights.items():
            tensor = self.onnx.TensorProto(name=name, data_type=kind, dims=size)
            tensor.data_location = self.onnx.TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="weights")
            tensors.append(tensor)
        graph = helper.make_graph(self.nodes, "network", values[:-1], values[-1:], tensors)
        opset = [helper.make_opsetid("", OPSET)]
        model: onnx.ModelProto = helper.make_model(
            graph, opset_imports=opset, ir_version=IR_VERSION
        )
        model.producer_name, model.producer_version = "mne-artdenoise", ""
        helper.set_model_props(model, {"config": about})
        return model


def build_graph(record: ModelRecord) -> onnx.ModelProto:
    """Build the graph of a model; one of another network is a ValueError."""
    if record.network != "any_montage":
        raise ValueError(f"Only any-montage networks have an ONNX graph, not {record.network!r}.")
    config = dict(record.config)
    if config["kernel"] % config["patch"]:
        raise ValueError(f"kernel must be a multiple of patch, found {config!r}.")
    g = GraphBuilder()
    patch, kernel, width = config["patch"], config["kernel"], config["width"]
    channels = g.cut(g.add("Shape", "x"), 0, 1, 2)
    pieces = cut_pieces(g, "x", patch, kernel)
    place = place_electrodes(g, "directions", width)
    h = g.multiply(cut_pieces(g, g.add("Asinh", "x"), patch, kernel), "embed", kernel, width)
    h = g.add("Add", h, place)
    for number, dilation in enumerate(config["dilations"]):
        h = convolve(g, h, f"convolutions.{number}", dilation, config)
        if number % config["attentive"] == 0:
            part = f"attentions.{number // config['attentive']}"
            h = attend(g, h, place, part, channels, config)
    joined = read_out(g, h, pieces, place, channels, config)
    overlap_halves(g, joined, patch)
    signal: list[str | int] = ["batch", "channels", "times"]
    directions: list[str | int] = ["batch", "channels", 3]
    shapes = {"x": signal, "directions": directions, "artifact": signal}
    return g.finish(shapes, describe_config(record))


def cut_pieces(g: GraphBuilder, x: str, patch: int, kernel: int) -> str:
    """Cut (b, c, times) into overlapping pieces, (t, b, c, kernel)."""
    margin, n = (kernel - patch) // 2, kernel // patch
    padded = g.pad(x, 3, 2, margin, kernel - patch - margin)
    patches = g.add("Reshape", padded, g.hold([0, 0, -1, patch]))
    shifted = [g.cut(patches, 2, k, k + 1 - n) for k in range(n)]
    return str(g.add("Transpose", g.add("Concat", *shifted, axis=-1), perm=[2, 0, 1, 3]))


def place_electrodes(g: GraphBuilder, directions: str, width: int) -> str:
    """Take directions (b, c, 3) through spherical harmonics to features, (b, c, width)."""

    def times(*names: str) -> str:
        product = names[0]
        for name in names[1:]:
            product = g.add("Mul", product, name)
        return product

    def less(a: str, b: str, factor: float = 1.0, other: float = 1.0) -> str:
        return str(g.add("Sub", g.add("Mul", a, g.hold(factor)), g.add("Mul", b, g.hold(other))))

    x, y, z = g.add("Split", directions, g.hold([1, 1, 1]), n_outputs=3, axis=-1)
    xx, yy, zz, one = times(x, x), times(y, y), times(z, z), g.hold(1.0)
    harmonics = [
        *(x, y, z, times(x, y), times(y, z), times(z, x), less(xx, yy), less(zz, one, 3.0)),
        *(times(y, less(xx, yy, 3.0)), times(x, less(xx, yy, 1.0, 3.0)), times(x, y, z)),
        *(times(y, less(zz, one, 5.0)), times(x, less(zz, one, 5.0))),
        *(times(z, less(zz, one, 5.0, 3.0)), times(z, less(xx, yy))),
    ]
    h = g.multiply(g.add("Concat", *harmonics, axis=-1), "place.0", 15, width)
    error = g.add("Erf", g.add("Mul", h, g.hold(0.5**0.5)))
    gate = g.add("Mul", g.add("Add", error, one), g.hold(0.5))
    return g.multiply(g.add("Mul", h, gate), "place.2", width, width)


def convolve(g: GraphBuilder, x: str, part: str, step: int, config: Mapping[str, Any]) -> str:
    """Add a temporal convolution of three taps."""
    width, hidden = config["width"], config["hidden"]
    padded = g.pad(g.normalise(x, f"{part}.norm", width), 4, 0, step, step)
    taps = [g.cut(padded, 0, k * step, (k - 2) * step) for k in range(3)]
    h = g.multiply(g.add("Concat", *taps, axis=-1), f"{part}.taps", 3 * width, hidden)
    h = g.add("Mul", h, g.add("Sigmoid", h))
    return str(g.add("Add", x, g.multiply(h, f"{part}.out", hidden, width)))


def attend(
    g: GraphBuilder, x: str, place: str, part: str, channels: str, config: Mapping[str, Any]
) -> str:
    """Add attention across channels."""
    width, heads = config["width"], config["heads"]
    mixed = g.multiply(g.normalise(x, f"{part}.norm", width), f"{part}.mix", width, 3 * width)
    mixed = g.add("Add", mixed, g.multiply(place, f"{part}.place", width, 3 * width, bias=False))
    sizes = (g.hold([-1]), channels, g.hold([3]), g.hold([heads]), g.hold([width // heads]))
    split = g.add("Transpose", g.reshape(mixed, *sizes), perm=[2, 0, 3, 1, 4])
    query, key, value = (g.add("Gather", split, g.hold(np.array(k)), axis=0) for k in range(3))
    weights = compare(g, query, key, width // heads)
    heard = g.add("Transpose", g.add("MatMul", weights, value), perm=[0, 2, 1, 3])
    heard = g.add("Reshape", heard, g.add("Shape", x))
    return str(g.add("Add", x, g.multiply(heard, f"{part}.out", width, width)))


def compare(g: GraphBuilder, query: str, key: str, size: int) -> str:
    """Compare queries with keys: weights that add to one over the last axis."""
    alike = g.add("MatMul", query, g.add("Transpose", key, perm=[0, 1, 3, 2]))
    return str(g.add("Softmax", g.add("Mul", alike, g.hold(size**-0.5)), axis=-1))


def read_out(
    g: GraphBuilder, h: str, pieces: str, place: str, channels: str, config: Mapping[str, Any]
) -> str:
    """Add the linear readout: (t, b, c, width) and pieces to (t, b, c, 2 * patch)."""
    width, filters, mixtures = config["width"], config["filters"], config["mixtures"]
    size = 2 * mixtures * config["key"]
    h = g.normalise(h, "readout.norm", width)
    bank = g.multiply(pieces, "readout.analysis", config["kernel"], filters, bias=False)
    masks = g.multiply(h, "readout.masks", width, (1 + mixtures) * filters)
    own, *others = g.add(
        "Split", masks, g.hold([filters] * (1 + mixtures)), n_outputs=1 + mixtures, axis=-1
    )
    asked = g.multiply(h, "readout.listen", width, size)
    asked = g.add("Add", asked, g.multiply(place, "readout.place", width, size, bias=False))
    sizes = (g.hold([-1]), channels, g.hold([2]), g.hold([mixtures]), g.hold([config["key"]]))
    split = g.add("Transpose", g.reshape(asked, *sizes), perm=[2, 0, 3, 1, 4])
    query, key = (g.add("Gather", split, g.hold(np.array(k)), axis=0) for k in range(2))
    weights = compare(g, query, key, config["key"])
    flat = g.reshape(bank, g.hold([-1]), g.hold([1]), channels, g.hold([filters]))
    heard = g.add("MatMul", weights, flat)  # (t * b, mixtures, c, filters)
    total, shape = g.add("Mul", own, bank), g.add("Shape", bank)
    for number, mask in enumerate(others):
        one = g.add("Reshape", g.add("Gather", heard, g.hold(np.array(number)), axis=1), shape)
        total = g.add("Add", total, g.add("Mul", mask, one))
    return g.multiply(total, "readout.synthesis", filters, 2 * config["patch"], bias=False)


def overlap_halves(g: GraphBuilder, pieces: str, patch: int) -> None:
    """Add pieces of two patches, one patch apart, to one signal: the output."""
    pieces = g.add("Transpose", pieces, perm=[1, 2, 0, 3])
    flat = g.hold([0, 0, -1])
    left, right = (
        g.add("Reshape", g.cut(pieces, 3, k * patch, (k + 1) * patch), flat) for k in range(2)
    )
    total = g.add("Add", g.pad(left, 3, 2, 0, patch), g.pad(right, 3, 2, patch, 0))
    ends = (patch // 2, patch // 2 - patch)
    slices = [g.hold([k]) for k in (*ends, 2)]
    g.nodes.append(g.onnx.helper.make_node("Slice", [total, *slices], ["artifact"]))


def write_graph(model: str, folder: Path) -> Path:
    """Write the graph of a model into a folder, under its name."""
    record = get_record(model)
    path = folder / f"{record.id}.onnx"
    path.write_bytes(build_graph(record).SerializeToString(deterministic=True))
    return path


if __name__ == "__main__":
    write_graph(sys.argv[1], Path(__file__).parent / "files")
