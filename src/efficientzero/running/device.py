"""Where torch computes, and how."""

from __future__ import annotations

import torch

from efficientzero.parameters import ParameterError


def choose_device(wanted: str) -> torch.device:
    """``auto`` takes CUDA when there is one.

    Raises:
        ParameterError: CUDA was asked for and there is none.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ParameterError("device: cuda was asked for, but torch sees no CUDA device; use device=auto or device=cpu")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """A word for what was computed on: ``cpu``, or the name of the CUDA device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def configure_torch(threads: int) -> None:
    """Sets what the bits of a result depend on: the number of threads, and deterministic kernels."""
    torch.set_num_threads(threads)
    # As use_deterministic_algorithms(warn_only=True), which also loads torch's compiler: a second and a half.
    torch.set_deterministic_debug_mode("warn")
    # Nothing here reads memory before it is written: filling it first, as deterministic mode does, only takes time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
