"""Tests of pairs as a torch dataset."""

from __future__ import annotations

import time
from itertools import islice

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mne_artdenoise.synthesis import make_pairs
from mne_artdenoise.synthesis.bank import Bank, CleanRecording, FieldSource, Source
from mne_artdenoise.training.dataset import PairDataset


def take_batches(dataset, n_batches, **options):
    """Give what a loader draws, as one array per part."""
    loader = DataLoader(dataset, 4, **options)
    batches = list(islice(loader, n_batches))
    return [torch.cat(parts).numpy() for parts in zip(*batches, strict=True)]


def keep_noisy(pair):
    return pair.noisy


def test_batches_are_the_pairs_in_single_precision(make_bank):
    bank = make_bank()
    pairs = make_pairs(bank, bank, n_pairs=8, duration=1.0, rng=5)
    dataset = PairDataset(bank, bank, duration=1.0, rng=5)
    batch = next(iter(DataLoader(dataset, 8)))
    for name in ("noisy", "clean", "artifact"):
        tensor = getattr(batch, name)
        assert tensor.dtype == torch.float32
        assert np.array_equal(tensor.numpy(), getattr(pairs, name).astype(np.float32))
    assert dataset.info["ch_names"] == pairs.info["ch_names"]


@pytest.mark.parametrize("rng", [0, None])
def test_workers_share_one_stream_without_drawing_a_pair_twice(make_bank, rng):
    bank = make_bank((4,))
    dataset = PairDataset(bank, bank, duration=0.5, rng=rng)
    alone, _, _ = take_batches(dataset, 6)
    shared, _, _ = take_batches(dataset, 6, num_workers=2)
    assert len(np.unique(shared, axis=0)) == 24
    # Batches come from the two workers in turn: of the even pairs, of the odd ones.
    order = np.concatenate(
        [np.arange(8 * n + w, 8 * n + w + 8, 2) for n in range(3) for w in (0, 1)]
    )
    assert np.array_equal(shared, alone[order])


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(make_bank):
    bank = make_bank((4,))
    first, again, other = (
        take_batches(PairDataset(bank, bank, duration=0.5, rng=seed), 2, num_workers=2)[0]
        for seed in (1, 1, 2)
    )
    assert first.tobytes() == again.tobytes()
    assert not {x.tobytes() for x in first} & {x.tobytes() for x in other}


def test_a_stream_can_be_gone_on_with(make_bank):
    bank = make_bank((4,))
    whole, _, _ = take_batches(PairDataset(bank, bank, duration=0.5, rng=1), 3)
    rest, _, _ = take_batches(PairDataset(bank, bank, duration=0.5, rng=1, first=4), 2)
    assert np.array_equal(rest, whole[4:])


def test_what_becomes_of_a_pair_can_be_chosen(make_bank):
    bank = make_bank((4,))
    dataset = PairDataset(bank, bank, duration=0.5, rng=1, transform=keep_noisy)
    batch = next(iter(DataLoader(dataset, 3)))
    assert (batch.dtype, batch.shape) == (torch.float64, (3, 4, 100))


def test_wrong_options_are_told_at_once(make_bank):
    with pytest.raises(ValueError, match="span is 'short'"):
        PairDataset(make_bank(), make_bank(), span="short")


@pytest.mark.benchmark
@pytest.mark.parametrize("num_workers", [0, 2])
def test_pairs_come_faster_than_training_needs_them(make_info, num_workers):
    info = make_info(30, 256.0)
    names, positions = tuple(info["ch_names"]), np.array([ch["loc"][:3] for ch in info["chs"]])
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((30, 60 * 256)).astype(np.float32)
    clean = tuple(CleanRecording(f"person{n}", names, positions, noise) for n in range(3))
    sources = tuple(Source("person", kind, noise[0]) for kind in ("eye", "muscle"))
    fields = (FieldSource("person", "eye", names, positions, noise[:2, :30], noise[:2]),)
    bank = Bank(256.0, clean, sources, fields)
    batches = iter(DataLoader(PairDataset(bank, bank, rng=0), 32, num_workers=num_workers))
    for _ in range(6):  # workers start, and draw ahead
        next(batches)
    start = time.perf_counter()
    for _ in range(30):
        assert next(batches).noisy.shape == (32, 30, 1024)
    assert 30 * 32 / (time.perf_counter() - start) > 200
