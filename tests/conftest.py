"""Factories of small recordings that several test modules share; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import mne
import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from mne_artdenoise.synthesis.bank import Bank, CleanRecording, FieldSource, Source
from mne_artdenoise.weights import ModelRecord

# A busy machine is slow, and a slow example is no fault.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

# The 10-20 system first, so that few channels still cover the head.
FIRST_NAMES = (
    *("Cz", "Pz", "Fz", "Oz", "C3", "C4", "Fp1", "Fp2", "O1", "O2"),
    *("F3", "F4", "P3", "P4", "F7", "F8", "T7", "T8", "P7", "P8"),
    *("POz", "FCz", "CPz", "Fpz", "AFz", "FC1", "FC2", "CP1", "CP2", "FC5", "FC6", "CP5", "CP6"),
)
# Other names of positions that are in the montage already, and the references.
DOUBLE_NAMES = {"T3", "T4", "T5", "T6", "M1", "M2", "A1", "A2"}


@cache
def load_montage() -> mne.channels.DigMontage:
    # MNE 1.13 renamed standard_1005 (same positions), and warns of the old name.
    names = mne.channels.get_builtin_montages()
    name = "colin27_1005" if "colin27_1005" in names else "standard_1005"
    return mne.channels.make_standard_montage(name)


def draw_pink(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draw noise of about 10 µV whose amplitude falls with the root of the frequency."""
    n_times = shape[-1]
    spectrum = np.fft.rfft(rng.standard_normal(shape))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.shape[-1]), 1.0))
    noise = np.fft.irfft(spectrum, n=n_times)
    return 10e-6 * noise / np.maximum(noise.std(axis=-1, keepdims=True), 1e-12)


@pytest.fixture
def rng() -> np.random.Generator:
    """Give a generator that starts the same in every test."""
    return np.random.default_rng(20261121)


@pytest.fixture(scope="session")
def make_info() -> Callable[..., mne.Info]:
    """Make an Info of EEG channels with positions, followed by channels of other types."""

    def make(
        n_channels: int = 8, sfreq: float = 200.0, extra_types: Sequence[str] = ()
    ) -> mne.Info:
        others = [n for n in load_montage().ch_names if n not in {*FIRST_NAMES, *DOUBLE_NAMES}]
        names = [*FIRST_NAMES, *others][:n_channels]
        extra = [f"{kind.upper()}{number:03d}" for number, kind in enumerate(extra_types)]
        info = mne.create_info([*names, *extra], sfreq, ["eeg"] * n_channels + list(extra_types))
        info.set_montage(load_montage())
        return info

    return make


@pytest.fixture(scope="session")
def make_raw(make_info: Callable[..., mne.Info]) -> Callable[..., mne.io.RawArray]:
    """Make a Raw of pink noise; `extra_types` appends channels, `order` then shuffles them."""

    def make(
        n_channels: int = 8,
        duration: float = 10.0,
        sfreq: float = 200.0,
        seed: int = 0,
        annotations: mne.Annotations | None = None,
        *,
        extra_types: Sequence[str] = (),
        order: Sequence[int] | None = None,
        bads: Sequence[str] = (),
        first_samp: int = 0,
        meas_date: Any = None,
    ) -> mne.io.RawArray:
        info = make_info(n_channels, sfreq, extra_types)
        x = draw_pink(np.random.default_rng(seed), (len(info["ch_names"]), round(duration * sfreq)))
        raw = mne.io.RawArray(x, info, first_samp=first_samp, verbose=False)
        if order is not None:
            raw.reorder_channels([raw.ch_names[index] for index in order])
        raw.info["bads"] = list(bads)
        raw.set_meas_date(meas_date)
        if annotations is not None:
            raw.set_annotations(annotations)
        return raw

    return make


@pytest.fixture(scope="session")
def make_noisy(make_raw: Callable[..., mne.io.RawArray]) -> Callable[..., mne.io.RawArray]:
    """Make a Raw with blinks at the front, and muscle at one side in its second half."""

    def make(
        n_channels: int = 8,
        duration: float = 12.0,
        sfreq: float = 200.0,
        *,
        seed: int = 0,
        **kwargs: Any,
    ) -> mne.io.RawArray:
        raw = make_raw(n_channels, duration, sfreq, seed, **kwargs)
        eeg = mne.pick_types(raw.info, eeg=True, exclude=())
        places = np.array([raw.info["chs"][index]["loc"][:3] for index in eeg])
        rng = np.random.default_rng(seed + 1)
        blinks = sum(np.exp(-(((raw.times - t) / 0.08) ** 2)) for t in np.arange(1, duration, 1.7))
        muscle = np.diff(rng.standard_normal(raw.n_times + 1)) * (raw.times > duration / 2)
        front, side = np.clip(places[:, 1], 0, None), np.clip(-places[:, 0], 0, None)
        raw._data[eeg] += 2e-3 * np.outer(front, blinks) + 2e-4 * np.outer(side, muscle)
        return raw

    return make


@pytest.fixture(scope="session")
def make_epochs(make_info: Callable[..., mne.Info]) -> Callable[..., mne.EpochsArray]:
    """Make Epochs of pink noise, one every two seconds, from -0.2 s on; kwargs to EpochsArray."""

    def make(
        n_epochs: int = 5,
        n_channels: int = 8,
        duration: float = 1.0,
        sfreq: float = 200.0,
        seed: int = 0,
        *,
        extra_types: Sequence[str] = (),
        **kwargs: Any,
    ) -> mne.EpochsArray:
        info = make_info(n_channels, sfreq, extra_types)
        shape = (n_epochs, len(info["ch_names"]), round(duration * sfreq))
        x = draw_pink(np.random.default_rng(seed), shape)
        onsets = np.arange(n_epochs) * round(2 * sfreq)
        events = np.column_stack([onsets, np.zeros_like(onsets), np.ones_like(onsets)])
        options = {"tmin": -0.2, "verbose": False, **kwargs}
        return mne.EpochsArray(x, info, events, **options)

    return make


@pytest.fixture(scope="session")
def make_evoked(make_info: Callable[..., mne.Info]) -> Callable[..., mne.EvokedArray]:
    """Make an Evoked of pink noise from -0.2 s on."""

    def make(
        n_channels: int = 8,
        duration: float = 1.0,
        sfreq: float = 200.0,
        seed: int = 0,
        *,
        extra_types: Sequence[str] = (),
    ) -> mne.EvokedArray:
        info = make_info(n_channels, sfreq, extra_types)
        shape = (len(info["ch_names"]), round(duration * sfreq))
        x = draw_pink(np.random.default_rng(seed), shape)
        return mne.EvokedArray(x, info, tmin=-0.2, comment="noise", nave=20, verbose=False)

    return make


@pytest.fixture(scope="session")
def make_bank(make_info: Callable[..., mne.Info]) -> Callable[..., Bank]:
    """Make a bank of pink noise: people of each montage size, two of each source and of fields."""

    @cache
    def make(
        sizes: tuple[int, ...] = (8, 19, 64),
        kinds: tuple[str, ...] = ("eye", "muscle", "heart", "motion"),
        fields: tuple[str, ...] = ("eye", "muscle", "line", "channel", "heart"),
        n_times: int = 2400,
        seed: int = 0,
    ) -> Bank:
        rng = np.random.default_rng(seed)

        def draw(*shape: int) -> np.ndarray:
            return draw_pink(rng, (*shape, n_times)).astype(np.float32)

        def place(size: int) -> tuple[tuple[str, ...], np.ndarray]:
            info = make_info(size)
            return tuple(info["ch_names"]), np.array([ch["loc"][:3] for ch in info["chs"]], "f4")

        clean = (CleanRecording(f"person{n}", *place(n), draw(n)) for n in sizes)
        sources = (Source(f"{kind}{n}", kind, draw()) for kind in kinds for n in range(2))
        some = (
            FieldSource(f"field{n}", kind, *place(19), draw(n + 1)[:, :19] * 1e5, draw(n + 1))
            for kind in fields
            for n in range(2)
        )
        return Bank(200.0, tuple(clean), tuple(sources), tuple(some))

    return make


@pytest.fixture
def make_record() -> Callable[..., ModelRecord]:
    """Make a model record that holds; keywords replace its fields."""

    def make(**changes: Any) -> ModelRecord:
        fields: dict[str, Any] = {
            "id": "stand-in-v1",
            "network": "stand_in",
            "config": {"width": 4, "dilations": [1, 2]},
            "channels": "any",
            "sfreq": 200.0,
            "window": 1600,
            "stride": 8,
            "context": 288,
            "l_freq": 0.5,
            "scaling": "recording",
            "band": [0.5, 90.0],
            "kinds": ["eye", "muscle"],
            "estimates": "artifact",
            "file": "stand-in-v1.safetensors",
            "sha256": "0" * 64,
            "size": 1000,
            "licence": "BSD-3-Clause",
            "data_licences": ["CC-BY-4.0"],
            "recipe": "examples/training/stand-in-v1.py",
            "scores": {"snr gain (dB)": {"19 channels, eye": 16.25}},
            "weaknesses": ["It is a stand-in: it knows no artifact."],
            "description": "A record for tests.",
        }
        return ModelRecord(**(fields | changes))

    return make
