"""The command ``clean``: denoise a file, or a simulated recording."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .channels import add_channels, describe_channels, need_positions
from .files import (
    EPOCHS_ENDINGS,
    RAW_ENDINGS,
    check_targets,
    has_ending,
    read_source,
    write_figure,
    write_instance,
    write_report,
)
from .simulate import make_simulated_info

if TYPE_CHECKING:
    from mne_artdenoise._typing import Instance

DEFAULT_MODEL = "any-montage-v1"

SIMULATED_SECONDS, SIMULATED_SFREQ, SIMULATED_HIGH_PASS = 60.0, 250.0, 1.0


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
    add_channels(clean)
    add("--no-spatial", action="store_true", help="subtract the network's estimate as it is")
    add_ways(clean)
    add("--no-resume", action="store_true", help="do not continue work that was interrupted")
    add("--overwrite", action="store_true", help="replace files that exist")
    add("--report", type=Path, metavar="FILE.html", help="write a report")
    add("--figure", type=Path, metavar="FILE.png", help="draw before and after")
    add("--out", type=Path, default=Path(), metavar="DIR", help="folder of files without a name")
    add("--seed", type=int, default=0, help="seed of the simulated recording (default: 0)")


def add_ways(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how to denoise."""
    add = parser.add_argument
    add("--model", default=DEFAULT_MODEL, help="pretrained model (default: %(default)s)")
    add("--device", default="auto", help="auto, cpu, cuda or mps (default: %(default)s)")
    add("--strength", type=float, default=1.0, help="factor of what is subtracted (default: 1)")
    add("--no-gate", action="store_true", help="subtract also where no artifact was found")


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
    describe_channels(before, args)
    need_positions(before)
    if is_epochs or args.no_spatial:
        after = denoise(before, args)
        write_instance(after, target)
    else:
        after = clean_on_disk(before, target, args)
    if args.figure:
        write_figure(args.figure, before, after)
    if args.report:
        write_report(args.report, before, after, title=source.name)


def clean_on_disk(before: Any, target: Path, args: argparse.Namespace) -> Any:
    """Denoise a recording that may be larger than memory, and open the result."""
    import mne

    from mne_artdenoise.outofcore import denoise_file

    options = {"resume": not args.no_resume, "overwrite": args.overwrite}
    denoise_file(before, target, make_denoiser(args), **options)
    print(f"wrote {target}")
    return mne.io.read_raw(target)


def clean_simulation(args: argparse.Namespace) -> None:
    """Simulate a recording, denoise it, and tell the true gain."""
    from mne_artdenoise.metrics import snr, snr_gain
    from mne_artdenoise.synthesis import simulate_raw

    noisy, cleaned = (args.out / f"simulated{middle}_raw.fif" for middle in ("", "_clean"))
    figure = args.figure or args.out / "simulated_before_after.png"
    check_targets([noisy, cleaned, figure, args.report], args)
    info = make_simulated_info(SIMULATED_SFREQ)
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


def denoise(inst: Instance, args: argparse.Namespace) -> Any:
    """Denoise as the options say, into the same type."""
    return make_denoiser(args).fit_transform(inst)


def make_denoiser(args: argparse.Namespace) -> Any:
    """Make the denoiser that the options ask for."""
    from mne_artdenoise.denoiser import ArtifactDenoiser

    return ArtifactDenoiser(
        args.model,
        spatial=not getattr(args, "no_spatial", False),
        gate=not args.no_gate,
        strength=args.strength,
        device=args.device,
    )


def name_clean(source: Path, is_epochs: bool) -> str:
    """Name a result after its recording."""
    stem = source.name.removesuffix(".gz")
    for ending in (*RAW_ENDINGS, *EPOCHS_ENDINGS, source.suffix):
        stem = stem.removesuffix(ending)
    return f"{stem}_clean{'-epo.fif' if is_epochs else '_raw.fif'}"
