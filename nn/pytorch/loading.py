"""States of PyTorch's modules into ours, and back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor

from .._parts import what
from .._state import LoadedKeys
from ..module import Module
from ..serialization import load as load_file
from .matching import Slot, check_names, match, replaced, slots_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load", "state_dict"]

Names = Mapping[str, str | None]


def load(
    model: Module,
    source: str | os.PathLike[str] | Mapping[str, Any],
    names: Names | None = None,
    strict: bool = True,
) -> LoadedKeys:
    """Write a PyTorch ``state_dict`` into a model: all of it or, if anything does not fit, nothing.

    Layouts are turned where they differ (see :data:`TRANSPOSED`). Without `names`, the first of these that fits as a
    whole says which array is whose:

    1. the names: both sides have the same;
    2. torchvision's, for a model that both have (:func:`torchvision_names`);
    3. the order: modules with parameters of the same names and shapes are paired in the order of the numbers in
       PyTorch's names, as ``fc1`` and ``fc2`` with ``0`` and ``2`` here. Names that differ in more than numbers have no
       order, since a file is sorted by them: two that could change places are an error.

    Parameters
    ----------
    model : Module
    source : str, path, or mapping of str to array
        A file, ``.safetensors`` or ``.npz``, or the ``state_dict`` itself, of arrays or PyTorch tensors. Numbers of
        another floating type are converted to the model's.
    names : mapping of str to str or None, optional
        From the dotted name of a module (or of an array) in the source to that in the model; what is below has the
        same names. "" is the whole. Of several that fit, the longest holds; None leaves out what is there.
    strict : bool
        Whether the names must be the same on both sides. Shapes must be in any case.

    Returns
    -------
    LoadedKeys
        The model's names that found nothing, and the source's that nothing asked for. A missing
        ``num_batches_tracked``, which old files lack, is no error.

    Raises
    ------
    ValueError
        If the file is damaged, or the names or shapes do not fit, with all differences listed.
    FileNotFoundError, TypeError
        If there is no such file, or no such mapping.

    Examples
    --------
    >>> from minigrad import nn
    >>> theirs = {"fc1.weight": np.ones((4, 2)), "fc1.bias": np.ones(4), "fc2.weight": np.ones((1, 4))}
    >>> model = nn.Sequential(nn.Affine(2, 4), nn.Tanh(), nn.Affine(4, 1, bias=False))
    >>> nn.pytorch.load(model, theirs)
    LoadedKeys(missing=[], unexpected=[])
    >>> nn.pytorch.load(model, theirs, names={"fc1": "0", "fc2": "1"})
    Traceback (most recent call last):
        ...
    ValueError: nn.pytorch.load: the state does not fit Sequential, and nothing was loaded:
      missing: '2.weight'
      unexpected: 'fc2.weight' (as '1.weight')
    """
    _check_model("load", model)
    state = {name: _array(name, value) for name, value in _state(source).items()}
    slots = slots_of(model)
    found = match(model, slots, {name: array.shape for name, array in state.items()}, names, strict)
    problems = []
    values: dict[str, NDArray[Any]] = {}
    for slot, theirs in found.pairs:
        problem = _misfit(slot, state[theirs])
        if problem:
            problems.append(f"{theirs!r} for {slot.name!r}: {problem}")
            continue
        value = (state[theirs].T if slot.turned else state[theirs]).astype(slot.tensor.dtype)
        known = values.setdefault(slot.first, value)
        if not np.array_equal(known, value, equal_nan=known.dtype.kind == "f"):
            problems.append(f"{theirs!r} differs from another array for {slot.first!r}, which the model has only once")
    if problems or found.problems:
        lines = "\n  ".join([*found.problems, *problems])
        raise ValueError(
            f"nn.pytorch.load: the state does not fit {type(model).__name__}, and nothing was loaded:\n  {lines}"
        )
    model.load_state_dict(values, strict=False)
    return LoadedKeys(found.missing, found.unexpected)


def state_dict(model: Module, names: Mapping[str, str] | None = None) -> dict[str, NDArray[Any]]:
    """Return a model's parameters and buffers in PyTorch's layouts, for PyTorch's ``load_state_dict``.

    Parameters
    ----------
    model : Module
    names : mapping of str to str, optional
        As in :func:`load`: from PyTorch's names to the model's. Default: they are the same.

    Returns
    -------
    dict of str to ndarray
        Copies. A parameter that several modules share stands under the name of each, as in PyTorch.
        ``nn.save(state, "model.safetensors")`` writes what ``safetensors.torch.load_file`` reads.

    Raises
    ------
    ValueError
        If two arrays get the same name.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.Sequential(nn.Affine(3, 2), nn.ReLU())
    >>> {name: array.shape for name, array in nn.pytorch.state_dict(model, {"fc": "0"}).items()}
    {'fc.weight': (2, 3), 'fc.bias': (2,)}
    """
    _check_model("state_dict", model)
    inverse: dict[str, str | None] = {
        ours: theirs for theirs, ours in check_names("state_dict", names or {}).items() if ours is not None
    }
    state: dict[str, NDArray[Any]] = {}
    for slot in slots_of(model):
        name = replaced(slot.name, inverse) or ""
        if name in state:
            raise ValueError(f"nn.pytorch.state_dict: two arrays would have the name {name!r}; see `names`")
        array = slot.tensor._data
        state[name] = np.array(array.T if slot.turned else array, order="C")
    return state


def _check_model(job: str, model: Any) -> None:
    if not isinstance(model, Module):
        raise TypeError(f"nn.pytorch.{job}: expected a Module, got {what(model)}")


def _state(source: Any) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, (str, os.PathLike)):
        hint = "; pass its .state_dict()" if hasattr(source, "state_dict") else ""
        raise TypeError(f"nn.pytorch.load: expected a file or a mapping from names to arrays, got {what(source)}{hint}")
    if Path(source).suffix in (".pt", ".pth", ".bin", ".ckpt"):
        raise ValueError(
            f"nn.pytorch.load: {os.fspath(source)} can hold code, which is never run here. Convert it in PyTorch: "
            "safetensors.torch.save_file(torch.load(path, weights_only=True), 'model.safetensors')"
        )
    return load_file(source)


def _array(name: Any, value: Any) -> NDArray[Any]:
    if not isinstance(name, str):
        raise TypeError(f"nn.pytorch.load: names must be text, got {name!r}")
    if isinstance(value, Tensor):
        return np.asarray(value._data)
    if hasattr(value, "detach"):  # a PyTorch tensor, perhaps on a GPU, perhaps of a type that NumPy lacks
        value = value.detach().cpu()
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"nn.pytorch.load: {name!r} must hold real numbers, got dtype {array.dtype}")
    return array


def _misfit(slot: Slot, value: NDArray[Any]) -> str | None:
    if value.shape != slot.shape:
        layout = " in PyTorch's layout" if slot.turned else ""
        return f"expected shape {slot.shape}{layout}, got {value.shape}"
    dtype = slot.tensor.dtype
    if value.dtype.kind != dtype.kind:
        return f"expected dtype {dtype}, got {value.dtype}"
    if dtype.kind == "f" and value.dtype.itemsize > dtype.itemsize:
        with np.errstate(over="ignore"):
            if not np.array_equal(np.isfinite(value), np.isfinite(value.astype(dtype))):
                return f"{dtype} cannot hold its numbers, which go up to {np.nanmax(np.abs(value)):g}"
    return None
