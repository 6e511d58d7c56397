"""Train the model ``artifact-gan-v1``: a generator of waveforms of artifacts, against a critic.

Run ``python artifact-gan-v1.py --banks BANKS --work WORK``. ``BANKS`` holds the ``train.npz`` and
``held-out.npz`` that ``any-montage-v1.py --prepare-only`` writes; ``--tuar FOLDER`` adds a local
copy of TUAR, which may be had under an agreement only and was not used for the released one. The
same command continues a run that was stopped. ``--release mne_artdenoise`` puts weights and record
into the package. ``--smoke`` is a run of a minute, of simulated people where no banks are given.
"""

from __future__ import annotations

import sys

from mne_artdenoise.networks.artifact_gan import ArtifactGANConfig
from mne_artdenoise.synthesis.adversarial import AdversarialConfig, train_adversarial
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
    "A third of its shivers look like other muscles: their tremor was learned in part.",
    "Sources are independent: muscles that tense together, such as in chewing, are one source.",
    "Less like real artifacts than the diffusion: see the table in the docs.",
)
RECIPE = GeneratorRecipe(
    model="artifact-gan-v1",
    network="artifact_gan",
    train=train_adversarial,
    config=AdversarialConfig(),
    smoke=AdversarialConfig(
        steps=30,
        batch=12,
        save_every=15,
        network=ArtifactGANConfig(widths=(16, 16, 12, 8), critic=(8, 16, 16), spectral=8),
    ),
    record={
        "licence": "BSD-3-Clause",
        "data_licences": LICENCES,
        "recipe": "examples/training/artifact-gan-v1.py",
        "weaknesses": WEAKNESSES,
        "description": (
            "Generator of waveforms of muscle, eye, electrode, chewing, shiver and heart in one "
            "pass, trained against a critic with a gradient penalty."
        ),
    },
)

if __name__ == "__main__":
    run_recipe(RECIPE, __doc__ or "", sys.argv[1:])
