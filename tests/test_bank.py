"""Tests of the bank of clean recordings and artifact sources."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import chain

import numpy as np
import pytest

from mne_artdenoise.synthesis.bank import Bank, CleanRecording, Source, take_clean, take_fields
from mne_artdenoise.synthesis.components import ICLABEL_CLASSES, ComponentSet


def list_items(bank: Bank) -> list:
    return [*bank.clean, *bank.sources, *bank.fields]


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
    with pytest.raises(ValueError, match="allow_pickle=False"):
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
