"""Networks that are ill are told so, by name; healthy ones are left in peace."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, viz

LAYERS = 10


def chain(
    activation: Callable[[], nn.Module], scale: float = 1.0, width: int = 30, norm: bool = False
) -> nn.Sequential:
    rng = np.random.default_rng(0)
    parts: list[nn.Module] = []
    for _ in range(LAYERS):
        layer = nn.Affine(width, width, rng=rng)
        layer.weight.assign(layer.weight.data * scale)
        parts += [layer, *([nn.BatchNorm1d(width)] if norm else []), activation()]
    return nn.Sequential(*parts, nn.Affine(width, 3, rng=rng))


def report_of(model: nn.Module, n: int = 64, width: int = 30, **options: Any) -> viz.FlowReport:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, width)).astype(np.float32)
    return viz.gradient_flow(model, nn.SoftmaxCrossEntropy()(model(x), rng.integers(0, 3, n)), **options)


def found(report: viz.FlowReport, kind: str) -> dict[str, viz.Finding]:
    return {finding.layer: finding for finding in report.findings if finding.kind == kind}


# ------------------------------------------------------------------------------------------------------ healthy
class Residual(nn.Module):
    def __init__(self, rng: np.random.Generator) -> None:
        self.affine, self.norm = nn.Affine(30, 30, rng=rng), nn.BatchNorm1d(30)

    def forward(self, x: Any) -> Any:
        return x + mg.relu(self.norm(self.affine(x)))


def healthy() -> dict[str, nn.Module]:
    rng = np.random.default_rng(2)
    return {
        "relu": chain(nn.ReLU),
        "tanh": chain(nn.Tanh, 0.7),
        "normalized": chain(nn.ReLU, norm=True),
        "residual": nn.Sequential(*(Residual(rng) for _ in range(20)), nn.Affine(30, 3, rng=rng)),
        "two sigmoids": nn.Sequential(
            nn.Affine(30, 20, rng=rng),
            nn.Sigmoid(),
            nn.Affine(20, 10, rng=rng),
            nn.Sigmoid(),
            nn.Affine(10, 3, rng=rng),
        ),
    }


@pytest.mark.parametrize("name", healthy())
def test_a_healthy_network_has_no_findings(name: str) -> None:
    report = report_of(healthy()[name])
    assert report.findings == []
    assert report.ok
    assert "nothing found" in str(report)


def test_a_convolutional_network_is_healthy() -> None:
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, rng=rng), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, rng=rng), nn.ReLU(), nn.Flatten(),
        nn.Affine(8 * 4 * 4, 3, rng=rng),
    )  # fmt: skip
    loss = nn.SoftmaxCrossEntropy()(model(rng.normal(size=(20, 1, 14, 14)).astype(np.float32)), np.arange(20) % 3)
    report = viz.gradient_flow(model, loss)
    assert report.findings == []
    model[3].bias.assign([-100.0, 0, 0, 0, 0, -100.0, -100.0, -100.0])  # half of its filters are off everywhere
    loss = nn.SoftmaxCrossEntropy()(model(rng.normal(size=(20, 1, 14, 14)).astype(np.float32)), np.arange(20) % 3)
    (finding,) = viz.gradient_flow(model, loss).findings
    assert (finding.kind, finding.severity, finding.layer) == ("dead", "warning", "4")
    assert finding.numbers == {"share": 0.5, "count": 8.0}


# -------------------------------------------------------------------------------------------- vanish and explode
def test_sigmoids_vanish() -> None:
    report = report_of(chain(nn.Sigmoid))
    assert not report.ok
    vanished = found(report, "vanishing")
    assert {"0", "2"} <= set(vanished)
    assert "18" not in vanished
    rows = {row["layer"]: row for row in report.rows}
    for name, finding in vanished.items():
        assert finding.numbers["level"] == rows[name]["level"] < 1e-3
        assert (finding.severity == "error") == (rows[name]["level"] < 1e-4)
        assert "relu" in finding.advice
    path = report.waterfall()
    assert path.to == "0.weight"
    op, count, gain = path.culprits[0]
    assert (op, count) == ("sigmoid", LAYERS)
    assert gain < 0.25**LAYERS  # the slope of a sigmoid is 1/4 at most
    assert f"in {LAYERS} of them" in vanished["0"].message
    assert "sigmoid" in vanished["0"].message


def test_small_weights_vanish() -> None:
    report = report_of(chain(nn.Tanh, 0.2))
    path = report.waterfall()
    assert path.culprits[0][:2] == ("affine", LAYERS)
    assert "larger initial weights" in found(report, "vanishing")["0"].advice


def test_large_weights_explode() -> None:
    report = report_of(chain(nn.Identity, 4.0))
    exploded = found(report, "exploding")
    assert exploded["0"].severity == "error"
    assert exploded["0"].numbers["level"] > 1e4
    assert not found(report, "vanishing")
    path = report.waterfall()
    assert path.gain == pytest.approx(exploded["0"].numbers["level"], rel=1e-4)
    assert path.culprits[0][:2] == ("affine", LAYERS)
    assert "smaller initial weights" in exploded["0"].advice


def test_the_op_that_kills_is_named() -> None:
    x = mg.Tensor(np.linspace(0.5, 1.5, 8), requires_grad=True, name="x")
    y = mg.tanh(mg.square(x * 5.0) + 10.0)  # the slope of tanh at 16 and more
    report = viz.gradient_flow((y * 3.0).sum())
    path = report.waterfall("x")
    assert path.worst is not None
    assert path.worst.op == "tanh"
    assert path.worst.gain < 1e-10
    assert "most is lost in tanh at tanh" in str(path)
    assert found(report, "saturated")["tanh"].severity == "error"
    assert found(report, "vanishing")["multiply"].severity == "error"


def test_the_op_that_blows_up_is_named() -> None:
    x = mg.Tensor(np.linspace(1.0, 2.0, 8), requires_grad=True, name="x")
    report = viz.gradient_flow(mg.reciprocal(x * 1e-3).sum())
    path = report.waterfall("x")
    assert path.worst is not None
    assert path.worst.op == "reciprocal"
    assert "most grows in reciprocal at reciprocal" in str(path)
    assert found(report, "exploding")["multiply"].severity == "error"


def test_a_loss_of_any_scale_is_healthy() -> None:
    """What the loss does to all gradients alike is no fault of the layers: only differences between layers are."""
    model = chain(nn.ReLU)
    x = np.random.default_rng(0).normal(size=(64, 30)).astype(np.float32)
    for scale in (1e-6, 1.0, 1e3):
        assert viz.gradient_flow(model, (model(x) ** 2).mean() * scale).findings == []


def test_a_recurrent_cell_is_judged_over_all_of_its_calls() -> None:
    rng = np.random.default_rng(0)

    class Steps(nn.Module):
        def __init__(self) -> None:
            self.cell = nn.RNNCell(3, 4, rng=rng)
            self.head = nn.Affine(4, 2, rng=rng)

        def forward(self, x: Any) -> Any:
            h = None
            for t in range(x.shape[1]):
                h = self.cell(x[:, t], h)
            return self.head(h)

    model = Steps()
    model.cell.weight_hh.assign(0.2 * np.eye(4))
    loss = nn.SoftmaxCrossEntropy()(model(rng.normal(size=(20, 12, 3)).astype(np.float32) * 0.1), np.arange(20) % 2)
    report = viz.gradient_flow(model, loss)
    names = [row["layer"] for row in report.rows]
    assert names[:2] == ["cell", "cell (2)"]
    assert len(names) == 12 + 2
    (finding,) = report.findings
    # The first step gets next to nothing, but the cell learns from the last ones.
    assert (finding.kind, finding.severity, finding.layer) == ("vanishing", "warning", "cell")
    assert "in its 12 calls up to" in finding.message


# ------------------------------------------------------------------------------------------ dead and saturated
@pytest.mark.parametrize("relu", [nn.ReLU(), lambda h: mg.maximum(h, 0.0), lambda h: mg.clip(h, 0.0, 6.0)])
@pytest.mark.parametrize(("dead", "severity"), [(4, None), (6, "warning"), (10, "error")])
def test_dead_units(relu: Any, dead: int, severity: str | None) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            rng = np.random.default_rng(0)
            self.a, self.b = nn.Affine(30, 10, rng=rng), nn.Affine(10, 3, rng=rng)

        def forward(self, x: Any) -> Any:
            return self.b(relu(self.a(x)))

    model = Net()
    model.a.bias.assign([-1e3] * dead + [0.0] * (10 - dead))
    findings = [f for f in report_of(model).findings if f.kind == "dead"]
    assert [f.severity for f in findings] == ([severity] if severity else [])
    for finding in findings:
        assert finding.numbers == {"share": dead / 10, "count": 10.0}
        assert f"{10 * dead}% of its 10 units" in finding.message
    assert not [f for f in report_of(model, n=15).findings if f.kind == "dead"]  # too few examples to tell


def test_all_units_dead() -> None:
    model = chain(nn.ReLU)
    model[8].bias.assign(np.full(30, -1e3))
    report = report_of(model)
    assert not report.ok
    assert {name for name, f in found(report, "dead").items() if f.severity == "error"} >= {"9"}
    assert {"0.weight", "8.bias"} <= set(found(report, "zero"))
    assert "20.bias" not in found(report, "zero")
    path = report.waterfall()
    assert path.worst is not None
    assert (path.worst.op, path.worst.gain) == ("relu", 0.0)
    assert path.gain == 0.0
    assert "lost in relu at " in str(path)


@pytest.mark.parametrize(
    ("function", "edge"), [(nn.Sigmoid, np.log(78.987)), (nn.Tanh, np.arctanh(0.95**0.5)), (nn.Softsign, 20**0.5 - 1)]
)
def test_saturation_is_counted_where_the_slope_is_small(function: Any, edge: float) -> None:
    """At `edge` the slope is a twentieth of the greatest."""
    x = mg.Tensor(np.concatenate([np.full(60, edge * 1.01), np.full(40, edge * 0.99)]), requires_grad=True)
    y = function()(x * 1.0)
    report = viz.gradient_flow((y * y * 2.0).sum())
    ((_, finding),) = found(report, "saturated").items()
    assert finding.severity == "warning"
    assert finding.numbers["share"] == pytest.approx(0.6)
    steep = viz.gradient_flow((y * y * 2.0).sum(), thresholds=viz.Thresholds(slope=0.04))
    assert not found(steep, "saturated")


def test_saturated_sigmoids() -> None:
    model = nn.Sequential(nn.Affine(30, 20), nn.Sigmoid(), nn.Affine(20, 3))
    model[0].weight.assign(np.random.default_rng(0).normal(0, 30, (30, 20)))
    assert found(report_of(model), "saturated")["1"].severity == "error"
    sure = nn.Sequential(nn.Affine(30, 3), nn.Sigmoid())
    sure[0].weight.assign(np.random.default_rng(0).normal(0, 30, (30, 3)))
    assert found(report_of(sure), "saturated")["1"].severity == "warning"  # the answers may be right


def test_thresholds_are_the_users() -> None:
    model = chain(nn.Sigmoid)
    assert report_of(model, thresholds=viz.Thresholds(vanishing=(1e-30, 1e-30))).findings == []
    strict = report_of(
        chain(nn.ReLU), thresholds=viz.Thresholds(vanishing=(0.0, 0.0), exploding=(0.5, 1e9), dead=(2, 2))
    )
    assert {f.kind for f in strict.findings} == {"exploding"}
    assert strict.ok


# ------------------------------------------------------------------------------------------------------- births
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_forward_is_where_detect_anomaly_finds_it() -> None:
    x = mg.Tensor([1.0, 4.0, 9.0], requires_grad=True, name="x")

    def f() -> mg.Tensor:
        return (mg.exp(mg.log(x - 4.0)) * 2.0).sum()

    with mg.detect_anomaly(), pytest.raises(mg.AnomalyError) as caught:
        f()
    report = viz.gradient_flow(f())
    (finding,) = report.findings
    assert (finding.kind, finding.severity, finding.layer) == ("NaN forward", "error", caught.value.op)
    assert finding.numbers == {"bad": 2, "size": 3}  # -3 and 0
    assert "2 of 3 entries" in finding.message
    assert "log(x + 1e-12)" in finding.advice
    assert "born here" in str(report)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_backward_is_where_detect_anomaly_finds_it() -> None:
    x = mg.Tensor([0.0, 4.0], requires_grad=True, name="x")

    def f() -> mg.Tensor:
        return mg.sqrt(x * 1.0).sum()

    with mg.detect_anomaly(), pytest.raises(mg.AnomalyError) as caught:
        f().backward()
    (finding,) = viz.gradient_flow(f()).findings
    assert (finding.kind, finding.layer, caught.value.op) == ("NaN backward", "sqrt", "sqrt")
    assert finding.numbers == {"bad": 1, "size": 2}


def test_data_that_are_not_finite() -> None:
    model = chain(nn.ReLU)
    x = np.ones((20, 30), np.float32)
    x[3, 5] = np.nan
    report = viz.gradient_flow(model, nn.SoftmaxCrossEntropy()(model(x), np.zeros(20, int)))
    births = found(report, "NaN forward")
    assert set(births) == {"input"}
    assert "in the data: its value has 1 of 600 entries" in births["input"].message


# ------------------------------------------------------------------------------------------------------- unused
def test_parameters_without_a_gradient() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            rng = np.random.default_rng(0)
            self.body, self.head = nn.Affine(30, 5, rng=rng), nn.Affine(5, 3, rng=rng)
            self.spare, self.frozen = nn.Affine(2, 2, rng=rng), nn.Affine(5, 5, rng=rng)
            self.frozen.requires_grad_(False)

        def forward(self, x: Any) -> Any:
            return self.head(self.frozen(self.body(x).detach()))

    report = report_of(Net())
    assert set(found(report, "unused")) == {"body.weight", "body.bias", "spare.weight", "spare.bias"}
    assert report.ok
    assert {f.kind for f in report.findings} == {"unused"}


def test_errors_come_first() -> None:
    report = report_of(chain(nn.Sigmoid))
    severities = [finding.severity for finding in report.findings]
    assert severities == sorted(severities)
    assert {"error", "warning"} == set(severities)
    text = str(report)
    assert text.index("error: vanishing") < text.index("warning: vanishing")
    assert text.count("usually helps") == 2


# ---------------------------------------------------------------------------------------------- what is no fault
def test_the_loss_is_no_layer() -> None:
    """Margins that are all kept make a hinge loss of zeros, and what it weighs may be as large as it likes."""
    model = chain(nn.ReLU)
    x = np.random.default_rng(0).normal(size=(64, 30)).astype(np.float32)
    kept = mg.maximum(model(x) - 1e6, 0.0)
    assert not found(viz.gradient_flow(model, kept.sum() + model(x).sum()), "dead")
    scale = mg.Tensor(np.ones((64, 3), np.float32), requires_grad=True)
    weighed = ((model(x) * 1e-6 * scale) * 1e6).sum()
    assert viz.gradient_flow(None, weighed).findings == []


def test_a_model_that_returns_its_loss() -> None:
    class Trained(nn.Module):
        def __init__(self) -> None:
            self.body = chain(nn.ReLU)

        def forward(self, x: Any) -> Any:
            return mg.square(self.body(x)).sum() * 1e-6

    model = Trained()
    report = viz.gradient_flow(model, model(np.random.default_rng(0).normal(size=(64, 30)).astype(np.float32)))
    assert report.findings == []
    rows = {row["layer"]: row for row in report.rows}
    assert rows["square"]["level"] == 1.0  # the first value with several entries, from the loss on
    assert rows["sum"]["level"] != 1.0


def test_of_two_branches_one_may_always_win() -> None:
    x = mg.Tensor(np.ones((32, 4)), requires_grad=True, name="x")
    report = viz.gradient_flow((mg.maximum(x * 2.0, x * 3.0) * 1.0).sum())
    assert not found(report, "dead")


def test_two_calls_of_a_model_end_at_both_of_their_values() -> None:
    model = chain(nn.ReLU)
    rng = np.random.default_rng(0)
    a, b = (model(rng.normal(size=(64, 30)).astype(np.float32)) for _ in range(2))
    report = viz.gradient_flow(model, mg.square(a - 0.5 * b).mean())
    assert report.findings == []
    rows = {row["layer"]: row for row in report.rows}
    assert rows["20"]["level"] == pytest.approx(0.8**0.5)  # (1, 1/2) over the norm of both
    assert rows["20 (2)"]["level"] == pytest.approx(0.2**0.5)
