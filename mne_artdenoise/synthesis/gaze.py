"""Courses of lids and gaze: blinks, and the saccades of a glance with their spikes; a leaf."""

from __future__ import annotations

import numpy as np

from .._typing import FloatArray

# A blink in parts of its length: the lids close, open fast, and settle. Fitted to the blinks of
# eight people (benchmarks/realism.py).
CLOSING, OPENING, SETTLED = 0.28, 0.28, 0.32

SPIKE_LENGTH = 0.024  # seconds, of the potential of the eye muscles at the start of a saccade


def shape_blink(phase: FloatArray) -> FloatArray:
    """Height of a blink at parts of its length between 0 and 1, 1 at its peak."""
    closing = 0.5 - 0.5 * np.cos(np.pi * np.clip(phase / CLOSING, 0, 1))
    since = np.maximum(phase - CLOSING, 0.0)
    fast = 0.5 + 0.5 * np.cos(np.pi * np.clip(since / OPENING, 0, 1))
    slow = 0.5 + 0.5 * np.cos(np.pi * np.clip(since / (1 - CLOSING), 0, 1))
    opening = (1 - SETTLED) * fast + SETTLED * slow
    return np.asarray(np.where(phase < CLOSING, closing, opening))


def draw_glance(length: float, angle: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Draw saccades of one glance: start of each in seconds, and step in degrees; they add to 0."""
    places = angle * rng.choice([-1.0, 1.0], 2) * np.exp(rng.normal(0, 0.4, 2))
    first = (SPIKE_LENGTH / 2, float(places[0]))
    if rng.random() < 0.4:
        return [first, (length - find_duration(first[1]), -first[1])]
    between = (rng.uniform(0.35, 0.6) * length, float(places[1] - places[0]))
    return [first, between, (length - find_duration(float(places[1])), -float(places[1]))]


def find_duration(step: float) -> float:
    """Duration of a saccade of some degrees, in seconds: the main sequence."""
    return 0.0022 * abs(step) + 0.021


def shape_saccade(phase: FloatArray) -> FloatArray:
    """Course of least jerk from 0 to 1 over phases from 0 to 1."""
    phase = np.clip(phase, 0.0, 1.0)
    return np.asarray(phase**3 * (10 - 15 * phase + 6 * phase**2))


def shape_spike(since: FloatArray) -> FloatArray:
    """Spike of the eye muscles around the start of a saccade: down, then a smaller rebound."""
    phase = since / SPIKE_LENGTH + 0.5
    inside = (phase > 0) & (phase < 1)
    wave = np.sin(np.pi * phase) ** 2 * np.cos(2 * np.pi * (phase - 0.45))
    return np.asarray(np.where(inside, wave, 0.0))
