"""Tests of the parts of pairs on disk, and of the pairs that are mixed from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from mne_artdenoise.channels import THIRTY, find_directions
from mne_artdenoise.training.mixtures import (
    Mixer,
    MixtureConfig,
    draw_references,
    find_electrodes,
    measure_scales,
    take_band,
)
from mne_artdenoise.training.parts import (
    PartsConfig,
    draw_clean,
    draw_part,
    find_channels,
    load_parts,
    resample_bank,
    write_parts,
)
from mne_artdenoise.training.stand_in import make_stand_in_bank

SMALL = PartsConfig(n_times=256, n_clean=12, n_artifacts=16)
NINETEEN = [
    index
    for index, name in enumerate(THIRTY)
    if name not in {"FT7", "FC3", "FCz", "FC4", "FT8", "TP7", "CP3", "CPz", "CP4", "TP8", "Oz"}
]


@pytest.fixture(scope="module")
def bank(make_bank):
    """Give a bank of one person with nineteen of the channels, and one with all thirty."""
    bank = make_bank(sizes=(19, 94), n_times=2400)
    return replace(bank, clean=tuple(name_ten_twenty(item) for item in bank.clean))


def name_ten_twenty(item):
    if len(item.ch_names) > 30:
        return item
    names = tuple(THIRTY[index] for index in NINETEEN)
    old = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}
    return replace(item, ch_names=tuple(old.get(name, name) for name in names))


@pytest.fixture(scope="module")
def parts(bank, tmp_path_factory):
    return write_parts(bank, tmp_path_factory.mktemp("parts"), SMALL, workers=1)


class StoppedError(Exception):
    """What stops a run in these tests."""


def stop(*args):
    raise StoppedError


# Parts


def test_parts_have_the_scale_they_say(parts):
    assert parts.clean.shape == (12, 30, 256)
    assert parts.artifact.shape == (16, 30, 256)
    assert parts.clean.dtype == parts.artifact.dtype == np.float16
    clean, artifact = parts.clean.astype(float), parts.artifact.astype(float)
    assert np.isfinite(clean).all()
    assert_allclose(np.median(clean.std(axis=-1), axis=-1), 1.0, rtol=0.01)
    assert_allclose(np.square(artifact).mean(axis=(1, 2)), 1.0, rtol=0.01)
    assert set(parts.present.sum(axis=1)) == {19, 30}


def test_channels_that_were_not_recorded_are_splines_of_the_others(parts):
    whole = parts.present.all(axis=1)
    ranks = [np.linalg.matrix_rank(x.astype(float), rtol=5e-3) for x in parts.clean]
    assert min(np.array(ranks)[whole]) > 19
    assert max(np.array(ranks)[~whole]) <= 19


def test_old_names_are_those_of_the_same_electrodes(bank):
    (small,) = (item for item in bank.clean if len(item.ch_names) == 19)
    assert "T3" in small.ch_names
    which = find_channels(small, THIRTY)
    assert_array_equal(np.flatnonzero(which >= 0), NINETEEN)
    assert which[THIRTY.index("T7")] == small.ch_names.index("T3")


def test_parts_depend_on_the_seed_alone(bank, parts, tmp_path):
    for name, config in (("same", SMALL), ("other", replace(SMALL, seed=1))):
        found = write_parts(bank, tmp_path / name, config, workers=1)
        for kind in ("clean", "artifact", "present"):
            equal = np.array_equal(getattr(found, kind), getattr(parts, kind))
            assert equal == (name == "same") or kind == "present"


@pytest.mark.slow
def test_parts_do_not_depend_on_the_number_of_processes(bank, parts, tmp_path):
    found = write_parts(bank, tmp_path, SMALL, workers=2)
    assert_array_equal(found.clean, parts.clean)
    assert_array_equal(found.artifact, parts.artifact)


def test_parts_that_are_there_are_not_drawn_again(bank, tmp_path, monkeypatch):
    write_parts(bank, tmp_path, SMALL, workers=1)
    monkeypatch.setattr("mne_artdenoise.training.parts.draw_clean", pytest.fail)
    found = write_parts(bank, tmp_path, SMALL, workers=1)
    assert found.config == load_parts(tmp_path).config == SMALL
    with pytest.raises(ValueError, match="drawn with .*n_clean=12.*n_clean=13.*another folder"):
        write_parts(bank, tmp_path, replace(SMALL, n_clean=13), workers=1)


def test_parts_of_a_run_that_was_stopped_are_drawn_again(bank, parts, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("mne_artdenoise.training.parts.draw_part", stop)
        with pytest.raises(StoppedError):
            write_parts(bank, tmp_path, SMALL, workers=1)
    found = write_parts(bank, tmp_path, SMALL, workers=1)
    assert_array_equal(found.artifact, parts.artifact)


def test_a_bank_without_the_channels_is_told(make_bank):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="No recording of the bank has 8 or more of Fp1, "):
        draw_clean(make_bank(sizes=(5,)), SMALL, rng)


def test_a_bank_at_another_rate_keeps_its_frequencies(bank):
    time = np.arange(2400) / 200.0
    wave = np.sin(2 * np.pi * 10.0 * time).astype(np.float32)
    source = replace(bank.sources[0], signal=wave)
    found = resample_bank(replace(bank, sources=(source,)), 256.0)
    assert found.sfreq == 256.0
    expected = np.sin(2 * np.pi * 10.0 * np.arange(3072) / 256.0)
    assert_allclose(found.sources[0].signal[100:-100], expected[100:-100], atol=1e-3)
    assert found.clean[0].signal.shape == (19, 3072)
    assert found.fields[0].sources.shape[-1] == 3072
    assert resample_bank(bank, 200.0) is bank


def test_an_artifact_outside_the_window_is_drawn_again(bank, monkeypatch):
    drawn = iter([np.zeros((30, 256)), np.ones((30, 256)) * 3])
    monkeypatch.setattr("mne_artdenoise.training.parts.draw_artifact", lambda *_: next(drawn))
    assert_array_equal(draw_part(bank, SMALL, np.random.default_rng(0)), np.ones((30, 256)))


# Mixtures


@pytest.fixture(scope="module")
def mixer(parts):
    return Mixer(parts, MixtureConfig(n_subsets=8))


def draw(mixer, batch=32, seed=0, **changes):
    found = mixer.draw(batch, np.random.default_rng(seed))
    return replace(found, **changes)


def measure_snr(noisy, clean):
    return 10 * torch.log10(clean.square().mean((1, 2)) / (noisy - clean).square().mean((1, 2)))


def test_a_batch_depends_on_the_seed_and_its_number_alone(mixer):
    stream = mixer.stream(4, seed=7)
    batches = [next(stream) for _ in range(6)]
    for noisy, clean in (next(mixer.stream(4, seed=7, first=5)),):
        assert torch.equal(noisy, batches[5][0])
        assert torch.equal(clean, batches[5][1])
    assert not torch.equal(batches[0][0], batches[1][0])
    assert not torch.equal(next(mixer.stream(4, seed=8))[0], batches[0][0])


def test_pairs_are_finite_and_of_about_unit_scale(mixer):
    noisy, clean = mixer.mix(draw(mixer, 64))
    assert noisy.shape == clean.shape == (64, 30, 256)
    assert noisy.dtype == torch.float32
    assert noisy.isfinite().all()
    assert clean.isfinite().all()
    assert 0.3 < float(measure_scales(noisy, 256).median()) < 3.0


def test_some_windows_hold_no_artifact(mixer):
    noisy, clean = mixer.mix(draw(mixer, 64))
    same = (noisy == clean).all(-1).all(-1)
    assert 1 <= int(same.sum()) <= 20


@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 5.0])
def test_one_artifact_has_the_ratio_that_was_drawn(parts, snr_db):
    config = MixtureConfig(snr_db=(snr_db, snr_db), identity=0.0, fewer=0.0, band=0.0, n_subsets=2)
    mixer = Mixer(parts, config)
    found = draw(mixer)
    gains = found.gains.copy()
    gains[:, 1:] = 0.0
    # Artifacts that lie at electrodes which the recording lacks would be blown up: they are not.
    snr = measure_snr(*mixer.mix(replace(found, gains=gains)))
    assert (snr > snr_db - 0.01).all()
    assert float(snr.median()) == pytest.approx(snr_db, abs=0.05)


def test_fewer_electrodes_leave_fewer_directions(parts):
    config = MixtureConfig(fewer=1.0, band=0.0, n_subsets=8)
    noisy, _ = Mixer(parts, config).mix(draw(Mixer(parts, config), 16))
    ranks = torch.linalg.matrix_rank(noisy.double(), rtol=1e-4)
    assert int(ranks.min()) < 15
    assert int(ranks.max()) <= 30


def test_recordings_that_lack_electrodes_are_never_seen_through_them(parts, mixer):
    electrodes = mixer.electrodes
    for group, mask in enumerate(np.unique(parts.present, axis=0)):
        assert not electrodes.subsets[group][:, ~mask].any()
        assert not electrodes.maps[group][:, :, ~mask].any()
    assert (electrodes.subsets.sum(axis=-1) >= 8).all()
    assert_allclose(electrodes.maps.sum(axis=-1), 1.0, atol=1e-5)


def test_the_mirror_image_of_each_electrode_is_known(parts):
    mirror = find_electrodes(parts, MixtureConfig(n_subsets=1)).mirror
    for index, name in enumerate(THIRTY):
        image = THIRTY[mirror[index]]
        digit = name[-1]
        side = {"z": "z"}.get(digit) or str(int(digit) + (1 if int(digit) % 2 else -1))
        assert image == name[:-1] + side


def test_references_are_of_electrodes_that_are_there(rng):
    there = rng.random((500, 30)) < 0.5
    weights = draw_references(there, rng)
    assert not weights[~there].any()
    sums = weights.sum(axis=1)
    assert_allclose(sums[sums != 0], 1.0)
    single, none = (weights == 1).any(axis=1).mean(), (sums == 0).mean()
    assert 0.1 < single < 0.3
    assert 0.35 < none < 0.55


@pytest.mark.parametrize(("low", "high"), [(0.0, np.inf), (2.0, 30.0)])
def test_a_band_keeps_what_is_inside(low, high):
    time = torch.arange(1024) / 256.0
    waves = torch.stack([torch.sin(2 * np.pi * f * time) for f in (0.5, 10.0, 60.0)])
    found = take_band(waves[None], torch.tensor([low]), torch.tensor([high]), 256.0)[0]
    kept = found.std(-1) / waves.std(-1)
    expected = [1.0, 1.0, 1.0] if high == np.inf else [0.0, 1.0, 0.0]
    assert_allclose(kept, expected, atol=0.02)


def test_the_scale_is_the_median_of_medians(rng):
    x = (
        torch.from_numpy(rng.standard_normal((3, 5, 1024)))
        * torch.tensor([1.0, 2.0, 5.0])[:, None, None]
    )
    x[:, 0] *= 100
    x[:, :, 300:400] *= 50
    assert_allclose(measure_scales(x, 256), [1.0, 2.0, 5.0], rtol=0.1)


# The stand-in


def test_stand_in_banks_make_parts(tmp_path):
    bank = make_stand_in_bank(0)
    parts = write_parts(bank, tmp_path, replace(SMALL, n_clean=3, n_artifacts=5), workers=1)
    assert parts.present.all()
    directions = find_directions(bank.clean[0].ch_names)
    assert directions.shape == (30, 3)
    others = {item.subject for item in make_stand_in_bank(1).clean}
    assert not others & {item.subject for item in bank.clean}
