"""
Train a small model
===================

How do I train a model on recordings of my own, and use it by its name? Here with a network so
small, and people so few and simulated, that it takes half a minute. The steps are those of a real
training; the result is not.
"""

# %%
# A bank
# ------
# What windows are mixed of: clean recordings and artifact sources, each with the person they are
# of. Yours comes from your recordings, ``make_bank(recordings, subjects)``; here it is simulated.
# Other people are kept out from the start, to judge by.

import json
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import mne

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.metrics import snr_gain
from mne_artdenoise.networks.any_montage import AnyMontageConfig
from mne_artdenoise.synthesis import simulate_raw
from mne_artdenoise.training.loop import TrainingConfig, train
from mne_artdenoise.training.release import write_model
from mne_artdenoise.training.stand_in import make_stand_in_bank
from mne_artdenoise.training.stream import StreamConfig

bank = make_stand_in_bank(seed=0)
print(bank)

# %%
# Train
# -----
# A twentieth of the released network, windows of four seconds, ten channels, 150 steps. Without
# ``compiled=False`` it is twice as fast, but takes a C++ compiler. The same line goes on with a
# training that was stopped.

config = TrainingConfig(
    steps=150,
    warmup=20,
    floors=((0, 0.1),),
    filtered=0.0,  # the loss of the estimate itself, not of what the filters leave: cheaper
    save_every=10,
    network=AnyMontageConfig(width=16, dilations=(1, 2, 4), heads=2, hidden=32, filters=32, key=8),
    stream=StreamConfig(n_times=1024, shapes=((10, 8, 1.0),)),
)
folder = tempfile.TemporaryDirectory()
work = Path(folder.name)
weights = train(bank, work, config, compiled=False)

# %%
# The gain over doing nothing, on windows that were drawn afresh for each step:

log = [json.loads(line) for line in (work / "log.jsonl").read_text().splitlines()]
fig, ax = plt.subplots(layout="constrained")
ax.plot([row["step"] for row in log], [row["gain"] for row in log])
ax.set(xlabel="step", ylabel="gain (dB)", title="while it learns")

# %%
# Give it a name
# --------------
# Weights and a record: what it expects of a recording, what it was trained on, where it is weak.
# ``MNE_ARTDENOISE_MODELS`` names the folder; set it in your shell, and every program knows the
# model.

write_model(
    weights,
    work / "models",
    model="my-lab-v1",
    config=config,
    sfreq=bank.sfreq,
    kinds=["eye", "muscle", "heart", "motion"],
    data_licences=["simulated"],
    weaknesses=["Half a minute of training on three simulated people."],
)
os.environ["MNE_ARTDENOISE_MODELS"] = str(work / "models")

# %%
# Judge it
# --------
# On a brain and artifacts that it has not seen, beside the released model:

montage = mne.channels.make_standard_montage("biosemi16")
info = mne.create_info(montage.ch_names, 256.0, "eeg").set_montage(montage)
raw, truth, _ = simulate_raw(info, 60.0, artifacts=("eye", "muscle"), rng=7)
for inst in (raw, truth):
    inst.filter(1.0, None)

for model in ("my-lab-v1", "any-montage-v1"):
    for spatial in (False, True):
        clean = ArtifactDenoiser(model, spatial=spatial).fit_transform(raw)
        gain = snr_gain(*(inst.get_data() for inst in (truth, raw, clean)))
        print(f"{model:15} {'filters' if spatial else 'network alone':14} {gain:5.1f} dB")

del os.environ["MNE_ARTDENOISE_MODELS"]
folder.cleanup()

# %%
# Filters of the recording, made from what a network finds, repair much of what a small network gets
# wrong. For a model worth using: more people, real artifacts, hours instead of half a minute, and
# scores on people kept out, as `Training your own <../../training.html>`_ says.
