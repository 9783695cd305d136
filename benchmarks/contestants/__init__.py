"""The contestants, one module each; a library that is not installed is reported, never silently left out."""

from __future__ import annotations

import importlib
import importlib.metadata

from ..problems import Contestant

REFERENCE = "minigrad"
"""The contestant every ratio refers to."""

# Display name -> (module here, class, distribution whose version is printed).
CONTESTANTS: dict[str, tuple[str, str, str]] = {
    "minigrad": ("minigrad_", "Minigrad", "minigrad"),
    "NumPy, plain": ("numpy_plain", "PlainNumPy", "numpy"),
    "NumPy, careful": ("numpy_careful", "CarefulNumPy", "numpy"),
    "PyTorch": ("pytorch", "PyTorch", "torch"),
    "HIPS autograd": ("hips_autograd", "HipsAutograd", "autograd"),
    "MyGrad": ("mygrad_", "MyGrad", "mygrad"),
    "JAX, op by op": ("jax_", "JaxEager", "jax"),
    "JAX, jit": ("jax_", "JaxJit", "jax"),
}


def load(name: str) -> Contestant:
    """Return the contestant called `name`; raises ImportError where its library is not installed."""
    module, cls, _ = CONTESTANTS[name]
    contestant: Contestant = getattr(importlib.import_module(f"{__name__}.{module}"), cls)()
    contestant.name = name
    return contestant


def version(name: str) -> str:
    """Return the installed version of the contestant's library; minigrad may run from the working tree."""
    try:
        return importlib.metadata.version(CONTESTANTS[name][2])
    except importlib.metadata.PackageNotFoundError:
        return "not installed" if name != REFERENCE else "(working tree)"
