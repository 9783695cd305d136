"""Mixed precision: float16 in the model, float32 in what is learned, and a scale that keeps small gradients.

The parameters stay float32, so optimizers, clipping, averages and files are as always; each call of the model casts
them. A step, with the scale that makes small gradients large enough for float16::

    half, scaler = nn.MixedPrecision(model), nn.GradScaler()
    for x, y in batches:
        optimizer.zero_grad()
        scaler.backward(loss(half(x), y))
        scaler.step(optimizer)

For inference alone, ``model.to(np.float16)`` makes the model itself float16.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor, asarray

from .module import Module
from .optim.optimizer import Optimizer
from .optim.settings import count, number, positive
from .parameter import Parameter

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["GradScaler", "MixedPrecision"]

# Below such a scale, gradients that are still not finite come from something else than the scale.
LEAST = 2.0**-24


class MixedPrecision(Module):
    """Run a model in float16, with its parameters kept in float32.

    A call casts floating inputs and the parameters to float16 and the result back to float32, so that losses are
    computed in float32. The casts are part of the graph: gradients arrive in the parameters' own dtype.

    Parameters
    ----------
    model : Module
    dtype : dtype
        What the model computes in: a floating dtype, such as float16.
    keep : tuple of Module classes
        Modules of these classes compute in the parameters' dtype: they get their inputs cast to it, and what they
        return is cast to `dtype`.

    Raises
    ------
    TypeError
        If the model is none, or the dtype is not floating.

    Notes
    -----
    During a call, the modules hold casts in the place of their parameters; one model is not to be called in two
    threads at the same time. Buffers stay as they are.

    References
    ----------
    Micikevicius et al., "Mixed precision training", ICLR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn
    >>> model = nn.Sequential(nn.Affine(3, 4), nn.ReLU(), nn.Affine(4, 2))
    >>> half = nn.MixedPrecision(model)
    >>> y = half(np.ones((5, 3), np.float32))
    >>> y.sum().backward()
    >>> y.dtype, model[0].weight.grad.dtype
    (dtype('float32'), dtype('float32'))
    """

    def __init__(self, model: Module, dtype: DTypeLike = np.float16, keep: tuple[type[Module], ...] = ()) -> None:
        if not isinstance(model, Module):
            raise TypeError(f"MixedPrecision: expected a Module, got {type(model).__name__}")
        self.dtype = np.dtype(dtype)
        if self.dtype.kind != "f":
            raise TypeError(f"MixedPrecision: dtype must be floating, got {self.dtype}")
        classes = keep if isinstance(keep, tuple) else (keep,)
        if not all(isinstance(kind, type) and issubclass(kind, Module) for kind in classes):
            raise TypeError(f"MixedPrecision: keep must be a tuple of Module classes, got {keep!r}")
        self.keep = classes
        self.model = model

    def extra_repr(self) -> str:
        """Return the dtype, and the classes that are kept out of it."""
        kept = ", ".join(kind.__name__ for kind in self.keep)
        return f"{self.dtype}" + (f", keep=({kept})" if kept else "")

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the model returns for the arguments, cast."""
        casts: dict[int, Tensor] = {}
        # What is put back afterwards: a module's dictionary, the name in it, and the value, None where there was none.
        changed: list[tuple[dict[str, Any], str, Any]] = []
        try:
            for module in self._modules():
                own = module.__dict__
                if isinstance(module, self.keep):
                    changed.append((own, "forward", own.get("forward")))
                    own["forward"] = self._wide_forward(module)
                    continue
                for name, value in list(own.items()):
                    if isinstance(value, Parameter) and value.dtype != self.dtype:
                        # One cast for a parameter that is shared.
                        if id(value) not in casts:
                            casts[id(value)] = value.astype(self.dtype)
                        changed.append((own, name, value))
                        own[name] = casts[id(value)]
            out = self.model(*[_cast(a, self.dtype) for a in args], **_cast(kwargs, self.dtype))
        finally:
            for own, name, value in changed:
                if value is None:
                    del own[name]
                else:
                    own[name] = value
        return _cast(out, np.dtype(np.float32))

    def _modules(self) -> list[Module]:
        """Return the modules below, without what is inside of those that are kept."""
        found, stack, seen = [], [self.model], set()
        while stack:
            module = stack.pop()
            if id(module) not in seen:
                seen.add(id(module))
                found.append(module)
                stack.extend([] if isinstance(module, self.keep) else module.children())
        return found

    def _wide_forward(self, module: Module) -> Any:
        forward = module.forward
        wide = next((p.dtype for p in module.parameters()), np.dtype(np.float32))

        def cast_forward(*args: Any, **kwargs: Any) -> Any:
            return _cast(forward(*_cast(list(args), wide), **_cast(kwargs, wide)), self.dtype)

        return cast_forward


def _cast(x: Any, dtype: np.dtype[Any]) -> Any:
    """Cast floating tensors and arrays, also in containers; leave all else alone."""
    if isinstance(x, (Tensor, np.ndarray)):
        return asarray(x).astype(dtype) if x.dtype.kind == "f" and x.dtype != dtype else x
    if isinstance(x, dict):
        return {key: _cast(value, dtype) for key, value in x.items()}
    if type(x) in (list, tuple):
        return type(x)([_cast(value, dtype) for value in x])
    return x


class GradScaler:
    """Scale the loss, so that small gradients survive float16, and skip the steps in which large ones overflow.

    The scale falls after each step with gradients that are not finite, and rises after many without any. Each optimizer
    has its own scaler.

    Parameters
    ----------
    scale : float
        At first, above 0.
    growth, backoff : float
        The factors, of at least 1 and below 1.
    interval : int
        After how many good steps in a row the scale grows.

    Raises
    ------
    TypeError, ValueError
        If a setting is no number or out of range.

    References
    ----------
    Micikevicius et al., "Mixed precision training", ICLR 2018; dynamic as in ``torch.amp.GradScaler``.

    Examples
    --------
    >>> from minigrad import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer, scaler = nn.SGD([p], lr=0.5), nn.GradScaler(scale=8.0)
    >>> scaler.backward((p * 0.5).sum())
    >>> p.grad.item()
    4.0
    >>> scaler.step(optimizer)
    True
    >>> p.item()
    0.75
    """

    def __init__(self, scale: float = 2.0**16, growth: float = 2.0, backoff: float = 0.5, interval: int = 2000) -> None:
        kind = "GradScaler"
        self.scale = positive(kind, "scale", scale)
        self.growth = number(kind, "growth", growth)
        if self.growth < 1:
            raise ValueError(f"{kind}: growth must be at least 1, got {growth!r}")
        self.backoff = positive(kind, "backoff", backoff)
        if self.backoff >= 1:
            raise ValueError(f"{kind}: backoff must be below 1, got {backoff!r}")
        self.interval = count(kind, "interval", interval)
        self.good_steps = 0  # in a row, since the scale last changed
        self._unscaled: bool | None = None  # whether the gradients were finite, once they have been unscaled

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of the loss, times the scale, to the parameters'.

        Overflow in float16 is expected now and then, so that NumPy's warnings of it are off inside.
        """
        if not isinstance(loss, Tensor):
            raise TypeError(f"GradScaler.backward: expected a loss, got {type(loss).__name__}")
        if self._unscaled is not None:
            raise RuntimeError("GradScaler.backward: these gradients are unscaled; call step before the next backward")
        with np.errstate(over="ignore", invalid="ignore"):
            (loss.astype(np.float32) * self.scale).backward()

    def unscale_(self, optimizer: Optimizer) -> bool:
        """Divide the gradients by the scale, to look at them or clip them before the step.

        Returns
        -------
        bool
            Whether they are all finite.
        """
        if self._unscaled is not None:
            raise RuntimeError("GradScaler.unscale_: the gradients are unscaled already")
        finite = True
        for p in optimizer.parameters:
            if p.grad is not None:
                values = p.grad._data
                if finite and not np.isfinite(values).all():
                    finite = False
                p.grad = asarray(values * (1 / self.scale))
        self._unscaled = finite
        return finite

    def step(self, optimizer: Optimizer) -> bool:
        """Unscale the gradients, unless that is done, take the step if they are all finite, and change the scale.

        Returns
        -------
        bool
            Whether the step was taken.

        Raises
        ------
        FloatingPointError
            If so many steps in a row had to be skipped that overflow cannot be the reason.
        """
        finite = self.unscale_(optimizer) if self._unscaled is None else self._unscaled
        self._unscaled = None
        if finite:
            optimizer.step()
            self.good_steps += 1
            if self.good_steps == self.interval:
                self.scale *= self.growth
                self.good_steps = 0
        else:
            self.scale *= self.backoff
            self.good_steps = 0
            if self.scale < LEAST:
                raise FloatingPointError(
                    f"GradScaler.step: the gradients are still not finite at a scale of {self.scale:g}, so this is no "
                    "overflow; minigrad.detect_anomaly() finds where it begins"
                )
        return finite

    def state_dict(self) -> dict[str, Any]:
        """Return the scale and the count of good steps as arrays by name, for :func:`minigrad.nn.save`."""
        return {"scale": np.array(self.scale), "good_steps": np.array(self.good_steps)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned.

        Raises
        ------
        ValueError
            If names or values do not fit; nothing is changed then.
        """
        if set(state) != {"scale", "good_steps"}:
            raise ValueError(f"GradScaler: expected 'scale' and 'good_steps', got {', '.join(map(repr, state))}")
        scale = positive("GradScaler", "scale", np.asarray(state["scale"]).tolist())
        good = np.asarray(state["good_steps"])
        if good.shape or good.dtype.kind not in "iu" or not good >= 0:
            raise ValueError(f"GradScaler: good_steps must be a number of steps, got {good!r}")
        self.scale, self.good_steps = scale, int(good)

    def __repr__(self) -> str:
        return f"GradScaler(scale={self.scale!r}, good_steps={self.good_steps})"
