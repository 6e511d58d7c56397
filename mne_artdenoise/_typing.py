"""Names of the types that the steps exchange; a leaf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
IntArray: TypeAlias = npt.NDArray[np.integer[Any]]

if TYPE_CHECKING:
    from mne import BaseEpochs, Evoked
    from mne.io import BaseRaw

    Instance: TypeAlias = BaseRaw | BaseEpochs | Evoked | npt.NDArray[Any]
