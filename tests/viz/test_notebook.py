"""Tensors in notebooks: drawings where they are asked for, and text where there is no graph."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

import minigrad as mg
from minigrad import viz


class Formatter(dict[type, Any]):
    """Stands in for IPython's registry of formatters by type."""

    def for_type(self, kind: type, function: Any) -> None:
        self[kind] = function


@pytest.fixture
def formatter(monkeypatch: pytest.MonkeyPatch) -> Formatter:
    found = Formatter()
    shell = SimpleNamespace(display_formatter=SimpleNamespace(mimebundle_formatter=found))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    return found


def test_a_tensor_shows_its_graph(formatter: Formatter) -> None:
    viz.draw_in_notebook()
    x = mg.Tensor(3.0, requires_grad=True, name="x")
    bundle = formatter[mg.Tensor](x * x)
    assert bundle["text/plain"].startswith("9")
    assert "image/svg+xml" in bundle or "Graphviz" in bundle["text/plain"]
    assert x.grad is None
    viz.draw_in_notebook(False)
    assert not formatter
    viz.draw_in_notebook(False)


def test_without_a_graph_there_is_text(formatter: Formatter) -> None:
    viz.draw_in_notebook()
    x = mg.Tensor(3.0, requires_grad=True)
    assert formatter[mg.Tensor](x) is None
    assert formatter[mg.Tensor](mg.Tensor([1.0, 2.0])) is None
    y = x * x
    y.backward()
    assert formatter[mg.Tensor](y) is None


def test_outside_of_ipython(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    with pytest.raises(RuntimeError, match="no IPython or Jupyter session"):
        viz.draw_in_notebook()
