"""Many recordings, each for itself: one that fails does not stop the others, and is named."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed

from .denoiser import ArtifactDenoiser
from .outofcore import denoise_file
from .wording import to_line


@dataclass(frozen=True)
class Outcome:
    """What became of one recording.

    Attributes
    ----------
    source, target : str
        The recording and its result.
    status : "done" | "kept" | "failed"
        Whether the result was made now, was there, or could not be made.
    seconds : float
        How long it took.
    error : str
        Why it failed, on one line.
    warnings : tuple of str
        What was warned of, each once and on one line.
    facts : tuple of (str, value)
        What else is known of it.
    """

    source: str
    target: str
    status: str
    seconds: float
    error: str = ""
    warnings: tuple[str, ...] = ()
    facts: tuple[tuple[str, Any], ...] = ()


# What is done with one recording, from a source to a target: its status, and facts.
Work = Callable[[Path, Path], tuple[str, dict[str, Any]]]


def denoise_files(
    pairs: Iterable[tuple[str | Path, str | Path]],
    denoiser: ArtifactDenoiser | None = None,
    *,
    n_jobs: int = 1,
    resume: bool = True,
    overwrite: bool = False,
) -> list[Outcome]:
    """Denoise many recordings from disk to disk.

    Parameters
    ----------
    pairs : iterable of (str | Path, str | Path)
        Recordings and results, as for `denoise_file`.
    denoiser : ArtifactDenoiser | None
        How. One that is not fitted is fitted to each recording anew.
    n_jobs : int
        Recordings at once. An engine that was chosen by `joblib.parallel_config` is used, such as
        dask or ray.
    resume : bool
        Whether results that are there are kept, and work that was interrupted is continued.
    overwrite : bool
        Whether results that are there are replaced. It comes before ``resume``.

    Returns
    -------
    outcomes : list of Outcome
        One per recording, in their order. Nothing is raised for a recording that fails.
    """
    work = partial(_denoise, denoiser=denoiser, resume=resume, overwrite=overwrite)
    return run_each(work, pairs, n_jobs=n_jobs)


def run_each(
    work: Work, pairs: Iterable[tuple[str | Path, str | Path]], *, n_jobs: int = 1
) -> list[Outcome]:
    """Do some work with each recording, and collect what became of it."""
    jobs = [delayed(run_one)(work, Path(source), Path(target)) for source, target in pairs]
    return list(Parallel(n_jobs=n_jobs)(jobs))


def run_one(work: Work, source: Path, target: Path) -> Outcome:
    """Do some work with one recording; whatever goes wrong is told in the outcome."""
    began, error = time.monotonic(), ""
    facts: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            status, facts = work(source, target)
        except Exception as fault:  # readers of damaged files fail in every way
            status, error = "failed", f"{type(fault).__name__}: {to_line(fault)}"
    return Outcome(
        source=str(source),
        target=str(target),
        status=status,
        seconds=time.monotonic() - began,
        error=error,
        warnings=tuple(dict.fromkeys(to_line(warning.message) for warning in told)),
        facts=tuple(facts.items()),
    )


def _denoise(
    source: Path,
    target: Path,
    *,
    denoiser: ArtifactDenoiser | None,
    resume: bool,
    overwrite: bool,
) -> tuple[str, dict[str, Any]]:
    if target.exists() and resume and not overwrite:
        return "kept", {}
    denoise_file(source, target, denoiser, resume=resume, overwrite=overwrite, verbose="error")
    return "done", {}
