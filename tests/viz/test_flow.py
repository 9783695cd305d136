"""The numbers of a diagnosis: against graphs done by hand, the engine's gradients, and the drawing's."""

import csv
import itertools
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, viz
from minigrad.viz.diagnosis.records import spread

ROOT = Path(__file__).parents[2]


def by(rows: list[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    found = {row[key]: row for row in rows}
    assert len(found) == len(rows)  # names tell all rows apart
    return found


def network(rng: np.random.Generator) -> nn.Sequential:
    body = nn.Sequential(nn.Affine(5, 5, rng=rng), nn.Tanh())
    return nn.Sequential(a=nn.Affine(4, 5, rng=rng), norm=nn.BatchNorm1d(5), body=body, out=nn.Affine(5, 3, rng=rng))


def loss_of(model: nn.Module, rng: np.random.Generator, n: int = 6) -> mg.Tensor:
    x = rng.normal(size=(n, 4)).astype(np.float32)
    loss: mg.Tensor = nn.SoftmaxCrossEntropy()(model(x), rng.integers(0, 3, n))
    return loss


# ------------------------------------------------------------------------------------------------------- numbers
def test_a_graph_by_hand() -> None:
    w = mg.Tensor([3.0, 4.0], requires_grad=True, name="w")
    x = mg.Tensor([2.0, 0.0], requires_grad=True, name="x")
    report = viz.gradient_flow((w * x).sum())
    rows = by(report.rows, "layer")
    assert list(rows) == ["multiply", "sum"]
    assert rows["multiply"]["value_rms"] == pytest.approx(math.sqrt(18))  # [6, 0]
    assert (rows["multiply"]["value_zeros"], rows["multiply"]["value_high"]) == (0.5, 6.0)
    assert (rows["multiply"]["gradient_rms"], rows["multiply"]["gradient_low"]) == (1.0, 1.0)
    assert rows["sum"]["gain"] == pytest.approx(math.sqrt(2))  # ‖[1, 1]‖ / ‖1‖
    assert rows["multiply"]["gain"] == pytest.approx(math.sqrt(29 / 2))  # ‖[3, 4, 2, 0]‖ / ‖[1, 1]‖
    edges = {(row["source"], row["op"]): row for row in report.edges}
    assert edges["w", "multiply"]["gain"] == pytest.approx(2 / math.sqrt(2))  # ‖[2, 0]‖
    assert edges["x", "multiply"]["gain"] == pytest.approx(5 / math.sqrt(2))  # ‖[3, 4]‖
    assert edges["w", "multiply"]["gradient_zeros"] == 0.5
    assert edges["w", "multiply"]["argument"] == "a"
    parameters = by(report.parameters, "name")
    assert parameters["x"]["gradient_rms"] == pytest.approx(math.sqrt(12.5))
    assert parameters["w"]["ratio"] == pytest.approx(math.sqrt(2) / math.sqrt(12.5))
    assert report.ok


def test_the_waterfall_takes_the_path_of_the_largest_contribution() -> None:
    x = mg.Tensor(2.0, requires_grad=True, name="x")
    small, large = x * 3.0, x * 5.0
    path = viz.gradient_flow(small * 0.5 + large * 7.0).waterfall("x")
    assert [(step.op, step.gain) for step in path.steps] == [("add", 1.0), ("multiply", 7.0), ("multiply", 5.0)]
    assert [step.total for step in path.steps] == [1.0, 7.0, 35.0]
    assert path.steps[-1].rms == 36.5  # the gradient of x is the sum over both paths
    assert path.worst is not None
    assert path.worst.gain == 7.0
    assert path.to == "x"


@given(seed=st.integers(0, 2**16), n=st.integers(2, 9))
@settings(max_examples=10)
def test_gradients_are_those_of_the_engine(seed: int, n: int) -> None:
    """And nothing else is touched: no gradient is written, no hook runs, and the graph is still there."""
    rng = np.random.default_rng(seed)
    model = network(rng)
    loss = loss_of(model, rng, n)
    hooked: list[Any] = []
    model.out.weight.register_hook(hooked.append)
    buffers = {name: b.data.copy() for name, b in model.named_buffers()}
    report = viz.gradient_flow(model, loss)
    assert all(p.grad is None for p in model.parameters())
    assert not hooked
    for name, b in model.named_buffers():
        np.testing.assert_array_equal(b.data, buffers[name])
    assert str(viz.gradient_flow(model, loss)) == str(report)
    loss.backward()
    parameters = by(report.parameters, "name")
    assert list(parameters) == [name for name, _ in model.named_parameters()]
    for name, p in model.named_parameters():
        assert p.grad is not None
        expected = spread(p.grad.data)
        for what in ("rms", "zeros", "low", "high"):
            np.testing.assert_allclose(parameters[name][f"gradient_{what}"], getattr(expected, what), rtol=1e-6)
        np.testing.assert_allclose(parameters[name]["value_rms"], np.sqrt(np.square(p.data).mean()), rtol=1e-6)


def test_layers_are_those_of_the_model_and_their_gains_chain(rng: np.random.Generator) -> None:
    model = network(rng)
    report = viz.gradient_flow(model, loss_of(model, rng))
    rows = by(report.rows, "layer")
    assert list(rows) == ["a", "norm", "body.0", "body.1", "out", "SoftmaxCrossEntropy"]
    assert rows["a"]["gain"] is None  # the data want no gradient
    # In a chain, what a layer hands back is what the one before is handed.
    chain = list(rows.values())
    for before, after in itertools.pairwise(chain):
        handed = after["gain"] * after["level"]
        assert handed == pytest.approx(before["level"], rel=1e-5)
    assert rows["out"]["level"] == 1.0
    path = report.waterfall("a.weight")
    assert [step.layer for step in path.steps] == list(rows)[::-1]
    assert path.gain == pytest.approx(rows["a"]["level"], rel=1e-5)
    rms = by(report.parameters, "name")["a.weight"]["gradient_rms"]
    assert path.steps[-1].total == pytest.approx(rms * 20**0.5, rel=1e-5)


def test_the_drawing_shows_the_same_numbers(rng: np.random.Generator) -> None:
    model = network(rng)
    loss = loss_of(model, rng)
    picture = viz.draw(loss, max_nodes=None).picture
    drawn = sorted(w.gain for w in picture.wires if w.gain is not None)
    np.testing.assert_allclose(sorted(row["gain"] for row in viz.gradient_flow(model, loss).edges), drawn, rtol=1e-5)


@given(seed=st.integers(0, 2**16))
@settings(max_examples=10)
def test_the_drawing_highlights_the_same_path(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = Net(rng)
    loss = loss_of(model, rng)
    route = viz.draw(loss, highlight=model.shared.weight).picture.route
    path = viz.gradient_flow(model, loss).waterfall("shared.weight")
    assert route is not None
    assert len(path.steps) == len(route.steps)
    assert path.steps[-1].total == pytest.approx(route.gain, rel=1e-4)


class Net(nn.Module):
    """Functions between modules, a shared module, and a residual sum."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.shared = nn.Affine(4, 4, rng=rng)
        self.head = nn.Affine(4, 3, rng=rng)

    def forward(self, x: Any) -> Any:
        h = mg.relu(self.shared(x))
        return self.head(h + mg.relu(self.shared(h)))


def test_ops_between_modules_and_second_calls_have_rows(rng: np.random.Generator) -> None:
    model = Net(rng)
    report = viz.gradient_flow(model, loss_of(model, rng))
    names = [row["layer"] for row in report.rows]
    assert names == ["shared", "relu", "shared (2)", "relu (2)", "add", "head", "SoftmaxCrossEntropy"]
    rows = by(report.rows, "layer")
    both = rows["relu"]["gradient_rms"]  # the sum of the two paths, of which one goes on through the layer again
    assert both != pytest.approx(rows["relu (2)"]["gradient_rms"])
    assert rows["add"]["gain"] == pytest.approx(math.sqrt(2))


def test_two_networks_are_told_apart(rng: np.random.Generator) -> None:
    class Generator(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Affine(4, 4, rng=rng)

        def forward(self, x: Any) -> Any:
            return self.layer(x)

    class Critic(Generator):
        pass

    generator, critic = Generator(), Critic()
    loss = critic(generator(np.ones((3, 4), np.float32))).mean()
    report = viz.gradient_flow(generator, loss)
    assert [row["layer"] for row in report.rows] == ["Generator.layer", "Critic.layer", "mean"]
    assert [row["name"] for row in report.parameters] == ["layer.weight", "layer.bias"]


def test_a_gradient_for_an_output_with_many_entries() -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    report = viz.gradient_flow(None, x * 3.0, gradient=[1.0, -1.0])
    assert report.parameters[0]["gradient_low"] == -3.0
    with pytest.raises(ValueError, match=r"the loss has shape \(2,\); pass gradient="):
        viz.gradient_flow(x * 3.0)
    with pytest.raises(ValueError, match="the gradient has shape"):
        viz.gradient_flow(x * 3.0, gradient=[1.0])


@pytest.mark.parametrize("shape", [(0,), (3, 0), ()])
def test_empty_and_scalar_values(shape: tuple[int, ...]) -> None:
    x = mg.Tensor(np.ones(shape), requires_grad=True, name="x")
    report = viz.gradient_flow((x * 2.0).sum())
    assert report.ok
    assert "sum" in str(report)
    assert report.waterfall("x").to == "x"


def test_a_leaf_alone() -> None:
    report = viz.gradient_flow(mg.Tensor(1.0, requires_grad=True, name="x"))
    assert (report.rows, report.findings) == ([], [])
    assert str(report) == "gradient flow through 0 layers: nothing found\n  " + (
        "layer  value rms  zeros  gradient rms  zeros  gain  level"
    )
    with pytest.raises(KeyError, match="there is no path to None; there are paths to nothing"):
        report.waterfall()


# --------------------------------------------------------------------------------------------------- bad input
def test_bad_input(rng: np.random.Generator) -> None:
    model = network(rng)
    loss = loss_of(model, rng)
    with pytest.raises(TypeError, match="pass the model and its loss, or the loss alone"):
        viz.gradient_flow(model)
    with pytest.raises(TypeError, match="must be a Module or None, got int"):
        viz.gradient_flow(3, loss)
    with pytest.raises(TypeError, match="expected a Tensor, got float"):
        viz.gradient_flow(model, 1.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"thresholds must be viz\.Thresholds, got dict"):
        viz.gradient_flow(model, loss, thresholds={})  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="has no graph to draw"):
        viz.gradient_flow(model, loss.detach())
    with pytest.raises(KeyError, match=r"no path to 'b'; there are paths to a\.weight, a\.bias"):
        viz.gradient_flow(model, loss).waterfall("b")
    loss.backward()
    with pytest.raises(RuntimeError, match="was freed by a backward pass"):
        viz.gradient_flow(model, loss)


def test_births_tell_the_line() -> None:
    x = mg.Tensor([0.0, 1.0], requires_grad=True, name="x")
    with np.errstate(all="ignore"), mg.record_lines():
        y = mg.log(x)
    (finding,) = viz.gradient_flow(y.sum()).findings
    assert "test_flow.py:" in finding.message


def test_hostile_names_stay_on_their_line(tmp_path: Path) -> None:
    name = "a\nb\x1b[31m\u202e<script>$x$ 😀" + "z" * 10_000
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name=name)
    y = x * 2.0
    y.name = name
    report = viz.gradient_flow(y.sum())
    text = str(report)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) < 300
    assert any(line.lstrip().startswith("a b[31m<script>$x$ 😀zz") for line in text.splitlines())
    report.save(tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text())["rows"][0]["layer"].startswith("a b")


# -------------------------------------------------------------------------------------------------------- files
def test_files(tmp_path: Path, rng: np.random.Generator) -> None:
    model = network(rng)
    report = viz.gradient_flow(model, loss_of(model, rng))
    assert report.save(tmp_path / "r.txt").read_text() == f"{report}\n"
    with report.save(tmp_path / "r.csv").open() as file:
        read = list(csv.DictReader(file))
    assert [row["layer"] for row in read] == [row["layer"] for row in report.rows]
    assert [float(row["gradient_rms"]) for row in read] == [row["gradient_rms"] for row in report.rows]
    whole = json.loads(report.save(tmp_path / "r.json").read_text())
    assert whole["rows"] == report.rows
    assert whole["ok"] is True
    assert [step["layer"] for step in whole["waterfall"]] == [step.layer for step in report.waterfall().steps]
    with pytest.raises(ValueError, match=r"the suffix must be \.txt, \.csv or \.json"):
        report.save(tmp_path / "r.xls")
    with pytest.raises(OSError, match="nowhere"):
        report.save(tmp_path / "nowhere" / "r.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.csv", "r.json", "r.txt"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_json_has_no_nan(tmp_path: Path) -> None:
    x = mg.Tensor([0.0, 1.0], requires_grad=True, name="x")
    path = viz.gradient_flow((mg.log(x) * np.nan).sum()).save(tmp_path / "r.json")
    assert "NaN" not in path.read_text().replace("NaN forward", "")


def test_the_same_text_in_two_processes(tmp_path: Path) -> None:
    program = """
import sys
import numpy as np
from minigrad import nn, viz
rng = np.random.default_rng(0)
model = nn.Sequential(nn.Affine(4, 5, rng=rng), nn.Sigmoid(), nn.Affine(5, 3, rng=rng))
report = viz.gradient_flow(model, nn.SoftmaxCrossEntropy()(model(np.ones((6, 4), np.float32)), np.arange(6) % 3))
report.save(sys.argv[1] + ".json")
report.save(sys.argv[1] + ".txt")
"""
    for seed in ("1", "2"):
        env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", program, str(tmp_path / seed)], env=env, check=True, cwd=ROOT)
    for suffix in (".json", ".txt"):
        assert (tmp_path / f"1{suffix}").read_bytes() == (tmp_path / f"2{suffix}").read_bytes()


# -------------------------------------------------------------------------------------------------- comparisons
def test_compare() -> None:
    rng = np.random.default_rng(0)
    model = network(rng)
    state = np.random.default_rng(1)
    first = viz.gradient_flow(model, loss_of(model, state))
    model.out.weight.assign(model.out.weight.data * 1e-4)
    second = viz.gradient_flow(model, loss_of(model, np.random.default_rng(1)))
    comparison = first.compare(second)
    rows = by(comparison.rows, "layer")
    a, b = by(first.rows, "layer"), by(second.rows, "layer")
    for name, row in rows.items():
        assert row["ratio"] == pytest.approx(b[name]["gradient_rms"] / a[name]["gradient_rms"])
        assert row["value_ratio"] == pytest.approx(b[name]["value_rms"] / a[name]["value_rms"])
    assert rows["body.1"]["ratio"] == pytest.approx(1e-4, rel=2)
    assert not comparison.fixed
    assert {finding.kind for finding in comparison.new} == {"vanishing"}
    assert "new: vanishing at a, norm, body.0" in str(comparison)
    back = second.compare(first)
    assert (back.fixed, back.new) == (comparison.new, [])
    assert by(back.rows, "layer")["a"]["ratio"] == pytest.approx(1 / rows["a"]["ratio"])


def test_compare_different_models(rng: np.random.Generator) -> None:
    model, net = network(rng), Net(rng)
    comparison = viz.gradient_flow(model, loss_of(model, rng)).compare(viz.gradient_flow(net, loss_of(net, rng)))
    assert [row["layer"] for row in comparison.rows] == ["SoftmaxCrossEntropy"]
    assert comparison.only_second == ["shared", "relu", "shared (2)", "relu (2)", "add", "head"]
    assert "only in the first: a, norm, body.0, body.1, out" in str(comparison)


# ------------------------------------------------------------------------------------------------------ figures
def test_figures(rng: np.random.Generator) -> None:
    pytest.importorskip("matplotlib", reason="the figures are drawn with matplotlib")
    from matplotlib.figure import Figure

    model = network(rng)
    model.out.weight.assign(model.out.weight.data * 1e-5)
    report = viz.gradient_flow(model, loss_of(model, rng))
    figure = report.figure()
    value, gradient, found = figure.axes[0].lines
    np.testing.assert_allclose(value.get_xdata(), [row["value_rms"] for row in report.rows])
    np.testing.assert_allclose(gradient.get_xdata(), [row["gradient_rms"] for row in report.rows])
    wrong = {finding.layer for finding in report.findings}
    assert {report.rows[int(y)]["layer"] for y in found.get_ydata()} == wrong & {row["layer"] for row in report.rows}
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [row["layer"] for row in report.rows]

    path = report.waterfall("a.weight")
    axes = path.figure().axes[0]
    assert len(axes.patches) == len(path.steps)
    ends = [bar.get_x() + bar.get_width() for bar in axes.patches]
    np.testing.assert_allclose(ends, [step.total for step in path.steps])

    given = Figure().add_subplot()
    assert report.compare(report).figure(given, labels=("a", "b")) is given.figure
    assert [text.get_text() for text in given.get_legend().get_texts()] == ["a", "b"]
    for draw in (report.figure, path.figure, report.compare(report).figure):
        with pytest.raises(TypeError, match="ax: expected matplotlib Axes, got int"):
            draw(3)


def test_figures_of_odd_reports(tmp_path: Path) -> None:
    """Nothing to show, zeros, and names that matplotlib would take for formulas: a picture all the same."""
    pytest.importorskip("matplotlib", reason="the figures are drawn with matplotlib")
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name=r"$\frac{$")
    graphs = [mg.Tensor(1.0, requires_grad=True), (mg.relu(-x) * 3.0).sum(), (x * 0.0).sum() * 0.0]
    for report in map(viz.gradient_flow, graphs):
        report.figure().savefig(tmp_path / "r.png")
        report.compare(report).figure().savefig(tmp_path / "c.png")
        if report.rows:
            report.waterfall().figure().savefig(tmp_path / "w.png")


def test_a_layer_hands_back_the_sum_over_its_own_paths() -> None:
    class Twice(nn.Module):
        def forward(self, x: Any) -> Any:
            return x * 3.0 - x * 2.0

    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    rows = by(viz.gradient_flow(Twice()(x * 1.0).sum()).rows, "layer")
    assert rows["Twice"]["gain"] == pytest.approx(1.0)
