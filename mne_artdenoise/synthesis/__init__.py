"""Noisy and clean pairs of EEG with known truth."""

from .simulation import simulate_raw

__all__ = ["simulate_raw"]
