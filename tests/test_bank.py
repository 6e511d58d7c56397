"""Tests of the bank of clean recordings and artifact sources."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields, replace
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mne_artdenoise.synthesis.bank import (
    Bank,
    CleanRecording,
    FieldSource,
    Source,
    take_clean,
    take_fields,
)
from mne_artdenoise.synthesis.components import ICLABEL_CLASSES, ComponentSet

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


def draw_values(draw, *shape: int) -> np.ndarray:
    rng = np.random.default_rng(draw(st.integers(0, 20)))  # few: so that items may be equal
    return rng.standard_normal(shape).astype(np.float32)


@st.composite
def draw_item(draw, kind: type):
    """Make any item of a bank, however small."""
    subject, n_channels = draw(NAMES), draw(st.integers(0, 3))
    n_times, n_components = draw(st.integers(0, 6)), draw(st.integers(0, 2))
    place = tuple(draw(NAMES) for _ in range(n_channels)), draw_values(draw, n_channels, 3)
    if kind is Source:
        return Source(subject, draw(NAMES), draw_values(draw, n_times))
    if kind is CleanRecording:
        return CleanRecording(subject, *place, draw_values(draw, n_channels, n_times))
    waves = draw_values(draw, n_components, n_channels), draw_values(draw, n_components, n_times)
    return FieldSource(subject, draw(NAMES), *place, *waves)


@st.composite
def draw_bank(draw, sfreq: float | None = None) -> Bank:
    """Make any bank of a few items."""
    rate = st.floats(1e-3, 1e6) if sfreq is None else st.just(sfreq)
    kinds = CleanRecording, Source, FieldSource
    return Bank(draw(rate), *(tuple(draw(st.lists(draw_item(kind), max_size=3))) for kind in kinds))


def list_items(bank: Bank) -> list:
    return [*bank.clean, *bank.sources, *bank.fields]


def describe(item) -> str:
    """Write an item as text that is equal for equal items."""
    return repr({name: np.asarray(value).tolist() for name, value in vars(item).items()})


def count_items(bank: Bank) -> Counter:
    return Counter(map(describe, bank))


def assert_same(first, second):
    """Compare two items of a bank field by field, arrays as the float32 they are stored in."""
    assert type(first) is type(second)
    for field in fields(first):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if isinstance(one, np.ndarray):
            assert other.dtype == np.float32
            np.testing.assert_array_equal(one.astype(np.float32), other)
        else:
            assert one == other
            assert type(one) is type(other)


@pytest.fixture
def components(rng) -> ComponentSet:
    """Make four components of five channels: two brain, one eye, one unsure muscle."""
    probabilities = np.full((4, 7), 0.01)
    for row, (kind, size) in enumerate([("brain", 0.9), ("eye", 0.95), ("brain", 0.81)]):
        probabilities[row, ICLABEL_CLASSES.index(kind)] = size
    probabilities[3, ICLABEL_CLASSES.index("muscle")] = 0.6
    return ComponentSet(
        *("person", 128.0, ("Cz", "Pz", "Fz", "Oz", "C3"), rng.standard_normal((5, 3))),
        *(rng.standard_normal((4, 5)), rng.standard_normal((4, 300)), probabilities),
    )


def test_a_bank_comes_back_as_it_was_saved(make_bank, tmp_path):
    bank = make_bank(n_times=100)
    bank.save(tmp_path / "bank.npz")
    again = Bank.load(tmp_path / "bank.npz")
    assert again.sfreq == bank.sfreq
    for group in ("clean", "sources", "fields"):
        assert len(getattr(again, group)) == len(getattr(bank, group)) > 0
    for first, second in zip(list_items(bank), list_items(again), strict=True):
        assert_same(first, second)


def test_more_than_ten_items_keep_their_own_arrays(tmp_path):
    sources = tuple(Source(f"p{n}", "eye", np.full(n + 1, float(n))) for n in range(23))
    Bank(128.0, sources=sources).save(tmp_path / "bank.npz")
    again = Bank.load(str(tmp_path / "bank.npz"))
    for first, second in zip(sources, again.sources, strict=True):
        assert_same(first, second)


def test_an_empty_bank_comes_back_empty(tmp_path):
    Bank(200.0).save(tmp_path / "bank.npz")
    assert Bank.load(tmp_path / "bank.npz") == Bank(200.0)


def test_names_beyond_ascii_come_back(tmp_path):
    item = CleanRecording("Плохл/1", ("Fp1'", "é"), np.zeros((2, 3)), np.zeros((2, 9)))
    Bank(200.0, (item,)).save(tmp_path / "bank.npz")
    assert_same(item, Bank.load(tmp_path / "bank.npz").clean[0])


def test_files_hold_no_pickled_object(make_bank, tmp_path):
    make_bank(n_times=100).save(tmp_path / "bank.npz")
    with np.load(tmp_path / "bank.npz", allow_pickle=False) as stored:
        assert all(stored[name].dtype.kind in "fU" for name in stored.files)


def test_files_with_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / "bank.npz", meta=np.array([{"sfreq": 200.0}], dtype=object))
    with pytest.raises(ValueError, match="not a whole file of a Bank.*meta holds pickled objects"):
        Bank.load(tmp_path / "bank.npz")


@pytest.mark.parametrize("held_out", [[], ["person8"], ["person8", "eye1", "field0"], ["nobody"]])
def test_splitting_puts_every_item_of_a_person_on_one_side(make_bank, held_out):
    bank = make_bank(n_times=100)
    kept, out = bank.split(held_out)
    assert not {item.subject for item in list_items(kept)} & set(held_out)
    assert {item.subject for item in list_items(out)} <= set(held_out)
    assert kept.sfreq == out.sfreq == bank.sfreq
    both = {id(item) for item in chain(list_items(kept), list_items(out))}
    assert both == {id(item) for item in list_items(bank)}
    assert len(list_items(kept)) + len(list_items(out)) == len(list_items(bank))


def test_splitting_keeps_the_order(make_bank):
    bank = make_bank(n_times=100)
    kept, _ = bank.split(iter(["person19"]))
    assert [item.subject for item in kept.clean] == ["person8", "person64"]
    assert kept.sources == bank.sources


def test_fields_are_the_components_that_are_surely_of_a_kind(components):
    found = take_fields(components, {"eye": 0.8, "muscle": 0.7, "heart": 0.7})
    assert [item.kind for item in found] == ["eye"]
    assert (found[0].subject, found[0].ch_names) == ("person", components.ch_names)
    np.testing.assert_array_equal(found[0].maps, components.maps[[1]])
    np.testing.assert_array_equal(found[0].sources, components.sources[[1]])


def test_a_lower_threshold_takes_more_kinds(components):
    found = take_fields(components, {"muscle": 0.5, "eye": 0.8})
    assert [item.kind for item in found] == ["muscle", "eye"]


@pytest.mark.parametrize(("threshold", "which"), [(0.8, [0, 2]), (0.85, [0])])
def test_clean_is_the_sum_of_what_is_surely_brain(components, threshold, which):
    clean = take_clean(components, threshold)
    expected = sum(np.outer(components.maps[k], components.sources[k]) for k in which)
    np.testing.assert_allclose(clean.signal, expected, rtol=1e-12, atol=1e-12)
    assert (clean.subject, clean.ch_names) == ("person", components.ch_names)


def test_clean_is_silent_where_nothing_is_surely_brain(components):
    unsure = replace(components, probabilities=np.full((4, 7), 1 / 7))
    assert np.array_equal(take_clean(unsure).signal, np.zeros((5, 300)))


@given(bank=draw_bank())
def test_any_bank_comes_back(bank, tmp_path_factory):
    path = tmp_path_factory.mktemp("bank") / "any bank.npz"
    bank.save(path)
    again = Bank.load(path)
    assert again.sfreq == bank.sfreq
    assert [describe(item) for item in again] == [describe(item) for item in bank]


@given(bank=draw_bank(), held_out=st.sets(NAMES, max_size=3), data=st.data())
def test_what_was_split_merges_into_what_it_was(bank, held_out, data):
    if bank.subjects:
        held_out |= data.draw(st.sets(st.sampled_from(bank.subjects)))
    kept, out = bank.split(held_out)
    assert set(count_items(kept | out)) == set(count_items(bank))
    assert not set(kept.subjects) & set(out.subjects)


@given(first=draw_bank(sfreq=200.0), second=draw_bank(sfreq=200.0))
def test_merging_takes_everything_and_nothing_twice(first, second):
    merged = first.merge(second)
    assert set(count_items(merged)) == set(count_items(first)) | set(count_items(second))
    assert count_items(merged | first) == count_items(merged | second) == count_items(merged)
    assert merged.clean[: len(first.clean)] == first.clean


def test_what_differs_in_one_sample_is_not_the_same():
    first = Source("p", "eye", np.zeros(9, "f4"))
    second = replace(first, signal=np.eye(1, 9, 8, dtype="f4")[0])
    assert len((Bank(200.0, (), (first,)) | Bank(200.0, (), (second,))).sources) == 2


def test_banks_of_other_rates_do_not_merge():
    with pytest.raises(ValueError, match=r"at 200 and 128 Hz.*sfreq="):
        Bank(200.0).merge(Bank(128.0))
    with pytest.raises(TypeError):
        Bank(200.0) | [1]


def test_a_bank_tells_what_is_in_it(make_bank):
    bank = make_bank(sizes=(8, 19), kinds=("eye",), fields=("muscle",), n_times=12000)
    assert repr(bank) == "<Bank | 200 Hz, 6 people: 2 clean, 2 sources, 2 fields>"
    assert bank.subjects == ("eye0", "eye1", "field0", "field1", "person19", "person8")
    lines = bank.summary().splitlines()
    assert lines[1:] == [
        "  clean: 2 people, 2.0 min, 8 or 19 channels",
        "  sources, eye: 2 of 2 people",
        "  fields, muscle: 2 of 2 people",
    ]
    assert "clean: 0 people" in Bank(100.0).summary()


def write_bank(path, meta: object, **arrays: np.ndarray) -> None:
    np.savez(path, meta=np.array(json.dumps(meta)), **arrays)


EMPTY = {"sfreq": 200.0, "clean": [], "sources": [], "fields": []}
ROW = {"subject": "p", "kind": "eye"}


@pytest.mark.parametrize(
    ("meta", "signal", "message"),
    [
        ([], None, "not a whole file of a Bank"),
        ({**EMPTY, "sfreq": -1}, None, "sampling rate"),
        ({**EMPTY, "sfreq": "nan"}, None, "sampling rate"),
        ({**EMPTY, "sources": [ROW]}, None, "sources/0/signal"),
        ({**EMPTY, "sources": [ROW]}, np.zeros((2, 3)), "shape .2, 3., needs floats, any"),
        ({**EMPTY, "sources": [ROW]}, np.zeros(3, int), "is int64"),
        ({**EMPTY, "sources": [ROW]}, np.array([0, np.nan]), "not finite"),
        ({**EMPTY, "sources": [{**ROW, "subject": 3}]}, np.zeros(3), "not a text"),
        ({**EMPTY, "sources": [{**ROW, "whole": "yes"}]}, np.zeros(3), "'yes', not true"),
        ({**EMPTY, "sources": [{**ROW, "signal": 3}]}, np.zeros(3), "multiple values"),
        ({**EMPTY, "sources": [{"subject": "p"}]}, np.zeros(3), "kind"),
        ({**EMPTY, "sources": [{**ROW, "more": 3}]}, np.zeros(3), "more"),
        (EMPTY, np.zeros(3), "belongs to nothing"),
    ],
)
def test_a_file_that_no_bank_wrote_is_told(tmp_path, meta, signal, message):
    arrays = {} if signal is None else {"sources/0/signal": signal}
    write_bank(tmp_path / "bank.npz", meta, **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        Bank.load(tmp_path / "bank.npz")
    assert str(tmp_path / "bank.npz") in str(caught.value)
