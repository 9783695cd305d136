"""Modules: parts of a model that hold parameters and other parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from minigrad import Tensor
from minigrad.graph import Scope, extra_of, next_seq
from minigrad.tensor import HookHandle
from minigrad.tree import leaves

from ._parts import check_hidden, check_name, what
from ._state import LoadedKeys, write_state
from .parameter import Parameter

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["LoadedKeys", "Module"]


class Module:
    """A part of a model: parameters, other modules, and a function of them called ``forward``.

    Whatever is assigned to an attribute is found by its type: a :class:`Parameter` is learned, a Module is a part, all
    else is the module's own affair. The attribute's name is the name in files, drawings and messages. There is nothing
    to call in ``__init__`` first.

    Attributes
    ----------
    training : bool
        Whether the module is being trained (see :meth:`train`), for layers that behave differently then.

    Notes
    -----
    A call adds a note with the module's name to every error that is raised inside of it, and marks its nodes of the
    graph, so that a drawing can show them as one cluster.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         self.hidden = nn.Affine(2, 3)
    ...         self.scale = nn.Parameter([1.0])
    ...     def forward(self, x):
    ...         return self.hidden(x) * self.scale
    >>> net = Net()
    >>> net(np.zeros((5, 2), np.float32)).shape
    (5, 3)
    >>> [name for name, _ in net.named_parameters()]
    ['scale', 'hidden.weight', 'hidden.bias']
    >>> net
    Net(
      (hidden): Affine(2, 3)
    )
    """

    # On the class, so that a subclass need not call super().__init__().
    training: bool = True
    _name: str | None = None  # that of the attribute which holds the module
    _label: str | None = None  # its title in drawings, made at the first recorded call
    _buffers: tuple[str, ...] = ()
    _forward_hooks: Mapping[int, tuple[Callable[..., Any], bool]] = {}  # one of its own comes with its first

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the module's function; subclasses define it, and users call the module itself."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward(self, ...)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return ``forward(...)``."""
        start = next_seq()
        try:
            out = self.forward(*args, **kwargs)
            if self._forward_hooks:
                out = self._through_hooks(args, kwargs, out)
        except Exception as error:
            error.add_note(f"in {self._title()}")
            raise
        for tensor in (out,) if isinstance(out, Tensor) else [leaf for _, leaf in leaves(out)]:
            node = tensor.node if isinstance(tensor, Tensor) else None
            # A module that returned its input, or a part of it, has computed nothing.
            if node is not None and node.seq > start:
                extra = extra_of(node)
                extra.scopes = (*extra.scopes, Scope(self._label or self._title(), start))
        return out

    def register_forward_hook(self, hook: Callable[..., Any], *, with_kwargs: bool = False) -> HookHandle:
        """Call `hook` after each call of the module; what it returns, unless that is None, replaces the output.

        Gradients of outputs are within its reach, too: ``output.register_hook``. Hooks of parameters are
        :meth:`minigrad.Tensor.register_hook`.

        Parameters
        ----------
        hook : callable
            Called as ``hook(module, args, output)``, with the tuple of the positional arguments, in the order in which
            hooks were registered.
        with_kwargs : bool
            Call it as ``hook(module, args, kwargs, output)``.

        Returns
        -------
        HookHandle
            With a method ``remove()``.

        Examples
        --------
        >>> from minigrad import nn
        >>> model = nn.Sequential(nn.Affine(4, 3), nn.ReLU())
        >>> shapes = []
        >>> handle = model[0].register_forward_hook(lambda module, args, output: shapes.append(output.shape))
        >>> _ = model(np.ones((5, 4), np.float32))
        >>> handle.remove()
        >>> shapes
        [(5, 3)]
        """
        if not callable(hook):
            raise TypeError(f"{type(self).__name__}.register_forward_hook: expected a function, got {what(hook)}")
        hooks = self.__dict__.setdefault("_forward_hooks", {})
        key = next_seq()
        hooks[key] = (hook, with_kwargs)
        return HookHandle(hooks, key)

    def _through_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> Any:
        # A copy: a hook may remove itself.
        for hook, with_kwargs in list(self._forward_hooks.values()):
            replaced = hook(self, args, kwargs, out) if with_kwargs else hook(self, args, out)
            if replaced is not None:
                out = replaced
        return out

    # -- registration ------------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        old = own.get(name)
        if isinstance(value, Parameter):
            check_name(self, name)
            if value.name is None:
                value.name = name
        elif isinstance(value, Module):
            check_name(self, name)
            value.__dict__["_name"] = name
            value.__dict__.pop("_label", None)
        elif isinstance(old, Parameter) and value is not None:
            raise TypeError(
                f"{type(self).__name__}.{name} is a Parameter and cannot become {what(value)}: write values into it "
                f"with .{name}.assign(values), or set a nn.Parameter or None"
            )
        elif isinstance(old, Module) and value is not None:
            raise TypeError(f"{type(self).__name__}.{name} is a Module and cannot become {what(value)}")
        elif name in self._buffers and value is not None and not isinstance(value, Tensor):
            raise TypeError(f"{type(self).__name__}.{name} is a buffer, so a Tensor, and cannot become {what(value)}")
        elif isinstance(value, (list, tuple, dict)):
            check_hidden(self, name, value, (Module, Parameter))
        object.__setattr__(self, name, value)
        own.pop("_label", None)  # it may show the attribute

    def register_buffer(self, name: str, value: Any) -> None:
        """Make a tensor that is saved with the parameters but not learned, such as a running mean, an attribute.

        Parameters
        ----------
        name : str
            Of the attribute.
        value : Tensor or array_like
            Of any dtype; copied unless it is a Tensor.

        Raises
        ------
        ValueError
            If the name is not free.

        Examples
        --------
        >>> from minigrad import nn
        >>> module = nn.Module()
        >>> module.register_buffer("count", 0)
        >>> module.state_dict()
        {'count': array(0)}
        """
        check_name(self, name)
        if hasattr(self, name):
            raise ValueError(f"{type(self).__name__}.register_buffer: there is an attribute {name!r} already")
        self._buffers = (*self._buffers, name)
        setattr(self, name, value if isinstance(value, Tensor) else Tensor(value, name=name))

    # -- what it is made of ------------------------------------------------------------------------------------------

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the modules that are this one's attributes, with their names, each once."""
        seen = set()
        for name, value in self.__dict__.items():
            if isinstance(value, Module) and id(value) not in seen:
                seen.add(id(value))
                yield name, value

    def children(self) -> Iterator[Module]:
        """Yield the modules that are this one's attributes, each once."""
        return (module for _, module in self.named_children())

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """Yield this module, named ``""``, and all below it, each once, under dotted names."""
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [("", self)]
        while stack:
            name, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield name, module
            prefix = f"{name}." if name else ""
            stack.extend([(prefix + n, m) for n, m in module.named_children()][::-1])

    def modules(self) -> Iterator[Module]:
        """Yield this module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield all parameters, with dotted names; one that is shared counts once, under its first name."""
        seen = set()
        for prefix, module in self.named_modules():
            for name, value in module.__dict__.items():
                if isinstance(value, Parameter) and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{prefix}.{name}" if prefix else name, value

    def parameters(self) -> Iterator[Parameter]:
        """Yield all parameters, each once."""
        return (parameter for _, parameter in self.named_parameters())

    def count_parameters(self, trainable: bool = False) -> int:
        """Return how many numbers the parameters hold, shared ones counted once; `trainable`: without frozen ones.

        Examples
        --------
        >>> from minigrad import nn
        >>> nn.Affine(4, 3).count_parameters()
        15
        """
        return sum(p.size for p in self.parameters() if p.requires_grad or not trainable)

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """Yield all buffers, with dotted names; one that is shared counts once, under its first name."""
        seen = set()
        for prefix, module in self.named_modules():
            for name in module._buffers:
                value = getattr(module, name, None)
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{prefix}.{name}" if prefix else name, value

    # -- what is done to all of it -----------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set ``training`` here and in all modules below; return the module."""
        if not isinstance(mode, bool):
            raise TypeError(f"{type(self).__name__}.train: expected True or False, got {mode!r}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Leave training: the same as ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set ``requires_grad`` of all parameters, so that False freezes the module; return the module."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters: each ``.grad`` is None then."""
        for parameter in self.parameters():
            parameter.grad = None

    def to(self, dtype: DTypeLike) -> Self:
        """Convert all parameters and floating buffers, and the gradients there are, to `dtype`; return the module.

        The tensors stay the same objects: shared ones stay shared, and an optimizer that was made before goes on. What
        was recorded before cannot be swept any more.

        A model of float16 is for inference. It trains, too, and the optimizer computes in float32; but steps below
        1/4096 of a weight are lost in rounding, as are gradients below 3e-8. :class:`~minigrad.nn.MixedPrecision` is
        for training: its parameters stay float32. float32 inputs make the results of a float16 model float32.

        Parameters
        ----------
        dtype : dtype
            A floating one.

        Raises
        ------
        TypeError
            If it is another one.

        Examples
        --------
        >>> from minigrad import nn
        >>> nn.Affine(1, 1).to("float64")(np.ones((1, 1))).dtype
        dtype('float64')
        """
        new = np.dtype(dtype)
        if new.kind != "f":
            raise TypeError(f"{type(self).__name__}.to: parameters are floating numbers, so cannot become {new}")
        for _, tensor in self._state():
            if tensor.dtype.kind == "f" and tensor.dtype != new:
                tensor._data = tensor._data.astype(new)
                if tensor.grad is not None:
                    tensor.grad = Tensor(tensor.grad.detach(), dtype=new)
                tensor.mark_written()
        return self

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Call `function` with every module, parts before the whole, and return the module.

        Examples
        --------
        >>> from minigrad import nn
        >>> def zero(module):
        ...     if isinstance(module, nn.Affine):
        ...         module.weight.assign(np.zeros(module.weight.shape))
        >>> nn.Sequential(nn.Affine(1, 2)).apply(zero)[0].weight.tolist()
        [[0.0, 0.0]]
        """
        for module in list(self.modules())[::-1]:
            function(module)
        return self

    # -- state -------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return copies of all parameters and buffers, as arrays by name: a state that later training leaves alone.

        Examples
        --------
        >>> from minigrad import nn
        >>> {name: value.shape for name, value in nn.Sequential(nn.Affine(4, 2)).state_dict().items()}
        {'0.weight': (4, 2), '0.bias': (2,)}
        """
        return {name: tensor._data.copy() for name, tensor in self._state()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> LoadedKeys:
        """Write values into the parameters and buffers, all of them or, if anything does not fit, none.

        Parameters
        ----------
        state : mapping of str to array or Tensor
            As :meth:`state_dict` returns it; copied.
        strict : bool
            Whether the names must be the same on both sides; shapes and dtypes must be in any case.

        Returns
        -------
        LoadedKeys
            The names that `state` lacks, and those that it has and the module lacks.

        Raises
        ------
        ValueError
            If names, shapes or dtypes differ, with all differences listed. Nothing is changed then.

        Examples
        --------
        >>> from minigrad import nn
        >>> nn.Affine(2, 1).load_state_dict({"weight": np.zeros((1, 2), np.float32)})
        Traceback (most recent call last):
            ...
        ValueError: Affine(2, 1): the state does not fit, and nothing was loaded:
          missing: 'bias'
          'weight': expected shape (2, 1), got (1, 2)
        """
        return write_state(self._head(), dict(self._state()), state, strict)

    def _state(self) -> Iterator[tuple[str, Tensor]]:
        yield from self.named_parameters()
        yield from self.named_buffers()

    # -- text --------------------------------------------------------------------------------------------------------

    def multiply_adds(self, inputs: Mapping[str, Any], output: Any) -> int:
        """Return how many pairs a call multiplies and adds, for :func:`~minigrad.nn.summary`; layers define it.

        Those of parts are counted by the parts. `inputs` has the arguments of the call by the names in ``forward``.
        """
        return 0

    def extra_repr(self) -> str:
        """Return what stands between the parentheses of the module's repr: its settings; subclasses define it."""
        return ""

    def _head(self) -> str:
        settings = self.extra_repr()
        return type(self).__name__ + (f"({settings})" if settings else "")

    def _title(self) -> str:
        """Return the module's title in drawings and messages: the attribute that holds it, class, settings."""
        label = self._label
        if label is None:
            label = f"{self._name}: {self._head()}" if self._name else self._head()
            self.__dict__["_label"] = label
        return label

    def __repr__(self) -> str:
        kind, settings = type(self).__name__, self.extra_repr()
        lines = [f"({name}): {module!r}" for name, module in self.__dict__.items() if isinstance(module, Module)]
        if not lines:
            return f"{kind}({settings})"
        body = "\n".join([settings, *lines] if settings else lines).replace("\n", "\n  ")
        return f"{kind}(\n  {body}\n)"
