"""ModuleDict, Residual and Parallel, and what modules do as wholes: sharing, conversion, hooks."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.graph import extra_of
from minigrad.testing import check_grad

X = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)


# --------------------------------------------------------------------------------------------------- containers
def test_module_dict() -> None:
    heads = nn.ModuleDict({"digit": nn.Affine(4, 3), "parity": nn.Affine(4, 2)})
    assert list(heads) == list(heads.keys()) == ["digit", "parity"]
    assert list(heads.values()) == [heads["digit"], heads["parity"]]
    assert dict(heads.items())["digit"] is heads["digit"]
    assert "digit" in heads
    assert "training" not in heads
    assert len(heads) == 2
    assert [name for name, _ in heads.named_parameters()] == [
        "digit.weight", "digit.bias", "parity.weight", "parity.bias",
    ]  # fmt: skip
    heads["digit"] = nn.Affine(4, 1)
    heads.update({"slant": nn.ReLU()})
    assert list(heads) == ["digit", "parity", "slant"]
    assert heads["digit"](X).shape == (5, 1)
    del heads["parity"]
    assert repr(heads) == "ModuleDict(\n  (digit): Affine(4, 1)\n  (slant): ReLU()\n)"
    assert len(nn.ModuleDict()) == 0


def test_module_dict_errors() -> None:
    heads = nn.ModuleDict({"digit": nn.ReLU()})
    with pytest.raises(KeyError, match="no module 'letter'; there are 'digit'"):
        heads["letter"]
    with pytest.raises(KeyError, match="no module 'training' to delete"):
        del heads["training"]
    with pytest.raises(ValueError, match="the name 'keys' is taken"):
        heads["keys"] = nn.ReLU()
    with pytest.raises(ValueError, match="names are text without a dot"):
        heads["a.b"] = nn.ReLU()
    with pytest.raises(ValueError, match="3 cannot name a part"):
        heads[3] = nn.ReLU()  # type: ignore[index]
    with pytest.raises(TypeError, match="ModuleDict: expected a Module, got int"):
        heads["a"] = 3  # type: ignore[assignment]


def test_residual() -> None:
    body, shortcut = nn.Affine(4, 3), nn.Affine(4, 3, bias=False)
    block = nn.Residual(body, shortcut)
    np.testing.assert_array_equal(block(X).data, body(X).data + shortcut(X).data)
    assert [name for name, _ in block.named_parameters()] == ["body.weight", "body.bias", "shortcut.weight"]
    plain = nn.Residual(nn.Affine(4, 4, init=nn.init.zeros))
    np.testing.assert_array_equal(plain(X).data, X)
    x = mg.Tensor(X, requires_grad=True)
    plain(x).sum().backward()
    assert x.grad is not None
    assert (x.grad.data == 1).all()  # through the shortcut alone, as it is
    with pytest.raises(ValueError, match=r"the body makes \(5, 3\) of an input of shape \(5, 4\); give it a shortcut"):
        nn.Residual(nn.Affine(4, 3))(X)
    with pytest.raises(ValueError, match=r"the body makes \(5, 3\) and the shortcut \(5, 1\)"):
        nn.Residual(body, nn.Affine(4, 1))(X)
    with pytest.raises(TypeError, match="Residual: expected a Module, got function"):
        nn.Residual(mg.relu)  # type: ignore[arg-type]


def test_gradients_of_a_small_residual_block() -> None:
    rng = np.random.default_rng(3)
    make: Any = {"dtype": np.float64, "rng": rng}
    block = nn.Residual(
        nn.Sequential(
            nn.Conv2d(2, 3, 3, padding=1, **make), nn.BatchNorm2d(3, track_running_stats=False, dtype=np.float64),
            nn.Tanh(), nn.Conv2d(3, 3, 3, stride=2, padding=1, floor=True, **make),
        ),
        nn.Conv2d(2, 3, 1, stride=2, floor=True, bias=False, **make),
    )  # fmt: skip
    x = rng.standard_normal((2, 2, 4, 4))
    check_grad(block, x, order=1)
    parameters = dict(block.named_parameters())

    def of_parameters(*values: mg.Tensor) -> mg.Tensor:
        for (name, _), value in zip(parameters.items(), values, strict=True):
            path, _, last = name.rpartition(".")
            owner = dict(block.named_modules())[path]
            owner.__dict__[last] = value
        out: mg.Tensor = block(x)
        return out

    check_grad(of_parameters, *[p.data for p in parameters.values()], order=1)


def test_parallel() -> None:
    block = nn.Parallel(nn.Affine(4, 3), nn.Affine(4, 2), last=nn.Identity())
    y = block(X)
    assert y.shape == (5, 9)
    np.testing.assert_array_equal(y.data, np.concatenate([branch(X).data for branch in block], axis=1))
    assert [name for name, _ in block.named_children()] == ["0", "1", "last"]
    rows = nn.Parallel(nn.Identity(), nn.Identity(), axis=0)
    assert rows(X).shape == (10, 4)
    assert rows[:1].axis == 0
    assert len(rows[:1]) == 1
    assert repr(nn.Parallel(nn.ReLU(), axis=-1)) == "Parallel(\n  axis=-1\n  (0): ReLU()\n)"
    with pytest.raises(ValueError, match=r"cannot be joined along axis 0: 0: \(5, 3\), 1: \(5, 2\)"):
        nn.Parallel(nn.Affine(4, 3), nn.Affine(4, 2), axis=0)(X)
    with pytest.raises(ValueError, match=r"cannot be joined along axis 2: 0: \(5, 4\)"):
        nn.Parallel(nn.Identity(), axis=2)(X)
    with pytest.raises(ValueError, match="there are no branches"):
        nn.Parallel()(X)
    with pytest.raises(TypeError, match="axis must be an integer, got 'x'"):
        nn.Parallel(axis="x")  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ tied parameters
class Tied(nn.Module):
    """Two layers with one weight, and a buffer that both share."""

    def __init__(self) -> None:
        self.first, self.second = nn.Affine(4, 4), nn.Affine(4, 4)
        self.second.weight = self.first.weight
        self.first.register_buffer("scale", [2.0])
        self.second.register_buffer("scale", self.first.scale)

    def forward(self, x: Any) -> Any:
        return self.second(mg.tanh(self.first(x))) * self.second.scale.data.astype(np.float32)


NAMES = ["first.weight", "first.bias", "second.bias", "first.scale"]


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_shared_parameters_count_once_and_stay_shared(suffix: str, tmp_path: Path) -> None:
    if suffix == ".safetensors":
        pytest.importorskip("safetensors", reason="safetensors, which writes these files, is not installed")
    model, other = Tied(), Tied()
    assert list(model.state_dict()) == NAMES
    assert model.count_parameters() == 16 + 4 + 4
    nn.save(model.state_dict(), tmp_path / f"model{suffix}")
    loaded = nn.load(tmp_path / f"model{suffix}")
    assert sorted(loaded) == sorted(NAMES)
    assert other.load_state_dict(loaded) == ([], [])
    assert other.first.weight is other.second.weight
    assert other.first.scale is other.second.scale
    np.testing.assert_array_equal(other(X).data, model(X).data)


def test_a_shared_parameter_gets_one_gradient_and_one_step() -> None:
    model = Tied()
    model(X).sum().backward()
    gradient = model.first.weight.grad
    assert gradient is not None
    apart = Tied()
    apart.load_state_dict(model.state_dict())
    apart.second.weight = nn.Parameter(apart.first.weight.data)
    apart(X).sum().backward()
    assert apart.first.weight.grad is not None
    assert apart.second.weight.grad is not None
    total = apart.first.weight.grad.data + apart.second.weight.grad.data
    np.testing.assert_allclose(gradient.data, total, rtol=1e-5, atol=1e-6)
    before = model.first.weight.data.copy()
    nn.SGD(model.parameters(), lr=0.5).step()
    np.testing.assert_allclose(model.second.weight.data, before - 0.5 * gradient.data, rtol=1e-6)


def test_copies_keep_the_ties_of_their_own() -> None:
    model = Tied()
    twin = copy.deepcopy(model)
    assert twin.first.weight is twin.second.weight
    assert twin.first.weight is not model.first.weight
    again = pickle.loads(pickle.dumps(model))
    assert again.first.weight is again.second.weight


# ---------------------------------------------------------------------------------------------------- conversion
@pytest.mark.parametrize("dtype", [np.float64, np.float16])
@pytest.mark.parametrize("make", [lambda p: nn.SGD(p, lr=0.1, momentum=0.9), lambda p: nn.Adam(p, lr=0.1)])
def test_conversion_keeps_ties_and_optimizers(dtype: Any, make: Any) -> None:
    model = Tied()
    optimizer = make(model.parameters())
    model(X).sum().backward()
    optimizer.step()
    weight, values = model.first.weight, model.first.weight.data.copy()
    gradient = weight.grad.data.copy()
    assert model.to(dtype) is model
    assert model.first.weight is model.second.weight is weight
    assert model.first.scale is model.second.scale
    assert {t.dtype for t in (*model.parameters(), model.first.scale)} == {np.dtype(dtype)}
    np.testing.assert_array_equal(weight.data, values.astype(dtype))
    np.testing.assert_array_equal(weight.grad.data, gradient.astype(dtype))
    model.zero_grad()
    loss = (model.second(mg.tanh(model.first(X.astype(dtype)))) ** 2).mean()
    assert loss.dtype == dtype
    loss.backward()
    assert weight.grad.dtype == dtype
    optimizer.step()
    assert weight.dtype == dtype
    moved = weight.data - values.astype(dtype)
    assert np.isfinite(moved).all()
    assert (moved != 0).any()


def test_conversion_leaves_integers_and_refuses_them() -> None:
    model = nn.Sequential(nn.Affine(2, 2), nn.BatchNorm1d(2))
    model[0].requires_grad_(False)
    model.to("float16")
    dtypes = {name: value.dtype for name, value in model.state_dict().items()}
    assert dtypes.pop("1.num_batches_tracked") == np.int64
    assert set(dtypes.values()) == {np.dtype(np.float16)}
    assert [p.requires_grad for p in model.parameters()] == [False, False, True, True]
    with pytest.raises(TypeError, match=r"Sequential\.to: parameters are floating numbers, so cannot become int64"):
        model.to(int)


def test_what_was_recorded_before_a_conversion_raises() -> None:
    model = nn.Sequential(nn.Affine(4, 3), nn.Affine(3, 2))
    loss = model(X).sum()
    model.to(np.float64)
    with pytest.raises(RuntimeError, match="weight"):
        loss.backward()


# --------------------------------------------------------------------------------------------------------- hooks
def test_forward_hooks_see_and_replace_outputs() -> None:
    model = nn.Sequential(nn.Affine(4, 3), nn.ReLU())
    seen: list[Any] = []

    def look(module: nn.Module, args: Any, output: Any) -> None:
        seen.append((module, args[0].shape, output))

    first = model[1].register_forward_hook(look)
    second = model[1].register_forward_hook(lambda module, args, output: output * 2)
    plain = np.maximum(model[0](X).data, 0)
    out = model(X)
    np.testing.assert_array_equal(out.data, plain * 2)
    ((module, shape, output),) = seen
    assert module is model[1]
    assert shape == (5, 3)
    np.testing.assert_array_equal(output.data, plain)
    second.remove()
    second.remove()
    np.testing.assert_array_equal(model(X).data, plain)
    first.remove()
    model(X)
    assert len(seen) == 2


def test_forward_hooks_with_keywords_removal_inside_and_errors() -> None:
    layer = nn.Lambda(lambda x, times: x * times)
    seen = []

    def once(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        seen.append((args, kwargs))
        handle.remove()

    handle = layer.register_forward_hook(once, with_kwargs=True)
    for times in (2, 3):
        layer(mg.Tensor([1.0]), times=times)
    assert [kwargs for _, kwargs in seen] == [{"times": 2}]
    with pytest.raises(TypeError, match="register_forward_hook: expected a function, got int"):
        layer.register_forward_hook(3)  # type: ignore[arg-type]

    def fail(*_: Any) -> None:
        raise ValueError("no")

    layer.register_forward_hook(fail)
    with pytest.raises(ValueError, match="no") as caught:
        layer(1.0, times=1)
    assert caught.value.__notes__ == ["in Lambda(<lambda>)"]


def test_hooks_belong_to_one_module() -> None:
    a, b = nn.ReLU(), nn.ReLU()
    calls = []
    a.register_forward_hook(lambda *_: calls.append("a"))
    b(X)
    assert calls == []
    copy.deepcopy(a)(X)
    assert calls == ["a"]


def test_what_a_hook_computes_belongs_to_the_module_in_the_graph() -> None:
    model = nn.Affine(4, 3)
    model.register_forward_hook(lambda module, args, output: output * 2)
    out = model(X)
    assert out.node is not None
    assert out.node.op.name == "multiply"
    assert [scope.label for scope in extra_of(out.node).scopes] == ["Affine(4, 3)"]
    out.sum().backward()
    assert model.bias is not None
    assert model.bias.grad is not None
    assert (model.bias.grad.data == 10).all()


def test_frozen_parameters_are_saved_and_not_moved() -> None:
    model = nn.Sequential(nn.Affine(4, 3), nn.Affine(3, 2))
    model[0].requires_grad_(False)
    assert model.count_parameters() == 15 + 8
    assert model.count_parameters(trainable=True) == 8
    optimizer = nn.Adam(model.parameters(), lr=0.1)
    before = model.state_dict()
    model(X).sum().backward()
    optimizer.step()
    after = model.state_dict()
    assert list(after) == list(before)
    assert [bool((after[name] != before[name]).any()) for name in before] == [False, False, True, True]
    model.requires_grad_()
    model(X).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
