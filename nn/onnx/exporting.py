"""Models into ONNX files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor, no_grad
from minigrad.extras import require
from minigrad.files import atomic_write

from .. import layers
from .._parts import what
from ..containers import Parallel, Residual
from ..layers import Lambda
from ..module import Module
from ..summarize import _shape, _undisturbed
from .emitters import EMITTERS, PASSED, emitter_of

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["OPSET", "export"]

OPSET = 21
"""The version of ONNX's operators that is written, of ONNX 1.16 and ONNX Runtime 1.18 (2024).

It is the first with GroupNormalization per channel.
"""
_IR_VERSION = 10  # that of the same release


def export(
    model: Module, path: str | os.PathLike[str], input_shape: Sequence[int], *, dtype: DTypeLike | None = None
) -> None:
    """Write what a model computes in evaluation into an ONNX file (opset 21), whole or not at all.

    The model is called once with zeros, and the calls of its layers become the nodes: so a class of yours can be
    exported, too, as long as its ``forward`` does nothing but hand tensors from layer to layer. Equal models make equal
    bytes. Nodes and weights have the modules' dotted names.

    Parameters
    ----------
    model : Module
        Of one input and one output. Left as it is.
    path : str or path
        An existing file is replaced.
    input_shape : sequence of int
        The shape of one example; the axis of the batch, of any length in the file, comes before it.
    dtype : dtype, optional
        Of the input; default: that of the first floating parameter, else float32. Indices, for an embedding, are
        integers: pass ``int``.

    Raises
    ------
    ValueError
        If a module has no counterpart in ONNX (a :class:`~minigrad.nn.Lambda`, a recurrent layer, attention), or
        computes something beside its layers; the message names it. If the file would be larger than 2 GiB.
    TypeError
        If the model is no module, or returns no tensor.
    ImportError
        If onnx is not installed: ``pip install 'minigrad[onnx]'``.

    Examples
    --------
    >>> import tempfile
    >>> from minigrad import nn
    >>> model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Affine(5408, 10))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nn.onnx.export(model, folder + "/model.onnx", (1, 28, 28))
    ...     nn.onnx.load(folder + "/model.onnx")
    Sequential(
      (0): Conv2d(1, 8, 3, floor=True)
      (1): ReLU()
      (2): Flatten()
      (3): Affine(5408, 10)
    )
    """
    onnx = require("onnx", "onnx", "writing ONNX files")
    if not isinstance(model, Module):
        raise TypeError(f"nn.onnx.export: expected a Module, got {what(model)}")
    if dtype is None:
        dtype = next((p.dtype for p in model.parameters() if p.dtype.kind == "f"), np.dtype(np.float32))
    x = Tensor(np.zeros((1, *_shape(input_shape)), dtype))
    graph = Graph(onnx, model)
    y = graph.trace(model, x)
    proto = onnx.helper.make_model(
        graph.proto(x, y),
        producer_name="minigrad",
        ir_version=_IR_VERSION,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
    )
    try:
        content = proto.SerializeToString(deterministic=True)
    except Exception as error:  # protobuf's limit; its implementations raise different errors
        raise ValueError(f"nn.onnx.export: the model does not fit into one ONNX file of 2 GiB: {error}") from error
    with atomic_write(path) as file:
        file.write(content)


class Graph:
    """Nodes and weights, as the calls of a model's layers make them.

    Attributes
    ----------
    names : dict of int to str
        By the identity of a tensor: the value in the file that it is.
    """

    def __init__(self, onnx: Any, model: Module) -> None:
        self.onnx = onnx
        self.titles = {id(module): name for name, module in model.named_modules()}
        self.parameters = {id(tensor): name for name, tensor in model._state()}
        self.names: dict[int, str] = {}
        self.outputs: dict[int, str] = {}  # by the identity of a module: the value of its last output
        self.alive: list[Tensor] = []  # an identity is one only as long as the tensor lives
        self.nodes: list[Any] = []
        self.weights: dict[str, NDArray[Any]] = {}
        self.taken = Counter(self.parameters.values())
        self.scope = ""

    # -- what emitters call --------------------------------------------------------------------------------------

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of one output, and return the output's name; its own is the module's."""
        name = self._unique(f"{self.scope}.{op}" if self.scope else op)
        self.nodes.append(self.onnx.helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def split(self, x: str, axis: int) -> tuple[str, str]:
        """Add a node that halves a value."""
        name = self._unique(f"{self.scope}.Split" if self.scope else "Split")
        parts = (f"{name}_a", f"{name}_b")
        self.nodes.append(self.onnx.helper.make_node("Split", [x], parts, name=name, axis=axis, num_outputs=2))
        return parts

    def weight(self, tensor: Tensor) -> str:
        """Return the name of a parameter or buffer, which is in the file from then on."""
        name = self.parameters[id(tensor)]
        self.weights[name] = tensor._data
        return name

    def constant(self, what: str, value: Any) -> str:
        """Return the name of an array that is not the model's."""
        name = self._unique(f"{self.scope}.{what}" if self.scope else what)
        self.weights[name] = np.asarray(value)
        return name

    def _unique(self, name: str) -> str:
        count = self.taken[name]
        self.taken[name] += 1
        return f"{name}_{count}" if count else name

    # -- the call ------------------------------------------------------------------------------------------------

    def trace(self, model: Module, x: Tensor) -> Tensor:
        """Call the model, with a node for each call of a layer, and return the output."""
        for module in model.modules():
            refusal = self._refusal(module)
            if refusal:
                raise ValueError(f"nn.onnx.export: {self._title(module)} {refusal}")
        self._unique("input")
        self._unique("output")
        self._know(x, "input")
        with _undisturbed(model):
            for module in model.modules():
                module.register_forward_hook(self._after, with_kwargs=True)
            with no_grad():
                y = model.eval()(x)
        if not isinstance(y, Tensor):
            raise TypeError(f"nn.onnx.export: the model must return one tensor, got {what(y)}")
        if not y.ndim or len(y) != 1:
            raise ValueError(f"nn.onnx.export: the output has no axis of the batch: {y.shape} of an input of {x.shape}")
        return y

    def _refusal(self, module: Module) -> str | None:
        if emitter_of(module) is not None or isinstance(module, PASSED):
            return None
        if isinstance(module, Lambda):
            return "is a function, of which nothing is known; a layer can be exported"
        return "has no counterpart in ONNX" if type(module).__module__.startswith(layers.__name__) else None

    def _after(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        if not isinstance(output, Tensor):
            raise ValueError(f"nn.onnx.export: {self._title(module)} returns {what(output)}, not one tensor")
        known = len(args) == 1 and not kwargs and id(args[0]) in self.names
        emit = emitter_of(module)
        if known and emit is not None and output is not args[0]:
            self.scope = self.titles[id(module)]
            self._know(output, emit(self, module, self.names[id(args[0])], args[0], output))
        if id(output) not in self.names or (emit is not None and not known):
            raise ValueError(
                f"nn.onnx.export: {self._title(module)} "
                + (
                    "computes something besides the calls of its layers"
                    if known
                    else "is called with something that no layer has returned"
                )
                + ", which is not seen"
            )
        self.outputs[id(module)] = self.names[id(output)]

    def _know(self, tensor: Tensor, name: str) -> None:
        self.names[id(tensor)] = name
        self.alive.append(tensor)

    def _title(self, module: Module) -> str:
        name = self.titles[id(module)]
        return f"{name!r}, {module._head()}," if name else f"{module._head()}"

    def proto(self, x: Tensor, y: Tensor) -> Any:
        """Return the graph, with its output renamed."""
        helper = self.onnx.helper
        last = self.names[id(y)]
        if last == "input":
            self.nodes.append(helper.make_node("Identity", ["input"], ["output"], name="Identity"))
        for node in self.nodes:
            for names in (node.input, node.output):
                for i, name in enumerate(names):
                    if name == last != "input":
                        names[i] = "output"
        ends = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(tensor.dtype), ["n", *tensor.shape[1:]])
            for name, tensor in (("input", x), ("output", y))
        ]
        weights = [
            self.onnx.numpy_helper.from_array(np.asarray(array, order="C"), name)
            for name, array in self.weights.items()
        ]
        return helper.make_graph(self.nodes, "minigrad", ends[:1], ends[1:], weights)


def _residual(graph: Graph, layer: Residual, x: str, given: Tensor, output: Tensor) -> str:
    shortcut = x if layer.shortcut is None else graph.outputs[id(layer.shortcut)]
    return graph.node("Add", graph.outputs[id(layer.body)], shortcut)


def _parallel(graph: Graph, layer: Parallel, x: str, given: Tensor, output: Tensor) -> str:
    return graph.node("Concat", *[graph.outputs[id(branch)] for branch in layer], axis=layer.axis)


EMITTERS[Residual], EMITTERS[Parallel] = _residual, _parallel
