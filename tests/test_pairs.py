"""Tests of noisy and clean pairs."""

from __future__ import annotations

import tracemalloc
from itertools import islice

import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mne_artdenoise.synthesis import KINDS, make_pairs, measure_snr, stream_pairs
from mne_artdenoise.synthesis.artifacts import REPLACING

ADDED = [kind for kind in KINDS if kind not in REPLACING]


class Bumps:
    """A stand-in for a generator that learned: a bump at a place, or a wave over all times."""

    labels = ("bump", "wave")

    def generate(self, info, n_times, label, rng):
        artifact = 1e-4 * rng.standard_normal((len(info), n_times))
        if label == "bump":
            start = rng.integers(n_times)
            artifact[:, :start] = artifact[:, start + n_times // 4 + 1 :] = 0.0
        return artifact


class Silence(Bumps):
    """Draws nothing, or what a broken generator draws."""

    def __init__(self, factor=0.0, n_more=0):
        self.factor, self.n_more = factor, n_more

    def generate(self, info, n_times, label, rng):
        return self.factor * np.ones((len(info), n_times + self.n_more))


def count_kinds(pairs):
    names, counts = np.unique([kind for kinds in pairs.kinds for kind in kinds], return_counts=True)
    return dict(zip(names.tolist(), (counts / counts.sum()).tolist(), strict=True))


@given(
    seed=st.integers(0, 2**31),
    limits=st.tuples(st.floats(-30.0, 30.0), st.floats(0.0, 10.0)),
    convention=st.sampled_from(["power", "rms"]),
    per=st.sampled_from(["all", "channel"]),
    span=st.sampled_from(["window", "active"]),
    n_kinds=st.sampled_from([1, 2, (0, 2), (1, 3)]),
    source=st.sampled_from(["bank", "bumps", "both"]),
)
def test_every_pair_has_the_ratio_asked_for_and_adds_up(
    make_bank, seed, limits, convention, per, span, n_kinds, source
):
    bank = make_bank()
    artifacts = {
        "bank": bank,
        "bumps": Bumps(),
        "both": {"eye": bank, "bump": Bumps(), "muscle": bank},
    }[source]
    n_kinds = (1, 2) if source == "bumps" else n_kinds
    low, high = limits[0], limits[0] + limits[1]
    options = {"convention": convention, "per": per, "span": span}
    pairs = make_pairs(
        *(bank, artifacts), n_pairs=4, snr_db=(low, high), n_kinds=n_kinds, duration=0.5, rng=seed,
        **options,
    )  # fmt: skip
    assert np.array_equal(pairs.noisy, pairs.clean + pairs.artifact)
    for index, asked in enumerate(pairs.snr_db):
        found = measure_snr(pairs.clean[index], pairs.artifact[index], **options)
        if not pairs.kinds[index]:
            assert asked == np.inf
            assert not pairs.artifact[index].any()
            continue
        assert low <= asked <= high
        heard = np.isfinite(found)  # a channel that has no artifact stays clean
        assert heard.any()
        np.testing.assert_allclose(found[heard], asked, atol=0.01)


@pytest.mark.parametrize("kind", ADDED)
@pytest.mark.parametrize(("n_channels", "sfreq"), [(2, 100.0), (19, 256.0), (256, 2000.0)])
def test_every_kind_can_be_added_at_a_ratio(make_raw, kind, n_channels, sfreq):
    raw = make_raw(n_channels, 2.5, sfreq)
    pairs = make_pairs(raw, [kind], n_pairs=1, snr_db=-4.0, duration=2.0, rng=0)
    assert pairs.kinds == ((kind,),)
    assert measure_snr(pairs.clean[0], pairs.artifact[0]) == pytest.approx(-4.0, abs=1e-9)


def test_without_ratio_artifacts_are_as_large_as_they_are_drawn(make_raw):
    asked = {"artifacts": Bumps(), "n_pairs": 3, "kinds": ["wave"], "rng": 1}
    pairs = make_pairs(make_raw(3, 30.0), snr_db=None, **asked)
    np.testing.assert_allclose(pairs.artifact.std(axis=(1, 2)), 1e-4, rtol=0.1)
    found = [measure_snr(*parts) for parts in zip(pairs.clean, pairs.artifact, strict=True)]
    np.testing.assert_allclose(pairs.snr_db, found)


def test_each_kind_may_have_a_ratio_of_its_own(make_raw):
    pairs = make_pairs(
        *(make_raw(3, 30.0), Bumps()), n_pairs=20, rng=2, n_kinds=1,
        snr_db={"bump": -20.0, "wave": (5.0, 6.0)},
    )  # fmt: skip
    limits = {("bump",): (-20.001, -19.999), ("wave",): (5.0, 6.0)}
    for kinds, ratio in zip(pairs.kinds, pairs.snr_db, strict=True):
        low, high = limits[kinds]
        assert low <= ratio <= high


def test_kinds_with_ratios_of_their_own_add_up(make_raw):
    pairs = make_pairs(
        make_raw(3, 30.0), Bumps(), n_pairs=20, rng=2, n_kinds=2, snr_db=dict(bump=0.0, wave=0.0)
    )
    # Two artifacts of the power of brain, hardly alike.
    np.testing.assert_allclose(pairs.snr_db, -3.0, atol=0.7)


def test_the_kinds_of_a_group_have_its_ratio_together(make_raw):
    asked = {"eye": (-8.0, -7.0), "bump": 3.0}
    pairs = make_pairs(
        *(make_raw(8, 30.0), {"blink": {}, "vertical saccade": {}, "bump": Bumps()}),
        **dict(n_pairs=12, n_kinds=2, snr_db=asked, rng=0),
    )
    eyes = [not {"bump"} & set(kinds) for kinds in pairs.kinds]
    assert 0 < sum(eyes) < 12
    assert all(-8 <= ratio <= -7 for ratio in pairs.snr_db[eyes])
    for index, ratio in enumerate(pairs.snr_db):
        found = measure_snr(pairs.clean[index], pairs.artifact[index])
        assert found == pytest.approx(ratio, abs=1e-9)


def test_kinds_are_drawn_by_their_shares(make_raw):
    raw = make_raw(2, 10.0)
    asked = {"n_pairs": 400, "duration": 0.1, "rng": 0}
    assert count_kinds(make_pairs(raw, Bumps(), **asked))["bump"] == pytest.approx(0.5, abs=0.08)
    shares = count_kinds(make_pairs(raw, Bumps(), kinds={"wave": 4, "bump": 1}, **asked))
    assert shares["bump"] == pytest.approx(0.2, abs=0.07)
    assert count_kinds(make_pairs(raw, Bumps(), kinds=["wave"], **asked)) == {"wave": 1.0}
    pairs = make_pairs(raw, Bumps(), n_kinds=(0, 2), **asked)
    numbers = np.bincount([len(kinds) for kinds in pairs.kinds]) / 400
    np.testing.assert_allclose(numbers, 1 / 3, atol=0.08)


def test_the_same_seed_gives_the_same_bytes(make_bank):
    bank = make_bank()
    first, again, other, more = (
        make_pairs(bank, bank, n_pairs=n_pairs, duration=1.0, n_kinds=(1, 3), rng=seed)
        for n_pairs, seed in [(5, 7), (5, 7), (5, 8), (9, 7)]
    )
    for part in ("noisy", "clean", "artifact"):
        bytes_ = getattr(first, part).tobytes()
        assert bytes_ == getattr(again, part).tobytes() == getattr(more, part)[:5].tobytes()
        assert bytes_ != getattr(other, part).tobytes()
    assert first.kinds == again.kinds == more.kinds[:5]
    assert len({x.tobytes() for x in more.clean}) > 5


def test_a_generator_moves_on_from_one_set_to_the_next(make_raw):
    rng = np.random.default_rng(3)
    first, second, third = (
        make_pairs(make_raw(2, 10.0), Bumps(), n_pairs=2, rng=r).noisy for r in (rng, rng, None)
    )
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, third)


def test_streams_can_be_shared_and_entered_anywhere(make_bank):
    bank = make_bank()
    pairs = make_pairs(bank, bank, n_pairs=7, duration=1.0, rng=4)
    for first, step in [(0, 1), (3, 1), (1, 3)]:
        stream = stream_pairs(bank, bank, duration=1.0, rng=4, first=first, step=step)
        for number, pair in zip(range(first, 7, step), stream, strict=False):
            assert np.array_equal(pair.noisy, pairs.noisy[number])
            assert pair.kinds == pairs.kinds[number]
            assert pair.snr_db == pairs.snr_db[number]


def test_a_stream_holds_one_pair_in_memory(make_raw):
    stream = stream_pairs(make_raw(8, 30.0), Bumps(), rng=0)
    next(stream)
    tracemalloc.start()
    for _ in islice(stream, 100):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * 8 * 800 * 8  # of 100 pairs with three parts each


@pytest.mark.parametrize("kind", REPLACING)
def test_a_channel_that_is_replaced_holds_nothing_of_the_rest(make_raw, kind):
    replaced = {"channels": ["Fz"]} | ({"hum": 0.0, "noise": 1e-9} if kind == "dead" else {})
    pairs = make_pairs(
        *(make_raw(5, 30.0), {kind: replaced, "wave": Bumps()}),
        **dict(n_pairs=8, n_kinds=2, snr_db=-20.0, rng=0),
    )
    assert (pairs.snr_db == -20.0).all()
    assert np.array_equal(pairs.noisy, pairs.clean + pairs.artifact)
    row = pairs.info["ch_names"].index("Fz")
    assert np.abs(pairs.noisy[:, row]).max() <= (0 if kind == "flat" else 1e-8)
    # In the other channels, the rest is as large as was asked for.
    others = np.arange(5) != row
    found = measure_snr(pairs.clean[:, others], pairs.artifact[:, others])
    assert found == pytest.approx(-20.0, abs=1.0)


def test_only_what_is_added_has_a_ratio(make_raw):
    pairs = make_pairs(make_raw(5, 30.0), ["flat"], n_pairs=2, snr_db=-20.0, rng=0)
    assert (pairs.snr_db == np.inf).all()
    assert pairs.artifact.any(axis=(1, 2)).all()


def test_epochs_say_what_is_in_them(make_raw):
    pairs = make_pairs(
        make_raw(4, 20.0, bads=["Cz"]), Bumps(), n_pairs=12, n_kinds=(0, 2), duration=0.5, rng=0
    )
    for part in ("noisy", "clean", "artifact"):
        epochs = pairs.to_epochs(part)
        assert isinstance(epochs, mne.EpochsArray)
        assert np.array_equal(epochs.get_data(), getattr(pairs, part))
        assert epochs.ch_names == ["Pz", "Fz", "Oz"]
        names = [" + ".join(kinds) or "none" for kinds in pairs.kinds]
        assert epochs.metadata["kinds"].tolist() == names
        assert epochs.metadata["snr_db"].tolist() == pairs.snr_db.tolist()
        assert set(epochs.event_id) == {"bump", "wave", "bump + wave", "none"}
    assert len(epochs["bump + wave"]) == names.count("bump + wave")
    epochs.get_data(copy=False)[:] = 0.0
    assert pairs.artifact.any()
    with pytest.raises(ValueError, match="part is 'brain'"):
        pairs.to_epochs("brain")


@pytest.mark.parametrize("n_kinds", [0, (0, 0), (2, 1), 3, (1, 3), -1, (1, 2, 2)])
def test_numbers_of_kinds_that_cannot_be_are_told(make_raw, n_kinds):
    with pytest.raises(ValueError, match="n_kinds must be a number, or the least and the largest"):
        make_pairs(make_raw(2, 5.0), Bumps(), n_pairs=1, n_kinds=n_kinds)


@pytest.mark.parametrize("snr_db", [np.nan, np.inf, (3.0, 1.0), (1.0, 2.0, 3.0), {"bump": (2, 1)}])
def test_ratios_that_cannot_be_are_told(make_raw, snr_db):
    with pytest.raises(ValueError, match="snr_db must be a number, two of them"):
        make_pairs(make_raw(2, 5.0), Bumps(), n_pairs=1, kinds=["bump"], snr_db=snr_db)


def test_a_kind_without_ratio_or_with_two_is_told(make_raw):
    with pytest.raises(ValueError, match="no ratio for 'wave'"):
        make_pairs(make_raw(2, 5.0), Bumps(), n_pairs=1, snr_db={"bump": 1.0})
    with pytest.raises(ValueError, match="two ratios for 'blink'"):
        make_pairs(make_raw(2, 5.0), ["eye"], n_pairs=1, snr_db={"eye": 1.0, "blink": 2.0})


def test_wrong_options_are_told_before_anything_is_drawn(make_raw):
    with pytest.raises(ValueError, match="per is 'electrode'"):
        stream_pairs(make_raw(2, 5.0), Bumps(), per="electrode")
    with pytest.raises(ValueError, match="n_pairs must be 1 or more"):
        make_pairs(make_raw(2, 5.0), Bumps(), n_pairs=0)


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (Silence(), "'bump' was silent 20 times in 800 samples"),
        (Silence(np.nan), r"finite numbers of shape \(2, 800\), and gave others"),
        (Silence(1.0, 1), r"of shape \(2, 800\), and gave shape \(2, 801\)"),
    ],
)
def test_a_generator_that_draws_nonsense_is_told(make_raw, broken, text):
    with pytest.raises(ValueError, match=text):
        make_pairs(make_raw(2, 5.0), broken, n_pairs=1, kinds=["bump"])


def test_a_silent_recording_is_told(make_info):
    with pytest.raises(ValueError, match="clean signal was silent in 20 windows"):
        make_pairs(np.zeros((2, 100)), Bumps(), n_pairs=1, duration=0.1, info=make_info(2))
