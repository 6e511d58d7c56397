"""The command line: ``python -m mne_artdenoise``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import mne

    from mne_artdenoise._typing import Instance

DEFAULT_MODEL = "any-montage-v1"
# What goes wrong because of what was asked, not because of a mistake in this package.
EXPECTED = (ValueError, TypeError, OSError, RuntimeError, ImportError, MemoryError)

# By these endings MNE-Python tells what a file holds; each may be followed by .gz.
RAW_ENDINGS = ("_raw.fif", "-raw.fif", "_eeg.fif")
EPOCHS_ENDINGS = ("_epo.fif", "-epo.fif")
FIGURE_ENDINGS = (".png", ".pdf", ".svg")

# 10-10 names of the simulated recording.
SIMULATED_NAMES = (
    *("Fp1", "Fp2", "AF3", "AF4", "F7", "F3", "Fz", "F4", "F8", "FC5", "FC1", "FC2", "FC6"),
    *("T7", "C3", "Cz", "C4", "T8", "CP5", "CP1", "CP2", "CP6", "P7", "P3", "Pz", "P4", "P8"),
    *("PO3", "PO4", "O1", "Oz", "O2"),
)
SIMULATED_SECONDS, SIMULATED_SFREQ, SIMULATED_HIGH_PASS = 60.0, 250.0, 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, and give back its exit code: 0, or 2 with one line that says why."""
    args = make_parser().parse_args(argv)
    import mne

    try:
        with warnings.catch_warnings(), mne.use_log_level("warning"):
            warnings.showwarning = tell_warning
            args.run(args)
    except EXPECTED as error:
        print(f"error: {to_line(error)}", file=sys.stderr)
        return 2
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m mne_artdenoise", description="Remove artifacts from EEG recordings."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add_clean(commands)
    models = commands.add_parser("models", help="list the pretrained models")
    models.set_defaults(run=run_models)
    fetch = commands.add_parser("fetch", help="fetch the weights of a model, and say where")
    fetch.add_argument("model", nargs="?", default=DEFAULT_MODEL, metavar="MODEL")
    fetch.add_argument("--force", action="store_true", help="download them again")
    fetch.set_defaults(run=run_fetch)
    return parser


def add_clean(commands: Any) -> None:
    """Add the command that denoises one file."""
    about = (
        "Remove artifacts from a recording. Without IN, a recording is simulated, and the true "
        "gain in signal-to-noise ratio is printed."
    )
    clean = commands.add_parser("clean", help="denoise a recording", description=about)
    clean.set_defaults(run=run_clean)
    add = clean.add_argument
    add("source", nargs="?", type=Path, metavar="IN", help="what mne.io.read_raw reads, or epochs")
    add("target", nargs="?", type=Path, metavar="OUT", help="FIF file (default: named after IN)")
    add("--model", default=DEFAULT_MODEL, help="pretrained model (default: %(default)s)")
    add("--device", default="auto", help="auto, cpu, cuda or mps (default: %(default)s)")
    add("--strength", type=float, default=1.0, help="factor of what is subtracted (default: 1)")
    add("--no-spatial", action="store_true", help="subtract the network's estimate as it is")
    add("--no-gate", action="store_true", help="subtract also where no artifact was found")
    add("--overwrite", action="store_true", help="replace files that exist")
    add("--report", type=Path, metavar="FILE.html", help="write a report")
    add("--figure", type=Path, metavar="FILE.png", help="draw before and after")
    add("--out", type=Path, default=Path(), metavar="DIR", help="folder of files without a name")
    add("--seed", type=int, default=0, help="seed of the simulated recording (default: 0)")


def run_clean(args: argparse.Namespace) -> None:
    """Denoise a file, or a simulated recording if there is none."""
    if args.source is None:
        clean_simulation(args)
    else:
        clean_file(args, args.source)


def clean_file(args: argparse.Namespace, source: Path) -> None:
    """Denoise a file."""
    is_epochs = has_ending(source, EPOCHS_ENDINGS)
    target = args.target or args.out / name_clean(source, is_epochs)
    endings = EPOCHS_ENDINGS if is_epochs else RAW_ENDINGS
    if not has_ending(target, endings):
        raise ValueError(f"OUT must end in {' or '.join(endings)} (.gz may follow), got {target}.")
    if not source.exists():
        raise FileNotFoundError(f"{source} does not exist.")
    if target.resolve() == source.resolve():
        raise ValueError(f"OUT must not be IN, {source}: the recording is kept as it was.")
    check_targets([target, args.report, args.figure], args)
    before = read_source(source, is_epochs)
    after = denoise(before, args)
    write_instance(after, target)
    if args.figure:
        write_figure(args.figure, before, after)
    if args.report:
        write_report(args.report, before, after, title=source.name)


def clean_simulation(args: argparse.Namespace) -> None:
    """Simulate a recording, denoise it, and tell the true gain."""
    from mne_artdenoise.metrics import snr, snr_gain
    from mne_artdenoise.synthesis import simulate_raw

    noisy, cleaned = (args.out / f"simulated{middle}_raw.fif" for middle in ("", "_clean"))
    figure = args.figure or args.out / "simulated_before_after.png"
    check_targets([noisy, cleaned, figure, args.report], args)
    info = make_simulated_info()
    raw, truth, _ = simulate_raw(info, SIMULATED_SECONDS, rng=args.seed)
    for inst in (raw, truth):
        inst.filter(SIMULATED_HIGH_PASS, None)  # no method is judged below
    print(
        f"simulated {len(info['ch_names'])} channels, {SIMULATED_SECONDS:g} s at "
        f"{SIMULATED_SFREQ:g} Hz above {SIMULATED_HIGH_PASS:g} Hz, "
        f"with blinks, eye movements and muscle (seed {args.seed})"
    )
    result = denoise(raw, args)
    wanted, before, after = (inst.get_data() for inst in (truth, raw, result))
    print(f"SNR before  {float(snr(wanted, before)):6.1f} dB")
    print(f"SNR after   {float(snr(wanted, after)):6.1f} dB")
    print(f"true gain   {float(snr_gain(wanted, before, after)):6.1f} dB")
    write_instance(raw, noisy)
    write_instance(result, cleaned)
    write_figure(figure, raw, result, truth)
    if args.report:
        write_report(args.report, raw, result, truth, title="simulated recording")


def run_models(args: argparse.Namespace) -> None:
    """List the pretrained models."""
    from mne_artdenoise.weights import get_record, list_models

    for model in list_models():
        record = get_record(model)
        print(f"{model}  {record.description}")
        print(
            f"    removes {', '.join(record.kinds)}; {record.band[0]:g} to {record.band[1]:g} Hz; "
            f"{record.size / 1e6:.1f} MB; {record.licence}"
        )


def run_fetch(args: argparse.Namespace) -> None:
    """Fetch the weights of a model."""
    from mne_artdenoise.weights import fetch_weights

    print(fetch_weights(args.model, force=args.force))


def denoise(inst: Instance, args: argparse.Namespace) -> Any:
    """Denoise as the options say, into the same type."""
    from mne_artdenoise.denoiser import ArtifactDenoiser

    denoiser = ArtifactDenoiser(
        args.model,
        spatial=not args.no_spatial,
        gate=not args.no_gate,
        strength=args.strength,
        device=args.device,
    )
    return denoiser.fit_transform(inst)


def read_source(source: Path, is_epochs: bool) -> Instance:
    """Open a recording of any format."""
    import mne

    try:
        return mne.read_epochs(source, preload=False) if is_epochs else mne.io.read_raw(source)
    except Exception as error:  # readers of damaged files fail in every way
        raise OSError(f"{source} cannot be read: {to_line(error)}") from error


def make_simulated_info() -> mne.Info:
    """Make the channels of the simulated recording."""
    import mne

    info = mne.create_info(list(SIMULATED_NAMES), SIMULATED_SFREQ, "eeg")
    # MNE 1.13 renamed standard_1005 (same positions), and warns of the old name.
    known = mne.channels.get_builtin_montages()
    info.set_montage("colin27_1005" if "colin27_1005" in known else "standard_1005")
    return info


def has_ending(path: Path, endings: Iterable[str]) -> bool:
    """Tell whether a file's name has one of these endings, compressed or not."""
    return path.name.removesuffix(".gz").endswith(tuple(endings))


def name_clean(source: Path, is_epochs: bool) -> str:
    """Name a result after its recording."""
    stem = source.name.removesuffix(".gz")
    for ending in (*RAW_ENDINGS, *EPOCHS_ENDINGS, source.suffix):
        stem = stem.removesuffix(ending)
    return f"{stem}_clean{'-epo.fif' if is_epochs else '_raw.fif'}"


def check_targets(targets: Iterable[Path | None], args: argparse.Namespace) -> None:
    """Make sure that all files can be written, before there is work that could be lost."""
    if args.figure and args.figure.suffix.lower() not in FIGURE_ENDINGS:
        raise ValueError(f"--figure must end in {', '.join(FIGURE_ENDINGS)}, got {args.figure}.")
    if args.report and args.report.suffix.lower() != ".html":
        raise ValueError(f"--report must end in .html, got {args.report}.")
    for target in targets:
        if target is None:
            continue
        if target.exists() and not args.overwrite:
            raise FileExistsError(f"{target} exists. Add --overwrite to replace it.")
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir() or not os.access(target.parent, os.W_OK):
            raise PermissionError(f"{target} cannot be written.")


def write_whole(target: Path, save: Callable[[Path], Any]) -> None:
    """Write a file under its name in a folder beside it, and move it to its place when whole."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".mne-artdenoise-") as folder:
        save(Path(folder) / target.name)
        # MNE-Python splits recordings of 2 GB and more. The first part last: it names the others.
        for part in sorted(Path(folder).iterdir(), key=lambda path: path.name == target.name):
            part.replace(target.parent / part.name)
    print(f"wrote {target}")


def write_instance(inst: Any, target: Path) -> None:
    """Write a recording, with as many digits as it came with."""
    fmt = "double" if getattr(inst, "orig_format", "single") == "double" else "single"
    write_whole(target, lambda path: inst.save(path, fmt=fmt))


def write_figure(
    target: Path, before: Instance, after: Instance, truth: Instance | None = None
) -> None:
    """Draw a recording before and after."""
    import matplotlib as mpl

    mpl.use("Agg")  # a machine without a screen can draw, too
    from matplotlib import pyplot as plt

    from mne_artdenoise.report import plot_denoising

    fig = plot_denoising(before, after, truth=truth, show=False)
    write_whole(target, lambda path: fig.savefig(path, dpi=150))
    plt.close(fig)


def write_report(
    target: Path, before: Instance, after: Instance, truth: Instance | None = None, *, title: str
) -> None:
    """Write a report of what denoising did."""
    import mne

    from mne_artdenoise.report import add_denoising

    report = mne.Report(title=f"Denoising of {title}")
    add_denoising(report, before, after, truth=truth)
    write_whole(target, lambda path: report.save(path, open_browser=False))


def tell_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning as one line."""
    print(f"warning: {to_line(message)}", file=sys.stderr)


def to_line(message: object) -> str:
    """Put a message on one line; an error without a message by its name."""
    return " ".join(str(message).split()) or type(message).__name__


if __name__ == "__main__":
    sys.exit(main())
