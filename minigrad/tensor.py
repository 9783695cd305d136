"""The Tensor: an array, and where it came from."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from . import graph
from .arrays import as_array, operand, real_dtype
from .graph import Node, next_seq

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    Method = Callable[..., "Tensor"]

# What np.<function>(tensor) calls. Each op enters itself here; see `protocol.py`.
numpy_functions: dict[Any, Callable[..., Any]] = {}


class Tensor:
    """An array of real numbers that remembers how it was computed.

    Parameters
    ----------
    data : array_like
        Numbers; copied (see :func:`minigrad.asarray` for a tensor that shares an array). Of any shape, 0-d and empty
        included, and of a floating, integer or boolean dtype.
    requires_grad : bool
        Whether gradients with respect to this tensor will be asked for; floating dtypes only.
    dtype : dtype, optional
        Default: as NumPy chooses, so Python floats are float64.
    name : str, optional
        For drawings and messages.

    Raises
    ------
    TypeError
        If the data are not real numbers, or integers are to require a gradient.
    ValueError
        If a nested list is not rectangular.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y
    Tensor(14., dtype=float64, op=sum)
    >>> y.backward()
    >>> x.grad
    Tensor([2., 4., 6.], dtype=float64)
    """

    # A result of an op sets the first three only: a slot that is not set costs nothing, and small graphs are
    # made of such costs. The others exist on leaves, and on results once they are asked for.
    __slots__ = ("__weakref__", "_data", "_grad", "_hooks", "_name", "_needs", "_written", "node")

    _data: Any
    node: Node | None
    _needs: bool
    _grad: Tensor | None
    _hooks: dict[int, Any]
    _name: str | None
    _written: int

    def __init__(
        self, data: Any, requires_grad: bool = False, dtype: DTypeLike | None = None, name: str | None = None
    ) -> None:
        if isinstance(data, Tensor):
            if data._needs:
                raise TypeError(
                    "Tensor: the data are a tensor that requires grad, and copying them would lose the gradient; use "
                    "t.detach() for its values, or t.copy() for a recorded copy"
                )
            data = data._data
        values, dtype = operand("Tensor", data), real_dtype("Tensor", dtype)
        if isinstance(values, (int, float, list, tuple, np.generic)):
            values = np.array(values, dtype=dtype)
        else:
            values = values.astype(dtype) if dtype is not None else values.copy()
        self._set_leaf(values, None)
        if name is not None:
            self.name = name
        if requires_grad:
            self.requires_grad = True

    def _set_leaf(self, values: Any, name: str | None) -> None:
        self._data = values
        self.node = None
        self._needs = False
        self._grad = None
        self._hooks = {}
        self._name = name
        self._written = 0

    # -- what it holds ---------------------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """The array itself. Writing into it is not noticed by the version check; assigning to ``.data`` is."""
        return self._data

    @data.setter
    def data(self, values: Any) -> None:
        values = as_array(operand("Tensor.data", values))
        if self.node is not None:
            raise RuntimeError("Tensor.data: only a leaf can be given new data; this tensor was computed by an op")
        if values.shape != self._data.shape or values.dtype != self._data.dtype:
            raise ValueError(
                f"Tensor.data: expected shape {self.shape} and dtype {self.dtype}, "
                f"got {values.shape} and {values.dtype}"
            )
        self._data = values
        self.mark_written()

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return cast("tuple[int, ...]", self._data.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The array's dtype."""
        return cast("np.dtype[Any]", self._data.dtype)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return cast(int, self._data.ndim)

    @property
    def size(self) -> int:
        """The number of elements."""
        return cast(int, self._data.size)

    @property
    def nbytes(self) -> int:
        """The size of the array in bytes."""
        return cast(int, self._data.nbytes)

    @property
    def name(self) -> str | None:
        """The name shown in drawings and messages."""
        return getattr(self, "_name", None)

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"Tensor.name: expected a str, got {type(name).__name__}")
        self._name = name
        if self.node is not None:
            graph.extra_of(self.node).name = name

    # -- its place in the graph ------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this tensor. Can be set on leaves."""
        return self._needs

    @requires_grad.setter
    def requires_grad(self, needs: bool) -> None:
        if needs and self._data.dtype.kind != "f":
            raise TypeError(
                f"requires_grad: only floating tensors can require gradients; this one is {self.dtype}. "
                "Write the numbers with a point, or convert with .astype(float)"
            )
        if self.node is not None and not needs:
            raise RuntimeError("requires_grad: only a leaf's can be turned off; use .detach() for a constant copy")
        if self.node is None and not hasattr(self, "_hooks"):
            self._set_leaf(self._data, self.name)
        self._needs = bool(needs)

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was made by the user and not computed by a recorded op."""
        return self.node is None

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient, of this tensor's shape and dtype; None before the first backward pass."""
        return getattr(self, "_grad", None)

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"Tensor.grad: expected a Tensor or None, got {type(value).__name__}")
            if value.shape != self.shape or value.dtype != self.dtype:
                raise ValueError(
                    f"Tensor.grad: expected shape {self.shape} and dtype {self.dtype}, "
                    f"got {value.shape} and {value.dtype}"
                )
        self._grad = value

    def detach(self) -> Tensor:
        """Return a constant tensor that shares this one's array.

        Examples
        --------
        >>> import minigrad as mg
        >>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
        >>> (x * 2).detach()
        Tensor([2., 4.], dtype=float64)
        """
        return constant(self._data)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
        """Call `hook` with the gradient of this tensor in every backward pass; a Tensor it returns replaces it.

        Returns
        -------
        HookHandle
            With a method ``remove()``.

        Examples
        --------
        >>> import minigrad as mg
        >>> x = mg.Tensor(3.0, requires_grad=True)
        >>> handle = x.register_hook(lambda g: g * 10)
        >>> (x * x).backward()
        >>> x.grad.item()
        60.0
        """
        if not self._needs:
            raise RuntimeError("register_hook: this tensor does not require grad, so no gradient will reach it")
        if not callable(hook):
            raise TypeError(f"register_hook: expected a function, got {type(hook).__name__}")
        hooks = self._hooks if self.node is None else graph.extra_of(self.node).hooks
        key = next_seq()
        hooks[key] = hook
        return HookHandle(hooks, key)

    def retain_grad(self) -> None:
        """Let backward passes set ``.grad`` on this intermediate tensor as they do on leaves.

        Examples
        --------
        >>> import minigrad as mg
        >>> x = mg.Tensor(3.0, requires_grad=True)
        >>> y = x * x
        >>> y.retain_grad()
        >>> (y * 2).backward()
        >>> y.grad.item()
        2.0
        """
        if not self._needs:
            raise RuntimeError("retain_grad: this tensor does not require grad, so no gradient will reach it")
        if self.node is None:
            return
        retained = graph.extra_of(self.node).retained
        if not any(ref() is self for ref in retained):
            self._grad = None
            # Weakly: a node that held its own output would be a reference cycle.
            retained.append(weakref.ref(self))

    def mark_written(self) -> None:
        """Tell the version check that this leaf's array was written to: older graphs that read it raise."""
        self._written = seq = next_seq()
        if not self._needs:
            graph.constant_written(seq)

    def assign(self, values: Any) -> None:
        """Write `values` into this leaf's array, unrecorded; graphs that read the old ones raise from then on.

        Parameters
        ----------
        values : Tensor or array_like
            Of this tensor's shape; cast to its dtype.

        Raises
        ------
        RuntimeError
            If this tensor is not a leaf.
        ValueError
            If the shapes differ.

        Examples
        --------
        >>> import minigrad as mg
        >>> w = mg.Tensor([1.0, 2.0], requires_grad=True)
        >>> w.assign([3.0, 4.0])
        >>> w
        Tensor([3., 4.], dtype=float64, requires_grad=True)
        """
        if self.node is not None:
            raise RuntimeError("assign: only a leaf can be written to; this tensor was computed by an op")
        new = values._data if isinstance(values, Tensor) else operand("assign", values)
        if np.shape(new) != self.shape:
            raise ValueError(f"assign: expected values of shape {self.shape}, got {np.shape(new)}")
        self._data[...] = new
        self.mark_written()

    def describe(self) -> str:
        """Return a short description for messages: name or kind, shape and dtype."""
        if self.name:
            what = repr(self.name)
        elif self.node is not None:
            what = f"a result of {self.node.op.name}"
        else:
            what = "a leaf tensor" if self._needs else "a constant tensor"
        return f"{what} of shape {self.shape} and dtype {self.dtype}"

    # -- conversions -----------------------------------------------------------------------------------------------

    def numpy(self) -> NDArray[Any]:
        """Return the array; a tensor that requires grad raises (see :meth:`detach`)."""
        return self.__array__()

    def item(self) -> Any:
        """Return the only element as a Python number."""
        return self._only("item").item()

    def tolist(self) -> Any:
        """Return the values as nested lists of Python numbers."""
        return self._data.tolist()

    def _only(self, method: str) -> Any:
        if self._data.size != 1:
            raise ValueError(
                f"{method}: only a tensor with one element can be converted; this one has shape {self.shape}"
            )
        return self._data

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if self._needs:
            raise TypeError(
                f"an array made from {self.describe()}, which requires grad, would lose the gradient; "
                "use .detach() first (as in np.asarray(t.detach()))"
            )
        return np.array(self._data, dtype=dtype, copy=copy)

    def __bool__(self) -> bool:
        if self._data.size != 1:
            raise ValueError(
                f"the truth value of a tensor with {self._data.size} elements (shape {self.shape}) is ambiguous; use "
                ".any() or .all()"
            )
        return bool(self._data)

    def __float__(self) -> float:
        return float(self._only("float").item())

    def __int__(self) -> int:
        return int(self._only("int").item())

    def __index__(self) -> int:
        if self._data.ndim or self._data.dtype.kind not in "iu":
            raise TypeError(
                f"only a 0-d integer tensor can be an index; this one has shape {self.shape}, dtype {self.dtype}"
            )
        return int(self._data)

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("len: a 0-d tensor has no length")
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        if not self._data.ndim:
            raise TypeError("a 0-d tensor cannot be iterated over")
        return (self[i] for i in range(len(self._data)))

    def __contains__(self, value: Any) -> bool:
        return bool((self._data == (value._data if isinstance(value, Tensor) else value)).any())

    def __format__(self, spec: str) -> str:
        return format(self._data.item(), spec) if spec and self._data.size == 1 else format(str(self), spec)

    def __reduce__(self) -> tuple[Any, ...]:
        self._only_leaf("pickled or copied")
        return (_rebuild, (type(self), self._data, self._needs, self.name))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        self._only_leaf("deep-copied")
        copied = _rebuild(type(self), self._data.copy(), self._needs, self.name)
        if self.grad is not None:
            copied._grad = self.grad.__deepcopy__(memo)
        memo[id(self)] = copied
        return cast("Self", copied)

    def _only_leaf(self, what: str) -> None:
        if self.node is not None:
            raise RuntimeError(
                f"only leaf tensors can be {what}; this one is a result of {self.node.op.name}. Use .detach() first"
            )

    def __repr__(self) -> str:
        kind = type(self).__name__
        values = (
            np.array2string(self._data, separator=", ", prefix=f"{kind}(")
            if self._data.size
            else f"[], shape={self.shape}"
        )
        parts = [values, f"dtype={self.dtype}"]
        if self.name:
            parts.append(f"name={self.name!r}")
        if self.node is not None:
            parts.append(f"op={self.node.op.name}")
        elif self._needs:
            parts.append("requires_grad=True")
        return f"{kind}({', '.join(parts)})"

    __str__ = __repr__

    # `==` compares elements, as in NumPy, so identity is what hashing goes by.
    __hash__ = object.__hash__

    # -- NumPy's protocols -----------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from .protocol import call_ufunc

        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        from .protocol import call_function

        return call_function(function, args, kwargs)

    if TYPE_CHECKING:
        # Each of these is set by the op of that name, in `ops/`: one place to add an op, methods included.
        __add__: Method
        __radd__: Method
        __sub__: Method
        __rsub__: Method
        __mul__: Method
        __rmul__: Method
        __truediv__: Method
        __rtruediv__: Method
        __floordiv__: Method
        __rfloordiv__: Method
        __mod__: Method
        __rmod__: Method
        __divmod__: Callable[..., tuple[Tensor, Tensor]]
        __rdivmod__: Callable[..., tuple[Tensor, Tensor]]
        __pow__: Method
        __rpow__: Method
        __matmul__: Method
        __rmatmul__: Method
        __neg__: Method
        __pos__: Method
        __abs__: Method
        __lt__: Method
        __le__: Method
        __gt__: Method
        __ge__: Method
        __eq__: Method  # type: ignore[assignment]
        __ne__: Method  # type: ignore[assignment]
        __invert__: Method
        __and__: Method
        __or__: Method
        __getitem__: Method
        __setitem__: Callable[..., None]
        sum: Method
        prod: Method
        mean: Method
        max: Method
        min: Method
        var: Method
        std: Method
        any: Method
        all: Method
        argmax: Method
        argmin: Method
        argsort: Method
        argpartition: Method
        searchsorted: Method
        nonzero: Callable[..., tuple[NDArray[Any], ...]]
        cumsum: Method
        cumprod: Method
        take: Method
        choose: Method
        compress: Method
        repeat: Method
        diagonal: Method
        trace: Method
        reshape: Method
        ravel: Method
        flatten: Method
        transpose: Method
        swapaxes: Method
        squeeze: Method
        clip: Method
        round: Method
        dot: Method
        astype: Method
        copy: Method

        def backward(
            self, gradient: Any = None, *, retain_graph: bool | None = None, create_graph: bool = False
        ) -> None: ...

        T: Tensor
        mT: Tensor


class HookHandle:
    """What :meth:`Tensor.register_hook` returns."""

    def __init__(self, hooks: dict[int, Any], key: int) -> None:
        self._hooks, self._key = hooks, key

    def remove(self) -> None:
        """Take the hook away; doing so twice is harmless."""
        self._hooks.pop(self._key, None)


def _rebuild(kind: type[Tensor], data: Any, needs: bool, name: str | None) -> Tensor:
    tensor = kind.__new__(kind)
    tensor._set_leaf(data, name)
    tensor._needs = needs
    return tensor


_new: Any = Tensor.__new__


def constant(array: Any) -> Tensor:
    """Return a tensor without a graph that shares `array` (NumPy's scalars become 0-d arrays)."""
    tensor: Tensor = _new(Tensor)
    tensor._data = array if type(array) is np.ndarray else as_array(array)
    tensor.node = None
    tensor._needs = False
    return tensor


def tensor_of(array: Any, node: Node) -> Tensor:
    """Return the tensor that stands for `node`'s output, with the given value."""
    tensor: Tensor = _new(Tensor)
    tensor._data = as_array(array)
    tensor.node = node
    tensor._needs = True
    return tensor


def asarray(data: Any, dtype: DTypeLike | None = None) -> Tensor:
    """Return `data` as a Tensor, without a copy where that is possible.

    A Tensor is returned as it is; an array is shared, so do not write into it while a graph is using it.

    Parameters
    ----------
    data : Tensor or array_like
    dtype : dtype, optional

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.asarray([1.0, 2.0])
    Tensor([1., 2.], dtype=float64)
    """
    if isinstance(data, Tensor):
        return data if dtype is None or data.dtype == dtype else data.astype(dtype)
    values = as_array(operand("asarray", data))
    return constant(values if dtype is None else values.astype(real_dtype("asarray", dtype), copy=False))
