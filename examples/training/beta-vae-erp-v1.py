"""Train the model ``beta-vae-erp-v1``: responses to single events, after Honke et al. (2021).

Run ``python beta-vae-erp-v1.py --banks BANKS --work WORK``. ``BANKS`` holds the ``train.npz`` and
``held-out.npz`` that ``any-montage-v1.py --prepare-only`` writes: their clean recordings are the
background, the responses in it are simulated, so that their truth is known. The same command
continues a run that was stopped. ``--score`` compares it with averages and low-rank methods on
held-out people, ``--release mne_artdenoise`` puts weights and record into the package. ``--smoke``
is a run of simulated people.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from safetensors.torch import load_file

from mne_artdenoise.networks.beta_vae import BetaVAE, BetaVAEConfig
from mne_artdenoise.synthesis.bank import Bank
from mne_artdenoise.training.beta_vae import BetaVAETrainingConfig, train_beta_vae
from mne_artdenoise.training.erp_labels import score_labels
from mne_artdenoise.training.erp_pairs import SFREQ, SITES, TIMES, TrialsConfig, take_background
from mne_artdenoise.training.erp_scores import score_methods
from mne_artdenoise.training.stand_in import make_stand_in_bank
from mne_artdenoise.weights.load import save_network
from mne_artdenoise.weights.record import ModelRecord, format_record

MODEL = "beta-vae-erp-v1"
TRAINING = BetaVAETrainingConfig(steps=900)
SMOKE = replace(TRAINING, steps=150, batch=32, warmup=10, average=0.95, log_every=30, save_every=50)
LICENCES = (
    "eegmat: ODC-BY 1.0, doi:10.13026/C2JQ1P",
    "eegmmidb: ODC-BY 1.0, doi:10.13026/C28G6P",
    "ADHD and control children: CC BY 4.0 as its home states, doi:10.21227/rzfh-zn36",
)
WEAKNESSES = (
    "The responses it was trained on are simulated: sums of six components of the midline. What is "
    "unlike these comes out more like them.",
    "Sees three sites of the midline, so no N170 and little of the P100.",
    "Trained for 900 steps of 64 inputs, 40 s of one processor core.",
    "Sizes of layers and beta are not published: those here were chosen.",
    "Compare conditions on the recorded trials, not on what comes out of it: it pulls both towards "
    "what it knows.",
)


def main(argv: Sequence[str] | None = None) -> list[dict[str, float]]:
    """Read the command line, then train, score or release; the rows of the log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for all that is made")
    parser.add_argument("--banks", type=Path, help="folder with train.npz and held-out.npz")
    parser.add_argument("--smoke", action="store_true", help="a run of two minutes on two cores")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--score", action="store_true", help="measure what was trained, and stop")
    parser.add_argument("--release", type=Path, help="package folder to put weights and record in")
    args = parser.parse_args(argv)
    if not (args.banks or args.smoke or args.release):
        parser.error("--banks is needed: any-montage-v1.py --prepare-only writes them")
    args.work.mkdir(parents=True, exist_ok=True)
    if args.release:
        release(args.work, args.release)
        return []
    train, held_out = (take_background(read_bank(args.banks, n)) for n in ("train", "held-out"))
    if args.score:
        network = load_trained(args.work)
        table = score_methods(network, held_out, TrialsConfig(), n_conditions=100)
        scores = {
            "split": "background of people never trained on; simulated responses drawn anew",
            "conditions": 100,
            "background": "6 to 16 microvolts root mean square, against responses of 3 to 8",
            "correlation_with_the_true_response": table,
            "labels_told_of_1200_conditions_of_one_component": score_labels(
                network, train, held_out, TrialsConfig()
            ),
        }
        (args.work / "scores.json").write_text(json.dumps(scores, indent=1))
        return []
    config = SMOKE if args.smoke else TRAINING
    train_beta_vae(train, held_out, args.work, replace(config, steps=args.steps or config.steps))
    return [json.loads(line) for line in (args.work / "log.jsonl").read_text().splitlines()]


def read_bank(banks: Path | None, name: str) -> Bank:
    """Read a bank, or make one of simulated people."""
    if banks is None:
        return make_stand_in_bank(int(name == "held-out"))
    return Bank.load(banks / f"{name}.npz")


def load_trained(work: Path) -> BetaVAE:
    """Load the averaged weights of a run."""
    network = BetaVAE()
    network.load_state_dict(load_file(work / "weights.safetensors"))
    return network.eval()


def release(work: Path, package: Path) -> None:
    """Put the averaged weights and their record where the package looks for them."""
    file = f"{MODEL}.safetensors"
    target = package / "weights" / "files" / file
    size, sha256 = save_network(load_trained(work), target, model=MODEL)
    scores = work / "scores.json"
    record = ModelRecord(
        id=MODEL,
        network="beta_vae",
        config=asdict(BetaVAEConfig()),
        channels=SITES,
        sfreq=SFREQ,
        window=len(TIMES),
        stride=1,
        context=0,
        l_freq=None,
        scaling="recording",
        band=(0.5, 40.0),
        kinds=("background",),
        estimates="response",
        file=file,
        sha256=sha256,
        size=size,
        licence="BSD-3-Clause",
        data_licences=LICENCES,
        recipe="examples/training/beta-vae-erp-v1.py",
        scores=json.loads(scores.read_text()) if scores.exists() else {},
        weaknesses=WEAKNESSES,
        description=(
            "Responses to single events at Fz, Cz and Pz from twelve latents: a beta-VAE after "
            "Honke et al. (2021), trained on simulated responses in real background."
        ),
    )
    folder = package / "weights" / "records" / "responses"
    folder.mkdir(exist_ok=True)
    (folder / f"{MODEL}.json").write_text(format_record(record))


if __name__ == "__main__":
    rows = main()
    sys.stdout.write("".join(json.dumps(row) + "\n" for row in rows))
