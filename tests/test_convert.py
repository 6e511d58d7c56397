"""Networks equal those of their authors, and checkpoints of theirs become weights of ours."""

from __future__ import annotations

import json
import pickle
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mne_artdenoise.networks.art import ART, ARTConfig
from mne_artdenoise.networks.ic_unet import RELEASED, ICUNet
from mne_artdenoise.weights import convert, download
from mne_artdenoise.weights.convert import convert_checkpoint, rename_state
from mne_artdenoise.weights.load import load_network

GOLDEN = Path(__file__).with_name("golden")
SHAPES = json.loads((GOLDEN / "state_dict_shapes.json").read_text())
NETWORKS = {"art": (ART, ARTConfig()), "ic_unet": (ICUNet, RELEASED)}


def fill(name: str, shape: list[int]) -> Tensor:
    """Fill a weight by the rule of golden/README.md."""
    values = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape)
    if name.endswith("running_var"):
        values = 1 + 0.1 * np.abs(values)
    elif len(shape) > 1:
        values = values / np.sqrt(np.prod(shape[1:]))
    elif name.endswith((".a_2", ".weight")):
        values = 1 + 0.1 * values
    else:
        values = 0.1 * values
    return torch.from_numpy(values)


@pytest.fixture(scope="module")
def states() -> dict[str, dict[str, Tensor]]:
    """Give the state dicts of both authors' networks, in their names and in float64."""
    return {kind: {n: fill(n, s) for n, s in shapes.items()} for kind, shapes in SHAPES.items()}


def read_golden(kind: str) -> tuple[Tensor, Tensor]:
    file = {"art": "art_reference.npz", "ic_unet": "icunet_reference.npz"}[kind]
    with np.load(GOLDEN / file) as stored:
        return torch.from_numpy(stored["x"]), torch.from_numpy(stored["y"])


def count_nothing(kind: str) -> dict[str, Tensor]:
    make, config = NETWORKS[kind]
    state = make(config).state_dict()
    return {name: part for name, part in state.items() if name.endswith("num_batches_tracked")}


def make_filled(kind: str, states) -> torch.nn.Module:
    make, config = NETWORKS[kind]
    network = make(config).double()
    network.load_state_dict(rename_state(states[kind], kind) | count_nothing(kind))
    return network.eval()


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize(("dtype", "most"), [(torch.float32, 1e-5), (torch.float64, 3e-6)])
def test_networks_equal_those_of_their_authors(states, kind, dtype, most):
    network = make_filled(kind, states).to(dtype)
    x, y = read_golden(kind)
    x = x.to(dtype)
    with torch.inference_mode():
        found = network.translate(x, x[:, :, 1:]) if kind == "art" else network(x)
    assert found.shape == y.shape
    assert (found - y).abs().max() < most


def test_every_weight_matters_to_the_comparison(states):
    # A converter that swapped two weights of one shape would pass unseen if it did not.
    x, y = read_golden("art")
    swapped = dict(states["art"])
    first, second = (f"decoder.layers.1.src_attn.linears.{k}.weight" for k in (0, 1))
    swapped[first], swapped[second] = swapped[second], swapped[first]
    network = make_filled("art", {"art": swapped}).float()
    with torch.inference_mode():
        assert (network.translate(x, x[:, :, 1:]) - y).abs().max() > 1e-3


# Checkpoints


@pytest.fixture
def write(states, tmp_path):
    """Write a checkpoint as the authors do; keywords change what is in it."""

    def write_checkpoint(kind, *, prefix="", without=(), add=None, key="state_dict", **more):
        state = {
            prefix + name: part.float()
            for name, part in states[kind].items()
            if name not in without
        }
        path = tmp_path / "checkpoint.pth.tar"
        torch.save({"epoch": 59, key: state | (add or {}), **more}, path)
        return path

    return write_checkpoint


POSITIONS = {"src_embed.1.pe": torch.zeros(1, 5000, 128), "tgt_embed.1.pe": torch.zeros(1, 5, 128)}


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_checkpoint_becomes_a_network(states, write, make_record, monkeypatch, kind, prefix):
    add = POSITIONS if kind == "art" else {"inc.double_conv.1.num_batches_tracked": torch.tensor(7)}
    path = write(kind, prefix=prefix, add={prefix + n: part for n, part in add.items()})
    target = path.with_name("stand-in-v1.safetensors")
    size, sha256 = convert_checkpoint(path, target, network=kind, model="stand-in-v1")
    monkeypatch.setenv(download.SOURCE_VARIABLE, str(path.parent))
    monkeypatch.setattr(download, "FILES", path.parent / "bundled")
    config = {"shift": 1} if kind == "art" else {
        "skips": False, "activation": "sigmoid", "upsampling": "linear",
    }  # fmt: skip
    record = make_record(network=kind, config=config, size=size, sha256=sha256)
    network = load_network(record)
    x, y = read_golden(kind)
    with torch.inference_mode():
        found = network(x)
    assert found.shape == x.shape
    # The reference gives one sample less; its last one is not known.
    assert (found[..., : y.shape[-1]] - y).abs().max() < 1e-5


def test_weights_alone_are_a_checkpoint_too(states, tmp_path):
    torch.save({n: part.float() for n, part in states["ic_unet"].items()}, tmp_path / "a.pt")
    target = tmp_path / "a.safetensors"
    size, _ = convert_checkpoint(tmp_path / "a.pt", target, network="ic_unet", model="a-v1")
    assert target.stat().st_size == size > 4 * 2_669_854


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"without": ["generator.proj.bias"]}, "missing: head.bias"),
        ({"add": {"extra": torch.zeros(2)}}, "unexpected: extra"),
        ({"add": {"generator.proj.bias": torch.zeros(31)}}, r"head.bias \(\(31,\) float32"),
        ({"add": {"generator.proj.bias": torch.full((30,), torch.nan)}}, "not finite: head.bias"),
        ({"key": "weights"}, "needs named tensors under 'state_dict', found 'epoch', 'weights'"),
        ({"add": {"generator": "a network"}}, "needs named tensors"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(write, change, match):
    path = write("art", **change)
    target = path.with_name("a.safetensors")
    with pytest.raises(ValueError, match=match):
        convert_checkpoint(path, target, network="art", model="a-v1")
    assert not target.exists()


class Bomb:
    """A pickle that does something when it is opened."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", pickle.dumps(Bomb())])
def test_what_is_no_checkpoint_is_refused_and_not_run(tmp_path, content):
    path = tmp_path / "a.pt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read as a checkpoint .*Nothing was run or"):
        convert_checkpoint(path, tmp_path / "b.safetensors", network="art", model="a-v1")


def test_objects_in_a_checkpoint_are_refused_and_not_run(write):
    path = write("art", optimiser=Bomb())
    with pytest.raises(ValueError, match="torch.save\\(\\{'state_dict': network.state_dict"):
        convert_checkpoint(path, path.with_name("b"), network="art", model="a-v1")


def test_a_missing_checkpoint_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.pt does not exist"):
        convert_checkpoint(tmp_path / "nothing.pt", tmp_path / "b", network="art", model="a-v1")


def test_an_unknown_network_lists_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="Unknown network 'ic-unet'.*'art', 'ic_unet'"):
        convert_checkpoint(tmp_path / "a", tmp_path / "b", network="ic-unet", model="a-v1")


@pytest.mark.parametrize("kind", NETWORKS)
def test_each_name_of_the_reference_has_one_of_ours(kind):
    make, config = NETWORKS[kind]
    names = set(rename_state({n: torch.zeros(s) for n, s in SHAPES[kind].items()}, kind))
    ours = set(make(config).state_dict()) - set(count_nothing(kind))
    assert names == ours
    assert len(names) == len(SHAPES[kind])
    assert set(convert.LAYOUTS) == set(NETWORKS)
