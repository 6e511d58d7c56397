r"""Clean plus artifact at an exact ratio of their powers; a leaf.

Conventions
-----------
With clean signal :math:`c`, artifact :math:`a` and a set :math:`S` of values, the ratio is

.. math:: \mathrm{SNR} = 10 \log_{10} \frac{\sum_S c^2}{\sum_S a^2}

in decibels of power (``convention="power"``). The code of EEGdenoiseNet applies ``10 log10`` to a
ratio of *root mean squares*, so its "-7 dB" is -14 dB here; ``convention="rms"`` does what it does
(Zhang et al. 2021, doi:10.1088/1741-2552/ac2bf8).

What :math:`S` holds is chosen twice:

* ``per="all"``: all channels, and epochs if there are some, so one factor scales the whole artifact
  and its topography stays. ``per="channel"``: each row of times on its own, so each channel (of
  each epoch) gets a factor of its own, as single-channel benchmarks do.
* ``span="window"``: all times. ``span="active"``: the times at which the artifact is not zero in
  one channel or more (of the same epoch); a short artifact is then as large beside the brain under
  it as a long one.

A channel in which the artifact is silent stays clean. A ratio to silence has no decibels: an
artifact that is silent altogether, or a clean signal that is silent where it must be measured, is a
ValueError. So are shapes that differ, and ratios that are not finite.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .._typing import FloatArray

CONVENTIONS = {"power": 10.0, "rms": 5.0}  # decibels in a tenfold of power
PER, SPAN = ("all", "channel"), ("window", "active")


def mix_at_snr(
    clean: FloatArray,
    artifact: FloatArray,
    snr_db: float,
    *,
    convention: str = "power",
    per: str = "all",
    span: str = "window",
) -> tuple[FloatArray, FloatArray]:
    """Scale an artifact so that the mixture has the asked signal-to-noise ratio.

    Parameters
    ----------
    clean, artifact : ndarray, shape (..., n_channels, n_times)
        Signals in volts, or any one unit. They are not modified.
    snr_db : float
        Ratio wanted, in decibels.
    convention : "power" | "rms"
        Whether the number means ``10 log10`` of a ratio of powers, or EEGdenoiseNet's ``10 log10``
        of a ratio of root mean squares.
    per : "all" | "channel"
        Whether the ratio is over all channels, or the same in each.
    span : "window" | "active"
        Whether it is over all times, or those at which there is an artifact.

    Returns
    -------
    noisy, scaled : ndarray, shape (..., n_channels, n_times)
        ``clean + scaled`` and the scaled artifact. See the head of this module for the equations
        and for what is an error.
    """
    clean, artifact = _as_float(clean), _as_float(artifact)
    _check_shapes(clean, artifact)
    gain = find_gain(clean, artifact, snr_db, convention=convention, per=per, span=span)
    scaled: FloatArray = artifact * gain.astype(artifact.dtype)
    return clean + scaled, scaled


def mix_artifacts(
    clean: FloatArray,
    artifacts: Sequence[FloatArray],
    snr_db: float | Sequence[float | None] | None,
    *,
    convention: str = "power",
    per: str = "all",
    span: str = "window",
) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    """Add several artifacts, all together at one ratio or each at its own.

    Parameters
    ----------
    clean : ndarray, shape (..., n_channels, n_times)
        Signal in volts, or any one unit.
    artifacts : sequence of ndarray, shape (..., n_channels, n_times)
        One or more.
    snr_db : float | sequence of float or None | None
        One number is the ratio of clean to the sum of the artifacts, whose sizes among one another
        stay as they are. A sequence has a ratio for each (else ValueError), to the clean signal
        alone. None, for all or for one, leaves it as large as it is.
    convention, per, span
        As in `mix_at_snr`.

    Returns
    -------
    noisy : ndarray, shape (..., n_channels, n_times)
        ``clean`` and the scaled artifacts, added one by one in their order.
    scaled : tuple of ndarray, shape (..., n_channels, n_times)
        The artifacts as they are in it.
    """
    clean, artifacts = _as_float(clean), [_as_float(artifact) for artifact in artifacts]
    _check_shapes(clean, *artifacts)
    options = {"convention": convention, "per": per, "span": span}
    if snr_db is None or isinstance(snr_db, Sequence | np.ndarray):
        ratios = [None] * len(artifacts) if snr_db is None else list(snr_db)
        if len(ratios) != len(artifacts):
            raise ValueError(f"snr_db has {len(ratios)} ratios for {len(artifacts)} artifacts")
        scaled = [
            artifact if ratio is None else mix_at_snr(clean, artifact, ratio, **options)[1]
            for artifact, ratio in zip(artifacts, ratios, strict=True)
        ]
    else:
        gain = find_gain(clean, sum(artifacts, np.zeros_like(clean)), snr_db, **options)
        scaled = [artifact * gain.astype(artifact.dtype) for artifact in artifacts]
    return sum(scaled, clean), tuple(scaled)


def measure_snr(
    clean: FloatArray,
    artifact: FloatArray,
    *,
    convention: str = "power",
    per: str = "all",
    span: str = "window",
) -> npt.NDArray[np.float64]:
    """Ratio that a clean signal and an artifact have.

    Parameters
    ----------
    clean, artifact : ndarray, shape (..., n_channels, n_times)
        Signals in one unit.
    convention, per, span
        As in `mix_at_snr`.

    Returns
    -------
    snr_db : ndarray, shape () or (..., n_channels)
        In decibels; ``inf`` where there is no artifact, ``-inf`` where there is only artifact.
    """
    clean, artifact = _as_float(clean), _as_float(artifact)
    _check_shapes(clean, artifact)
    check_options(convention, per, span)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.divide(*_find_energies(clean, artifact, per, span))
        ratio = np.where(np.any(artifact, axis=None if per == "all" else -1), ratio, np.inf)
        return np.asarray(CONVENTIONS[convention] * np.log10(ratio))


def find_gain(
    clean: FloatArray, artifact: FloatArray, snr_db: float, *, convention: str, per: str, span: str
) -> npt.NDArray[np.float64]:
    """Factor of an artifact, of a shape to multiply it with; the options of `mix_at_snr`."""
    check_options(convention, per, span)
    if not np.isfinite(snr_db):
        raise ValueError(f"snr_db must be a finite number, got {snr_db!r}")
    wanted, found = _find_energies(clean, artifact, per, span)
    heard = found > 0
    if not heard.any() or not np.all(wanted[heard] > 0) or np.isnan(found).any():
        rows = "" if per == "all" else f" in the rows {np.flatnonzero(heard & ~(wanted > 0))[:9]}"
        raise ValueError(
            "clean and artifact must both be non-zero, and finite: a ratio to silence has no "
            f"decibels. Look at the {'clean signal' if heard.any() else 'artifact'}{rows}, "
            f"{'all times' if span == 'window' else 'where there is artifact'}"
        )
    decades = -float(snr_db) / CONVENTIONS[convention]
    gain = np.sqrt(np.divide(wanted, found, out=np.zeros_like(found), where=heard)) * 10 ** (
        decades / 2
    )
    return np.asarray(gain if per == "all" else gain[..., np.newaxis])


def check_options(convention: str, per: str, span: str) -> None:
    """Raise a ValueError that names the known values of an option that has another."""
    choices = {"convention": (convention, tuple(CONVENTIONS)), "per": (per, PER)}
    for name, (value, known) in {**choices, "span": (span, SPAN)}.items():
        if value not in known:
            raise ValueError(f"{name} is {value!r}, but must be {' or '.join(map(repr, known))}")


def find_active(artifact: FloatArray) -> npt.NDArray[np.bool_]:
    """Where one channel or more is not zero, shape (..., n_times)."""
    found = np.asarray(artifact) != 0
    return np.asarray(found.any(axis=-2) if found.ndim > 1 else found)


def _find_energies(
    clean: FloatArray, artifact: FloatArray, per: str, span: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Sum the squares of both over the same values, shape () or (..., n_channels)."""
    if span == "active":
        active = find_active(artifact)
        clean = clean * (active[..., np.newaxis, :] if clean.ndim > 1 else active)
    axis = None if per == "all" else -1
    clean, artifact = (np.square(x, dtype=np.float64).sum(axis=axis) for x in (clean, artifact))
    return np.asarray(clean), np.asarray(artifact)


def _as_float(x: FloatArray) -> FloatArray:
    x = np.asarray(x)
    return x.astype(np.result_type(x, np.float32), copy=False)


def _check_shapes(clean: FloatArray, *artifacts: FloatArray) -> None:
    if not artifacts:
        raise ValueError("There is no artifact to add: give one or more")
    for artifact in artifacts:
        if artifact.shape != clean.shape:
            raise ValueError(
                f"clean and artifact must have one shape, got {clean.shape} and {artifact.shape}"
            )
