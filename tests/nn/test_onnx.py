"""ONNX files: what is written computes the same in onnx's reference evaluator, and comes back as the same layers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

onnx = pytest.importorskip("onnx", reason="the files are ONNX")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402
from onnx.reference.op_run import OpRun  # noqa: E402

IMAGE = (4, 8, 8)
RNG = np.random.default_rng(0)


class LRN(OpRun):  # type: ignore[misc]
    """As the standard says; onnx 1.23's own goes through as many channels as there are images."""

    def _run(self, x: Any, alpha: Any = None, beta: Any = None, bias: Any = None, size: Any = None) -> Any:
        sums = np.stack(
            [(x[:, max(0, c - (size - 1) // 2) : c + size // 2 + 1] ** 2).sum(1) for c in range(x.shape[1])], axis=1
        )
        return ((x / (bias + alpha / size * sums) ** beta).astype(x.dtype),)


def shaken(model: nn.Module) -> nn.Module:
    """The model with numbers that are no defaults, variances above 0 among them."""
    for i, (_, tensor) in enumerate(model._state()):
        if tensor.dtype.kind == "f":
            tensor.assign(np.random.default_rng(i).uniform(0.1, 0.5, tensor.shape))
    return model


def evaluated(path: Path, x: Any) -> Any:
    proto = onnx.load(path)
    onnx.checker.check_model(proto, full_check=True)
    return ReferenceEvaluator(proto, new_ops=[LRN]).run(None, {"input": x})[0]


def compare(
    model: nn.Module, shape: tuple[int, ...], folder: Path, dtype: Any = None, rtol: float = 1e-4, evaluate: bool = True
) -> nn.Sequential:
    """Write a model, hold the file against it, read the file, and hold what is read against it."""
    path = folder / "model.onnx"
    nn.onnx.export(model, path, shape, dtype=dtype)
    read = nn.onnx.load(path)
    assert not read.training
    training = [module.training for module in model.modules()]
    model.eval()
    for n in (2, 3):  # the axis of the batch is open
        given = np.random.default_rng(n).standard_normal((n, *shape)).astype(np.float32)
        x = given if dtype is None else np.abs(given * 3).astype(np.int64)
        y = model(x).data
        assert np.abs(y).max() > 0
        if evaluate:
            found = evaluated(path, x)
            assert found.shape == y.shape
            np.testing.assert_allclose(found, y, rtol=rtol, atol=rtol * np.abs(y).max())
        np.testing.assert_allclose(read(x).data, y, rtol=1e-6, atol=1e-6 * np.abs(y).max())
    for module, mode in zip(model.modules(), training, strict=True):
        module.training = mode
    return read


# Where the second is None, the same comes back.
ONE: list[tuple[Callable[[], nn.Module], tuple[int, ...], str | None]] = [
    *[
        (getattr(nn, name), IMAGE, None)
        for name in (
            "CELU",
            "ELU",
            "GELU",
            "GLU",
            "Hardshrink",
            "Hardsigmoid",
            "Hardswish",
            "Hardtanh",
            "LeakyReLU",
            "LogSigmoid",
            "LogSoftmax",
            "Mish",
            "ReLU",
            "ReLU6",
            "SELU",
            "SiLU",
            "Sigmoid",
            "Softmax",
            "Softmin",
            "Softplus",
            "Softshrink",
            "Softsign",
            "Tanh",
            "Tanhshrink",
        )
    ],
    (lambda: nn.CELU(0.5), IMAGE, None),
    (lambda: nn.ELU(0.5), IMAGE, None),
    (lambda: nn.GELU("tanh"), IMAGE, None),
    (lambda: nn.GLU(1), IMAGE, None),
    (lambda: nn.Hardshrink(0.2), IMAGE, None),
    (lambda: nn.Hardtanh(-0.5, 0.25), IMAGE, None),
    (lambda: nn.LeakyReLU(0.3), IMAGE, None),
    (lambda: nn.Softmax(1), IMAGE, None),
    (lambda: nn.Softmin(2), IMAGE, None),
    (lambda: nn.LogSoftmax(1), IMAGE, None),
    (lambda: nn.Softplus(2.5), IMAGE, None),
    (lambda: nn.Softshrink(0.2), IMAGE, None),
    (lambda: nn.Threshold(0.1, 3.5), IMAGE, None),
    (lambda: nn.PReLU(), IMAGE, None),
    (lambda: nn.PReLU(4), IMAGE, None),
    (lambda: nn.PReLU(5), (5,), None),
    (lambda: nn.Affine(5, 3), (5,), None),
    (lambda: nn.Affine(5, 3, False), (5,), None),
    (lambda: nn.Affine(5, 3), (2, 5), None),
    (lambda: nn.Affine(5, 3, False), (2, 5), None),
    (lambda: nn.Conv1d(4, 6, 3, padding="same", groups=2, floor=True), (4, 7), "padding=1"),
    (lambda: nn.Conv1d(4, 6, 4, padding="same", floor=True), (4, 7), None),
    (lambda: nn.Conv2d(4, 6, (3, 2), 1, "same", 2, floor=True), IMAGE, "padding=(2, 1)"),
    (lambda: nn.Conv2d(4, 6, (3, 2), padding="same", floor=True), IMAGE, None),
    (lambda: nn.Conv2d(4, 6, 3, padding="full", bias=False), IMAGE, "padding=2"),
    (lambda: nn.Conv2d(4, 6, 3, padding="valid"), IMAGE, "Conv2d(4, 6, 3, floor=True)"),
    (lambda: nn.Conv2d(4, 6, 3, (2, 1), (1, 0), floor=True), IMAGE, None),
    (lambda: nn.Conv3d(4, 2, 2, floor=True), (4, 3, 3, 3), None),
    (lambda: nn.ConvTranspose1d(4, 2, 3, stride=2), (4, 5), None),
    (lambda: nn.ConvTranspose2d(4, 2, 3, 2, 1, 1, dilation=(1, 2)), IMAGE, None),
    (lambda: nn.ConvTranspose3d(4, 2, 2), (4, 3, 3, 3), None),
    (lambda: nn.MaxPool1d(2, floor=True), (4, 9), None),
    (lambda: nn.MaxPool2d(3, 2, 1, floor=True), IMAGE, None),
    (lambda: nn.MaxPool3d(2), (2, 4, 4, 4), "MaxPool3d(2, floor=True)"),
    (lambda: nn.AvgPool1d(2), (4, 8), "AvgPool1d(2, floor=True)"),
    (lambda: nn.AvgPool2d(3, 1, 1, floor=True), IMAGE, None),
    (lambda: nn.AvgPool3d(2, floor=True), (2, 4, 4, 4), None),
    (lambda: nn.AdaptiveAvgPool2d(1), IMAGE, None),
    (lambda: nn.AdaptiveMaxPool2d(1), IMAGE, None),
    (lambda: nn.AdaptiveAvgPool2d((2, None)), IMAGE, "AvgPool2d((4, 1), floor=True)"),
    (lambda: nn.AdaptiveMaxPool2d(4), IMAGE, "MaxPool2d(2, floor=True)"),
    (lambda: nn.BatchNorm1d(5), (5,), None),
    (lambda: nn.BatchNorm1d(5, eps=0.01), (5, 3), None),
    (lambda: nn.BatchNorm2d(4, affine=False), IMAGE, "BatchNorm2d(4)"),
    (lambda: nn.BatchNorm3d(2), (2, 3, 3, 3), None),
    (lambda: nn.InstanceNorm2d(4, affine=True), IMAGE, None),
    (lambda: nn.InstanceNorm2d(4), IMAGE, "InstanceNorm2d(4, affine=True)"),
    (lambda: nn.InstanceNorm2d(4, track_running_stats=True), IMAGE, "BatchNorm2d(4)"),
    (lambda: nn.GroupNorm(2, 4), IMAGE, None),
    (lambda: nn.GroupNorm(2, 4), (4,), None),
    (lambda: nn.GroupNorm(2, 4, affine=False), (4, 3), "GroupNorm(2, 4)"),
    (lambda: nn.LayerNorm((8, 8)), IMAGE, None),
    (lambda: nn.LayerNorm(8, bias=False), IMAGE, "LayerNorm(8)"),
    (lambda: nn.RMSNorm(8), IMAGE, "RMSNorm(8, eps=1.1920929e-07)"),
    (lambda: nn.RMSNorm((8, 8), 1e-3, False), IMAGE, None),
    (lambda: nn.LocalResponseNorm(3, 0.5, 0.6, 2.0), IMAGE, None),
    (lambda: nn.Flatten(), IMAGE, None),
    (lambda: nn.Flatten(2), IMAGE, None),
    (lambda: nn.Flatten(1, 2), IMAGE, None),
    (lambda: nn.Unflatten((2, 2)), IMAGE, "Unflatten((2, 2))"),
    (lambda: nn.Unflatten((2, -1), -1), IMAGE, "Unflatten((2, 4), dim=3)"),
    (lambda: nn.Dropout(), IMAGE, "Identity()"),
    (lambda: nn.Identity(), IMAGE, None),
]


@pytest.mark.parametrize(
    ("make", "shape", "back"), [pytest.param(*case, id=f"{i}-{case[0]()!r}") for i, case in enumerate(ONE)]
)
def test_one_layer(make: Callable[[], nn.Module], shape: tuple[int, ...], back: str | None, tmp_path: Path) -> None:
    if "GELU()" in repr(make()):
        pytest.importorskip("scipy", reason="the exact GELU needs SciPy")
    layer = shaken(make())
    read = compare(layer, shape, tmp_path)
    assert len(read) == 1
    if back is None:
        assert repr(read[0]) == repr(layer)
    else:
        assert back in repr(read[0])


def test_what_the_reference_of_onnx_1_23_has_wrong(tmp_path: Path) -> None:
    # It takes the padding of poolings for top, bottom, left and right, and of the filters of transposed convolutions
    # in groups the wrong ones; the standard's own inference of shapes, a part of the checks, does not.
    for layer in (
        nn.MaxPool2d(2, 1, "same", floor=True),
        nn.AvgPool2d(2, 1, "same", floor=True),
        nn.ConvTranspose2d(4, 6, 3, groups=2, dilation=2),
    ):
        read = compare(shaken(layer), IMAGE, tmp_path, evaluate=False)
        assert repr(read[0]) == repr(layer)
        proto = onnx.load(tmp_path / "model.onnx")
        onnx.checker.check_model(proto, full_check=True)
        pads = next(list(a.ints) for a in proto.graph.node[0].attribute if a.name == "pads")
        assert pads == ([0] * 4 if isinstance(layer, nn.ConvTranspose2d) else [0, 0, 1, 1])


def test_embedding(tmp_path: Path) -> None:
    model = shaken(nn.Sequential(nn.Embedding(20, 6), nn.LayerNorm(6), nn.Affine(6, 3), nn.Softmax()))
    read = compare(model, (5,), tmp_path, dtype=int)
    assert [type(layer).__name__ for layer in read] == ["Embedding", "LayerNorm", "Affine", "Softmax"]


# -------------------------------------------------------------------------------------------------------- structure
def conv(a: int, b: int, kernel: int = 1) -> nn.Conv2d:
    return nn.Conv2d(a, b, kernel, padding=kernel // 2, floor=True)


STRUCTURES: list[Callable[[], nn.Sequential]] = [
    lambda: nn.Sequential(nn.Residual(conv(4, 4)), nn.ReLU()),
    lambda: nn.Sequential(nn.Residual(nn.Sequential(conv(4, 2, 3), nn.ReLU(), conv(2, 2)), conv(4, 2))),
    lambda: nn.Sequential(nn.Residual(nn.Residual(nn.Residual(conv(4, 4)))), nn.Residual(nn.Tanh())),
    lambda: nn.Sequential(nn.Parallel(conv(4, 2), nn.Identity(), nn.Sequential(conv(4, 3, 3), nn.Residual(nn.ReLU())))),
    lambda: nn.Sequential(nn.Parallel(nn.SiLU(), nn.Tanhshrink(), nn.Identity(), axis=3), nn.Flatten()),
    lambda: nn.Sequential(nn.Residual(nn.Sigmoid(), nn.SiLU()), nn.Residual(nn.RMSNorm(8, 0.1))),
    lambda: nn.Sequential(nn.Residual(nn.Identity())),
    lambda: nn.Sequential(nn.Parallel(nn.Parallel(nn.Softmin(), nn.GLU(2), axis=2), nn.LogSigmoid(), axis=2)),
]


@pytest.mark.parametrize("make", STRUCTURES, ids=range(len(STRUCTURES)))
def test_structures_come_back(make: Callable[[], nn.Sequential], tmp_path: Path) -> None:
    model = shaken(make())
    assert repr(compare(model, IMAGE, tmp_path)) == repr(model)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: nn.models.ThreeLayerNet(20, (8, 6), 3), (20,)),
        (lambda: nn.models.LeNet5(), (1, 28, 28)),
        (lambda: nn.models.SimpleConvNet(hidden=10), (1, 28, 28)),
        (lambda: nn.models.DeepConvNet(), (1, 28, 28)),
        (lambda: nn.models.CifarResNet(8), (3, 32, 32)),
        (lambda: nn.models.CifarResNet(8, shortcuts="B"), (3, 32, 32)),
        pytest.param(lambda: nn.models.ResNet(18, 10), (3, 32, 32), marks=pytest.mark.slow),
        pytest.param(lambda: nn.models.ResNet(50, 10), (3, 32, 32), marks=pytest.mark.slow),
        pytest.param(lambda: nn.models.VGG(11, 10, size=32, batch_norm=True), (3, 32, 32), marks=pytest.mark.slow),
        pytest.param(lambda: nn.models.AlexNet(10, size=63), (3, 63, 63), marks=pytest.mark.slow),
        (lambda: nn.models.GoogLeNet(10), (3, 32, 32)),
    ],
)
def test_models(make: Callable[[], nn.Module], shape: tuple[int, ...], tmp_path: Path) -> None:
    nn.seed(0)
    model = make()
    read = compare(model, shape, tmp_path)
    assert read.count_parameters() == model.count_parameters()


def test_any_class_that_hands_tensors_on_is_exported(tmp_path: Path) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.twice = nn.Affine(4, 4)
            self.drop = nn.Dropout()
            self.joined = nn.Parallel(nn.ReLU(), nn.Tanh())

        def forward(self, x: Any) -> Any:
            return self.joined(self.twice(self.drop(self.twice(x))))

    model = Net()
    read = compare(model, (4,), tmp_path)
    assert [type(layer).__name__ for layer in read] == ["Affine", "Affine", "Parallel"]
    proto = onnx.load(tmp_path / "model.onnx")
    assert [tensor.name for tensor in proto.graph.initializer] == ["twice.weight", "twice.bias"]  # once
    assert [node.name for node in proto.graph.node][:2] == ["twice.Gemm", "twice.Gemm_1"]
    assert model.training


def test_the_file_is_pinned_deterministic_and_whole(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Affine(4, 3), nn.BatchNorm1d(3), nn.GELU("tanh"))
    rng_state, before = np.random.default_rng(0).bit_generator.state, model.state_dict()
    nn.onnx.export(model, tmp_path / "a.onnx", (4,))
    nn.onnx.export(model, tmp_path / "b.onnx", [4])
    first = (tmp_path / "a.onnx").read_bytes()
    assert first == (tmp_path / "b.onnx").read_bytes()
    assert rng_state == np.random.default_rng(0).bit_generator.state
    assert all(np.array_equal(value, before[name]) for name, value in model.state_dict().items())
    proto = onnx.load(tmp_path / "a.onnx")
    assert [(opset.domain, opset.version) for opset in proto.opset_import] == [("", nn.onnx.OPSET)]
    dims = proto.graph.input[0].type.tensor_type.shape.dim
    assert (dims[0].dim_param, dims[1].dim_value) == ("n", 4)
    with pytest.raises(ValueError, match="has no counterpart in ONNX"):
        nn.onnx.export(nn.Sequential(nn.StochasticPool2d(2)), tmp_path / "a.onnx", (1, 4, 4))
    assert (tmp_path / "a.onnx").read_bytes() == first
    assert len(list(tmp_path.iterdir())) == 2


def test_other_dtypes(tmp_path: Path) -> None:
    for dtype in (np.float16, np.float64):
        model = nn.Sequential(nn.Affine(4, 3, dtype=dtype), nn.ReLU(), nn.Threshold(0.1, 0.5))
        nn.onnx.export(model, tmp_path / "m.onnx", (4,))
        x = RNG.standard_normal((2, 4)).astype(dtype)
        for y in (evaluated(tmp_path / "m.onnx", x), nn.onnx.load(tmp_path / "m.onnx")(x).data):
            assert y.dtype == dtype
            np.testing.assert_allclose(y, model(x).data, rtol=1e-3)


# --------------------------------------------------------------------------------------------------------- refusals
class Adds(nn.Module):
    def __init__(self) -> None:
        self.layer = nn.Affine(4, 4)

    def forward(self, x: Any) -> Any:
        return self.layer(x) + x


class Between(Adds):
    def forward(self, x: Any) -> Any:
        return self.layer(mg.asarray(x) * 2)


class Sine(nn.ReLU):
    _function = staticmethod(mg.sin)


class Two(Adds):
    def forward(self, x: Any) -> Any:
        return self.layer(x), x


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (lambda: nn.Sequential(nn.Affine(4, 4), nn.Lambda(mg.sin)), (4,), r"'1', Lambda\(sin\), is a function"),
        (lambda: nn.Sequential(inner=nn.Sequential(nn.LSTM(4, 4))), (3, 4), r"'inner.0', LSTM\(4, 4\), has no"),
        (lambda: nn.MultiHeadAttention(4, 2), (3, 4), r"MultiHeadAttention\(4, 2\) has no counterpart in ONNX"),
        (lambda: nn.models.TransformerLM(4, 4, 4, 2, 1), (3,), "has no counterpart|no layer has returned"),
        (Sine, (4,), "Sine computes something"),
        (Adds, (4,), "Adds computes something besides the calls of its layers"),
        (Between, (4,), r"'layer', Affine\(4, 4\), is called with something that no layer has returned"),
        (lambda: nn.Softplus(1.0, 2.0), (4,), "has a jump at its threshold"),
        (lambda: nn.LocalResponseNorm(4), IMAGE, "has an even number of neighbours"),
        (lambda: nn.AdaptiveAvgPool2d(3), IMAGE, "makes bins of different sizes of 8x8 places"),
        (lambda: nn.BatchNorm2d(4, track_running_stats=False), IMAGE, "has no running statistics"),
        (lambda: nn.Flatten(0), IMAGE, "the output has no axis of the batch"),
        (lambda: nn.Unflatten((1, -1), 0), IMAGE, "splits the axis of the batch"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_named(
    make: Callable[[], nn.Module], shape: tuple[int, ...], message: str, tmp_path: Path
) -> None:
    model = make()
    dtype = int if isinstance(model, nn.models.TransformerLM) else None
    with pytest.raises(ValueError, match=message):
        nn.onnx.export(model, tmp_path / "m.onnx", shape, dtype=dtype)
    assert not list(tmp_path.iterdir())
    assert all(module.training and not module._forward_hooks for module in model.modules())


def test_wrong_calls(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="expected a Module, got int"):
        nn.onnx.export(3, tmp_path / "m.onnx", (4,))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="returns tuple, not one tensor"):
        nn.onnx.export(Two(), tmp_path / "m.onnx", (4,))
    with pytest.raises(FileNotFoundError, match="there is no file"):
        nn.onnx.load(tmp_path / "none.onnx")


# ------------------------------------------------------------------------------------------- files of other programs
def written(
    folder: Path, nodes: list[Any], weights: dict[str, Any] | None = None, shape: Any = ("n", 4), opset: int = 21
) -> Path:
    """A file with these nodes from x to y."""
    value = helper.make_tensor_value_info
    sizes = [f"d{i}" for i in range(len(shape))]
    graph = helper.make_graph(
        nodes, "graph", [value("x", TensorProto.FLOAT, shape)], [value("y", TensorProto.FLOAT, sizes)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in (weights or {}).items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    (folder / "other.onnx").write_bytes(model.SerializeToString())
    return folder / "other.onnx"


def node(op: str, inputs: str, outputs: str = "y", **attributes: Any) -> Any:
    return helper.make_node(op, inputs.split(), outputs.split(), name=f"the_{op}", **attributes)


def test_forms_that_other_programs_write(tmp_path: Path) -> None:
    w, b, x = RNG.standard_normal((3, 4)).astype("f"), RNG.standard_normal(3).astype("f"), np.ones((2, 4), "f")
    shape = numpy_helper.from_array(np.array([-1, 2, 2]), "s")
    for nodes, weights, kinds in [
        ([node("Gemm", "x w b", transB=1)], {"w": w, "b": b}, ["Affine"]),
        ([node("MatMul", "x w", "a"), node("Add", "b a")], {"w": w.T, "b": b}, ["Affine"]),
        ([node("Gemm", "x w", "a", transB=1), node("Mul", "s a", "m"), node("Softplus", "m", "p"), node("Div", "p s")],
         {"w": w, "s": np.array([2.0], "f")}, ["Affine", "Softplus"]),
        ([node("Sigmoid", "x", "a"), node("Mul", "a x")], {}, ["SiLU"]),
        ([node("HardSigmoid", "x", "a", alpha=1 / 6), node("Mul", "a x")], {}, ["Hardswish"]),
        ([node("Softplus", "x", "a"), node("Tanh", "a", "t"), node("Mul", "x t")], {}, ["Mish"]),
        ([node("Dropout", "x r", "a"), node("ThresholdedRelu", "a")], {"r": np.array(0.5, "f")}, ["Threshold"]),
        ([node("Constant", "", "c", value=shape), node("Clip", "x m")], {"m": np.array(0, "f")}, ["ReLU"]),
        ([node("Clip", "x l h")], {"l": np.array(0, "f"), "h": np.array(6, "f")}, ["ReLU6"]),
        ([node("Split", "x", "a b", axis=1, num_outputs=2), node("Sigmoid", "b", "s"), node("Mul", "s a")], {},
         ["GLU"]),
    ]:  # fmt: skip
        path = written(tmp_path, nodes, weights)
        read = nn.onnx.load(path)
        assert [type(layer).__name__ for layer in read] == kinds
        expected = ReferenceEvaluator(onnx.load(path)).run(None, {"x": x})[0]
        np.testing.assert_allclose(read(x).data, expected, rtol=1e-5)


W = np.ones((4, 4), np.float32)
K = np.ones((2, 3, 3, 3), np.float32)


@pytest.mark.parametrize(
    ("nodes", "weights", "shape", "message"),
    [
        ([node("Erf", "x")], {}, ("n", 4), r"node 'the_Erf' \(Erf\) cannot become a layer: there is no such layer"),
        ([node("Neg", "x")], {}, ("n", 4), "the_Neg.*only together with certain others"),
        ([node("Gemm", "x w", alpha=2.0)], {"w": W}, ("n", 4), "the_Gemm.*alpha 2.0 has no counterpart, only 1.0 has"),
        ([node("MatMul", "w x")], {"w": W}, (4, 4), "the_MatMul.*the matrix comes first"),
        ([node("MatMul", "x x")], {}, (4, 4), "the_MatMul.*no layer that joins branches so"),
        ([node("Conv", "x w", pads=[1, 1, 0, 0])], {"w": K}, ("n", 3, 8, 8), "the_Conv.*not the same at both ends"),
        ([node("Conv", "x w", auto_pad="SAME_LOWER")], {"w": K}, ("n", 3, 8, 8), "auto_pad SAME_LOWER"),
        ([node("MaxPool", "x", kernel_shape=[2, 2], ceil_mode=1)], {}, ("n", 3, 8, 8), "the_MaxPool.*ceil_mode 1"),
        ([node("AveragePool", "x", kernel_shape=[3, 3], pads=[1] * 4)], {}, ("n", 3, 8, 8), "leaves the padding out"),
        ([node("Reshape", "x s")], {"s": np.array([2, -1])}, ("n", 4), "the_Reshape.*neighbouring axes"),
        ([node("Relu", "x", "a"), node("Add", "a c")], {"c": W[0]}, ("n", 4), "the_Add.*only together"),
        ([node("Concat", "x c", axis=0)], {"c": W}, ("n", 4), "the_Concat.*there is no such layer"),
        ([node("Softmax", "q"), node("Relu", "x", "z")], {}, ("n", 4), "not a valid ONNX model: .*q"),
        ([node("Gemm", "x w")], {}, ("n", 4), "not a valid ONNX model: .*input 'w'"),
        ([node("Relu", "c")], {"c": W}, ("n", 4), "the_Relu.*does not depend on the input"),
        ([node("Gemm", "x w")], {"w": np.ones((7, 4), np.float32)}, ("n", 4), "the shapes in the model do not fit"),
        # a = f(x); Add(g(a), h(x)) and a again behind: branches that cross
        ([node("Relu", "x", "a"), node("Tanh", "a", "b"), node("Sigmoid", "x", "c"), node("Add", "a c", "d"),
          node("Add", "b d")], {}, ("n", 4), "branches that share it do not part behind it"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(
    nodes: list[Any], weights: dict[str, Any], shape: Any, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        nn.onnx.load(written(tmp_path, nodes, weights, shape))
    assert "other.onnx" in str(caught.value)


def test_opsets_and_domains(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"opset 13 to .* can be read, this is opset 12"):
        nn.onnx.load(written(tmp_path, [node("Relu", "x")], opset=12))
    with pytest.raises(ValueError, match=r"node 'the_Relu' \(Relu\) is of the domain 'mine'"):
        nn.onnx.load(written(tmp_path, [node("Relu", "x", domain="mine")]))


@pytest.fixture
def good(tmp_path: Path) -> Path:
    nn.onnx.export(nn.Sequential(nn.Affine(4, 3), nn.ReLU()), tmp_path / "good.onnx", (4,))
    return tmp_path / "good.onnx"


def test_a_file_cut_off_anywhere(good: Path) -> None:
    whole = good.read_bytes()
    for size in range(0, len(whole), 3):
        good.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"good\.onnx: "):
            nn.onnx.load(good)


def test_a_flipped_byte_is_an_error_or_another_model(good: Path) -> None:
    whole = good.read_bytes()
    for place in range(0, len(whole), 2):
        for flip in (0xFF, 0x80, 0x01):
            good.write_bytes(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :])
            try:
                nn.onnx.load(good)
            except ValueError:
                continue  # anything else fails the test


def changed(path: Path, change: Callable[[Any], Any]) -> Path:
    proto = onnx.load(path)
    change(proto.graph)
    path.write_bytes(proto.SerializeToString())
    return path


def test_hostile_weights(good: Path) -> None:
    whole = good.read_bytes()

    def external(graph: Any) -> None:
        graph.initializer[0].data_location = TensorProto.EXTERNAL
        entry = graph.initializer[0].external_data.add()
        entry.key, entry.value = "location", "/etc/passwd"

    for change, message in [
        (lambda graph: graph.initializer[0].dims.__setitem__(0, 1 << 60), "not the size of its content"),
        (lambda graph: graph.initializer[0].dims.__setitem__(0, -4), "has the shape"),
        (lambda graph: graph.initializer[0].dims.extend([0]), "not the size of its content"),
        (lambda graph: setattr(graph.initializer[0], "raw_data", b"123"), "not the size of its content"),
        (lambda graph: setattr(graph.initializer[0], "data_type", 999), "has no known type"),
        (lambda graph: setattr(graph.initializer[0], "data_type", TensorProto.COMPLEX64), "not real numbers"),
        (external, "is in another file, which is not read"),
        (lambda graph: graph.sparse_initializer.add(), "sparse weights"),
        (lambda graph: graph.input.add().CopyFrom(helper.make_tensor_value_info("z", 1, [1])), "got 2 and 1"),
    ]:
        good.write_bytes(whole)
        with pytest.raises(ValueError, match=message):
            nn.onnx.load(changed(good, change))


def test_many_nested_branches_are_an_error_not_a_crash(tmp_path: Path) -> None:
    nodes, depth = [], 3000
    nodes += [helper.make_node("Relu", ["x" if i == 0 else f"v{i - 1}"], [f"v{i}"]) for i in range(depth)]
    nodes += [
        helper.make_node("Add", [f"v{depth - 1}" if i == 0 else f"w{i - 1}", f"v{depth - 2 - i}"], [f"w{i}"])
        for i in range(depth - 2)
    ]
    nodes.append(helper.make_node("Relu", [f"w{depth - 3}"], ["y"]))
    with pytest.raises(ValueError, match="its branches are nested too deeply"):
        nn.onnx.load(written(tmp_path, nodes))


def test_without_onnx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    for call in (
        lambda: nn.onnx.load(tmp_path / "m.onnx"),
        lambda: nn.onnx.export(nn.ReLU(), tmp_path / "m.onnx", (1,)),
    ):
        with pytest.raises(ImportError, match=r"ONNX files needs onnx: pip install 'minigrad\[onnx\]'"):
            call()
