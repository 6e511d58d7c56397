"""Models of named channels: recordings are mapped to those, and only corrections come back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.channels import THIRTY, find_directions, read_directions
from mne_artdenoise.controls import mapping_only
from mne_artdenoise.estimation import estimate_artifact, find_artifact
from mne_artdenoise.recording import read_signal
from mne_artdenoise.splines import map_channels, map_there_and_back
from mne_artdenoise.weights import download, registry
from mne_artdenoise.weights.load import build_network, save_network
from mne_artdenoise.weights.registry import format_record

FIXED = {
    "channels": THIRTY,
    "sfreq": 256.0,
    "window": 1024,
    "stride": 1,
    "context": 0,
    "l_freq": None,
    "band": [0.5, 128.0],
    "estimates": "clean",
}
CONFIGS = {
    "art": {"width": 16, "hidden": 16, "heads": 2, "layers": 1},
    "ic_unet": {"widths": [4, 6], "kernels": [7, 3]},
}


class Answer(torch.nn.Module):
    """A network whose answer is a share of what it sees."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share, self.seen = share, []

    def forward(self, x, directions):
        self.seen.append((x.numpy().copy(), directions.numpy().copy()))
        return self.share * x


@pytest.fixture
def answer(monkeypatch):
    """Let every model answer with a share of what it sees, and keep what it saw."""

    def make(share: float) -> Answer:
        network = Answer(share)
        monkeypatch.setattr("mne_artdenoise.weights.load_network", lambda record: network)
        return network

    return make


@pytest.fixture
def make_template_raw(make_raw):
    """Make a Raw of the thirty channels of the template."""

    def make(duration=10.0, sfreq=256.0, seed=0):
        raw = make_raw(94, duration, sfreq, seed)
        return raw.pick(list(THIRTY)).reorder_channels(list(THIRTY))

    return make


def measure_difference(x, y):
    """Root mean square of the difference, relative to that of y."""
    return float(np.sqrt(np.mean((x - y) ** 2) / np.mean(y**2)))


# What is shown, and what comes back


def test_the_network_sees_the_channels_it_knows_in_windows_of_its_length(
    answer, make_raw, make_record
):
    network = answer(1.0)
    estimate_artifact(read_signal(make_raw(19, 13.0, 500.0)), make_record(**FIXED))
    assert {x.shape[1:] for x, _ in network.seen} == {(30, 1024)}
    for _, directions in network.seen:
        assert_allclose(directions[0], find_directions(THIRTY), atol=1e-6)


@pytest.mark.parametrize("n_times", [2, 77, 256, 1023, 1024, 1025, 5000])
def test_short_signals_fill_a_window_too(answer, make_template_raw, make_record, n_times):
    network = answer(0.5)
    raw = make_template_raw(20.0).crop(0, (n_times - 1) / 256)
    recording, (found,) = estimate_artifact(read_signal(raw), make_record(**FIXED))
    assert {x.shape[1:] for x, _ in network.seen} == {(30, 1024)}
    assert found.shape == (30, n_times)
    assert measure_difference(found, recording[0] / 2) < 1e-3


def test_electrodes_of_the_model_are_shown_as_they_are(answer, make_template_raw, make_record):
    network = answer(1.0)
    raw = make_template_raw(4.0)
    estimate_artifact(read_signal(raw), make_record(**FIXED))
    x = network.seen[0][0][0]
    scale = np.median(raw.get_data() / x)
    assert measure_difference(scale * x, raw.get_data()) < 1e-3


@pytest.mark.parametrize("scaling", ["recording", "window"])
@pytest.mark.parametrize("estimates", ["clean", "artifact"])
def test_where_nothing_is_changed_nothing_is_found(
    answer, make_raw, make_record, scaling, estimates
):
    answer(1.0 if estimates == "clean" else 0.0)
    record = make_record(**(FIXED | {"scaling": scaling, "estimates": estimates}))
    for x in find_artifact(read_signal(make_raw(19, 12.0)), record):
        assert not x.any()


@pytest.mark.parametrize("n_channels", [19, 64])
def test_only_the_correction_comes_back(answer, make_raw, make_record, n_channels):
    answer(0.0)  # takes all that it sees for artifact
    raw = make_raw(n_channels, 10.0, 256.0)
    mapping = map_channels(read_directions(raw.info), find_directions(THIRTY))
    (found,) = find_artifact(read_signal(raw), make_record(**FIXED))
    assert measure_difference(found, map_there_and_back(raw.get_data(), mapping)) < 1e-5


@pytest.mark.parametrize("scaling", ["recording", "window"])
@pytest.mark.parametrize(("estimates", "share"), [("clean", 0.9), ("artifact", 0.1)])
def test_what_a_network_changes_is_the_artifact(
    answer, make_template_raw, make_record, scaling, estimates, share
):
    answer(share)
    raw = make_template_raw(4.0)  # one window
    record = make_record(**(FIXED | {"scaling": scaling, "estimates": estimates}))
    (found,) = find_artifact(read_signal(raw), record)
    x = raw.get_data()
    shown = x if scaling == "recording" else x - x.mean()
    assert measure_difference(found, shown / 10) < 1e-3


def test_windows_are_scaled_each_by_itself_when_the_record_says_so(
    answer, make_template_raw, make_record
):
    network = answer(1.0)
    raw = make_template_raw(20.0)
    raw._data *= np.linspace(0.1, 10, raw.n_times)
    raw._data += 1e-5
    estimate_artifact(read_signal(raw), make_record(**(FIXED | {"scaling": "window"})))
    x = np.concatenate([x for x, _ in network.seen])
    assert len(x) > 4
    assert_allclose(x.std(axis=(1, 2)), 1.0, rtol=1e-4)
    assert_allclose(x.mean(axis=(1, 2)), 0.0, atol=1e-4)


def test_what_a_network_was_never_shown_is_no_artifact(answer, make_template_raw, make_record):
    network = answer(0.0)
    raw = make_template_raw()
    record = make_record(**(FIXED | {"band": [1.0, 50.0]}))
    (found,) = find_artifact(read_signal(raw), record)
    frequency = np.fft.rfftfreq(raw.n_times, 1 / 256.0)
    taper = np.hanning(raw.n_times)  # the ends of a signal that does not repeat have any frequency
    sizes = [np.abs(np.fft.rfft(taper * x)).mean(axis=0) for x in (found, raw.get_data())]
    share = sizes[0] / sizes[1]
    assert_allclose(share[(frequency > 2) & (frequency < 40)], 1.0, atol=0.05)
    assert share[frequency > 65].max() < 0.02
    windows = np.hanning(1024) * np.concatenate([x for x, _ in network.seen])
    shown = np.abs(np.fft.rfft(windows)).mean(axis=(0, 1))
    assert shown[np.fft.rfftfreq(1024, 1 / 256.0) > 70].max() < 0.05 * shown.max()


def test_a_loose_electrode_is_not_shown_to_the_splines(answer, make_raw, make_record):
    answer(0.0)
    raw = make_raw(19, 10.0, 256.0)
    raw._data[3] *= 1000
    with pytest.warns(RuntimeWarning, match="as large as the median channel: Oz"):
        (found,) = find_artifact(read_signal(raw), make_record(**FIXED))
    assert not found[3].any()
    assert np.abs(found).max() < 1e-4  # volts, and the loose one has up to 3e-2


def test_few_electrodes_are_warned_of(answer, make_raw, make_record):
    answer(0.5)
    with pytest.warns(RuntimeWarning, match="knows 30 electrodes, .* guessed from 4"):
        (found,) = find_artifact(read_signal(make_raw(4, 10.0)), make_record(**FIXED))
    assert np.isfinite(found).all()


# The whole path, with networks from files


@pytest.fixture
def released(monkeypatch, tmp_path, make_record):
    """Release a small network of each architecture, with random weights, for this test."""

    def release(kind: str, **changes) -> str:
        record = make_record(**(FIXED | {"network": kind, "config": CONFIGS[kind]} | changes))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = build_network(record)
        size, sha256 = save_network(network, tmp_path / record.file, model=record.id)
        changes = {**changes, "network": kind, "config": CONFIGS[kind]}
        record = make_record(**(FIXED | changes | {"size": size, "sha256": sha256}))
        (tmp_path / f"{record.id}.json").write_text(format_record(record))
        return record.id

    monkeypatch.setattr(registry, "RECORDS", tmp_path)
    monkeypatch.setattr(download, "FILES", tmp_path / "bundled")
    monkeypatch.setenv(download.SOURCE_VARIABLE, str(tmp_path))
    return release


@pytest.mark.parametrize("scaling", ["recording", "window"])
@pytest.mark.parametrize("spatial", [False, True])
@pytest.mark.parametrize("kind", CONFIGS)
def test_a_recording_goes_all_the_way_and_back(released, make_raw, kind, spatial, scaling):
    model = released(kind, scaling=scaling, l_freq=0.5)
    raw = make_raw(19, 12.0, 250.0, extra_types=["eog"], bads=["Pz"])
    denoiser = ArtifactDenoiser(model, spatial=spatial, gate=False)
    clean = denoiser.fit_transform(raw)
    assert clean.ch_names == raw.ch_names
    x, y = raw.get_data(), clean.get_data()
    assert np.isfinite(y).all()
    for name in ("Pz", "EOG000"):
        index = raw.ch_names.index(name)
        assert_array_equal(y[index], x[index])
    # Random weights take nearly all for artifact, or as much of every source: the spatial step may
    # find no evidence in that.
    assert spatial or measure_difference(y[:19], x[:19]) > 1e-3
    again = denoiser.transform(raw)
    assert_array_equal(again.get_data(), y)


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("scaling", ["recording", "window"])
def test_amplitude_passes_through(released, make_raw, kind, scaling):
    model = released(kind, scaling=scaling)
    raw = make_raw(19, 8.0, 256.0)
    large = raw.copy()
    large._data *= 7.0
    found, found_large = (
        ArtifactDenoiser(model, spatial=False).fit(inst).estimate_artifact(inst).get_data()
        for inst in (raw, large)
    )
    assert measure_difference(found_large, 7.0 * found) < 1e-4


@pytest.mark.parametrize("kind", CONFIGS)
def test_epochs_and_files_of_a_fitted_denoiser_work(released, make_epochs, tmp_path, kind):
    epochs = make_epochs(12, 19, 1.0)
    denoiser = ArtifactDenoiser(released(kind)).fit(epochs)
    path = tmp_path / "a-artdenoise.npz"
    denoiser.save(path)
    clean = ArtifactDenoiser.load(path).transform(epochs)
    assert_array_equal(clean.get_data(), denoiser.transform(epochs).get_data())


# The control


def test_mapping_only_is_what_splines_do(released, make_raw):
    model = released("art")
    raw = make_raw(64, 6.0, extra_types=["stim"], bads=["Oz"])
    mapped = mapping_only(raw, model)
    good = [index for index, name in enumerate(raw.ch_names[:64]) if name != "Oz"]
    info = raw.copy().pick("eeg", exclude="bads").info
    mapping = map_channels(read_directions(info), find_directions(THIRTY))
    x, y = raw.get_data(), mapped.get_data()
    assert_allclose(y[good], map_there_and_back(x[good], mapping), rtol=1e-6, atol=1e-15)
    for name in ("Oz", "STIM000"):
        assert_array_equal(y[raw.ch_names.index(name)], x[raw.ch_names.index(name)])


def test_mapping_only_needs_a_model_that_maps(make_raw):
    with pytest.raises(ValueError, match="takes any channels as they are"):
        mapping_only(make_raw(), "any-montage-v1")
