"""Train the model ``artifact-diffusion-v1``: a diffusion that draws waveforms of artifacts.

Run ``python artifact-diffusion-v1.py --banks BANKS --work WORK``. ``BANKS`` holds the ``train.npz``
and ``held-out.npz`` that ``any-montage-v1.py --prepare-only`` writes; ``--tuar FOLDER`` adds a
local copy of TUAR, which may be had under an agreement only and was not used for the released ones.
The same command continues a run that was stopped. ``--release mne_artdenoise`` puts weights and
record into the package. ``--smoke`` is a run of a minute, of simulated people where no banks are
given.
"""

from __future__ import annotations

import sys

from mne_artdenoise.networks.artifact_unet import ArtifactUNetConfig
from mne_artdenoise.synthesis.diffusion import DiffusionConfig, train_diffusion
from mne_artdenoise.training.generator_recipe import GeneratorRecipe, run_recipe

LICENCES = (
    "eegmat: ODC-BY 1.0, doi:10.13026/C2JQ1P",
    "eegmmidb: ODC-BY 1.0, doi:10.13026/C28G6P",
    "EEG during everyday tasks (Glasgow): CC BY 3.0, doi:10.5525/gla.researchdata.676",
    "ADHD and control children: CC BY 4.0 as its home states, doi:10.21227/rzfh-zn36",
    "UCI EEG Database: CC BY 4.0 as its home states, doi:10.24432/C5TS3D",
)
WEAKNESSES = (
    "Nobody chewed or shivered for it: those are real muscles with simulated strokes or tremor.",
    "Half of the windows of electrodes are jumps drawn by formula, the others are of ten people.",
    "Nothing above 60 Hz, no seizures, no infants, no recordings inside a scanner.",
    "Sources are independent: muscles that tense together, such as in chewing, are one source.",
    "Steered well beyond what it learned, it is clearer and less like real ones: see the docs.",
    "Made chewing is not as silent between strokes as it should be, made electrodes lack variety.",
    "Sampling takes fifty passes through the network for each window, twice as many when guided.",
)
RECIPE = GeneratorRecipe(
    model="artifact-diffusion-v1",
    network="artifact_unet",
    train=train_diffusion,
    config=DiffusionConfig(),
    smoke=DiffusionConfig(
        steps=100,
        batch=12,
        save_every=50,
        network=ArtifactUNetConfig(widths=(16, 24), condition=32, n_steps=200),
    ),
    record={
        "licence": "BSD-3-Clause",
        "data_licences": LICENCES,
        "recipe": "examples/training/artifact-diffusion-v1.py",
        "weaknesses": WEAKNESSES,
        "description": (
            "One-dimensional U-Net that draws waveforms of muscle, eye, electrode, chewing, "
            "shiver and heart, by diffusion with guidance."
        ),
    },
)

if __name__ == "__main__":
    run_recipe(RECIPE, __doc__ or "", sys.argv[1:])
