"""Published sets as their files have them: EEGdenoiseNet, TUAR, Klados; and a sample."""

from .benchmark import Benchmark, EpochPairs, make_benchmark
from .eegdenoisenet import EEGdenoiseNet, fetch_eegdenoisenet, load_eegdenoisenet
from .klados import Klados, KladosRecording, fetch_klados, load_klados
from .sample import load_sample
from .tuar import LabelSpan, TuarRecording, load_tuar, split_people

__all__ = [
    "Benchmark",
    "EEGdenoiseNet",
    "EpochPairs",
    "Klados",
    "KladosRecording",
    "LabelSpan",
    "TuarRecording",
    "fetch_eegdenoisenet",
    "fetch_klados",
    "load_eegdenoisenet",
    "load_klados",
    "load_sample",
    "load_tuar",
    "make_benchmark",
    "split_people",
]
