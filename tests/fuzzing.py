"""Cases that nobody would write by hand, one for each seed: odd recordings, and damaged files.

A case raises one of `CLEAR` with a message, or comes to an end. Anything else is a fault of ours.
`tests/test_fuzz.py` runs some of them, ``benchmarks/reliability_fuzz.py`` as many as are asked for.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import mne
import numpy as np
from sklearn.exceptions import NotFittedError

from mne_artdenoise import ArtifactDenoiser, OnlineDenoiser, denoise_file, get_record, recording
from mne_artdenoise.__main__ import main
from mne_artdenoise.checks import check_preservation
from mne_artdenoise.synthesis.bank import Bank, CleanRecording, FieldSource, Source
from mne_artdenoise.synthesis.components import ICLABEL_CLASSES, ComponentSet
from mne_artdenoise.verdict import judge_denoising
from mne_artdenoise.weights.load import load_network, read_tensors
from mne_artdenoise.weights.record import format_record, parse_record

CLEAR = (ValueError, TypeError, OSError, NotFittedError)
UNCLEAR = (np.linalg.LinAlgError, UnicodeError)  # though they are ValueErrors
NAMES = ["Cz", "Pz", "Fz", "Oz", "C3", "C4", "Fp1", "Fp2", "O1", "O2", "F7", "F8"]
Rng = np.random.Generator


@cache
def load_montage() -> mne.channels.DigMontage:
    known = mne.channels.get_builtin_montages()
    return mne.channels.make_standard_montage(
        "colin27_1005" if "colin27_1005" in known else "standard_1005"
    )


def chance(rng: Rng, share: float) -> bool:
    return bool(rng.random() < share)


def choose(rng: Rng, options: Any) -> Any:
    return options[int(rng.integers(len(options)))]


# Recordings


def draw_info(rng: Rng) -> mne.Info:
    n_channels = choose(rng, [1, 2, 2, 3, 3, 3, 4, 4, 6, 6, 12])
    names = list(rng.permutation(NAMES)[:n_channels])
    types = ["eeg"] * n_channels
    for number, kind in enumerate(["eog", "stim", "misc", "ecg", "mag"]):
        if chance(rng, 0.15):
            names.append(f"X{number}")
            types.append(kind)
    common = [200.0, 100.0, 128.0, 250.37, 512.0]
    sfreq = choose(rng, [2000.0, 50.0, 99.99, 5000.0] if chance(rng, 0.1) else common)
    info = mne.create_info(names, sfreq, types)
    if not chance(rng, 0.05):
        info.set_montage(load_montage(), on_missing="ignore")
    if chance(rng, 0.2):
        damage_positions(rng, info)
    if chance(rng, 0.15):
        info["bads"] = [str(name) for name in names if chance(rng, 0.4)]
    return info


def damage_positions(rng: Rng, info: mne.Info) -> None:
    for channel in info["chs"]:
        if chance(rng, 0.4):
            channel["loc"][:3] = choose(
                rng, [np.nan, 0.0, np.inf, 1e6, 1e-5, info["chs"][0]["loc"][:3], (0, 0, 0.04)]
            )


def draw_volts(rng: Rng, n_channels: int, n_times: int) -> np.ndarray:
    x = np.cumsum(rng.standard_normal((n_channels, n_times)), axis=1)
    x = 1e-5 * x / max(float(np.abs(x).max()), 1e-9)
    x += 1e-4 * (rng.random(n_times) < 0.02) * chance(rng, 0.5)
    if chance(rng, 0.15):
        x *= choose(rng, [1e6, 1e-6, 1e-12, 0.0, 1e25, 1e-300, 1e300, -1.0])
    if chance(rng, 0.1):
        x += choose(rng, [0.1, -1e3, 1e12])
    if chance(rng, 0.15):
        x[rng.integers(n_channels)] = choose(rng, [0.0, 1e-5, 0.1, np.nan, 1e-320])
    if chance(rng, 0.1):
        x[:] = x[0]
    if chance(rng, 0.1):
        limit = 0.3 * float(np.abs(x).max())
        x = np.clip(x, -limit, limit)
    if chance(rng, 0.1):
        start = int(rng.integers(n_times))
        x[:, start : start + int(rng.integers(1, 300))] = choose(rng, [0.0, 0.0, np.nan, np.inf])
    if chance(rng, 0.05):
        x[rng.integers(n_channels), rng.integers(n_times)] = choose(
            rng, [np.nan, -np.inf, 1e30, 1.0, 1e305, -1e38]
        )
    return x


def draw_annotations(rng: Rng, seconds: float) -> mne.Annotations:
    n = int(rng.integers(0, 6))
    words = ["BAD", "bad_acq_skip", "EDGE boundary", "edge", "go", "", "BAD ±µ", "BAD_ACQ_SKIP"]
    return mne.Annotations(
        rng.uniform(-0.2 * seconds, 1.2 * seconds, n),
        [choose(rng, [0.0, 0.0, 1e-9, 0.1, 0.1, 0.1, 0.3, seconds, 1e6]) for _ in range(n)],
        [choose(rng, words) for _ in range(n)],
    )


def draw_raw(rng: Rng, info: mne.Info | None = None) -> mne.io.RawArray:
    info = draw_info(rng) if info is None else info
    n_times = choose(rng, [1, 2, 3, 7] if chance(rng, 0.15) else [50, 201, 399, 400, 640, 1000])
    x = draw_volts(rng, len(info["ch_names"]), n_times)
    if chance(rng, 0.03):
        x = x * 1j
    raw = mne.io.RawArray(x, info.copy(), first_samp=choose(rng, [0, 0, 1, 5000]), verbose=False)
    if chance(rng, 0.2):
        raw.set_meas_date(datetime(2020, 1, 1, tzinfo=UTC))
    if chance(rng, 0.4):
        raw.set_annotations(draw_annotations(rng, n_times / info["sfreq"]))
    if chance(rng, 0.1) and len(mne.pick_types(raw.info, eeg=True)) > 1:
        raw.set_eeg_reference(projection=True, verbose=False)
        if chance(rng, 0.7):
            raw.apply_proj(verbose=False)
    return raw


def draw_instance(rng: Rng, folder: Path) -> tuple[Any, mne.Info | None]:
    """Draw a recording of any kind, and the info= that it may need."""
    raw = draw_raw(rng)
    kind = choose(rng, ["raw", "raw", "stored", "epochs", "epochs", "evoked", "array", "array"])
    if kind == "stored" and not np.iscomplexobj(raw._data):
        raw.save(folder / "some_raw.fif", fmt="double", overwrite=True, verbose=False)
        return mne.io.read_raw_fif(folder / "some_raw.fif", verbose=False), None
    if kind == "epochs":
        return draw_epochs(rng, raw), None
    if kind == "evoked":
        return mne.EvokedArray(raw.get_data().real, raw.info, tmin=-0.1, verbose=False), None
    if kind == "array":
        return draw_array(rng, raw), raw.info if not chance(rng, 0.05) else None
    return raw, None


def draw_epochs(rng: Rng, raw: mne.io.RawArray) -> mne.BaseEpochs:
    n = int(rng.integers(1, 5))
    samples = raw.first_samp + np.sort(rng.choice(raw.n_times, min(n, raw.n_times), replace=False))
    events = np.column_stack([samples, np.zeros_like(samples), np.ones_like(samples)])
    return mne.Epochs(
        raw,
        events,
        tmin=choose(rng, [-0.1, 0.0]),
        tmax=choose(rng, [0.0, 0.2, 1.0]),
        baseline=choose(rng, [None, (None, 0), (None, None)]),
        decim=choose(rng, [1, 1, 2]),
        preload=chance(rng, 0.5),
        reject_by_annotation=chance(rng, 0.5),
        proj=choose(rng, [True, False, "delayed"]),
        verbose=False,
    )


def draw_array(rng: Rng, raw: mne.io.RawArray) -> np.ndarray:
    x = raw.get_data()
    x = choose(rng, [x, x[np.newaxis], np.stack([x, x * 0.5]), x[np.newaxis, np.newaxis]])
    if chance(rng, 0.05):
        x = choose(rng, [x[..., :0, :], x[..., :0], x[0], x[:0]])
    usual = [None, None, np.float32, np.float16, np.int32, ">f8"]
    dtype = choose(rng, [object, "U8", bool] if chance(rng, 0.1) else usual)
    if dtype is not None:
        x = np.nan_to_num(x.real * (1e6 if np.dtype(dtype).kind == "i" else 1)).astype(dtype)
    if chance(rng, 0.2):
        x = np.asfortranarray(x)
    if chance(rng, 0.1):
        x = x[..., ::2]
    x.flags.writeable = chance(rng, 0.7)
    return x


def draw_options(rng: Rng) -> dict[str, Any]:
    wild = {
        "spatial": [True, False],
        "gate": [True, False],
        "strength": [0.0, 0.5, 1, np.float32(0.3), -1.0, 2.0, np.nan, None, "x", True],
        "overlap": [0.0, 0.9, 1.0, -0.1, np.nan, "half"],
        "batch_size": [1, 3, np.int64(2), 0, -1, 1.5, "many", None],
        "device": ["cpu", "auto", "tpu", 3, None],
        "model": ["any-montage-v1", "no-such-v1", "", None, "../any-montage-v1"],
        "picks": [
            "eeg", "data", "all", None, [], "Cz", ["Cz", "Pz"], ["Cz", "Cz"], [0, 1], [-1, 0],
            [99], slice(0, 3), slice(5, 0), np.array([0, 2]), "no such", ["eeg", "eog"], 1.5,
        ],
    }  # fmt: skip
    return {name: choose(rng, values) for name, values in wild.items() if chance(rng, 0.07)}


def run_denoiser(rng: Rng, folder: Path) -> None:
    """Denoise an odd recording in an odd way; what comes out must fit what went in."""
    recording.AT_ONCE = choose(rng, [0, 2**24])
    try:
        inst, info = draw_instance(rng, folder)
    except (ValueError, RuntimeError, AssertionError):  # MNE-Python makes no such recording
        return
    denoiser = ArtifactDenoiser(**draw_options(rng), info=info)
    before = take_data(inst)
    what = choose(rng, ["both", "both", "both", "fit then transform", "artifact", "spans", "file"])
    denoiser.fit(inst)
    if what == "spans":
        denoiser.annotate_repaired(inst)
        return
    if what == "file":
        denoiser.save(folder / "x-artdenoise.npz", overwrite=True)
        denoiser = ArtifactDenoiser.load(folder / "x-artdenoise.npz")
        denoiser.info = info
    other = inst
    if what == "fit then transform":
        other = draw_raw(rng, None if not hasattr(inst, "info") else inst.info)
    method = denoiser.estimate_artifact if what == "artifact" else denoiser.transform
    after = method(other)
    assert type(after) is type(other) or isinstance(after, np.ndarray)
    check_result(take_data(other), take_data(after), denoiser)
    assert np.array_equal(take_data(inst), before, equal_nan=True), "the input was changed"


def take_data(inst: Any) -> np.ndarray:
    return np.array(inst) if isinstance(inst, np.ndarray) else inst.copy().get_data()


def check_result(before: np.ndarray, after: np.ndarray, denoiser: Any) -> None:
    assert after.shape == before.shape, f"{before.shape} became {after.shape}"
    if after.dtype.kind == "f" and before.dtype.kind == "f":
        lost = ~np.isfinite(after) & np.isfinite(before)
        assert not lost.any(), f"{lost.sum()} values came out NaN or inf"


# Damaged files


def damage(rng: Rng, data: bytes) -> bytes:
    """Damage bytes in one way or several."""
    found = bytearray(data)
    for _ in range(choose(rng, [1, 1, 1, 2, 5, 40])):
        if not found:
            break
        where = int(rng.integers(len(found)))
        if chance(rng, 0.4):  # at the head there is more to break
            where = int(rng.integers(min(len(found), 2000)))
        length = choose(rng, [1, 2, 4, 8, 100])
        what = choose(rng, ["flip", "flip", "flip", "set", "cut", "drop", "insert", "swap", "zero"])
        if what == "flip":
            found[where] ^= int(rng.integers(1, 256))
        elif what == "set":
            found[where : where + 4] = choose(
                rng, [b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0" * 4, b"\x7f\xc0\0\0"]
            )
        elif what == "cut":
            del found[where:]
        elif what == "drop":
            del found[where : where + length]
        elif what == "insert":
            found[where:where] = rng.bytes(length)
        elif what == "swap":
            other = int(rng.integers(len(found)))
            found[where : where + length] = found[other : other + length]
        else:
            found[where : where + length] = bytes(min(length, len(found) - where))
    return bytes(found)


@cache
def write_sources(folder: Path) -> dict[str, tuple[bytes, ...]]:
    """Write one small recording in each format, and give back the bytes of its files."""
    rng = np.random.default_rng(5)
    info = mne.create_info(["Cz", "Oz", "Fz", "Fp1"], 200.0, "eeg").set_montage(load_montage())
    x = 1e-5 * np.cumsum(rng.standard_normal((4, 600)), axis=1) / 20
    x += 3e-4 * np.outer([0.1, 0.0, 0.4, 1.0], np.arange(600) % 150 < 25)
    raw = mne.io.RawArray(x, info, verbose=False)
    raw.set_annotations(mne.Annotations([0.5, 1.0], [0.1, 0.0], ["BAD_x", "go"]))
    folder.mkdir(parents=True, exist_ok=True)
    raw.save(folder / "a_raw.fif", overwrite=True, verbose=False)
    mne.make_fixed_length_epochs(raw, 0.5, verbose=False).save(
        folder / "a-epo.fif", overwrite=True, verbose=False
    )
    names = {"fif": ["a_raw.fif"], "epochs": ["a-epo.fif"]}
    for kind, parts in {"edf": ["a.edf"], "vhdr": ["a.vhdr", "a.eeg", "a.vmrk"]}.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                mne.export.export_raw(folder / parts[0], raw, overwrite=True, verbose=False)
        except (ImportError, RuntimeError):  # edfio or pybv is not installed
            continue
        names[kind] = parts
    if "edf" in names:
        names["edf+d"] = ["b.edf"]
        (folder / "b.edf").write_bytes(interrupt((folder / "a.edf").read_bytes()))
    ArtifactDenoiser(info=raw.info).fit(raw).save(folder / "a-artdenoise.npz", overwrite=True)
    names["fitted"] = ["a-artdenoise.npz"]
    return {
        kind: tuple((folder / part).read_bytes() for part in parts) for kind, parts in names.items()
    }


def interrupt(data: bytes) -> bytes:
    """Let the last second of an EDF+ file begin later than the one before it ended."""
    return data[:192] + b"EDF+D" + data[197:].replace(b"+2\x14\x14\0", b"+9\x14\x14\0", 1)


def run_damaged_recording(rng: Rng, folder: Path, kind: str, parts: tuple[str, ...]) -> None:
    """Denoise a damaged recording from disk to disk."""
    sources = write_sources(folder.parent / "sources")
    if kind not in sources:
        return
    which = int(rng.integers(len(parts)))
    for number, (name, data) in enumerate(zip(parts, sources[kind], strict=True)):
        (folder / name).write_bytes(damage(rng, data) if number == which else data)
    recording.AT_ONCE = choose(rng, [0, 2**24])
    source, target = folder / parts[0], folder / "out_raw.fif"
    target.unlink(missing_ok=True)
    raw = mne_read(source)
    if kind != "fif":
        raw.set_montage(load_montage(), on_missing="ignore")
    denoise_file(raw, target)
    before, after = mne_read(source), mne.io.read_raw_fif(target, verbose=False)
    assert after.n_times == before.n_times
    check_result(before.get_data(), after.get_data(), None)


def mne_read(path: Path) -> mne.io.BaseRaw:
    from mne_artdenoise.outofcore import open_recording

    return open_recording(path)


def run_damaged_fif(rng: Rng, folder: Path) -> None:
    run_damaged_recording(rng, folder, "fif", ("in_raw.fif",))


def run_damaged_edf(rng: Rng, folder: Path) -> None:
    run_damaged_recording(rng, folder, choose(rng, ["edf", "edf", "edf+d"]), ("in.edf",))


def run_damaged_brainvision(rng: Rng, folder: Path) -> None:
    run_damaged_recording(rng, folder, "vhdr", ("a.vhdr", "a.eeg", "a.vmrk"))


def run_damaged_epochs(rng: Rng, folder: Path) -> None:
    """Denoise damaged epochs by the command line, which tells every error."""
    (data,) = write_sources(folder.parent / "sources")["epochs"]
    (folder / "in-epo.fif").write_bytes(damage(rng, data))
    run_command(["clean", folder / "in-epo.fif", folder / "out-epo.fif", "--overwrite"])


def run_damaged_fitted(rng: Rng, folder: Path) -> None:
    """Load a damaged file of a fitted denoiser; what it gives must work."""
    (data,) = write_sources(folder.parent / "sources")["fitted"]
    path = folder / "x-artdenoise.npz"
    path.write_bytes(damage(rng, data) if chance(rng, 0.4) else data)
    if path.read_bytes() == data:  # past the checksums of the archive
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        for name in rng.choice(list(arrays), 2):
            arrays[name] = damage_array(rng, arrays[name])
        np.savez(path, **arrays)
    denoiser = ArtifactDenoiser.load(path)
    x = 1e-5 * rng.standard_normal((len(denoiser.info["ch_names"]), 300))
    check_result(x, denoiser.transform(x), denoiser)


def damage_array(rng: Rng, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "U":
        text = damage(rng, str(array).encode()) if chance(rng, 0.5) else str(array).encode()
        found = text.decode("utf-8", errors="replace")
        for _ in range(2):
            right = choose(rng, ["true", "1.0", "0.5", '"eeg"', "null", "200.0", "0.7"])
            wrong = choose(rng, ["null", "-1", "1e999", '"x"', "[]", "{}", "true", "NaN"])
            found = found.replace(right, wrong)
        return np.array(found)
    wrong = choose(rng, [np.nan, np.inf, 1e200, 0.0, -1.0])
    changed = np.where(rng.random(array.shape) < 0.3, wrong, array)
    return choose(
        rng, [changed, changed, array.ravel()[:1], array.T, array.astype("f4"), array.ravel()]
    )


def run_damaged_bank(rng: Rng, folder: Path) -> None:
    """Load a damaged bank or set of components; what it gives can be written again."""
    kind = choose(rng, [Bank, ComponentSet])
    path = folder / "x.npz"
    arrays = dict(write_banks(folder.parent / "sources")[kind.__name__])
    for name in rng.choice(list(arrays), choose(rng, [0, 1, 2])):
        arrays[name] = damage_array(rng, np.asarray(arrays[name]))
    np.savez(path, **arrays)
    if chance(rng, 0.4):
        path.write_bytes(damage(rng, path.read_bytes()))
    found = kind.load(path)
    found.save(path)
    kind.load(path)


@cache
def write_banks(folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """Write a small bank and a set of components, and give back their arrays."""
    rng = np.random.default_rng(6)
    names, x = ("Cz", "Oz", "Fz"), rng.standard_normal((3, 50)).astype(np.float32)
    places = rng.standard_normal((3, 3))
    bank = Bank(
        200.0,
        (CleanRecording("one", names, places, x),),
        (Source("two", "eye", x[0]),),
        (FieldSource("three", "muscle", names, places, x[:2, :3], x[:2]),),
    )
    shares = np.full((2, len(ICLABEL_CLASSES)), 1 / len(ICLABEL_CLASSES))
    components = ComponentSet("one", 200.0, names, places, x[:2, :3], x[:2], shares)
    found = {}
    folder.mkdir(parents=True, exist_ok=True)
    for item in (bank, components):
        item.save(folder / "some.npz")
        with np.load(folder / "some.npz") as stored:
            found[type(item).__name__] = {name: stored[name] for name in stored.files}
    return found


def run_check(rng: Rng, folder: Path) -> None:
    """Check an odd result against an odd recording; what is said is said in words."""
    try:
        before, _ = draw_instance(rng, folder)
    except (ValueError, RuntimeError, AssertionError):  # MNE-Python makes no such recording
        return
    after = choose(rng, [before, before, draw_raw(rng)])
    if after is before and hasattr(before, "copy"):
        after = before.copy()
    if after is not before and isinstance(after, mne.io.RawArray):
        how = choose(rng, [0.0, 0.5, 1.0, 1e6])
        after._data = how * after._data + choose(rng, [0.0, 1e-6, np.nan])
    rows = check_preservation(before, after)
    assert all(row.verdict in ("good", "doubtful", "cannot tell") for row in rows)
    assert all("nan" not in row.sentence.split() for row in rows), [row.sentence for row in rows]
    assert str(judge_denoising(before, after, rows=rows, components=False))


def run_damaged_weights(rng: Rng, folder: Path) -> None:
    """Load damaged weights: past the hash, which would refuse them, if need be."""
    from mne_artdenoise.weights.download import FILES
    from mne_artdenoise.weights.load import build_network, fill_network

    record = get_record("any-montage-v1")
    data = damage(rng, (FILES / record.file).read_bytes())
    path = folder / "x.safetensors"
    path.write_bytes(data)
    fields = json.loads(format_record(record)) | {"size": max(1, len(data))}
    record = parse_record(json.dumps(fields))
    if chance(rng, 0.5):
        read_tensors(path, record)
    else:
        fill_network(build_network(record), path, record)


def run_damaged_record(rng: Rng, folder: Path) -> None:
    """Parse a damaged record of a model, and build what it asks for."""
    fields = json.loads(format_record(get_record("any-montage-v1")))
    values = [None, "", "x", -1, 0, 1e308, True, [], {}, "../x", [1, "a"], 2**70, "1", [[]], 0.5]
    for name in list(fields):
        if chance(rng, 0.1):
            fields[name] = choose(rng, values)
    if chance(rng, 0.3):
        key = choose(rng, list(fields["config"]) if isinstance(fields["config"], dict) else ["x"])
        fields["config"] = {**dict(fields["config"] or {}), key: choose(rng, values)}
    text = json.dumps(fields)
    if chance(rng, 0.5):
        text = damage(rng, text.encode()).decode("utf-8", errors="replace")
    load_network(parse_record(text))


def run_damaged_staging(rng: Rng, folder: Path) -> None:
    """Continue work whose notes were damaged."""
    target = folder / "out_raw.fif"
    (data,) = write_sources(folder.parent / "sources")["fif"]
    (folder / "in_raw.fif").write_bytes(data)
    hidden = folder / ".out_raw.fif.artdenoise"
    hidden.mkdir(exist_ok=True)
    state = {"fingerprint": "x", "done": 1, "shape": [600, 4], "result": None}
    state[choose(rng, list(state))] = choose(rng, [None, "x", -1, [1], {}, "../..", 1e9])
    (hidden / "state.json").write_bytes(damage(rng, json.dumps(state).encode()))
    (hidden / "artifact.f64").write_bytes(rng.bytes(int(rng.integers(0, 3000))))
    denoise_file(folder / "in_raw.fif", target, overwrite=True)
    assert not hidden.exists()
    target.unlink()


# Streams and commands


@cache
def fit_online() -> OnlineDenoiser:
    rng = np.random.default_rng(7)
    info = mne.create_info(NAMES[:5], 200.0, "eeg").set_montage(load_montage())
    x = 1e-5 * np.cumsum(rng.standard_normal((5, 1200)), axis=1) / 20
    x[3:] += 2e-4 * (np.arange(1200) % 300 < 30)
    return OnlineDenoiser(remember=2.0).fit(mne.io.RawArray(x, info, verbose=False))


def run_stream(rng: Rng, folder: Path) -> None:
    """Send odd blocks through; the same must come out as from one block of them all."""
    online = fit_online()
    online.reset()
    blocks = [draw_volts(rng, 5, int(rng.integers(1, 200))) for _ in range(int(rng.integers(1, 6)))]
    if chance(rng, 0.1):
        blocks.append(choose(rng, [np.zeros((4, 3)), np.zeros(5), "x", None, np.zeros((5, 2, 2))]))
    found = [online.process(block) for block in blocks]
    x, y = np.hstack(blocks), np.hstack(found)
    assert y.shape == x.shape
    late = np.hstack([np.repeat(x[:, :1], online.delay_, axis=1), x])[:, : x.shape[1]]
    small = np.abs(late) < 1e100
    lost = ~np.isfinite(y) & small
    assert not lost.any(), f"{lost.sum()} values came out NaN or inf"
    if chance(rng, 0.3):
        online.skip_gap()


def run_command(words: list[Any]) -> None:
    """Run a command; it ends with a code, and says one line where that is 2."""
    told = StringIO()
    with redirect_stderr(told), redirect_stdout(StringIO()):
        try:
            code = main([str(word) for word in words])
        except SystemExit as stop:  # argparse
            code = stop.code
            assert code in (0, 2), code
            return
    lines = [line for line in told.getvalue().splitlines() if line.startswith("error: ")]
    assert code in (0, 1, 2)
    assert len(lines) == (code == 2)


def run_commands(rng: Rng, folder: Path) -> None:
    """Run commands of odd words."""
    words = [
        *("clean", "models", "fetch", "clean-bids", "--model", "any-montage-v1", "--strength"),
        *("0.5", "-1", "nan", "x", "--device", "cpu", "tpu", "--overwrite", "--no-gate", "--part"),
        *("1/2", "0/0", "--out", str(folder), str(folder / "no.edf"), "--n-jobs", "--resume", "é"),
        *(
            "--no-spatial",
            "--subjects",
            "\0",
            "a" * 300,
            "--figure",
            "x.txt",
            "--seed",
            "--montage",
        ),
    ]
    (data,) = write_sources(folder.parent / "sources")["fif"]
    (folder / "in_raw.fif").write_bytes(data)
    first = choose(rng, [["clean", folder / "in_raw.fif"], ["clean-bids", folder], ["models"], []])
    chosen = [choose(rng, words) for _ in range(int(rng.integers(0, 5)))]
    if not first and "clean" in chosen[:1] and len(chosen) < 2:
        return  # the simulated recording takes long
    run_command([*first, *chosen, *(["--out", folder] if first[:1] == ["clean"] else [])])


CASES: dict[str, Callable[[Rng, Path], None]] = {
    "denoiser": run_denoiser,
    "damaged fif": run_damaged_fif,
    "damaged edf": run_damaged_edf,
    "damaged brainvision": run_damaged_brainvision,
    "damaged epochs": run_damaged_epochs,
    "damaged fitted": run_damaged_fitted,
    "damaged bank": run_damaged_bank,
    "damaged weights": run_damaged_weights,
    "damaged record": run_damaged_record,
    "damaged staging": run_damaged_staging,
    "stream": run_stream,
    "check": run_check,
    "command": run_commands,
}


def run_case(kind: str, seed: int, folder: Path) -> str | None:
    """Run one case: None when it came to an end, else how a clear error was told.

    Every other error comes through: it is a fault.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = recording.AT_ONCE
    try:
        with warnings.catch_warnings(), mne.use_log_level("error"):
            warnings.simplefilter("ignore")
            CASES[kind](np.random.default_rng(seed), folder)
    except UNCLEAR:
        raise
    except CLEAR as error:
        text = str(error)
        assert len(text) > 10, f"{type(error).__name__} says only {text!r}"  # noqa: PT017
        return f"{type(error).__name__}: {text}"
    finally:
        recording.AT_ONCE = kept
    return None
