"""Where the electrodes of the 10-20 system are on the adult template head."""

from __future__ import annotations

import numpy as np

from .._typing import FloatArray
from .electrodes import Electrodes

TEN_TWENTY = (
    *("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8"),
    *("P7", "P3", "Pz", "P4", "P8", "O1", "O2"),
)

# Head coordinates in millimetres, right, front and up: MNE's template montage "colin27_1005".
SITES: dict[str, tuple[int, int, int]] = {
    "Fp1": (-31, 115, 28), "Fp2": (28, 115, 28), "F7": (-72, 73, 26), "F3": (-52, 87, 79),
    "Fz": (-1, 93, 103), "F4": (50, 87, 77), "F8": (71, 75, 25), "T7": (-86, 15, 31),
    "C3": (-67, 23, 105), "Cz": (-1, 28, 140), "C4": (65, 24, 104), "T8": (83, 15, 31),
    "P7": (-74, -42, 41), "P3": (-55, -44, 100), "Pz": (-2, -45, 127), "P4": (54, -44, 101),
    "P8": (71, -42, 41), "O1": (-32, -81, 55), "O2": (28, -80, 55), "FCz": (-1, 63, 127),
    "CPz": (-2, -11, 142), "POz": (-2, -68, 96), "Oz": (-2, -83, 61), "PO7": (-57, -66, 48),
    "PO8": (54, -66, 48), "A1": (-88, 3, -27), "A2": (84, 2, -27), "M1": (-88, -17, -26),
    "M2": (84, -18, -26), "TP9": (-88, -18, -3), "TP10": (84, -19, -4),
}  # fmt: skip


def find_site(name: str, electrodes: Electrodes | None = None) -> FloatArray:
    """Find an electrode by name, shape (3,), in head coordinates in metres.

    Parameters
    ----------
    name : str
        Such as ``"Pz"``. One that is neither among the electrodes nor on the template is a
        ValueError that lists the template's.
    electrodes : Electrodes | None
        A recording's own electrodes, which go before the template's.
    """
    for own, position in (
        zip(electrodes.ch_names, electrodes.positions, strict=True)
        if (electrodes is not None)
        else ()
    ):
        if own.casefold() == name.casefold():
            return np.asarray(position, dtype=float)
    if name not in SITES:
        raise ValueError(f"Unknown site {name!r}. Known sites: {', '.join(SITES)}.")
    return np.array(SITES[name]) / 1000
