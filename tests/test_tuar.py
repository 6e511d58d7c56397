"""Tests of loading TUAR, on small files of its layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mne_artdenoise.channels import find_positioned
from mne_artdenoise.datasets import TuarRecording, load_tuar, split_people
from mne_artdenoise.datasets.tuar import TCP
from mne_artdenoise.datasets.tuar_segments import cut_tuar

HEADS = "FP1 FP2 F3 F4 C3 C4 P3 P4 O1 O2 F7 F8 T3 T4 T5 T6 A1 A2 FZ CZ PZ T1 T2".split()  # noqa: SIM905
OTHERS = ["EEG EKG1-REF", "EEG LOC-REF", "EMG-REF", "PHOTIC-REF", "IBI"]
HEADER = """# version = csv_v1.0.0
# bname = {name}
# duration = 20.0000 secs
# montage_file = $NEDC_NFC/lib/nedc_eas_default_montage.txt
# annotation_label_file = $NEDC_NFC/lib/nedc_eas_default_map.txt
#
channel,start_time,stop_time,label,confidence
"""
ROWS = """FP1-F7,1.0000,2.5000,eyem,1.0000
FP2-F8,1.0000,2.5000,eyem,1.0000
F7-T3,5.2500,9.0000,eyem_musc,1.0000
T4-A2,6.0000,6.5000,elpp,0.9000
C3-CZ,12.0000,30.0000,chew_elec,1.0000
P3-O1,25.0000,26.0000,shiv,1.0000
"""


def write_edf(path: Path, names: list[str], x: np.ndarray, sfreq: int) -> np.ndarray:
    """Write microvolts as EDF, one record per second, and give back what its integers hold."""
    n_records, limit = x.shape[1] // sfreq, 500.0

    def pack(value: object, width: int) -> bytes:
        return str(value).ljust(width).encode("ascii")

    header = pack("0", 8) + pack("X", 80) + pack("X", 80) + b"01.01.1500.00.00"
    header += pack(256 * (len(names) + 1), 8) + pack("", 44) + pack(n_records, 8) + pack(1, 8)
    header += pack(len(names), 4)
    fields = {
        "": 80,
        "uV": 8,
        -limit: 8,
        limit: 8,
        -32768: 8,
        32767: 8,
        " ": 80,
        sfreq: 8,
        "  ": 32,
    }
    header += b"".join(pack(name, 16) for name in names)
    header += b"".join(pack(value, width) * len(names) for value, width in fields.items())
    digital = np.round((x + limit) / (2 * limit) * 65535 - 32768).astype("<i2")
    records = digital.reshape(len(names), n_records, sfreq).transpose(1, 0, 2)
    path.write_bytes(header + records.tobytes())
    return (digital.astype(float) + 32768) / 65535 * 2 * limit - limit


@pytest.fixture
def make_corpus(tmp_path):
    """Make a corpus of recordings named in full; the microvolts of each by its name."""

    def make(
        *names: str, montage: str = "01_tcp_ar", reference: str = "REF", rows: str = ROWS
    ) -> dict[str, np.ndarray]:
        folder = tmp_path / "edf" / montage
        folder.mkdir(parents=True, exist_ok=True)
        heads = HEADS if not montage.endswith("_a") else [n for n in HEADS if n not in ("A1", "A2")]
        channels = [f"EEG {name}-{reference}" for name in heads] + OTHERS
        stored = {}
        for seed, name in enumerate(names):
            x = 50 * np.random.default_rng(seed).standard_normal((len(channels), 20 * 50))
            stored[name] = write_edf(folder / f"{name}.edf", channels, x.clip(-499, 499), 50)
            (folder / f"{name}.csv").write_text(HEADER.format(name=name) + rows)
        return stored

    return make


def test_labels_become_spans(make_corpus, tmp_path):
    make_corpus("aaaaaaju_s005_t000")
    (recording,) = load_tuar(str(tmp_path))
    assert (recording.subject, recording.session, recording.token) == ("aaaaaaju", "s005", "t000")
    assert recording.montage == "01_tcp_ar"
    assert recording.seizures == ()
    labels = [(span.channel, span.onset, span.duration, span.label) for span in recording.spans]
    assert labels[0] == ("FP1-F7", 1.0, 1.5, "eyem")
    assert labels[2] == ("F7-T3", 5.25, 3.75, "eyem_musc")
    assert [span.kinds for span in recording.spans] == [
        ("eye",),
        ("eye",),
        ("eye", "muscle"),
        ("electrode",),
        ("chewing", "electrode"),
        ("shiver",),
    ]
    assert recording.spans[3].confidence == 0.9
    text = "<TuarRecording | aaaaaaju_s005_t000, 6 spans: chewing, electrode, eye, muscle, shiver>"
    assert repr(recording) == text


@pytest.mark.parametrize(
    ("montage", "reference", "n_pairs"),
    [("01_tcp_ar", "REF", 22), ("02_tcp_le", "LE", 22), ("03_tcp_ar_a", "REF", 20)],
)
def test_signals_are_the_pairs_that_were_labelled(
    make_corpus, tmp_path, montage, reference, n_pairs
):
    stored = make_corpus("aaaaaaju_s005_t000", montage=montage, reference=reference)
    (recording,) = load_tuar(tmp_path)
    raw = recording.read_raw()
    heads = HEADS if n_pairs == 22 else [name for name in HEADS if name not in ("A1", "A2")]
    assert raw.ch_names == [pair for pair in TCP if set(pair.split("-")) <= set(heads)]
    assert len(raw.ch_names) == n_pairs
    x = 1e-6 * stored["aaaaaaju_s005_t000"]
    for pair, signal in zip(raw.ch_names, raw.get_data(), strict=True):
        first, second = (heads.index(name) for name in pair.split("-"))
        np.testing.assert_allclose(signal, x[first] - x[second], atol=1e-9)
    assert raw.info["sfreq"] == 50.0


def test_labels_are_annotations_of_their_pairs(make_corpus, tmp_path):
    make_corpus("aaaaaaju_s005_t000")
    raw = load_tuar(tmp_path)[0].read_raw()
    # The last one begins after the end, the one before it ends after it.
    assert list(raw.annotations.description) == ["eyem", "eyem", "eyem_musc", "elpp", "chew_elec"]
    np.testing.assert_allclose(raw.annotations.onset, [1, 1, 5.25, 6, 12])
    np.testing.assert_allclose(raw.annotations.duration, [1.5, 1.5, 3.75, 0.5, 8.0])
    assert [names[0] for names in raw.annotations.ch_names] == [
        *("FP1-F7", "FP2-F8", "F7-T3", "T4-A2", "C3-CZ")
    ]


def test_electrodes_have_names_positions_and_types(make_corpus, tmp_path):
    stored = make_corpus("aaaaaaju_s005_t000")
    raw = load_tuar(tmp_path)[0].read_raw(bipolar=False)
    types = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    assert types["Fp1"] == types["Cz"] == types["A2"] == "eeg"
    assert (types["EKG1"], types["LOC"], types["EMG"]) == ("ecg", "eog", "emg")
    assert types["T1"] == types["PHOTIC"] == types["IBI"] == "misc"
    assert len(find_positioned(raw.info)[0]) == len(HEADS) - 2
    np.testing.assert_allclose(
        raw.get_data("Fp2")[0], 1e-6 * stored["aaaaaaju_s005_t000"][1], atol=1e-9
    )
    assert raw.annotations.ch_names[0] == ("Fp1", "F7")
    assert raw.annotations.ch_names[3] == ("T4", "A2")


def test_a_span_of_a_pair_that_was_not_recorded_is_on_no_other(make_corpus, tmp_path):
    make_corpus("aaaaaaju_s005_t000", montage="03_tcp_ar_a")
    (recording,) = load_tuar(tmp_path)
    assert "elpp" not in recording.read_raw().annotations.description
    assert all(names for names in recording.read_raw().annotations.ch_names)


def test_seizures_are_kept_apart(make_corpus, tmp_path):
    make_corpus("aaaaaaju_s005_t000")
    text = HEADER.format(name="x") + "FP1-F7,3.0,4.0,fnsz,1.0\n"
    (tmp_path / "edf" / "01_tcp_ar" / "aaaaaaju_s005_t000_seiz.csv").write_text(text)
    (recording,) = load_tuar(tmp_path)
    assert len(recording.spans) == 6
    assert [(span.label, span.kinds) for span in recording.seizures] == [("fnsz", ())]
    assert "fnsz" in recording.read_raw().annotations.description


def test_all_folders_are_searched_and_names_sorted(make_corpus, tmp_path):
    make_corpus("bbbbbbbb_s001_t000", "aaaaaaaa_s002_t001", "aaaaaaaa_s002_t000")
    make_corpus("cccccccc_s001_t000", montage="02_tcp_le")
    found = [(recording.montage, recording.path.stem) for recording in load_tuar(tmp_path)]
    assert found == [
        ("01_tcp_ar", "aaaaaaaa_s002_t000"),
        ("01_tcp_ar", "aaaaaaaa_s002_t001"),
        ("01_tcp_ar", "bbbbbbbb_s001_t000"),
        ("02_tcp_le", "cccccccc_s001_t000"),
    ]


def test_a_signal_without_labels_is_left_out_with_a_warning(make_corpus, tmp_path):
    make_corpus("aaaaaaaa_s001_t000", "bbbbbbbb_s001_t000")
    (tmp_path / "edf" / "01_tcp_ar" / "aaaaaaaa_s001_t000.csv").unlink()
    with pytest.warns(RuntimeWarning, match="1 EDF files in .* have no CSV"):
        found = load_tuar(tmp_path)
    assert [recording.subject for recording in found] == ["bbbbbbbb"]


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_the_corpus_says_how_to_get_it(tmp_path, exists):
    folder = tmp_path if exists else tmp_path / "nowhere"
    with pytest.raises(FileNotFoundError, match="under an agreement.*isip.piconepress.com.*rsync"):
        load_tuar(folder)


def test_an_older_version_of_the_corpus_is_told(make_corpus, tmp_path):
    make_corpus("aaaaaaaa_s001_t000")
    (tmp_path / "edf" / "01_tcp_ar" / "aaaaaaaa_s001_t000.csv").unlink()
    with pytest.raises(FileNotFoundError, match="holds 1 EDF files without a CSV.*v3.0.1"):
        load_tuar(tmp_path)


@pytest.mark.parametrize(
    "row",
    [
        "FP1-F7,1.0,2.0,eyem",
        "FP1-F7,two,3.0,eyem,1.0",
        "FP1-F7,3.0,2.0,eyem,1.0",
        "FP1-F7,-3.0,2.0,eyem,1.0",
        "FP1-F7,1.0,inf,eyem,1.0",
        "FP1-F7,1.0,2.0,,1.0",
    ],
)
def test_a_row_of_something_else_is_told_with_its_line(make_corpus, tmp_path, row):
    make_corpus("aaaaaaaa_s001_t000", rows=f"FP1-F7,1.0,2.0,eyem,1.0\n{row}\n")
    with pytest.raises(ValueError, match="aaaaaaaa_s001_t000.csv, line 9 is no span of TUAR"):
        load_tuar(tmp_path)


@pytest.mark.parametrize("text", ["", "# only comments\n", "a,b,c\n1,2,3\n"])
def test_a_table_of_something_else_is_told(make_corpus, tmp_path, text):
    make_corpus("aaaaaaaa_s001_t000")
    (tmp_path / "edf" / "01_tcp_ar" / "aaaaaaaa_s001_t000.csv").write_text(text)
    with pytest.raises(ValueError, match="must start with channel,start_time,stop_time,label"):
        load_tuar(tmp_path)


def test_a_name_of_something_else_is_told(make_corpus, tmp_path):
    make_corpus("recording")
    with pytest.raises(ValueError, match=r"recording.edf is not named as in TUAR"):
        load_tuar(tmp_path)


def test_a_recording_without_the_labelled_electrodes_is_told(make_corpus, tmp_path):
    make_corpus("aaaaaaaa_s001_t000")
    path = tmp_path / "edf" / "01_tcp_ar" / "aaaaaaaa_s001_t000.edf"
    write_edf(path, ["EEG X1-REF", "EEG X2-REF"], np.zeros((2, 100)), 50)
    with pytest.raises(ValueError, match="has no pair of electrodes of the labels' montage, only"):
        load_tuar(tmp_path)[0].read_raw()


def test_channels_that_would_have_one_name_keep_their_own(make_corpus, tmp_path):
    make_corpus("aaaaaaaa_s001_t000")
    path = tmp_path / "edf" / "01_tcp_ar" / "aaaaaaaa_s001_t000.edf"
    names = ["EEG FP1-REF", "EEG F7-REF", "EEG EKG-REF", "ECG EKG-REF"]
    write_edf(path, names, np.zeros((4, 100)), 50)
    raw = load_tuar(tmp_path)[0].read_raw(bipolar=False)
    assert raw.ch_names == ["Fp1", "F7", "EKG", "ECG EKG-REF"]
    assert raw.get_channel_types() == ["eeg", "eeg", "ecg", "ecg"]


def make_recordings(people: list[int]) -> list[TuarRecording]:
    return [
        TuarRecording(f"p{person}", "s001", f"t{n}", "01_tcp_ar", Path(f"{n}.edf"), (), ())
        for n, person in enumerate(people)
    ]


@given(
    people=st.lists(st.integers(0, 30), max_size=60),
    cuts=st.lists(st.floats(0, 1), max_size=3),
    seed=st.integers(0, 99),
)
def test_nobody_is_in_two_parts(people, cuts, seed):
    ends = sorted(cuts)
    shares = np.diff([0.0, *ends, 1.0])
    recordings = make_recordings(people)
    parts = split_people(recordings, shares, rng=seed)
    assert len(parts) == len(shares)
    assert sorted((r for part in parts for r in part), key=recordings.index) == recordings
    names = [{r.subject for r in part} for part in parts]
    assert sum(map(len, names)) == len(set().union(*names)) == len(set(people))


def test_parts_have_their_shares_of_people():
    parts = split_people(make_recordings(list(range(213))), (0.7, 0.15, 0.15), rng=0)
    assert [len(part) for part in parts] == [149, 32, 32]
    again = split_people(make_recordings(list(range(213))), (0.7, 0.15, 0.15), rng=0)
    assert parts == again


@pytest.mark.parametrize("shares", [(0.5, 0.6), (1.2, -0.2), (0.3,)])
def test_shares_of_more_or_less_than_the_whole_are_told(shares):
    with pytest.raises(ValueError, match="must be of one whole"):
        split_people(make_recordings([1, 2]), shares)


def test_windows_are_cut_of_spans_with_one_kind(make_corpus, tmp_path):
    make_corpus("aaaaaaju_s005_t000", "aaaaaabc_s001_t000")
    segments = cut_tuar(load_tuar(tmp_path))
    found = {label: int(segments.find(label).sum()) for label in segments.labels}
    # The shiver is after the end; other spans have two kinds.
    assert {label: count for label, count in found.items() if count} == {"eye": 4, "electrode": 2}
    assert set(segments.people) == {"aaaaaaju", "aaaaaabc"}
    assert segments.windows.shape == (6, 512)


def test_recordings_without_a_window_are_told(make_corpus, tmp_path):
    make_corpus("aaaaaaju_s005_t000", rows="F7-T3,5.2500,9.0000,eyem_musc,1.0000\n")
    with pytest.raises(ValueError, match="no artifact to cut windows from"):
        cut_tuar(load_tuar(tmp_path))
