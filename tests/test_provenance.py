"""What was done is written down, and is still there after saving."""

from __future__ import annotations

import mne
import numpy as np
import pytest

from mne_artdenoise import ArtifactDenoiser, denoise, get_record
from mne_artdenoise.provenance import add_line, annotate_spans, find_version, read_lines

PARAMETERS = {"spatial": True, "gate": False, "strength": 0.5, "overlap": 0.25, "picks": "eeg"}


def save_and_read(inst, folder):
    if isinstance(inst, mne.Evoked):
        inst.save(folder / "x-ave.fif", verbose=False)
        return mne.read_evokeds(folder / "x-ave.fif", verbose=False)[0]
    if isinstance(inst, mne.BaseEpochs):
        inst.save(folder / "x-epo.fif", verbose=False)
        return mne.read_epochs(folder / "x-epo.fif", verbose=False)
    inst.save(folder / "x_raw.fif", verbose=False)
    return mne.io.read_raw_fif(folder / "x_raw.fif", verbose=False)


@pytest.mark.parametrize("kind", ["raw", "epochs", "evoked"])
@pytest.mark.parametrize("before", [None, "Ruhe, Augen zu (30 µV)\nsecond line"])
def test_what_was_done_survives_saving(make_raw, make_epochs, make_evoked, tmp_path, kind, before):
    inst = {"raw": make_raw, "epochs": make_epochs, "evoked": make_evoked}[kind](4, duration=3.0)
    inst.info["description"] = before
    clean = denoise(inst, strength=np.float64(0.5), gate=False)
    assert inst.info["description"] == before
    found = save_and_read(clean, tmp_path)
    record = get_record("any-montage-v1")
    (entry,) = read_lines(found.info)
    assert entry == {
        "version": find_version(),
        "model": record.id,
        "sha256": record.sha256,
        "spatial": True,
        "gate": False,
        "strength": 0.5,
        "overlap": 0.5,
    }
    if before:
        assert found.info["description"].startswith(before)


def test_denoising_twice_is_told_twice_in_order(make_raw):
    clean = denoise(denoise(make_raw(), strength=0.25), strength=0.75)
    assert [entry["strength"] for entry in read_lines(clean.info)] == [0.25, 0.75]


@pytest.mark.parametrize("strength", [np.float32(0.5), np.int64(1), 1])
def test_numbers_of_numpy_are_written_as_numbers(make_raw, strength):
    raw = make_raw(2, 1.0)
    add_line(raw, get_record("any-montage-v1"), PARAMETERS | {"strength": strength})
    assert read_lines(raw.info)[0]["strength"] == strength


@pytest.mark.parametrize(
    "text", [None, "", "words", "{", "[1]", '{"other": 1}', '{"mne_artdenoise": 1}', "[" * 10**5]
)
def test_other_descriptions_are_passed_over(make_raw, text):
    raw = make_raw(2, 1.0)
    raw.info["description"] = text
    assert read_lines(raw.info) == []
    add_line(raw, get_record("any-montage-v1"), PARAMETERS)
    assert len(read_lines(raw.info)) == 1


def test_the_estimated_artifact_is_not_signed(make_raw):
    raw = make_raw()
    assert read_lines(ArtifactDenoiser().fit(raw).estimate_artifact(raw).info) == []


# Annotated spans


@pytest.mark.parametrize("meas_date", [None, 0])
@pytest.mark.parametrize("first_samp", [0, 250])
def test_spans_lie_where_samples_are_touched(make_raw, meas_date, first_samp):
    annotations = mne.Annotations([2.0], [1.0], ["BAD_x"])
    raw = make_raw(4, 10.0, annotations=annotations, meas_date=meas_date, first_samp=first_samp)
    raw._data[:, 1000:1100] += 2e-4 * np.hanning(100) * np.arange(1, 5)[:, np.newaxis]
    denoiser = ArtifactDenoiser().fit(raw)
    clean = denoiser.transform(raw)
    spans = denoiser.annotate_repaired(raw)
    assert set(spans.description) == {"artdenoise"}
    clean.annotations.append(spans.onset, spans.duration, spans.description)
    # Samples are those that MNE-Python itself leaves out when the spans are renamed to BAD.
    clean.annotations.rename({"artdenoise": "BAD_repaired", "BAD_x": "x"})
    kept = clean.get_data(reject_by_annotation="NaN", verbose=False)
    touched = (raw.get_data() != clean.get_data()).any(axis=0)
    assert touched.any()
    assert np.array_equal(np.isnan(kept[0]), touched)


def test_no_span_gives_no_annotation(make_raw):
    assert len(annotate_spans(make_raw(2, 1.0), [0, 50], [[], []])) == 0


def test_spans_count_from_the_start_of_their_segment(make_raw):
    found = annotate_spans(make_raw(2, 1.0), [0, 100], [[(10, 20)], [(0, 5), (7, 9)]])
    np.testing.assert_allclose(found.onset, [0.05, 0.5, 0.535])
    np.testing.assert_allclose(found.duration, [0.05, 0.025, 0.01])


def test_only_a_raw_is_annotated(make_epochs):
    epochs = make_epochs(5, 4)
    with pytest.raises(TypeError, match="Only a Raw can be annotated, found EpochsArray"):
        ArtifactDenoiser().fit(epochs).annotate_repaired(epochs)
