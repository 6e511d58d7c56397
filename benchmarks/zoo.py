"""Score models of the registry, each with and without the spatial step, beside ICA with ICLabel.

Run ``python benchmarks/zoo.py --bank held-out.npz --out rows.jsonl MODEL...``. The recordings are
those of ``semisynthetic.py``: people and artifact sources that no training saw, -3 dB in power. The
score is the power of the artifact that was added over that of the error which is left, in decibels,
mean over recordings. ``--cost`` measures instead what a model costs on one core: seconds of
processor for seconds of a recording, and its share of the rate at which the machine multiplies
matrices in float32. ``--write FILE`` writes what a model's record holds as scores, among them what
mapping to the model's electrodes and back loses of a recording, with no network between.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path

import mne
import numpy as np
import torch
from peers import clean_with_ica
from quality import find_interval, format_mean, read_rows
from semisynthetic import Case, make_cases
from torch.utils.flop_counter import FlopCounterMode

from mne_artdenoise import ArtifactDenoiser, get_record, list_models
from mne_artdenoise.controls import mapping_only
from mne_artdenoise.synthesis.bank import Bank
from mne_artdenoise.weights import load_network
from mne_artdenoise.weights.record import ModelRecord

CELLS = ("19 eye", "19 muscle", "19 both", "19 clean", "8 eye", "8 muscle", "8 both")
MAPPED = ("8 eye", "19 eye", "64 eye")  # recordings of each size that are mapped
ICA = "ICA + ICLabel"
UNTOUCHED = 100.0  # decibels that stand for a recording that came out as it was
FORMS = {"with the spatial step": True, "network alone": False}


def main() -> None:
    """Score what is not scored yet, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", help="none: ICA with ICLabel alone")
    parser.add_argument("--bank", type=Path, required=True, help="held-out.npz of the recipe")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, finished rows stay")
    parser.add_argument("--cells", nargs="*", default=CELLS)
    parser.add_argument("--forms", nargs="*", choices=FORMS, default=FORMS, help="of the models")
    parser.add_argument("--without-ica", action="store_true", help="score only the models")
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=120.0, help="of each recording")
    parser.add_argument("--cost", action="store_true", help="measure cost, and stop")
    parser.add_argument("--write", type=Path, help="file for the scores of the first model")
    args = parser.parse_args()
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    # Weights that are not bundled lie in the repository.
    os.environ.setdefault("MNE_ARTDENOISE_WEIGHTS", str(Path(__file__).parents[1] / "weights"))
    if args.cost:
        for model in args.models:
            print(model, json.dumps(measure_cost(model)))
        return
    done = {(row["method"], row["cell"], row["case"]) for row in read_rows(args.out)}
    methods = [f"{model}, {form}" for model in args.models for form in args.forms]
    methods += [] if args.without_ica else [ICA]
    cases = make_cases(Bank.load(args.bank), seconds=args.seconds)
    chosen = choose_cases(cases, args.cells, args.people)
    with args.out.open("a") as file:
        for (number, case), method in product(chosen, methods):
            if (method, case.cell, number) not in done:
                file.write(json.dumps(score_case(method, number, case)) + "\n")
                file.flush()
    if args.write:
        scores = gather(args.models[0], read_rows(args.out))
        mapped = choose_cases(make_cases(Bank.load(args.bank)), list(MAPPED), args.people)
        scores |= measure_mapping(args.models[0], [case for _, case in mapped])
        scores["cost_on_one_core"] = measure_cost(args.models[0])
        args.write.write_text(json.dumps(scores, indent=1))
    print(make_table(read_rows(args.out)))


def choose_cases(cases: Iterable[Case], cells: list[str], people: int) -> list[tuple[int, Case]]:
    """Choose the first recording of some people in each cell, with their numbers."""
    chosen: dict[tuple[str, str], tuple[int, Case]] = {}
    for number, case in enumerate(cases):
        if case.cell in cells:
            chosen.setdefault((case.cell, case.subject), (number, case))
    # All cells of one person after another, so that a run that is stopped has scored each cell.
    subjects = list(dict.fromkeys(subject for _, subject in chosen))
    keys = {cell: [s for s in subjects if (cell, s) in chosen][:people] for cell in cells}
    return [chosen[cell, s] for s in subjects for cell in cells if s in keys[cell]]


def score_case(method: str, number: int, case: Case) -> dict[str, object]:
    """One row: how one method did on one recording."""
    raw = mne.io.RawArray(case.noisy, case.info)
    began = time.process_time()
    removed = case.noisy - clean(method, raw).get_data()
    seconds = time.process_time() - began
    wrong = np.mean((removed - case.artifact) ** 2)
    right = np.mean(case.artifact**2) if case.artifact.any() else np.mean(case.clean**2)
    gain = 10 * np.log10(right / max(wrong, 1e-10 * right))
    return {
        **{"method": method, "cell": case.cell, "case": number, "subject": case.subject},
        **{"gain_db": round(float(gain), 3), "seconds": round(seconds, 2)},
    }


def clean(method: str, raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
    """Clean a recording by a method's name."""
    if method == ICA:
        return clean_with_ica(raw)
    model, form = method.split(", ")
    return ArtifactDenoiser(model, spatial=FORMS[form]).fit_transform(raw)


def make_table(rows: list[dict[str, object]]) -> str:
    """Markdown: a row per method, a column per cell, mean gain and its interval."""
    cells = list(dict.fromkeys(str(row["cell"]) for row in rows))
    lines = ["| method | " + " | ".join(cells) + " |", "|---" * (len(cells) + 1) + "|"]
    for method in dict.fromkeys(str(row["method"]) for row in rows):
        texts = []
        for cell in cells:
            found = [r["gain_db"] for r in rows if r["method"] == method and r["cell"] == cell]
            texts.append(f"{format_mean(np.array(found))} ({len(found)})" if found else "")
        lines.append(f"| {method} | " + " | ".join(texts) + " |")
    return "\n".join(lines)


def gather(model: str, rows: list[dict[str, object]]) -> dict[str, object]:
    """Gather what a model's record holds of the scores: means, and their 95 % intervals."""
    table: dict[str, dict[str, float]] = {}
    spans: dict[str, dict[str, list[float]]] = {}
    names = {f"{model}, {form}": form for form in FORMS} | {ICA: ICA}
    cells = dict.fromkeys(str(row["cell"]) for row in rows)
    there = {row["case"] for row in rows if row["method"] in names and row["method"] != ICA}
    for method, name in names.items():
        for cell in cells:
            found = [r for r in rows if r["method"] == method and r["cell"] == cell]
            gains = [min(r["gain_db"], UNTOUCHED) for r in found if r["case"] in there]
            if gains:
                mean, *span = (round(float(x), 1) for x in find_interval(np.array(gains)))
                table.setdefault(name, {})[cell] = mean
                spans.setdefault(name, {})[cell] = span
    own = {(row["cell"], row["subject"]) for row in rows if row["method"] in names.keys() - {ICA}}
    people = {cell: len({s for c, s in own if c == cell}) for cell in cells}
    people = {cell: n for cell, n in people.items() if n}
    return {
        "unit": "gain in dB of power; 100 stands for untouched",
        "split": "people and artifact sources never trained on",
        "recordings": people if len(set(people.values())) > 1 else max(people.values()),
        "snr_in_db": -3.0,
        "reference": "average",
        "gain_db": table,
        "95_percent_interval_of_gain_db": spans,
    }


def measure_mapping(model: str, cases: list[Case]) -> dict[str, object]:
    """Measure what mapping alone loses: power of recordings over that of what is lost, in dB."""
    if get_record(model).channels == "any":
        return {}
    kept: dict[str, list[float]] = {}
    for case in cases:
        mapped = mapping_only(mne.io.RawArray(case.noisy, case.info), model).get_data()
        lost = np.mean((case.noisy - mapped) ** 2)
        ratio = 10 * np.log10(np.mean(case.noisy**2) / lost)
        kept.setdefault(f"{case.cell.split()[0]} channels", []).append(float(ratio))
    rows = {size: round(float(np.mean(ratios)), 1) for size, ratios in kept.items()}
    return {"mapping_only_recording_over_what_is_lost_in_db": rows}


def find_record(model: str) -> ModelRecord:
    """Find the record of a model, of whatever it is made for."""
    purposes = ("denoise", "respond")
    (purpose,) = (purpose for purpose in purposes if model in list_models(purpose))
    return get_record(model, purpose)


def measure_cost(model: str, channels: int = 19, repeats: int = 20) -> dict[str, float]:
    """Measure seconds of a recording per second of processor, and the share of the best rate."""
    record = find_record(model)
    network = load_network(record)
    n_channels = channels if record.channels == "any" else len(record.channels)
    x = torch.randn(4, n_channels, record.window)
    directions = torch.nn.functional.normalize(torch.randn(4, n_channels, 3), dim=-1)
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        network(x, directions)
    a = torch.randn(1024, 1024)
    # In turns, so that what else the machine does slows both down. The share may exceed one: some
    # processors run torch's convolutions faster than its product of matrices.
    seconds, multiplied = take_times([lambda: network(x, directions), lambda: a @ a], repeats)
    best = 2 * 1024**3 / multiplied
    rate = counter.get_total_flops() / seconds
    return {
        "times_real_time": round(4 * record.window / record.sfreq / seconds, 1),
        "share_of_matrix_product_rate": round(rate / best, 2),
        "parameters": sum(weight.numel() for weight in network.parameters()),
    }


def take_times(runs: list[Callable[[], object]], repeats: int) -> list[float]:
    """Take the least processor time of each run, in seconds."""
    times: list[list[float]] = [[] for _ in runs]
    with torch.inference_mode():
        for _, (run, taken) in product(range(repeats), list(zip(runs, times, strict=True))):
            began = time.process_time()
            run()
            taken.append(time.process_time() - began)
    return [min(taken) for taken in times]


if __name__ == "__main__":
    main()
