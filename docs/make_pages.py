"""What the documentation takes from the package itself: the API, models, scores, README, pictures.

`write_pages` is called at each build. Numbers are read, never repeated by hand.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from make_artifact_gallery import draw_gallery

from mne_artdenoise import get_record, list_models
from mne_artdenoise.synthesis.artifacts import KINDS
from mne_artdenoise.weights.record import ModelRecord

SITE = "https://github.com/mne-artdenoise/mne-artdenoise/blob/main/"
COMMON = ("info", "n_times", "rng", "clean")  # of every kind of artifact

# Modules in the order of the page, each with its title, and its names where not all are shown.
API: dict[str, tuple[str, tuple[str, ...]]] = {
    "": ("Denoising", ()),
    "seams": ("", ("mark_seams",)),
    "spatial": ("", ("SpatialFilter",)),
    "directions": ("", ("BandFilter",)),
    "batch": ("Many files", ("denoise_files", "Outcome")),
    "bids": ("BIDS data sets", ("clean_bids",)),
    "report": ("What was done: figures and reports", ("plot_denoising", "add_denoising")),
    "checks": ("What was done to the brain", ()),
    "checks.evoked": ("", ("Peak",)),
    "comparison": ("", ("compare", "Comparison")),
    "recording": ("", ("Signal",)),
    "components": ("What was done to components", ()),
    "verdict": ("The verdict on a recording", ("Verdict", "judge_denoising")),
    "evidence.quality": ("", ("Quality",)),
    "erp": ("Responses to single events", ("ERPDenoiser",)),
    "scan": ("", ("SCAN",)),
    "localisation": (
        "Where a source is found", ("SourceSimulation", "simulate_source", "measure_errors"),
    ),
    "controls": ("Controls", ("mapping_only",)),
    "metrics": ("Scores against a known truth", ()),
    "weights": ("Models", ()),
    "weights.convert": ("Weights of others", ("convert_checkpoint",)),
    "synthesis": ("Pairs with known truth", ()),
    "synthesis.electrodes": ("", ("Electrodes",)),
    "synthesis.artifacts": ("Artifacts, one function per kind", ()),
    "synthesis.brain": ("Brains", ("make_brain",)),
    "synthesis.evoked": (
        "Event-related potentials", ("make_evoked_response", "place_evoked_responses"),
    ),
    "synthesis.segments": (
        "Generators: what they learn, how, and how well", ("cut_segments", "Segments"),
    ),
    "synthesis.adversarial": ("", ("train_adversarial",)),
    "synthesis.diffusion": (
        "", ("train_diffusion", "make_schedule", "Schedule", "guide", "sample_ddim"),
    ),
    "synthesis.fidelity": (
        "", ("compare_windows", "describe", "measure_mmd", "measure_precision_recall"),
    ),
    "datasets": ("Data sets", ()),
    "datasets.tuar_segments": ("", ("cut_tuar",)),
    "training.dataset": ("Training", ("PairDataset",)),
    "training.loop": ("", ("TrainingConfig", "train")),
    "training.stream": ("", ("StreamConfig",)),
    "networks.any_montage": ("", ("AnyMontageConfig",)),
    "training.stand_in": ("", ("make_stand_in_bank",)),
    "training.release": ("", ("write_model",)),
    "training.fixed_recipe": ("", ("FixedRecipe", "run_recipe")),
}  # fmt: skip


def write_pages(root: Path, parts: Path) -> None:
    """Write every part, and the page of the API beside their folder."""
    parts.mkdir(parents=True, exist_ok=True)
    write(parts.parent / "api.rst", "\n".join(list_api()))
    write(parts / "models.md", "\n".join(describe_models()))
    write(parts / "scores.md", "\n".join(tabulate_scores()))
    readme = (root / "README.md").read_text(encoding="utf-8")
    for name, title in (("evidence", "Is it safe for my data?"), ("rule", "The one rule")):
        write(parts / f"{name}.md", mend_links(take_section(readme, title)))
    for name in ("CONTRIBUTING", "CHANGELOG"):
        text = (root / f"{name}.md").read_text(encoding="utf-8")
        write(parts / f"{name.lower()}.md", mend_links(text))
    for kind, maker in KINDS.items():
        write(parts / f"{name_file(kind)}.md", describe_parameters(maker))
    pictures = parts.parent / "artifacts"
    # They change with the generators only, and take a minute: `make clean` draws them anew.
    missing = [kind for kind in KINDS if not (pictures / f"{name_file(kind)}.png").exists()]
    if missing:
        draw_gallery(pictures, missing)


def write(path: Path, text: str) -> None:
    """Write a part if it is not there as it is, so that pages are not built again for nothing."""
    text = text.rstrip() + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def list_api() -> Iterator[str]:
    """List every public name by module, as tables of which each name has a page."""
    yield "API\n===\n\nEverything public. All signals are in volts, times in seconds, frequencies"
    yield "in hertz; arrays have the shape ``(n_channels, n_times)``.\n"
    for module, (title, names) in API.items():
        full = f"mne_artdenoise.{module}".rstrip(".")
        if find_spec(full) is None:
            continue
        if title:
            yield f"{title}\n{'-' * len(title)}\n"
        yield f".. currentmodule:: {full}\n"
        yield ".. autosummary::\n   :toctree: api\n   :nosignatures:\n"
        found = names or tuple(find_public(full))
        yield "\n".join(f"   {name}" for name in found) + "\n"


def find_public(module: str) -> Iterator[str]:
    """Find the functions and classes that a module offers."""
    here = importlib.import_module(module)
    own = [n for n, thing in vars(here).items() if getattr(thing, "__module__", "") == module]
    for name in getattr(here, "__all__", own):
        thing = getattr(here, name)
        if not name.startswith("_") and (inspect.isfunction(thing) or inspect.isclass(thing)):
            yield name


def describe_models() -> Iterator[str]:
    """Describe each model of the registry: a table of all, and then what each is."""
    yield "| model | channels | rate | artifacts | size | weights |\n|---|---|---|---|---|---|"
    records = list_records()
    for record in records:
        channels = "any 2 to 256" if record.channels == "any" else f"{len(record.channels)}, mapped"
        kinds = ", ".join(record.kinds)
        yield (
            f"| [`{record.id}`](#{record.id}) | {channels} | {record.sfreq:g} Hz | {kinds} | "
            f"{record.size / 1e6:.1f} MB | {record.licence} |"
        )
    for record in records:
        yield f"\n({record.id})=\n## {record.id}\n\n{record.description}\n"
        yield f"* **Sees** {record.band[0]:g} to {record.band[1]:g} Hz, in windows of "
        yield f"  {record.window / record.sfreq:g} s at {record.sfreq:g} Hz; estimates the "
        yield f"  {record.estimates}."
        if cost := record.scores.get("cost_on_one_core"):
            yield f"* **Is** `networks.{record.network}` of {cost['parameters']:,} parameters; on "
            yield f"  one core {cost['times_real_time']:g} times as fast as the recording, at "
            yield f"  {100 * cost['share_of_matrix_product_rate']:.0f} % of the core's own rate of "
            yield "  matrix products (the network alone, float32)."
        yield f"* **Trained by** [`{record.recipe}`]({SITE}{record.recipe}), on:"
        yield from (f"  - {licence}" for licence in record.data_licences)
        yield "* **Known weaknesses**:"
        yield from (f"  - {weakness}" for weakness in record.weaknesses)


def tabulate_scores() -> Iterator[str]:
    """Tabulate the scores that the records hold: of each cell, one column per method."""
    for record in list_records():
        name, scores = record.id, record.scores
        tables = {k: v for k, v in scores.items() if is_table(v)}
        notes = {k: v for k, v in scores.items() if k not in tables}
        if not tables:
            continue
        yield f"\n**{name}**: " + "; ".join(
            f"{k.replace('_', ' ')}: {say(v)}" for k, v in notes.items()
        )
        for title, methods in tables.items():
            cells = list(dict.fromkeys(cell for rows in methods.values() for cell in rows))
            yield f"\n| {title.replace('_', ' ')} | {' | '.join(methods)} |"
            yield f"|---|{'---|' * len(methods)}"
            for cell in cells:
                row = (say(rows.get(cell, "")) for rows in methods.values())
                yield f"| {cell} | {' | '.join(row)} |"


def list_records() -> list[ModelRecord]:
    """List what denoises recordings, and what denoises responses."""
    purposes = ("denoise", "respond")
    return [get_record(name, purpose) for purpose in purposes for name in list_models(purpose)]


def is_table(value: Any) -> bool:
    """Tell whether a score is a mapping from methods to mappings from cells to numbers."""
    return isinstance(value, Mapping) and all(isinstance(rows, Mapping) for rows in value.values())


def say(value: Any) -> str:
    """Say a score in a cell or a sentence."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {say(entry)}" for key, entry in value.items())
    if isinstance(value, list | tuple):
        return " to ".join(map(say, value))
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def describe_parameters(maker: Any) -> str:
    """Name the function of a kind of artifact, and its physical parameters with their defaults."""
    place = "mne_artdenoise.synthesis.artifacts"
    physical = [p for p in inspect.signature(maker).parameters.values() if p.name not in COMMON]
    shown = ", ".join(f"`{p.name}={write_default(p.default)}`" for p in physical)
    return f"{{py:func}}`~{place}.{maker.__name__}`: {shown}."


def write_default(value: Any) -> str:
    """Write microvolts as people do."""
    is_small = isinstance(value, float) and 0 < value < 1e-3
    return f"{1e6 * value:g}e-6" if is_small else repr(value)


def take_section(text: str, title: str) -> str:
    """Take from the README what stands under a heading of the second level."""
    found = re.search(rf"^## {re.escape(title)}[^\n]*\n(.+?)(?=^## |\Z)", text, re.M | re.S)
    if found is None:
        raise ValueError(f"README.md has no section {title!r}; pages of docs/ are made from it.")
    return found[1]


def mend_links(text: str) -> str:
    """Let links to files of the repository lead there."""
    return re.sub(r"\]\((?!https?:|#|mailto:)([^)]+)\)", rf"]({SITE}\1)", text)


def name_file(kind: str) -> str:
    """Name the files of a kind."""
    return kind.replace(" ", "-")
