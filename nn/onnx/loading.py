"""ONNX files into modules."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.extras import require

from ..containers import Sequential
from .structure import Flow

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load"]

_FIRST = 13  # before it, Softmax and others meant something else


def load(path: str | os.PathLike[str]) -> Sequential:
    """Make modules of an ONNX file whose graph is a sequence of layers, sums of branches and joined branches.

    Parameters
    ----------
    path : str or path
        A file of opset 13 or later, with its weights inside of it.

    Returns
    -------
    Sequential
        Of layers, and of :class:`~minigrad.nn.Residual` and :class:`~minigrad.nn.Parallel` where the graph branches; in
        evaluation, as ONNX models are.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, its weights are in other files or do not have the size they say, or a node has no
        counterpart here; the message names it.
    ImportError
        If onnx is not installed: ``pip install 'minigrad[onnx]'``.
    """
    onnx = require("onnx", "onnx", "reading ONNX files")
    name = os.fspath(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f"nn.onnx.load: there is no file {name}")
    proto = _parsed(onnx, name)
    constants = _constants(onnx, name, proto)
    _check(onnx, name, proto)
    graph = _inferred(onnx, name, proto)
    try:
        return Sequential(*Flow(onnx, name, graph, constants).modules()).eval()
    except RecursionError:
        raise ValueError(f"{name}: its branches are nested too deeply") from None


def _parsed(onnx: Any, name: str) -> Any:
    try:
        proto = onnx.load_model_from_string(Path(name).read_bytes())
    except Exception as error:  # protobuf's, of which there are several implementations
        raise ValueError(f"{name}: not a readable ONNX file: {error}") from error
    if not proto.graph.node:
        raise ValueError(f"{name}: not a readable ONNX file: there is no graph in it")
    return proto


def _constants(onnx: Any, name: str, proto: Any) -> dict[str, NDArray[Any]]:
    """Return the weights, and the values of nodes that are constants."""
    found = {}
    if proto.graph.sparse_initializer:
        raise ValueError(f"{name}: it has sparse weights, which are not understood")
    for tensor in proto.graph.initializer:
        found[tensor.name] = _array(onnx, name, tensor.name, tensor)
    for node in proto.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                value = _array(onnx, name, node.name or node.op_type, attribute.t)
                if node.op_type == "Constant" and node.output:
                    found[node.output[0]] = value
    return found


def _array(onnx: Any, path: str, name: str, tensor: Any) -> NDArray[Any]:
    # Nothing is made from the sizes that a file claims before they are compared with what it holds.
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise ValueError(
            f"{path}: the weight {name!r} is in another file, which is not read; save the model as one file"
        )
    try:
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type))
    except Exception as error:  # a number that stands for no type: a KeyError, and others in the past
        raise ValueError(f"{path}: the weight {name!r} has no known type") from error
    if dtype.kind not in "fiub":
        raise ValueError(f"{path}: the weight {name!r} has dtype {dtype}, not real numbers")
    if min(tensor.dims, default=0) < 0:
        raise ValueError(f"{path}: the weight {name!r} has the shape {tuple(tensor.dims)}")
    count = math.prod(tensor.dims)
    if tensor.HasField("raw_data"):
        held, expected = len(tensor.raw_data), count * dtype.itemsize
    else:
        held, expected = len(getattr(tensor, onnx.helper.tensor_dtype_to_field(tensor.data_type))), count
    if held != expected:
        raise ValueError(
            f"{path}: the weight {name!r} has shape {tuple(tensor.dims)} and dtype {dtype}, which is not the size of "
            "its content"
        )
    return np.array(onnx.numpy_helper.to_array(tensor), dtype.newbyteorder("="))


def _check(onnx: Any, name: str, proto: Any) -> None:
    versions = {opset.domain or "ai.onnx": opset.version for opset in proto.opset_import}
    version = versions.get("ai.onnx", 0)
    known = onnx.defs.onnx_opset_version()
    if not _FIRST <= version <= known:
        raise ValueError(f"{name}: opset {_FIRST} to {known} can be read, this is opset {version}")
    for node in proto.graph.node:
        if node.domain not in ("", "ai.onnx"):
            raise ValueError(f"{name}: node {node.name!r} ({node.op_type}) is of the domain {node.domain!r}")
    try:
        onnx.checker.check_model(proto)
    except (onnx.checker.ValidationError, ValueError, TypeError) as error:
        raise ValueError(f"{name}: not a valid ONNX model: {_first_line(error)}") from error


def _inferred(onnx: Any, name: str, proto: Any) -> Any:
    try:
        return onnx.shape_inference.infer_shapes(proto, strict_mode=True).graph
    except (onnx.shape_inference.InferenceError, ValueError, TypeError) as error:
        raise ValueError(f"{name}: the shapes in the model do not fit: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
