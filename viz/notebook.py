"""Tensors as drawings, wherever a notebook shows them."""

from __future__ import annotations

import sys
from typing import Any

from minigrad import Tensor

from .api import draw

__all__ = ["draw_in_notebook"]


def draw_in_notebook(on: bool = True) -> None:
    """Show a tensor at the end of a notebook's cell as the drawing of its graph, for the rest of the session.

    The engine knows nothing of drawings, so this is asked for. Tensors without a graph, and those whose graph was
    freed, keep their text.

    Parameters
    ----------
    on : bool
        False goes back to text.

    Raises
    ------
    RuntimeError
        Outside of IPython and Jupyter.

    Examples
    --------
    >>> from minigrad import viz
    >>> viz.draw_in_notebook()
    Traceback (most recent call last):
        ...
    RuntimeError: viz.draw_in_notebook: this is no IPython or Jupyter session
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        raise RuntimeError("viz.draw_in_notebook: this is no IPython or Jupyter session")
    formatter = shell.display_formatter.mimebundle_formatter
    if on:
        formatter.for_type(Tensor, _bundle)
    else:
        formatter.pop(Tensor, None)


def _bundle(tensor: Tensor, **_: Any) -> dict[str, Any] | None:
    """Return what a notebook shows; None for the text alone."""
    if tensor.node is None:
        return None
    try:
        return draw(tensor)._repr_mimebundle_()
    except RuntimeError:
        return None
