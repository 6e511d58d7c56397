"""The denoiser in one line, and in MNE's apply_function."""

from __future__ import annotations

import subprocess
import sys

import mne
import numpy as np
import pytest

import mne_artdenoise
from mne_artdenoise import ArtifactDenoiser, denoise, denoise_array


@pytest.fixture
def raw(make_raw):
    raw = make_raw(6, 8.0, extra_types=["eog"], order=[6, 0, 1, 2, 3, 4, 5])
    raw._data[1, 600:700] += 3e-4 * np.hanning(100)
    return raw


@pytest.mark.parametrize("options", [{}, {"spatial": False, "strength": 0.5}])
def test_one_line_is_a_denoiser_fitted_and_applied(raw, options):
    expected = ArtifactDenoiser(**options).fit_transform(raw).get_data()
    assert np.array_equal(denoise(raw, **options).get_data(), expected)
    assert np.array_equal(denoise(raw, "any-montage-v1", **options).get_data(), expected)
    assert not np.array_equal(expected, raw.get_data())


@pytest.mark.parametrize("options", [{}, {"spatial": False, "strength": 0.5}])
@pytest.mark.parametrize("bads", [[], ["Pz"]])
def test_apply_function_gives_what_one_line_gives(raw, options, bads):
    raw.info["bads"] = bads
    info = raw.copy().pick("eeg").info
    applied = raw.copy().apply_function(
        denoise_array, picks="eeg", channel_wise=False, info=info, **options
    )
    assert np.array_equal(applied.get_data(), denoise(raw, **options).get_data())


def test_an_array_function_leaves_its_input_and_dimensions(make_epochs):
    epochs = make_epochs(4, 5)
    x = epochs.get_data()
    before = x.copy()
    clean = denoise_array(x.reshape(2, 2, 5, -1), epochs.info)
    assert np.array_equal(x, before)
    assert np.array_equal(clean.reshape(x.shape), denoise(epochs).get_data())


def test_an_info_of_other_channels_is_told(raw):
    with pytest.raises(ValueError, match=r'info has 7 channels.*pick\("eeg"\)\.info'):
        raw.apply_function(denoise_array, picks="eeg", channel_wise=False, info=raw.info)


def test_an_unknown_option_is_told(raw):
    with pytest.raises(TypeError, match="power"):
        denoise(raw, power=0.5)


def test_public_names_are_there_and_listed():
    for name in mne_artdenoise.__all__:
        assert getattr(mne_artdenoise, name).__name__ == name
    assert set(mne_artdenoise.__all__) <= set(dir(mne_artdenoise))
    assert isinstance(mne_artdenoise.__version__, str)
    with pytest.raises(AttributeError, match="no attribute 'denoize'"):
        _ = mne_artdenoise.denoize


def test_the_denoiser_and_its_filters_come_without_torch(tmp_path, raw):
    """Applying filters kept in a file needs scikit-learn, not the network's library."""
    ArtifactDenoiser().fit(raw).save(tmp_path / "x-artdenoise.npz")
    raw.save(tmp_path / "x_raw.fif", verbose=False)
    code = (
        "import sys, mne, mne_artdenoise\n"
        "denoiser = mne_artdenoise.ArtifactDenoiser.load('x-artdenoise.npz')\n"
        "denoiser.transform(mne.io.read_raw('x_raw.fif', verbose=False))\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-1] == "False"


def test_examples_in_docstrings_are_python():
    import doctest

    for function in (denoise, denoise_array, ArtifactDenoiser):
        examples = doctest.DocTestParser().get_examples(function.__doc__)
        assert examples
        for example in examples:
            compile(example.source, function.__name__, "single")


def test_epochs_can_be_denoised_by_apply_function_without_the_spatial_step(make_epochs):
    epochs = make_epochs(3, 4, 1.0)
    applied = epochs.copy().apply_function(
        denoise_array, picks="eeg", channel_wise=False, info=epochs.info, spatial=False
    )
    assert isinstance(applied, mne.BaseEpochs)
    assert applied.get_data().shape == epochs.get_data().shape
