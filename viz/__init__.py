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
Graphviz.
"""

from . import plots
from .api import draw, text
from .drawing import Drawing
from .lesson import filmstrip, worksheet
from .records import Picture
from .render import RenderError
from .viewer import Viewer, view

__all__ = ["Drawing", "Picture", "RenderError", "Viewer", "draw", "filmstrip", "plots", "text", "view", "worksheet"]
