"""
Read the evidence
=================

What did denoising do to my recording, and did it leave the brain alone?
:func:`~mne_artdenoise.components.check_components` looks at independent components,
:func:`~mne_artdenoise.checks.check_preservation` at the recording itself, and
:func:`~mne_artdenoise.verdict.judge_denoising` says both in one sentence.
"""

# %%
# Before and after
# ----------------
# A simulated recording, so that the truth is known and what the checks say can be compared with it.

import mne

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.checks import check_preservation
from mne_artdenoise.components import check_components, label_removed
from mne_artdenoise.report import add_denoising, plot_denoising
from mne_artdenoise.synthesis import simulate_raw
from mne_artdenoise.verdict import judge_denoising

known = mne.channels.get_builtin_montages()
montage = "colin27_1005" if "colin27_1005" in known else "standard_1005"
names = (
    "Fp1 Fp2 F7 F3 Fz F4 F8 FC5 FC1 FC2 FC6 T7 C3 Cz C4 T8 CP5 CP1 CP2 CP6 P7 P3 Pz P4 P8 O1 Oz O2"
)
info = mne.create_info(names.split(), 250.0, "eeg").set_montage(montage)
raw, truth, artifact = simulate_raw(info, 90.0, rng=1)
denoiser = ArtifactDenoiser().fit(raw)
clean = denoiser.transform(raw)
plot_denoising(raw, clean, truth=truth)

# %%
# Components
# ----------
# One ICA, of the recording before, unmixes both: an ICA of the denoised recording would be another
# one. ICLabel says what each component is. *Brain kept* counts as lost what was removed from brain
# components and moves with what is left of them. What does not move with it was artifact that the
# ICA had left there; *if all that was removed from them was brain* is the other limit.

check = check_components(raw, clean)
print(check.summary())

# %%
# Topographies, the least kept first. Eyes and muscles should come first, and brain last. A brain
# component early in the row is worth a look: is it one, or has ICLabel taken a neck muscle for it?

check.plot(most=15)

# %%
# The same as a table, for statistics of your own, and ``check.ica`` for all that MNE-Python does
# with an ICA.

print(check.to_data_frame()[["label", "probability", "kept", "kept_alpha"]].head(8).round(3))

# %%
# What was removed should hold no brain. The components of the recording say how much it does.

removed = denoiser.estimate_artifact(raw)
print(label_removed(removed, ica=check.ica).summary())

# %%
# The recording itself
# --------------------
# Seven checks, none of which needs an ICA (and an eighth, of an evoked response, where ``events=``
# are given). Some look at seconds in which there is no artifact, by an eye that has not seen what
# the denoiser did: nothing should change there.

rows = check_preservation(raw, clean)
for row in rows:
    print(f"{row.verdict:12} {row.sentence}")

# %%
# *Doubtful* is not *wrong*: it says where to look. *Cannot tell* is honest, too: no alpha peak, or
# too few quiet seconds.

# %%
# One sentence
# ------------
# The number is the share of the brain's components that is kept. ``trusted`` is False if the brain
# was harmed, or if the recording is unlike those that the model was trained on: then a
# RuntimeWarning says why, and which call helps.

verdict = judge_denoising(raw, clean, check=check, rows=rows)
print(verdict)
print("trusted:", verdict.trusted)

# %%
# For a reviewer
# --------------
# All of it in one file. From the command line:
# ``python -m mne_artdenoise check before_raw.fif after_raw.fif --report evidence.html``.

report = mne.Report(title="What denoising did")
add_denoising(report, raw, clean, check, rows=rows, verdict=verdict, denoiser=denoiser, truth=truth)

# %%
# What these checks cannot see
# ----------------------------
# Brain that lies in the direction of an artifact (frontal theta and the eyes, say) is in no brain
# component, and lost without a word. ICLabel errs: in recordings of a minute, with few channels,
# and without the frequencies of muscles above all. And a check of one recording says nothing about
# a difference between conditions in which artifacts differ.
