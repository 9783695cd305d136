"""Recording: from a call of an op to its value and its node.

:func:`apply` does it for every op. :func:`recorder` writes, for elementwise ops, a function that does just the same
with every decision that the op's declaration settles already taken: small graphs are all overhead, and this is
most of it. The text of such a function depends only on the number of arguments and on what the rules read, so the
many ops share few compilations, and these wait for the first call: most programs use few of the ops.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import SCALARS, operand
from .graph import Extra, Node, next_seq
from .mode import Mode
from .mode import current as current_mode
from .tensor import Tensor

if TYPE_CHECKING:
    from .op import Op

_new: Any = Tensor.__new__
_new_node: Any = Node.__new__


def explain(op: Op, error: Exception, values: tuple[Any, ...]) -> Exception:
    """Return NumPy's error in the user's terms: with the op's name and the operands' shapes."""
    shapes = [np.shape(v) for v in values]
    if "broadcast" in str(error):
        return ValueError(f"{op.name}: operands of shapes {_listed(shapes)} do not broadcast")
    if str(error).startswith(f"{op.name}: "):
        return error
    kind = type(error) if isinstance(error, (ValueError, TypeError, IndexError, MemoryError)) else ValueError
    what = f"{op.name}: {error}"
    return kind(f"{what} (operands of shapes {_listed(shapes)} and dtypes {_listed([_dtype(v) for v in values])})")


def _dtype(value: Any) -> str:
    return str(getattr(value, "dtype", type(value).__name__))


def _listed(items: list[Any]) -> str:
    texts = [str(i) for i in items]
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " and " + texts[-1]


def value_of(op: Op, out: Any) -> Any:
    """Return what a forward function returned as an array, if it is one.

    Raises
    ------
    TypeError
        If it is not.
    """
    if isinstance(out, (np.generic, int, float)):
        return np.asarray(out)
    if isinstance(out, Tensor) or not hasattr(out, "dtype"):
        raise TypeError(
            f"{op.name}: the forward function computes with raw arrays and returns one; it returned "
            f"{type(out).__name__}: {out!r:.80}"
        )
    return out


def _parted(op: Op, out: Any) -> tuple[Any, dict[str, Any]]:
    if type(out) is not tuple or len(out) != 2 or not isinstance(out[1], dict):
        raise TypeError(
            f"{op.name}: declared with the residuals {', '.join(op.residuals)}, so the forward function returns "
            f"(value, {{name: ...}}); it returned {type(out).__name__}: {out!r:.80}"
        )
    return out


def apply(op: Op, args: tuple[Any, ...], params: dict[str, Any]) -> Tensor:
    """Compute `op` and record it where a gradient is wanted.

    Parameters
    ----------
    op : Op
    args : tuple
        The operands: tensors, arrays or numbers.
    params : dict
        The static arguments, checked by the caller.
    """
    mode = current_mode()
    if mode is not None and mode.decompose and op.decomposition is not None:
        decomposed: Tensor = op.decomposition(*args, **params)
        return decomposed
    values = []
    parents: list[Any] = []
    needs = False
    for a in args:
        if isinstance(a, Tensor):
            values.append(a._data)
            if a._needs:
                parents.append(a.node or a)
                needs = True
            else:
                parents.append(None)
        else:
            values.append(a if a is None else operand(op.name, a))
            parents.append(None)
    try:
        if mode is not None and mode.anomaly:
            with np.errstate(all="ignore"):  # the check below raises an error that says more than the warning
                out = op.forward(*values, **params)
        else:
            out = op.forward(*values, **params)
    except (ValueError, TypeError, IndexError, ArithmeticError, MemoryError) as error:
        raise explain(op, error, tuple(values)) from error
    residual: dict[str, Any] = {}
    if op.residuals:
        out, residual = _parted(op, out)
    if type(out) is not np.ndarray:
        out = value_of(op, out)
    tensor: Tensor = _new(Tensor)
    tensor._data = out
    if not needs or (mode is not None and not mode.grad):
        tensor.node = None
        tensor._needs = False
    else:
        reads = op.reads
        rules = op.rules
        edges = tuple(
            [
                (parent, k, tuple([read(values, out, params, residual, k) for read in reads[k]]))
                for k, parent in enumerate(parents)
                if parent is not None and rules[k] is not None
            ]
        )
        tensor._needs = bool(edges)
        if not edges:
            # A function that is constant wherever it has a derivative, such as a comparison: no gradient flows.
            tensor.node = None
            return tensor
        node = _new_node(Node)
        node.op = op
        node.inputs = tuple([a if p is None else p for a, p in zip(args, parents, strict=True)])
        node.edges = edges
        node.params = params
        node.shape = out.shape
        node.dtype = out.dtype
        node.seq = next_seq()
        node.extra = None
        tensor.node = node
    if mode is not None:
        _note(mode, op, values, out, parents, tensor.node)
    return tensor


def _note(mode: Mode, op: Op, values: list[Any], out: Any, parents: list[Any], node: Node | None) -> None:
    """Check and write down what the ambient settings ask for."""
    where: str | None = None
    if mode.anomaly:
        from .anomaly import check_forward

        where = check_forward(op, values, out, parents, node)
    elif mode.lines and node is not None:
        from .anomaly import caller

        where = caller()
    if node is not None and (where is not None or mode.scopes):
        node.extra = extra = Extra()
        extra.where = where
        extra.scopes = mode.scopes


_UNWRAP = """\
    if type(a{i}) is Tensor or isinstance(a{i}, Tensor):
        x{i} = a{i}._data
        p{i} = (a{i}.node or a{i}) if a{i}._needs else None
    else:
        x{i} = a{i} if type(a{i}) in scalars else operand(op.name, a{i})
        p{i} = None
"""

_RECORD = """\
def record({signature}):
    if mode() is not None:
        return apply(op, ({args},), {{}})
{unwrap}\
    try:
        out = forward({values})
    except (ValueError, TypeError) as error:
        raise explain(op, error, ({values}{comma})) from error
    if type(out) is not ndarray:
        out = value_of(op, out)
    tensor = new(Tensor)
    tensor._data = out
{edges}\
    tensor._needs = True
    tensor.node = node = new_node(Node)
    node.op = op
    node.inputs = ({inputs},)
    node.edges = edges
    node.params = params
    node.shape = out.shape
    node.dtype = out.dtype
    node.seq = next_seq()
    node.extra = None
    return tensor
"""


def _edges(reads: tuple[tuple[str, ...] | None, ...]) -> str:
    """Return the text that finds which of the arguments a gradient flows to."""
    edge = {
        i: f"(p{i}, {i}, ({''.join(name + ', ' for name in names)}))"
        for i, names in enumerate(reads)
        if names is not None
    }
    constant = "tensor.node = None\n{0}tensor._needs = False\n{0}return tensor\n"
    if len(edge) == 1:
        ((i, text),) = edge.items()
        return f"    if p{i} is None:\n        {constant.format(' ' * 8)}    edges = ({text},)\n"
    if len(edge) == 2:
        (i, first), (j, second) = edge.items()
        return (
            f"    if p{i} is None:\n        if p{j} is None:\n            {constant.format(' ' * 12)}"
            f"        edges = ({second},)\n"
            f"    elif p{j} is None:\n        edges = ({first},)\n"
            f"    else:\n        edges = ({first}, {second})\n"
        )
    listed = ", ".join(edge.values())
    return (
        f"    edges = tuple([edge for edge in ({listed}) if edge[0] is not None])\n"
        f"    if not edges:\n        {constant.format(' ' * 8)}"
    )


@cache
def _compiled(reads: tuple[tuple[str, ...] | None, ...], order: tuple[int, ...]) -> Any:
    n = len(reads)
    names = [f"a{i}" for i in range(n)]
    source = _RECORD.format(
        signature=", ".join(names[i] for i in order),
        args=", ".join(names),
        values=", ".join(f"x{i}" for i in range(n)),
        comma="," if n == 1 else "",
        unwrap="".join(_UNWRAP.format(i=i) for i in range(n)),
        edges=_edges(reads),
        inputs=", ".join(f"a{i} if p{i} is None else p{i}" for i in range(n)),
    )
    module = compile(source, "<minigrad recorder>", "exec")
    return next(part for part in module.co_consts if isinstance(part, CodeType))


# What a recorder is until its first call.
_UNWRITTEN = compile("def record(*args):\n    write(record)\n    return record(*args)\n", "<minigrad recorder>", "exec")


def recorder(op: Op, reads: tuple[tuple[str, ...] | None, ...], order: tuple[int, ...]) -> Callable[..., Tensor]:
    """Return a function that does what :func:`apply` does, for an elementwise op.

    Parameters
    ----------
    op : Op
    reads : tuple
        Per argument, the names of the values that its rule reads: ``x0``, ``x1``, ... for the arguments, ``out`` for
        the value; None where no gradient flows.
    order : tuple of int
        The order of the parameters; (1, 0) makes the reflected form of a binary operator.
    """

    def write(record: Any) -> None:
        record.__code__ = _compiled(reads, order)

    scope = {
        "write": write,
        "op": op,
        "forward": op.forward,
        "mode": current_mode,
        "apply": apply,
        "operand": operand,
        "scalars": SCALARS,
        "explain": explain,
        "ndarray": np.ndarray,
        "value_of": value_of,
        "new": _new,
        "new_node": _new_node,
        "Tensor": Tensor,
        "Node": Node,
        "next_seq": next_seq,
        "params": {},
    }
    exec(_UNWRITTEN, scope)
    record: Callable[..., Tensor] = scope["record"]
    return record
