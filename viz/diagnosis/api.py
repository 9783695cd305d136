"""The function that users call."""

from __future__ import annotations

import math
from typing import Any

from minigrad import Tensor

from ..measure import seed_of
from ..trace import Traced, trace
from .judge import Boundary, boundary, judge, level
from .layers import Layout, lay_out
from .paths import Paths
from .records import Spread, Thresholds
from .report import FlowReport
from .sweep import Flow, sweep

_SAID = ("rms", "zeros", "low", "high", "bad")


def gradient_flow(
    model: Any, loss: Tensor | None = None, *, gradient: Any = None, thresholds: Thresholds | None = None
) -> FlowReport:
    """Diagnose how the gradient of a loss flows back through a model: where it vanishes, explodes, dies or turns NaN.

    It is computed by one backward sweep of its own. That changes no ``.grad``, runs no hooks, and frees nothing, so it
    works before ``backward()`` and after ``backward(retain_graph=True)``.

    Parameters
    ----------
    model : Module, or None
        Names the parameters, and tells which get no gradient. ``gradient_flow(loss)`` and ``gradient_flow(None, loss)``
        diagnose any graph: there, every leaf that requires grad is a parameter, and an op outside of modules a layer.
    loss : Tensor
        Computed by the model from a batch, in the mode (training or not) that is to be looked at.
    gradient : Tensor or array_like, optional
        The upstream gradient at `loss`, of its shape; default: 1 for a loss with one entry.
    thresholds : Thresholds, optional
        From where on a number is a finding.

    Returns
    -------
    FlowReport
        ``str()`` of it is a text; it has ``ok``, ``findings``, tables, figures, and ``save``.

    Raises
    ------
    TypeError
        If the model is no module, or the loss no tensor.
    RuntimeError
        If there is no graph, or it was freed.
    ValueError
        If the loss has several entries and no gradient was given, or the gradient does not fit.

    Notes
    -----
    Layers are compared by the norm of the gradient at their outputs, relative to that at the model's output: the rms
    would depend on the sizes of layers and batch. Each kind of finding, and from where on it is an error, stands in
    :class:`Thresholds`.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn, viz
    >>> rng = np.random.default_rng(0)
    >>> def flow(activation):
    ...     layers = [layer for _ in range(12) for layer in (nn.Affine(20, 20, rng=rng), activation())]
    ...     model = nn.Sequential(*layers, nn.Affine(20, 2, rng=rng))
    ...     x, t = rng.normal(size=(64, 20)).astype(np.float32), rng.integers(0, 2, 64)
    ...     return viz.gradient_flow(model, nn.SoftmaxCrossEntropy()(model(x), t))
    >>> flow(nn.ReLU).findings
    []
    >>> report = flow(nn.Sigmoid)
    >>> report.ok, report.findings[0].kind, report.findings[0].layer
    (False, 'vanishing', '0')
    """
    if loss is None and isinstance(model, Tensor):
        model, loss = None, model
    if loss is None:
        raise TypeError("gradient_flow: pass the model and its loss, or the loss alone")
    if model is not None and not callable(getattr(model, "named_parameters", None)):
        raise TypeError(f"gradient_flow: the model must be a Module or None, got {type(model).__name__}")
    if thresholds is not None and not isinstance(thresholds, Thresholds):
        raise TypeError(f"gradient_flow: thresholds must be viz.Thresholds, got {type(thresholds).__name__}")
    limits = thresholds or Thresholds()
    traced = trace(loss)
    seed = seed_of(traced.trace.vertices[-1], gradient)
    if seed is None:
        raise ValueError(f"gradient_flow: the loss has shape {loss.shape}; pass gradient= of that shape")
    layout = lay_out(traced, model)
    flow = sweep(traced, layout, seed, limits)
    end = boundary(traced, layout, flow)
    paths = Paths(traced, layout, flow, end.inside, limits)
    worst = _worst(layout, flow, paths, end)
    path = paths.to(worst) if worst is not None else None
    findings = judge(traced, layout, flow, end, path, model, limits)
    rows, edges = _rows(traced, layout, flow, end), _edges(traced, layout, flow, paths)
    return FlowReport(rows, edges, _parameters(layout, flow), findings, paths, worst)


def _worst(layout: Layout, flow: Flow, paths: Paths, end: Boundary) -> int | None:
    """Return the parameter at which the gradient arrives most changed, the first of equal ones.

    The last step, to the parameter itself, does not count: it depends on the size of the data.
    """
    found, most = None, -1.0
    for v in layout.parameters:
        op = paths.last_op(v)
        if op is None or op not in end.inside:
            continue
        gradient = flow.gradients[op]
        norm = gradient.norm if gradient is not None else 0.0
        change = abs(math.log(norm / end.norm)) if norm and end.norm else 1e3
        if change > most:
            found, most = v, change
    return found


def _rows(traced: Traced, layout: Layout, flow: Flow, end: Boundary) -> list[dict[str, Any]]:
    rows = []
    for i, layer in enumerate(layout.layers):
        size, handed = level(layer, flow), flow.handed[i]
        counted = dict.fromkeys(traced.trace.vertices[v].op for v in layer.members)
        rows.append(
            {
                "layer": layer.name,
                "ops": ", ".join(counted),
                **_said("value", _joined([flow.values[v] for v in layer.exits])),
                **_said("gradient", _joined([flow.gradients[v] for v in layer.exits])),
                "gain": handed / size if handed is not None and size else None,
                "level": size / end.norm if size is not None and end.norm else None,
            }
        )
    return rows


def _edges(traced: Traced, layout: Layout, flow: Flow, paths: Paths) -> list[dict[str, Any]]:
    return [
        {
            "source": layout.names[use.source],
            "op": traced.trace.vertices[use.target].op,
            "argument": traced.sources[use.target].op.argument_name(use.k),
            "layer": layout.layer_of(use.target),
            **_said("value", flow.values[use.source]),
            **_said("gradient", use.downstream),
            "gain": _known(paths.gains[use[:3]]),
        }
        for use in reversed(flow.uses)
    ]


def _parameters(layout: Layout, flow: Flow) -> list[dict[str, Any]]:
    rows = []
    for v in layout.parameters:
        value, gradient = flow.values[v], flow.gradients[v]
        ratio = gradient.rms / value.rms if gradient is not None and value is not None and value.rms else None
        rows.append({"name": layout.names[v], **_said("value", value), **_said("gradient", gradient), "ratio": ratio})
    return rows


def _joined(parts: list[Spread | None]) -> Spread | None:
    """Return what is said of several arrays together; empty ones say nothing."""
    known = [part for part in parts if part is not None and part.size]
    if len(known) < 2:
        return known[0] if known else None
    size, bad = sum(p.size for p in known), sum(p.bad for p in known)
    whole = math.sqrt(sum(p.norm**2 for p in known))
    rms = whole / math.sqrt(size - bad) if size > bad else math.nan
    zeros = sum(p.zeros * p.size for p in known) / size
    return Spread(size, rms, min(p.low for p in known), max(p.high for p in known), zeros, bad)


def _known(gain: float) -> float | None:
    return None if gain != gain else gain


def _said(of: str, part: Spread | None) -> dict[str, Any]:
    return {f"{of}_{what}": getattr(part, what, None) for what in _SAID}
