"""The denoiser among scikit-learn's tools: checks, clones, pipelines, searches, tables."""

from __future__ import annotations

import warnings
from pathlib import Path

import mne
import numpy as np
import pytest
import sklearn
from mne.decoding import Vectorizer
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks

from mne_artdenoise import ArtifactDenoiser

UNKNOWN = "ignore:An array without info:RuntimeWarning"


def test_every_check_of_scikit_learn_passes():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # among them those of checks that are skipped
        results = estimator_checks.check_estimator(ArtifactDenoiser(), on_fail=None, on_skip=None)
    status = {result["check_name"]: result["status"] for result in results}
    assert {name: found for name, found in status.items() if found != "passed"} in (
        {},
        {"check_array_api_input": "skipped"},  # needs an environment variable
    )
    assert len(status) > 35


@pytest.mark.filterwarnings(UNKNOWN, "ignore:X .* feature names:UserWarning")
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_set_output_transform,
        estimator_checks.check_set_output_transform_pandas,
        estimator_checks.check_global_output_transform_pandas,
        estimator_checks.check_transformer_get_feature_names_out,
        estimator_checks.check_transformer_get_feature_names_out_pandas,
        estimator_checks.check_dataframe_column_names_consistency,
    ],
)
def test_checks_of_scikit_learn_for_tables_pass(check):
    check("ArtifactDenoiser", ArtifactDenoiser())


def test_parameters_are_those_of_the_constructor():
    denoiser = ArtifactDenoiser(strength=0.5, picks=["Cz", "Pz"], overlap=0.25, verbose="error")
    parameters = denoiser.get_params()
    assert ArtifactDenoiser(**parameters).get_params() == parameters
    assert denoiser.set_params(strength=0.75).strength == 0.75
    with pytest.raises(ValueError, match="Invalid parameter 'power'"):
        denoiser.set_params(power=1.0)


def test_a_clone_has_the_parameters_and_nothing_fitted(make_raw):
    raw = make_raw()
    denoiser = ArtifactDenoiser(strength=0.5, info=raw.info).fit(raw)
    other = clone(denoiser)
    assert other.strength == 0.5
    assert other.info.ch_names == raw.ch_names
    assert not hasattr(other, "record_")
    assert "strength=0.5" in repr(ArtifactDenoiser(strength=0.5))


@pytest.fixture
def trials(make_epochs):
    """Epochs of two classes, told apart by an evoked wave, with blinks in some of them."""
    epochs = make_epochs(24, 6, 1.0)
    y = np.arange(24) % 2
    wave = 2e-5 * np.hanning(80)
    epochs._data[y == 1, :3, 60:140] += wave
    blink = 3e-4 * np.hanning(70)
    epochs._data[::5, 4:, 20:90] += blink
    return epochs, y


def make_classifier(info):
    return make_pipeline(
        ArtifactDenoiser(info=info), Vectorizer(), StandardScaler(), LogisticRegression()
    )


def test_epochs_are_decoded_in_a_pipeline(trials):
    epochs, y = trials
    scores = cross_val_score(make_classifier(epochs.info), epochs.get_data(), y, cv=3)
    assert scores.mean() > 0.7


def test_the_strength_can_be_searched(trials):
    epochs, y = trials
    grid = {"artifactdenoiser__strength": [0.0, 0.5, 1.0]}
    search = GridSearchCV(make_classifier(epochs.info), grid, cv=2)
    search.fit(epochs.get_data(), y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_["artifactdenoiser__strength"] in (0.0, 0.5, 1.0)
    assert search.predict(epochs.get_data()).shape == y.shape


def test_a_pipeline_learns_filters_from_training_trials_only(trials):
    epochs, y = trials
    x = epochs.get_data()
    fitted = make_classifier(epochs.info).fit(x[:12], y[:12])[0]
    alone = ArtifactDenoiser(info=epochs.info).fit(x[:12])
    assert np.array_equal(fitted.transform(x[12:]), alone.transform(x[12:]))


def test_arrays_of_trials_do_not_depend_on_their_neighbours(trials):
    epochs, _ = trials
    x = epochs.get_data()
    denoiser = ArtifactDenoiser(info=epochs.info).fit(x)
    assert np.array_equal(denoiser.transform(x)[3:5], denoiser.transform(x[3:5]))


# Tables


@pytest.mark.filterwarnings(UNKNOWN)
def test_a_table_stays_a_table_where_it_is_asked_for():
    import pandas as pd

    table = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0]})
    denoiser = ArtifactDenoiser().set_output(transform="pandas")
    pd.testing.assert_frame_equal(denoiser.fit_transform(table), table)
    assert list(denoiser.get_feature_names_out()) == ["a", "b"]


@pytest.mark.parametrize("kind", ["raw", "epochs", "evoked", "2-D array", "3-D array"])
def test_a_recording_is_never_made_a_table(make_raw, make_epochs, make_evoked, kind):
    epochs = make_epochs(4, 4)
    inst = {
        "raw": make_raw(4),
        "epochs": epochs,
        "evoked": make_evoked(4, 3.0),
        "2-D array": epochs.get_data().swapaxes(0, 1).reshape(4, -1),
        "3-D array": epochs.get_data(),
    }[kind]
    with sklearn.config_context(transform_output="pandas"):
        denoiser = ArtifactDenoiser(info=epochs.info)
        assert type(denoiser.fit_transform(inst)) is type(inst)
        assert type(denoiser.transform(inst)) is type(inst)
    assert not hasattr(denoiser, "get_feature_names_out")


# Arrays of which nothing is known


@pytest.mark.parametrize("shape", [(4, 300), (3, 4, 300), (2, 3, 4, 30)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_an_array_without_info_comes_out_as_it_went_in_with_a_warning(rng, shape, dtype):
    x = (100 * rng.standard_normal(shape)).astype(dtype)
    with pytest.warns(RuntimeWarning, match=r"ArtifactDenoiser\(info=epochs\.info\)"):
        clean = ArtifactDenoiser().fit_transform(x)
    assert np.array_equal(clean, x)
    assert clean is not x
    assert clean.dtype == (np.float64 if dtype is np.int64 else dtype)


@pytest.mark.filterwarnings(UNKNOWN)
def test_nothing_is_the_artifact_of_an_array_without_info(rng):
    x = rng.standard_normal((3, 40))
    assert not ArtifactDenoiser().fit(x).estimate_artifact(x).any()


def test_an_array_after_a_recording_must_tell_its_channels(make_raw):
    raw = make_raw()
    denoiser = ArtifactDenoiser().fit(raw)
    with pytest.raises(ValueError, match=r"set_params\(info=epochs\.info\)"):
        denoiser.transform(raw.get_data())
    found = denoiser.set_params(info=raw.info).transform(raw.get_data())
    assert np.array_equal(found, denoiser.transform(raw).get_data())


@pytest.mark.filterwarnings(UNKNOWN)
def test_a_recording_after_an_array_without_info_needs_a_fit(make_raw, rng):
    denoiser = ArtifactDenoiser().fit(rng.standard_normal((4, 30)))
    with pytest.raises(sklearn.exceptions.NotFittedError):
        denoiser.transform(make_raw())


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("sub-01_raw.fif", TypeError, "Raw, Epochs or Evoked, or an ndarray.*got str"),
        (Path("sub-01_raw.fif"), TypeError, "got PosixPath|got WindowsPath"),
        (mne, TypeError, "got module"),
        (mne.create_info(2, 200.0), TypeError, "got Info"),
        (None, TypeError, "got NoneType"),
        ([["a", "b"], ["c", "d"]], ValueError, "not compatible with arrays of bytes/strings"),
        (np.ones((2, 3), complex), ValueError, "Complex data not supported"),
    ],
)
def test_what_is_no_recording_is_told(X, error, message):
    with pytest.raises(error, match=message):
        ArtifactDenoiser().fit(X)
