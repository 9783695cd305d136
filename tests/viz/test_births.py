"""Where a value or a gradient that is not finite began: what detect_anomaly names, the drawing marks."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import viz


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_value_that_detect_anomaly_names_is_marked() -> None:
    x = mg.Tensor([1.0, 4.0], requires_grad=True, name="x")

    def f() -> mg.Tensor:
        return (mg.exp(mg.log(x - 4.0)) * 2.0).sum()

    with mg.detect_anomaly(), pytest.raises(mg.AnomalyError) as caught:
        f()
    drawing = viz.draw(f())
    born = [item.label for item in drawing.picture.items for value in item.values if value.born]
    assert born == [caught.value.op] == ["log"]
    assert "born here" in drawing.source.replace("\u00a0", " ")
    assert "1 of 2 NaN, 1 of 2 Inf, born here" in drawing.text


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_gradient_that_detect_anomaly_names_is_marked() -> None:
    x = mg.Tensor([0.0, 4.0], requires_grad=True, name="x")

    def f() -> mg.Tensor:
        y = x * 1.0
        y.name = "y"
        return mg.sqrt(y).sum()

    with mg.detect_anomaly(), pytest.raises(mg.AnomalyError) as caught:
        f().backward()
    picture = viz.draw(f()).picture
    born = [value.name for item in picture.items for value in item.values if value.gradient_born]
    assert (born, caught.value.op) == (["y"], "sqrt")  # the gradient of sqrt's argument, y
    assert not any(value.born for item in picture.items for value in item.values)


def test_a_finite_graph_has_no_marks() -> None:
    x = mg.Tensor(np.ones(3), requires_grad=True)
    assert "born" not in viz.draw(mg.exp(x).sum()).source
