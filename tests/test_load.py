"""Tests of turning weights into a network."""

from __future__ import annotations

import contextlib
import json
import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from mne_artdenoise.weights import download, load
from mne_artdenoise.weights.load import (
    build_network,
    fill_network,
    load_network,
    save_network,
)
from mne_artdenoise.weights.registry import ModelRecord, get_record, list_models


@dataclass(frozen=True)
class StandInConfig:
    """Sizes of the stand-in."""

    width: int = 4
    dilations: tuple[int, ...] = (1, 2)


class StandIn(nn.Module):
    """A network with a parameter of each sort: weights drawn, a norm's counter, a dropout."""

    def __init__(self, config: StandInConfig) -> None:
        super().__init__()
        self.config = config
        self.linear = nn.Linear(config.width, 3)
        self.norm = nn.BatchNorm1d(3)  # num_batches_tracked is an integer
        self.drop = nn.Dropout(0.5)


NAMES = set(StandIn(StandInConfig()).state_dict())


@pytest.fixture(autouse=True)
def stand_in(monkeypatch, tmp_path) -> None:
    """Register the stand-in, and look for weights in a folder of the test only."""
    monkeypatch.setitem(load.NETWORKS, "stand_in", (StandInConfig, StandIn))
    monkeypatch.setattr(download, "FILES", tmp_path / "bundled")
    monkeypatch.setenv(download.SOURCE_VARIABLE, str(tmp_path))


@pytest.fixture
def network() -> StandIn:
    """Make a network whose weights differ from those it is built with."""
    torch.manual_seed(0)
    network = StandIn(StandInConfig())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape))
    network.norm.num_batches_tracked += 7
    return network


@pytest.fixture
def released(network, make_record, tmp_path) -> ModelRecord:
    """Record of that network, its file in the folder."""
    size, sha256 = save_network(network, tmp_path / make_record().file, model="stand-in-v1")
    return make_record(size=size, sha256=sha256)


@pytest.fixture
def put(make_record, tmp_path) -> Callable[[bytes], tuple[Path, ModelRecord]]:
    """Write bytes as weights, with a record that fits them in size."""

    def write(content: bytes) -> tuple[Path, ModelRecord]:
        path = tmp_path / "hostile.safetensors"
        path.write_bytes(content)
        return path, make_record(size=max(len(content), 1))

    return write


def pack(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def read_network(path: Path, record: ModelRecord) -> nn.Module:
    return fill_network(build_network(record), path, record)


def test_a_network_is_loaded_as_it_was_saved(network, released):
    loaded = load_network(released)
    for name, value in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)


def test_a_loaded_network_is_ready_to_run(released):
    loaded = load_network(released)
    assert isinstance(loaded, StandIn)
    assert loaded.config == StandInConfig(width=4, dilations=(1, 2))
    assert not any(module.training for module in loaded.modules())
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}


def test_every_bundled_model_loads(monkeypatch):
    files = Path(load.__file__).with_name("files")
    monkeypatch.setattr(download, "FILES", files)
    bundled = [model for model in list_models() if (files / get_record(model).file).is_file()]
    assert bundled
    for model in bundled:
        assert not load_network(model).training


@pytest.mark.parametrize("model", ["any-montge-v1", "", "../stand-in-v1"])
def test_an_unknown_model_is_told(model):
    with pytest.raises(ValueError, match=f"Unknown model '{model}'"):
        load_network(model)


def test_loading_leaves_the_random_numbers_of_the_user_alone(released):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    load_network(released)
    assert torch.equal(torch.rand(3), expected)


def test_loading_is_in_float32_also_where_the_user_works_in_float64(released):
    torch.set_default_dtype(torch.float64)
    try:
        loaded = load_network(released)
    finally:
        torch.set_default_dtype(torch.float32)
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}


def test_saving_twice_gives_the_same_hash(network, tmp_path):
    path = tmp_path / "a.safetensors"
    assert len({save_network(network, path, model="stand-in-v1") for _ in range(10)}) == 1


def test_a_file_that_changed_is_refused_by_its_hash(released, tmp_path):
    path = tmp_path / released.file
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"SHA-256 {released.sha256}, got SHA-256"):
        load_network(released)


def test_an_unknown_network_lists_the_known_ones(make_record):
    message = "has the network 'unheard_of'. Known networks: 'any_montage', .*'stand_in'.*newer"
    with pytest.raises(ValueError, match=message):
        load_network(make_record(network="unheard_of"))


@pytest.mark.parametrize("name", ["depth", "__class__"])
def test_a_config_that_the_network_does_not_take_is_told(make_record, name):
    with pytest.raises(ValueError, match=f"StandInConfig does not take: .*{name}"):
        load_network(make_record(config={name: 3}))


def rename(state: dict[str, torch.Tensor]) -> None:
    state["other"] = state.pop("linear.bias")


def reshape(state: dict[str, torch.Tensor]) -> None:
    state["linear.weight"] = state["linear.weight"].reshape(4, 3).contiguous()


def widen(state: dict[str, torch.Tensor]) -> None:
    state["linear.weight"] = state["linear.weight"].double()


def halve(state: dict[str, torch.Tensor]) -> None:
    state["linear.weight"] = state["linear.weight"].half()


def spoil(state: dict[str, torch.Tensor]) -> None:
    state["norm.running_var"][1] = float("nan")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename, r"missing: linear\.bias; unexpected: other$"),
        (reshape, r"mismatched: linear\.weight \(\(4, 3\) float32, needs \(3, 4\) float32\)$"),
        (widen, r"mismatched: linear\.weight \(\(3, 4\) float64, needs \(3, 4\) float32\)$"),
        (halve, r"mismatched: linear\.weight \(\(3, 4\) float16, needs \(3, 4\) float32\)$"),
        (spoil, r"not finite: norm\.running_var$"),
    ],
)
def test_weights_that_do_not_fit_are_told_in_every_way(network, put, change, message):
    state = dict(network.state_dict())
    change(state)
    path, record = put(safetensors.torch.save(state))
    with pytest.raises(ValueError, match=f"does not fit the network, nothing.*{message}"):
        read_network(path, record)


def test_many_differences_are_shortened(put):
    state = {f"layer{number:03}": torch.zeros(1) for number in range(100)}
    path, record = put(safetensors.torch.save(state))
    with pytest.raises(ValueError, match="layer007 and 92 more$"):
        read_network(path, record)


def test_weights_of_another_model_are_told(network, put):
    path, record = put(safetensors.torch.save(network.state_dict(), metadata={"model": "b-v1"}))
    with pytest.raises(ValueError, match="holds the weights of 'b-v1', not of 'stand-in-v1'"):
        read_network(path, record)


def test_weights_that_do_not_say_whose_they_are_load(network, put):
    path, record = put(safetensors.torch.save(network.state_dict()))
    assert set(read_network(path, record).state_dict()) == NAMES


@pytest.mark.parametrize("extra", [-1, 1])
def test_a_file_of_another_size_is_not_read(network, put, make_record, extra):
    path, record = put(safetensors.torch.save(network.state_dict()))
    with pytest.raises(ValueError, match=f"needs {record.size + extra} bytes .* got"):
        read_network(path, make_record(size=record.size + extra))


class Bomb:
    """A pickle that does something when it is opened."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("a pickle was opened",)


def entry(start: int, stop: int, shape: tuple[int, ...] = (2,), dtype: str = "F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


HOSTILE = {
    "nothing": b"\0",
    "zeros": b"\0" * 64,
    "a pickle": pickle.dumps(Bomb()),
    "an old pickle": pickle.dumps(Bomb(), protocol=0),
    "a zip": b"PK\x03\x04" + b"\0" * 100,
    "a page": b"<!DOCTYPE html><html><body>Please log in</body></html>",
    "a header of 2**63 bytes": struct.pack("<Q", 2**63) + b"{}",
    "a header of 2**64 - 1 bytes": b"\xff" * 8 + b"{}",
    "a header longer than the file": struct.pack("<Q", 100) + b"{}",
    "a header over the limit": pack(b"{" + b" " * 2**20 + b"}"),
    "a header that is not JSON": pack(b"{'a': 1}"),
    "a header that is not text": pack(b"{\xff\xfe}"),
    "a header that is a list": pack([]),
    "a header that nests without end": pack(b"[" * 100_000),
    "metadata that is a list": pack({"__metadata__": ["model"]}),
    "metadata that is a number": pack({"__metadata__": {"model": 3}}),
    "a tensor that is text": pack({"a": "tensor"}),
    "a tensor without a shape": pack({"a": {"dtype": "F32", "data_offsets": [0, 4]}}, b"0000"),
    "overlapping tensors": pack({"a": entry(0, 8), "b": entry(4, 12)}, b"0" * 12),
    "the same bytes twice": pack({"a": entry(0, 8), "b": entry(0, 8)}, b"0" * 8),
    "a gap between tensors": pack({"a": entry(0, 8), "b": entry(12, 20)}, b"0" * 20),
    "bytes after the last tensor": pack({"a": entry(0, 8)}, b"0" * 20),
    "a tensor beyond the file": pack({"a": entry(0, 800, (200,))}, b"0" * 8),
    "offsets that fall": pack({"a": entry(8, 0)}, b"0" * 8),
    "offsets below zero": pack({"a": entry(-8, 0)}, b"0" * 8),
    "a shape that overflows": pack({"a": entry(0, 8, (2**62, 2**62))}, b"0" * 8),
    "a shape below zero": pack({"a": entry(0, 8, (-2,))}, b"0" * 8),
    "a shape larger than its bytes": pack({"a": entry(0, 8, (1000,))}, b"0" * 8),
    "an unknown type": pack({"a": entry(0, 8, dtype="OBJECT")}, b"0" * 8),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_and_nothing_is_loaded(put, content):
    path, record = put(content)
    with pytest.raises(ValueError, match="cannot be read as safetensors: .*Nothing was loaded"):
        read_network(path, record)


def test_a_pickle_is_told_to_be_never_opened(put):
    path, record = put(pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="or any other pickle is never opened"):
        read_network(path, record)


def test_a_tensor_of_an_exotic_type_does_not_fit(put):
    path, record = put(pack({"a": entry(0, 2, dtype="F8_E4M3")}, b"00"))
    with pytest.raises(ValueError, match="Nothing was loaded|nothing was loaded"):
        read_network(path, record)


# The fixture's file is written anew for every example.
FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZ
@given(content=st.binary(min_size=1, max_size=200))
def test_random_bytes_are_refused(put, content):
    path, record = put(content)
    with pytest.raises(ValueError, match="othing was loaded"):
        read_network(path, record)


@FUZZ
@given(header=st.binary(max_size=60), data=st.binary(max_size=40))
def test_random_headers_are_refused(put, header, data):
    path, record = put(pack(b"{" + header, data))
    with pytest.raises(ValueError, match="othing was loaded"):
        read_network(path, record)


@FUZZ
@given(data=st.data())
def test_a_cut_file_is_refused_wherever_it_is_cut(put, network, data):
    whole = safetensors.torch.save(network.state_dict())
    path, record = put(whole[: data.draw(st.integers(1, len(whole) - 1))])
    with pytest.raises(ValueError, match="cannot be read as safetensors"):
        read_network(path, record)


@FUZZ
@given(data=st.data())
def test_a_changed_header_is_refused_or_loads_a_network_that_fits(put, network, data):
    content = bytearray(safetensors.torch.save(network.state_dict()))
    end = 8 + int.from_bytes(content[:8], "little")
    content[data.draw(st.integers(0, end - 1))] = data.draw(st.integers(0, 255))
    path, record = put(bytes(content))
    # A swap of two names of one shape fits; whatever loads must be whole, and no other error leave.
    with contextlib.suppress(ValueError):
        assert set(read_network(path, record).state_dict()) == NAMES
