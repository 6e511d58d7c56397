"""Tests of what artifacts are drawn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mne_artdenoise.synthesis.artifacts import GROUPS, KINDS
from mne_artdenoise.synthesis.electrodes import read_electrodes
from mne_artdenoise.synthesis.generators import (
    BANK_RMS,
    ArtifactGenerator,
    BankArtifacts,
    PhysicalArtifacts,
    read_generators,
    share_kinds,
)


class Ramps:
    """A stand-in for a generator that learned."""

    labels = ("ramp", "chewing")

    def generate(self, info, n_times, label, rng):
        return np.outer(rng.standard_normal(len(read_electrodes(info))), np.arange(n_times))


def read(artifacts, n_times=400):
    return read_generators(artifacts, 200.0, n_times)


def test_what_generates_is_known_by_its_methods(make_bank):
    for generator in (Ramps(), BankArtifacts(make_bank()), PhysicalArtifacts({})):
        assert isinstance(generator, ArtifactGenerator)
    assert not isinstance(make_bank(), ArtifactGenerator)


def test_names_are_made_by_formulas():
    found = read(["blink", "eye", "muscle", "blink"])
    assert list(found) == ["blink", *GROUPS["eye"][1:], "muscle"]
    assert all(isinstance(generator, PhysicalArtifacts) for generator in found.values())


def test_a_bank_draws_all_it_has(make_bank):
    found = read(make_bank(kinds=("eye", "motion"), fields=("line", "eye")))
    assert list(found) == ["eye", "line", "motion"]


@pytest.mark.parametrize("kind", ["eye", "muscle", "heart", "motion", "line", "channel"])
def test_artifacts_of_a_bank_are_as_large_as_those_of_people(make_bank, make_info, rng, kind):
    generator = BankArtifacts(make_bank())
    for info in (make_info(5), read_electrodes(make_info(64))):
        artifact = generator.generate(info, 333, kind, rng)
        assert artifact.shape == (len(read_electrodes(info)), 333)
        assert np.sqrt(np.mean(artifact**2)) == pytest.approx(BANK_RMS)


def test_components_alone_suffice(make_bank, make_info, rng):
    bank = make_bank(kinds=(), fields=("eye",))
    artifact = BankArtifacts(bank).generate(make_info(19), 100, "eye", rng)
    assert artifact.any()


def test_a_mapping_says_what_draws_each_name(make_bank):
    bank, ramps = make_bank(), Ramps()
    found = read({"eye": {}, "muscle": bank, "chewing": ramps})
    assert list(found) == [*GROUPS["eye"], "muscle", "chewing"]
    assert found["muscle"] == BankArtifacts(bank)
    assert found["chewing"] is ramps


def test_a_generator_that_names_no_labels_may_be_given_for_a_name():
    class Plain:
        generate = Ramps.generate

    assert list(read({"anything": Plain()})) == ["anything"]


def test_physical_parameters_reach_the_formula(make_info, monkeypatch):
    asked = {}

    def make(info, n_times, rng, **physical):
        asked.update(physical)
        return np.ones((3, n_times))

    monkeypatch.setitem(KINDS, "blink", make)
    generator = read({"blink": {"rate": 3.0}, "muscle": {}})["blink"]
    assert generator.generate(make_info(3), 7, "blink", np.random.default_rng(0)).shape == (3, 7)
    assert asked == {"rate": 3.0}


def test_what_cannot_draw_is_told(make_bank):
    with pytest.raises(TypeError, match=r"\['blink'\], not one"):
        read("blink")
    with pytest.raises(TypeError, match="must be a Bank, an object with labels.*got int"):
        read(3)
    with pytest.raises(TypeError, match=r"artifacts\['blink'\] must be.*got int"):
        read({"blink": 3})
    with pytest.raises(ValueError, match="Unknown artifact 'blnk'. Known artifacts: 'blink'"):
        read(["blnk"])
    with pytest.raises(ValueError, match="Unknown artifact 'blink': what was given.* knows 'ramp'"):
        read({"blink": Ramps()})
    for nothing in ([], {}, replace(make_bank(), sources=(), fields=())):
        with pytest.raises(ValueError, match="artifacts is empty"):
            read(nothing)


def test_a_bank_of_another_rate_or_of_short_artifacts_is_told(make_bank):
    with pytest.raises(ValueError, match="bank of artifacts is of 200 Hz.*of 256 Hz"):
        read_generators(make_bank(), 256.0, 400)
    with pytest.raises(ValueError, match="holds one of 12 s, and windows have 13 s"):
        read(make_bank(), 2600)


LABELS = ("blink", "vertical saccade", "muscle", "own")


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (None, dict.fromkeys(LABELS, 0.25)),
        (["own", "blink"], {"own": 0.5, "blink": 0.5}),
        (["eye"], {"blink": 0.5, "vertical saccade": 0.5}),
        (["eye", "muscle"], {"blink": 0.25, "vertical saccade": 0.25, "muscle": 0.5}),
        ({"muscle": 3, "own": 1}, {"muscle": 0.75, "own": 0.25}),
        ({"eye": 1.0, "blink": 0.5}, {"blink": 2 / 3, "vertical saccade": 1 / 3}),
    ],
)
def test_shares_add_to_one_and_groups_are_parted(kinds, expected):
    assert share_kinds(kinds, LABELS) == pytest.approx(expected)


def test_shares_that_make_no_sense_are_told():
    with pytest.raises(ValueError, match="Unknown kind 'cough'. Known: 'blink', .*'own'.$"):
        share_kinds(["cough"], LABELS)
    with pytest.raises(ValueError, match="Unknown kind 'line'.*Name it in artifacts first."):
        share_kinds(["line"], LABELS)
    with pytest.raises(TypeError, match=r"\['blink'\], not one"):
        share_kinds("blink", LABELS)
    for kinds in ({}, [], {"blink": 0.0}, {"blink": 2.0, "own": -1.0}, {"own": np.nan}):
        with pytest.raises(ValueError, match="positive shares"):
            share_kinds(kinds, LABELS)
