"""Train the model ``ic-unet-30ch-v1``: IC-U-Net in the form of its paper.

Run ``python ic-unet-30ch-v1.py --banks BANKS --work WORK --clean 6000 --artifacts 12000``.
``BANKS`` holds the ``train.npz`` and ``held-out.npz`` that ``any-montage-v1.py --prepare-only``
writes. First, the parts that pairs are mixed from are drawn (1 GB), then the network is fitted: as
released, in an hour of one processor core that multiplies in bfloat16. ``--minutes 25`` takes as
many steps as fit into that time, which is worth it on a GPU, with more parts. The same command
continues a run that was stopped. ``--release mne_artdenoise`` puts the record into the package and
the weights beside it. ``--smoke`` is a run of two minutes on two cores, of simulated people where
no banks are given.

What differs from how the authors trained, and why, is in ``docs/differences.rst``.
"""

from __future__ import annotations

import json
import sys

from mne_artdenoise.networks.ic_unet import ICUNet, ICUNetConfig
from mne_artdenoise.training.fixed import FixedTrainingConfig
from mne_artdenoise.training.fixed_recipe import FixedRecipe, run_recipe

LICENCES = (
    "eegmat: ODC-BY 1.0, doi:10.13026/C2JQ1P",
    "eegmmidb: ODC-BY 1.0, doi:10.13026/C28G6P",
    "EEG during everyday tasks (Glasgow): CC BY 3.0, doi:10.5525/gla.researchdata.676",
    "ADHD and control children: CC BY 4.0 as its home states, doi:10.21227/rzfh-zn36",
    "UCI EEG Database: CC BY 4.0 as its home states, doi:10.24432/C5TS3D",
)
WEAKNESSES = (
    "Trained for 13,000 steps of sixteen pieces of 2 s, about an hour of one processor core: "
    "104,000 windows of 4 s, where the authors had 150,000 in each of 150 epochs. Far from what "
    "the architecture can do.",
    "Muscle at 19 channels: in half of the people it finds too little for the spatial step, which "
    "then takes off nothing: 9.9 dB in the mean, where ICA with ICLabel gains 17.5.",
    "Sees thirty electrodes: others are mapped to them by spherical splines, fewer are guessed.",
    "Few of the people it was trained on had all thirty recorded; of most, eleven are splines.",
    "Without the spatial step, clean spans are changed a little.",
    "Windows of 4 s are seen one by one: what is slower than that, it cannot tell from drift.",
    "Not trained on sleep, epilepsy, infants, or recordings inside a scanner.",
)
RECIPE = FixedRecipe(
    model="ic-unet-30ch-v1",
    network="ic_unet",
    config=ICUNetConfig(),
    # As released; until step 8500 the rate fell over 16,000 steps.
    training=FixedTrainingConfig(
        steps=13_000, peak_rate=1.5e-3, warmup=200, average=0.998, loss="ratio", floor=0.05,
        estimates="artifact", short_share=1.0, short_times=512, short_batch=16, bfloat16=True,
        batch=8, held_out_batches=12, log_every=100, save_every=500, seed=20261201,
    ),
    smoke=FixedTrainingConfig(
        steps=200, batch=16, warmup=20, average=0.98, log_every=50, save_every=100,
        held_out_batches=2, loss="four ratios", estimates="artifact",
    ),
    record={
        "l_freq": 0.5,
        "scaling": "recording",
        "band": (0.5, 128.0),
        "kinds": ("eye", "muscle", "heart", "line", "channel", "pop", "drift", "motion"),
        "licence": "BSD-3-Clause",
        "data_licences": LICENCES,
        "recipe": "examples/training/ic-unet-30ch-v1.py",
        "weaknesses": WEAKNESSES,
        "description": (
            "IC-U-Net in the form of its paper, with skips, rectifiers and transposed convolution, "
            "trained anew, and shortly, to give the artifact. For comparison, not recommended."
        ),
    },
    begin=ICUNet.begin_at_zero,
)  # fmt: skip

if __name__ == "__main__":
    rows = run_recipe(RECIPE, __doc__)
    sys.stdout.write("".join(json.dumps(row) + "\n" for row in rows))
