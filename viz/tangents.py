"""Tangents on the wires: the derivative of every value along a direction, in forward mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad import Node, Tensor, enable_grad
from minigrad.settle import Noticed
from minigrad.tensor import constant
from minigrad.values import Values

from .trace import Traced


def push_tangents(traced: Traced, tangents: Mapping[Tensor, Any], values: Values) -> dict[int, Any]:
    """Return the tangents of all values that depend on those given, as arrays by vertex.

    Parameters
    ----------
    traced : Traced
    tangents : mapping of Tensor to array_like
        Each of the shape of its tensor.
    values : Values

    Raises
    ------
    TypeError, ValueError
        If a key is no tensor of the graph, or a tangent does not fit it.
    """
    if not isinstance(tangents, Mapping):
        raise TypeError(f"viz: tangents must map tensors to arrays, got {type(tangents).__name__}")
    known: dict[int, Tensor] = {}
    for tensor, given in tangents.items():
        if not isinstance(tensor, Tensor):
            raise TypeError(f"viz: tangents: expected a Tensor, got {type(tensor).__name__}")
        v = traced.find(tensor)
        if v is None or not tensor.requires_grad:
            raise ValueError(f"viz: tangents: the tensor ({tensor.describe()}) is no part of this graph")
        array = np.asarray(given._data if isinstance(given, Tensor) else given)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"viz: tangents must be real numbers, got dtype {array.dtype}")
        if array.shape != tensor.shape:
            raise ValueError(f"viz: the tangent has shape {array.shape}, its tensor {tensor.shape}")
        known[v] = constant(array.astype(tensor.dtype))
    invalid = Noticed(quiet=True)
    with enable_grad(), invalid:
        for v, vertex in enumerate(traced.trace.vertices):
            if v in known or vertex.kind != "op":
                continue
            into = {a.k: known[a.vertex] for a in vertex.arguments if a.flows and a.vertex in known}
            if into:
                node: Node = traced.sources[v]
                tangent = node.op.push(node, into, values, invalid)
                # Only its value is wanted: with its own graph, a long chain would keep all of them.
                known[v] = constant(tangent._data.astype(node.dtype, copy=False))
    return {v: tangent._data for v, tangent in known.items()}
