"""Tests of loading EEGdenoiseNet and of its benchmark, on small files of its layout."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mne_artdenoise.datasets import Benchmark, EEGdenoiseNet, load_eegdenoisenet, make_benchmark

FILES = {256.0: ("EEG", "EOG", "EMG"), 512.0: ("EEG", "EMG")}
PUBLISHED = 4514, 3400, 5598


def write_files(folder, sfreq: float, sizes=(9, 5, 12)) -> dict[str, np.ndarray]:
    """Write arrays of microvolts under the published names, in columns as MATLAB writes them."""
    rng, written = np.random.default_rng(0), {}
    folder.mkdir(parents=True, exist_ok=True)
    for kind, size in zip(("EEG", "EOG", "EMG"), sizes, strict=True):
        if kind in FILES[sfreq]:
            ending = "" if sfreq == 256.0 else "_512hz"
            written[kind] = 30 * rng.standard_normal((size, round(2 * sfreq)))
            np.save(folder / f"{kind}_all_epochs{ending}.npy", np.asfortranarray(written[kind]))
    return written


def make_data(n_eeg=20, n_eog=15, n_emg=26, n_times=8) -> EEGdenoiseNet:
    """Make epochs of which each tells its number: its mean."""
    rng = np.random.default_rng(1)
    eeg, eog, emg = (
        1e-5 * (rng.standard_normal((n, n_times)) + np.arange(1, n + 1)[:, None])
        for n in (n_eeg, n_eog, n_emg)
    )
    return EEGdenoiseNet(256.0, eeg, eog, emg)


@pytest.mark.parametrize("sfreq", [256.0, 512.0])
@pytest.mark.parametrize("below", ["", "data"])
def test_published_files_become_epochs_in_volts(tmp_path, sfreq, below):
    written = write_files(tmp_path / below, sfreq)
    data = load_eegdenoisenet(tmp_path, sfreq=sfreq)
    np.testing.assert_allclose(data.eeg, 1e-6 * written["EEG"], rtol=1e-12)
    np.testing.assert_allclose(data.emg, 1e-6 * written["EMG"], rtol=1e-12)
    assert (data.eog is None) == (sfreq == 512.0)
    assert data.sfreq == sfreq
    n_eog = 5 if sfreq == 256.0 else 0
    assert repr(data) == f"<EEGdenoiseNet | {sfreq:g} Hz, epochs: 9 EEG, {n_eog} EOG, 12 EMG>"


def test_a_missing_file_is_named_with_how_to_get_it(tmp_path):
    write_files(tmp_path, 256.0)
    (tmp_path / "EOG_all_epochs.npy").unlink()
    with pytest.raises(FileNotFoundError, match="lacks EOG_all_epochs.npy. fetch_eegdenoisenet()"):
        load_eegdenoisenet(str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"lacks EEG_all_epochs_512hz.npy, EMG_all_epochs_"):
        load_eegdenoisenet(tmp_path, sfreq=512)
    with pytest.raises(ValueError, match=r"sfreq is 200, but .* 256 and 512 Hz only"):
        load_eegdenoisenet(tmp_path, sfreq=200)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((3, 1024)), r"shape .3, 1024., needs floats, any × 512"),
        (np.ones((3, 512), int), "is int64"),
        (np.full((3, 512), np.nan), "not finite"),
        (np.eye(3, 512, 1) * [[1], [0], [1]], "epoch 1 is silent"),
        (np.array([None]), "pickled objects"),
    ],
)
def test_an_array_of_something_else_is_told(tmp_path, array, message):
    write_files(tmp_path, 256.0)
    np.save(tmp_path / "EMG_all_epochs.npy", array)
    with pytest.raises(ValueError, match=f"EMG_all_epochs.npy is not a file of.*{message}"):
        load_eegdenoisenet(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"/annex/objects/MD5-1", "git annex get"), (b"", "magic"), (b"<html>", "magic")],
)
def test_a_file_of_something_else_is_told(tmp_path, content, message):
    write_files(tmp_path, 256.0)
    (tmp_path / "EEG_all_epochs.npy").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_eegdenoisenet(tmp_path)


def test_a_file_that_was_cut_is_told(tmp_path):
    write_files(tmp_path, 256.0)
    path = tmp_path / "EEG_all_epochs.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match="not as long as its shape"):
        load_eegdenoisenet(tmp_path)


def list_epochs(benchmark: Benchmark, name: str) -> list[set[int]]:
    """List which epochs of a pool are in each part."""
    parts = benchmark.train, benchmark.validation, benchmark.test
    return [set(getattr(part, name).tolist()) for part in parts]


@pytest.mark.parametrize("task", ["eog", "emg"])
def test_the_official_protocol_has_the_published_sizes(task):
    n_eeg, n_eog, n_emg = PUBLISHED
    data = make_data(n_eeg, n_eog, n_emg, n_times=2)
    found = make_benchmark(data, task, n_mixtures=3, rng=0)
    n_epochs = n_eog if task == "eog" else n_emg
    n_train = round(0.8 * n_epochs)
    n_validation = round((n_epochs - n_train) / 2)
    assert len(found.train.eeg) == 3 * n_train
    assert len(found.validation.eeg) == 10 * n_validation
    assert len(found.test.eeg) == 10 * (n_epochs - n_train - n_validation)
    assert found.train.noisy.dtype == np.float32
    np.testing.assert_array_equal(np.unique(found.test.snr_db), np.arange(-7, 3))
    assert -7 <= found.train.snr_db.min() < -6.99
    assert 1.99 < found.train.snr_db.max() <= 2


@pytest.mark.parametrize("protocol", ["official", "blocks"])
@pytest.mark.parametrize("task", ["eog", "emg"])
def test_no_epoch_of_the_published_set_is_in_two_parts(task, protocol):
    n_eeg, n_eog, n_emg = PUBLISHED
    data = make_data(n_eeg, n_eog, n_emg, n_times=2)
    found = make_benchmark(data, task, protocol=protocol, n_mixtures=1, rng=0)
    n_artifacts = n_eog if task == "eog" else n_emg
    artifacts, eeg = list_epochs(found, "artifact"), list_epochs(found, "eeg")
    assert sum(map(len, artifacts)) == len(set.union(*artifacts)) == n_artifacts
    taken = n_eog if (task, protocol) == ("eog", "official") else n_eeg
    assert sum(map(len, eeg)) == len(set.union(*eeg)) == taken


def test_the_official_muscle_task_repeats_eeg_in_training():
    data = make_data(200, 10, 248)
    found = make_benchmark(data, "emg", n_mixtures=1, rng=0)
    times = np.unique(found.train.eeg, return_counts=True)[1]
    assert (times == 2).sum() == 48
    assert set(np.unique(found.test.eeg, return_counts=True)[1]) == {10}


@given(
    sizes=st.tuples(*[st.integers(1, 40)] * 3),
    task=st.sampled_from(["eog", "emg"]),
    seed=st.integers(0, 99),
)
def test_blocks_of_pools_of_any_size_are_neighbours_in_the_file(sizes, task, seed):
    found = make_benchmark(make_data(*sizes, n_times=2), task, protocol="blocks", rng=seed)
    for name, size in (("eeg", sizes[0]), ("artifact", sizes[1 if task == "eog" else 2])):
        epochs = list_epochs(found, name)
        assert sum(map(len, epochs)) == len(set.union(*epochs)) <= size
        for block in epochs:  # at most one neighbour that is missing, round the end of the file
            assert sum((epoch + 1) % size not in block for epoch in block) <= 1
    for part in (found.train, found.validation, found.test):
        assert len({len(value) for value in vars(part).values()}) == 1


@pytest.mark.parametrize(("convention", "factor"), [("rms", 10), ("power", 20)])
@pytest.mark.parametrize("normalise", [True, False])
def test_pairs_are_mixed_at_their_ratio(convention, factor, normalise):
    data = make_data()
    found = make_benchmark(data, "eog", convention=convention, normalise=normalise, rng=2)
    for part in (found.train, found.validation, found.test):
        noisy, clean = (part.scale[:, None] * x.astype(float) for x in (part.noisy, part.clean))
        np.testing.assert_allclose(clean, data.eeg[part.eeg], rtol=1e-5)
        artifact, original = noisy - clean, data.eog[part.artifact]
        rms = [np.sqrt(np.mean(x**2, axis=1)) for x in (clean, artifact)]
        np.testing.assert_allclose(factor * np.log10(rms[0] / rms[1]), part.snr_db, atol=1e-3)
        gain = (artifact * original).sum(axis=1) / (original**2).sum(axis=1)
        np.testing.assert_allclose(artifact, gain[:, None] * original, atol=2e-5 * rms[1].max())
        if normalise:
            np.testing.assert_allclose(part.noisy.std(axis=1), 1.0, rtol=1e-4)
        else:
            assert (part.scale == 1).all()


def test_validation_and_test_hold_all_epochs_at_each_level():
    found = make_benchmark(make_data(), "emg", rng=0)
    for part in (found.validation, found.test):
        n_epochs = len(part.eeg) // 10
        for level in range(10):
            span = slice(level * n_epochs, (level + 1) * n_epochs)
            assert set(part.snr_db[span]) == {level - 7.0}
            np.testing.assert_array_equal(part.eeg[span], part.eeg[:n_epochs])


def test_training_epochs_meet_other_partners_each_time():
    found = make_benchmark(make_data(), "eog", n_mixtures=4, rng=0)
    assert len(found.train.eeg) == 4 * 12
    assert set(np.unique(found.train.eeg, return_counts=True)[1]) == {4}
    pairs = set(zip(found.train.eeg.tolist(), found.train.artifact.tolist(), strict=True))
    assert len(pairs) > 30


def test_a_benchmark_says_what_its_decibels_are():
    text = repr(make_benchmark(make_data(), "eog", rng=0))
    assert text == (
        "<Benchmark | eog, official split, -7 to 2 dB of rms (-14 to 4 dB of power), "
        "120 / 20 / 10 pairs>"
    )
    power = make_benchmark(make_data(), "eog", snr_db=(-5.0, 5.0), convention="power", rng=0)
    assert "-5 to 5 dB of power (-5 to 5 dB of power)" in repr(power)


def test_the_same_seed_makes_the_same_benchmark():
    first, second, other = (make_benchmark(make_data(), rng=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.test.noisy, second.test.noisy)
    assert not np.array_equal(first.test.noisy, other.test.noisy)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "ecg"}, "task is 'ecg', but must be 'eog' or 'emg'"),
        ({"protocol": "random"}, "protocol is 'random', but must be 'official' or 'blocks'"),
        ({"convention": "db"}, "'db'"),
        ({"n_mixtures": 0}, "n_mixtures is 0"),
    ],
)
def test_wrong_options_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        make_benchmark(make_data(), **options)


def test_what_the_set_has_not_is_told():
    data = make_data(5, 5, 11)
    with pytest.raises(ValueError, match="11 artifacts are more than 5 EEG epochs taken twice"):
        make_benchmark(data, "emg")
    without = EEGdenoiseNet(512.0, data.eeg, None, data.emg)
    with pytest.raises(ValueError, match=r"no eyes at 512 Hz: load_eegdenoisenet.path, sfreq=256"):
        make_benchmark(without, "eog")
