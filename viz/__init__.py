"""Drawings of computation graphs, with every forward value, gradient and local gradient.

>>> import minigrad as mg
>>> from minigrad import viz
>>> apple, count, tax = (mg.Tensor(v, requires_grad=True, name=n) for n, v in
...                      [("apple", 100.0), ("count", 2.0), ("tax", 1.1)])
>>> viz.text(apple * count * tax)
220  ← multiply  | gradient 1
├─ a: 200  ← multiply  | 1 × 1.1 = 1.1
│  ├─ a: apple = 100  [parameter]  | 1.1 × 2 = 2.2
│  └─ b: count = 2  [parameter]  | 1.1 × 100 = 110
└─ b: tax = 1.1  [parameter]  | 1 × 200 = 200

The drawing is made in steps, each of which hands immutable records to the next: ``trace`` reads the engine's graph and
opens fused ops (``expand``), ``collapse`` chooses what is shown and rolls what is alike (``repeats``), ``measure``
finds the numbers, ``dot`` writes DOT text and ``tree`` writes text. Rendering (``render``) is the only one that needs
Graphviz. ``diagnosis`` reads the same trace, and tells what is wrong with the gradients.
"""

from typing import TYPE_CHECKING, Any

from . import plots
from .api import draw, text
from .diagnosis import Comparison, Finding, FlowReport, Thresholds, Waterfall, gradient_flow
from .drawing import Drawing
from .lesson import filmstrip, worksheet
from .notebook import draw_in_notebook
from .records import Picture
from .render import RenderError
from .viewer import Viewer, view

if TYPE_CHECKING:
    from .diagnosis.callback import GradientFlow

__all__ = [
    "Comparison",
    "Drawing",
    "Finding",
    "FlowReport",
    "GradientFlow",
    "Picture",
    "RenderError",
    "Thresholds",
    "Viewer",
    "Waterfall",
    "draw",
    "draw_in_notebook",
    "filmstrip",
    "gradient_flow",
    "plots",
    "text",
    "view",
    "worksheet",
]


def __getattr__(name: str) -> Any:
    # A callback is one of nn's, and drawings need no nn: it is loaded with the first use.
    if name == "GradientFlow":
        from .diagnosis.callback import GradientFlow

        return GradientFlow
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

