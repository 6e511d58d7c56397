"""Make the picture of the README: ``python docs/make_images.py [--data FOLDER]``.

The recording is S003R01 of the EEG Motor Movement/Imagery set (ODC-BY 1.0, doi:10.13026/C28G6P): a
person whom no training saw. MNE-Python downloads it where FOLDER does not hold it.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path

import mne
from matplotlib.figure import Figure
from PIL import Image

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.report import plot_denoising


def main() -> None:
    """Write ``docs/images/before_after.png``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder laid out as mne.datasets.eegbci expects")
    args = parser.parse_args()
    path = mne.datasets.eegbci.load_data(3, [1], path=args.data, update_path=False)[0]
    raw = mne.io.read_raw_edf(path, preload=True)
    mne.datasets.eegbci.standardize(raw)
    raw.set_montage("colin27_1005").filter(1.0, None)
    figure = plot_denoising(raw, ArtifactDenoiser().fit_transform(raw), show=False)
    write_small(figure, Path(__file__).parent / "images" / "before_after.png", dpi=110)


def write_small(figure: Figure, path: Path, dpi: int) -> None:
    """Write a figure as a PNG of 128 colours, which look the same and take a third of the bytes."""
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi)
    picture = Image.open(drawn).convert("RGB")
    picture.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
