"""Tests of the records of the pretrained models."""

from __future__ import annotations

import json
import pickle
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mne_artdenoise.weights import get_record, list_models, registry
from mne_artdenoise.weights.record import RULES, FrozenMapping, freeze, thaw
from mne_artdenoise.weights.registry import ModelRecord, format_record, parse_record

NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=8)
NUMBERS = st.floats(-1e6, 1e6) | st.integers(-1000, 1000) | st.booleans() | st.none()
VALUES = st.recursive(
    NUMBERS | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def records(tmp_path, monkeypatch) -> Path:
    """Point the registry at an empty folder."""
    monkeypatch.setattr(registry, "RECORDS", tmp_path)
    return tmp_path


def write(folder: Path, record: ModelRecord) -> None:
    (folder / f"{record.id}.json").write_text(format_record(record), encoding="utf-8")


def test_every_released_record_holds_and_has_its_recipe():
    for model in list_models():
        record = get_record(model)
        assert record.id == model
        assert parse_record(format_record(record)) == record


def test_models_are_listed_by_name_and_other_files_are_not(records, make_record):
    for model in ("b-v1", "a-v2"):
        write(records, make_record(id=model))
    (records / "notes.txt").write_text("not a record")
    assert list_models() == ["a-v2", "b-v1"]


def test_no_folder_of_records_means_no_models(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "RECORDS", tmp_path / "missing")
    assert list_models() == []
    with pytest.raises(ValueError, match="Unknown model 'x'. Known models: none"):
        get_record("x")


def test_a_record_is_read_as_it_was_written(records, make_record):
    record = make_record(channels=["Fp1", "Fp2"], l_freq=None)
    write(records, record)
    assert get_record("stand-in-v1") == record


def test_unknown_model_lists_the_known_ones_and_the_closest(records, make_record):
    for model in ("any-montage-v1", "art-v1"):
        write(records, make_record(id=model))
    message = "Unknown model 'any-montge-v1'. Known models: 'any-montage-v1', 'art-v1'. Did you"
    with pytest.raises(ValueError, match=message + " mean 'any-montage-v1'"):
        get_record("any-montge-v1")


@pytest.mark.parametrize("model", ["../secret", "", "stand-in-v1.json", None, 3])
def test_a_name_that_is_no_model_is_never_looked_up(records, make_record, model):
    write(records, make_record())
    (records.parent / "secret.json").write_text("{}")
    with pytest.raises(ValueError, match="Unknown model"):
        get_record(model)


def test_a_record_under_another_name_is_refused(records, make_record):
    (records / "other-v1.json").write_text(format_record(make_record()))
    with pytest.raises(ValueError, match="id is 'stand-in-v1', needs the name of its file"):
        get_record("other-v1")


def test_a_record_cannot_change_and_can_be_hashed_and_pickled(make_record):
    record = make_record()
    with pytest.raises(AttributeError):
        record.sfreq = 100.0
    with pytest.raises(TypeError):
        record.config["width"] = 5
    with pytest.raises(TypeError):
        record.scores["snr gain (dB)"]["19 channels, eye"] = 99
    copy = pickle.loads(pickle.dumps(record))
    assert copy == record
    assert hash(copy) == hash(record)
    assert record.config == {"width": 4, "dilations": (1, 2)}
    assert dict(**record.config) == {"width": 4, "dilations": (1, 2)}


@given(config=st.dictionaries(NAMES, VALUES, max_size=4))
def test_frozen_mappings_thaw_into_what_json_reads_back(config):
    frozen = freeze(config)
    assert freeze(json.loads(json.dumps(thaw(frozen)))) == frozen
    assert thaw(frozen) == config
    assert isinstance(hash(frozen), int)
    assert isinstance(frozen, FrozenMapping)


WRONG = {
    "id": ["", "Any-Montage-v1", "any-montage", "any_montage-v1", "any-montage-v0", "a/../b-v1", 3],
    "network": ["", " ", None, 3],
    "config": [None, [1], {"width": float("nan")}, {"sizes": [float("inf")]}, {3: 4}],
    "channels": ["some", [], ["Fp1", ""], ["Fp1", "Fp1"], None, ["Fp1", 2]],
    "sfreq": [0, -1, float("nan"), float("inf"), "200", True, None],
    "window": [0, -8, 1600.0, True, "1600", None],
    "stride": [0, -8, 8.0, None],
    "context": [-1, 2.0, True, None],
    "l_freq": [0, -0.5, "0.5", float("nan"), False],
    "scaling": ["channel", "", None],
    "band": [None, 40, [1], [1, 2, 3], ["1", "2"], [float("nan"), 40]],
    "kinds": [[], "eye", [""], ["eye", "eye"], None],
    "estimates": ["noise", None],
    "file": ["", "a.pt", "../a.safetensors", "/a.safetensors", "a/b.safetensors",
             "a\\b.safetensors", ".a.safetensors", "a.safetensors\n", None],
    "sha256": ["", "0" * 63, "0" * 65, "A" * 64, "sha256:" + "0" * 64, None],
    "size": [0, -1, 2**40, 1.5, True, None],
    "licence": ["", None],
    "data_licences": [[], "CC0", None],
    "recipe": ["", None],
    "scores": [None, [1], {"snr": float("nan")}],
    "weaknesses": [[], "none", None],
    "description": ["", None],
}  # fmt: skip


def test_every_field_has_a_rule_and_every_rule_is_tried(make_record):
    fields = list(json.loads(format_record(make_record())))
    assert list(RULES) == fields
    assert list(WRONG) == fields


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in WRONG.items() for value in values]
)
def test_a_field_that_breaks_its_rule_is_named(make_record, field, value):
    with pytest.raises(ValueError, match=f": {field} is .*, needs "):
        make_record(**{field: value})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window": 1601}, "window 1601 is no multiple of stride 8"),
        ({"window": 800, "context": 400}, "window 800 must exceed twice the context 400"),
        ({"l_freq": 100.0}, "l_freq 100.0 must be below half of sfreq, 100.0"),
        ({"band": [40, 10]}, r"band \(40, 10\) must rise"),
        ({"band": [10, 101]}, "at half of sfreq, 100.0, or below"),
    ],
)
def test_fields_that_contradict_one_another_are_told(make_record, changes, message):
    with pytest.raises(ValueError, match=f"model record 'stand-in-v1': .*{message}"):
        make_record(**changes)


def edit(record: ModelRecord, **changes: object) -> str:
    return json.dumps(json.loads(format_record(record)) | changes)


def test_missing_and_unknown_fields_are_both_told(make_record):
    entries = json.loads(format_record(make_record()))
    del entries["licence"]
    entries["license"] = "BSD"
    with pytest.raises(ValueError, match=r"here: missing fields \['licence'\], .* \['license'\]"):
        parse_record(json.dumps(entries), source="here")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "here is not the JSON of a model record"),
        ("{", "here is not the JSON of a model record"),
        ("[]", "here holds list, needs an object"),
        ("null", "here holds NoneType, needs an object"),
        ('{"id": "a-v1", "id": "b-v1"}', r"the names \['id'\] stand there more than once"),
    ],
)
def test_text_that_is_no_record_says_where_it_came_from(text, message):
    with pytest.raises(ValueError, match=message):
        parse_record(text, source="here")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_json_cannot_write_are_refused_on_reading(make_record, number):
    with pytest.raises(ValueError, match=r"here: model record .*: sfreq is (nan|inf), needs"):
        parse_record(edit(make_record(), sfreq=number), source="here")
