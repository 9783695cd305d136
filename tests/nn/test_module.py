"""Modules: what they register, name, save, load and leave in the graph."""

import copy
import gc
import pickle
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.graph import Node


class Net(nn.Module):
    """Two layers, a parameter and a buffer."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.scale = nn.Parameter([1.0])
        self.hidden = nn.Affine(4, 3, rng=rng)
        self.out = nn.Affine(3, 2, rng=rng)
        self.register_buffer("count", 0)

    def forward(self, x: Any) -> Any:
        return self.out(mg.tanh(self.hidden(x))) * self.scale


NAMES = ["scale", "hidden.weight", "hidden.bias", "out.weight", "out.bias"]
X = np.linspace(-1, 1, 20, dtype=np.float32).reshape(5, 4)


# ------------------------------------------------------------------------------------------------- registration
def test_attributes_register() -> None:
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [name for name, _ in net.named_modules()] == ["", "hidden", "out"]
    assert [name for name, _ in net.named_children()] == ["hidden", "out"]
    assert list(net.children()) == [net.hidden, net.out]
    assert next(iter(net.modules())) is net
    assert [name for name, _ in net.named_buffers()] == ["count"]
    assert net.hidden.weight.name == "weight"


def test_replacing_and_deleting() -> None:
    net = Net()
    net.hidden = nn.Affine(4, 3, bias=False)
    assert [name for name, _ in net.named_parameters()] == ["scale", "hidden.weight", "out.weight", "out.bias"]
    del net.scale
    net.out.bias = None
    assert [name for name, _ in net.named_parameters()] == ["hidden.weight", "out.weight"]


def test_a_shared_parameter_counts_once() -> None:
    a, b = nn.Affine(2, 2), nn.Affine(2, 2)
    b.weight = a.weight
    model = nn.Sequential(a, b, a)
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "1.bias"]
    assert len(list(model.modules())) == 3
    assert len(model) == 3


def test_a_module_that_holds_its_owner_does_not_loop() -> None:
    net = Net()
    net.hidden.owner = net
    assert len(list(net.modules())) == 3
    assert len(list(net.parameters())) == 5


def test_super_init_may_be_forgotten_or_called() -> None:
    class Calls(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter([1.0])

    assert len(list(Calls().parameters())) == 1
    assert Calls().training


@pytest.mark.parametrize(
    "value", [[nn.ReLU()], (nn.Parameter([1.0]),), {"a": nn.ReLU()}], ids=["list", "tuple", "dict"]
)
def test_what_would_not_be_found_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"Net\.parts: a \w+ inside of a \w+ would not be found.*ModuleList"):
        Net().parts = value


def test_a_list_of_what_is_registered_is_allowed() -> None:
    net = Net()
    net.order = [net.out, net.hidden]
    assert [name for name, _ in net.named_parameters()] == NAMES


def test_a_parameter_is_not_overwritten_by_mistake() -> None:
    net = Net()
    with pytest.raises(TypeError, match=r"Net\.scale is a Parameter .* ndarray of shape \(1,\).*assign"):
        net.scale = np.ones(1)
    with pytest.raises(TypeError, match=r"Net\.hidden is a Module"):
        net.hidden = mg.relu
    with pytest.raises(TypeError, match=r"Net\.count is a buffer"):
        net.count = 3
    with pytest.raises(ValueError, match="without a dot"):
        setattr(net, "a.b", nn.ReLU())
    with pytest.raises(ValueError, match="there is an attribute 'hidden' already"):
        net.register_buffer("hidden", 0)


def test_parameter_dtypes() -> None:
    assert nn.Parameter(np.ones(2)).dtype == np.float32
    assert nn.Parameter(np.ones(2), dtype=np.float64).dtype == np.float64
    assert nn.Parameter(np.ones(2, np.float16), dtype=np.float16).dtype == np.float16
    with pytest.raises(TypeError, match=r"expected floating numbers, got int64 of shape \(2,\)"):
        nn.Parameter([1, 2])
    source = np.ones(2, np.float32)
    nn.Parameter(source).assign([5.0, 5.0])
    assert source.tolist() == [1.0, 1.0]


# -------------------------------------------------------------------------------------------- what all get done
def test_train_and_eval() -> None:
    net = Net()
    assert net.eval() is net
    assert [module.training for module in net.modules()] == [False] * 3
    assert all(module.training for module in net.train().modules())
    with pytest.raises(TypeError, match="expected True or False, got 1"):
        net.train(1)  # type: ignore[arg-type]


def test_freezing() -> None:
    net = Net()
    net.hidden.requires_grad_(False)
    net(X).sum().backward()
    assert [p.grad is not None for p in net.parameters()] == [True, False, False, True, True]
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_apply_goes_from_the_parts_to_the_whole() -> None:
    seen: list[nn.Module] = []
    net = Net()
    assert net.apply(seen.append) is net
    assert seen == [net.out, net.hidden, net]


def test_hooks_on_parameters() -> None:
    net = Net()
    net(X).sum().backward()
    plain = net.hidden.weight.grad.data.copy()
    net.zero_grad()
    handle = net.hidden.weight.register_hook(lambda g: g * 2)
    net(X).sum().backward()
    np.testing.assert_array_equal(net.hidden.weight.grad.data, 2 * plain)
    handle.remove()


def test_no_forward() -> None:
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="Empty defines no forward"):
        Empty()()


def test_errors_name_the_modules_they_passed_through() -> None:
    model = nn.Sequential(first=nn.Affine(4, 3), inner=nn.Sequential(nn.Affine(7, 2)))
    with pytest.raises(ValueError, match=r"Affine\(7, 2\): expected input of shape \(n, 7\), got \(5, 3\)") as caught:
        model(X)
    assert caught.value.__notes__ == ["in 0: Affine(7, 2)", "in inner: Sequential", "in Sequential"]


def test_repr() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            self.body = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU())

        def extra_repr(self) -> str:
            return "times=2"

    assert repr(Scaled()) == (
        "Scaled(\n  times=2\n  (body): Sequential(\n    (0): Conv2d(1, 2, 3, padding=1)\n    (1): ReLU()\n  )\n)"
    )


def test_copies_are_independent() -> None:
    net = Net()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert [name for name, _ in other.named_parameters()] == NAMES
        np.testing.assert_array_equal(other(X).data, net(X).data)
        other.scale.assign([7.0])
        assert net.scale.item() == 1


# -------------------------------------------------------------------------------------------------------- state
def test_state_is_a_copy() -> None:
    net = Net()
    state = net.state_dict()
    assert list(state) == [*NAMES, "count"]
    net.scale.assign([5.0])
    assert state["scale"].tolist() == [1.0]
    assert net.load_state_dict(state) == ([], [])
    assert net.scale.item() == 1
    state["scale"][0] = 9
    assert net.scale.item() == 1


def faulty(change: dict[str, Any]) -> dict[str, Any]:
    state = {name: value + 1 for name, value in Net().state_dict().items()}
    for name, value in change.items():
        if value is None:
            del state[name]
        else:
            state[name] = value
    return state


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        ({"scale": None, "out.bias": None}, ["missing: 'scale', 'out.bias'"]),
        ({"extra": np.ones(1)}, ["unexpected: 'extra'"]),
        ({"out.bias": np.ones(3, np.float32)}, [r"'out.bias': expected shape \(2,\), got \(3,\)"]),
        ({"out.bias": np.ones(2)}, ["'out.bias': expected dtype float32, got float64"]),
        (
            {"scale": None, "extra": 1.0, "out.weight": np.ones((2, 3), np.float32)},
            ["missing: 'scale'", "unexpected: 'extra'", "'out.weight': expected shape"],
        ),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change: dict[str, Any], messages: list[str]) -> None:
    net = Net()
    before = net.state_dict()
    for message in messages:
        with pytest.raises(ValueError, match=message):
            net.load_state_dict(faulty(change))
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name], strict=True)


def test_names_may_differ_where_it_is_asked_for() -> None:
    net = Net()
    keys = net.load_state_dict(faulty({"scale": None, "extra": np.ones(1)}), strict=False)
    assert keys == (["scale"], ["extra"])
    assert net.scale.item() == 1
    assert int(net.count) == 1
    with pytest.raises(ValueError, match="expected shape"):
        net.load_state_dict({"scale": np.ones(2, np.float32)}, strict=False)
    with pytest.raises(TypeError, match="a state is a mapping from names to arrays, not list"):
        net.load_state_dict([1])  # type: ignore[arg-type]


def test_layers_can_be_swapped_through_their_own_arrays() -> None:
    net = nn.Sequential(nn.Affine(2, 2), nn.Affine(2, 2))
    own = dict(net.named_parameters())
    before = net.state_dict()
    swapped = {name: own[f"{1 - int(name[0])}{name[1:]}"] for name in own}
    net.load_state_dict(swapped)
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[f"{1 - int(name[0])}{name[1:]}"])


def test_loading_between_forward_and_backward_raises() -> None:
    net = Net()
    loss = net(X).sum()
    net.load_state_dict(net.state_dict())
    with pytest.raises(RuntimeError, match="was written to after the forward pass"):
        loss.backward()


# -------------------------------------------------------------------------------------------------------- graph
def scopes(tensor: mg.Tensor) -> list[str]:
    assert tensor.node is not None
    return [scope.label for scope in tensor.node.extra.scopes] if tensor.node.extra else []


def test_calls_are_marked_in_the_graph() -> None:
    class Outer(nn.Module):
        def __init__(self) -> None:
            self.net = nn.Sequential(conv1=nn.Conv2d(1, 30, 5), relu=nn.ReLU())

        def forward(self, x: Any) -> Any:
            return self.net(x)

    outer = Outer()
    y = outer(np.zeros((1, 1, 6, 6), np.float32))
    assert scopes(y) == ["relu: ReLU", "net: Sequential", "Outer"]
    assert y.node is not None
    relu, whole, _ = y.node.extra.scopes  # type: ignore[union-attr]
    (conv,) = y.node.inputs
    assert [scope.label for scope in conv.extra.scopes] == ["conv1: Conv2d(1, 30, 5)"]
    assert whole.start < conv.seq < relu.start < y.node.seq
    outer.net[0].stride = 2
    assert scopes(outer.net[0](np.zeros((1, 1, 5, 5), np.float32))) == ["conv1: Conv2d(1, 30, 5, stride=2)"]


def test_what_records_nothing_is_not_marked() -> None:
    class Same(nn.Module):
        def forward(self, x: Any) -> Any:
            return x

    x = mg.Tensor([1.0], requires_grad=True)
    y = x * 2
    assert Same()(y) is y
    assert scopes(y) == []
    with mg.no_grad():
        assert nn.ReLU()(x).node is None


def nodes() -> int:
    return sum(type(o) is Node for o in gc.get_objects())


def test_the_graph_of_a_step_dies_without_the_collector() -> None:
    net = Net()
    optimizer = nn.Adam(net.parameters())
    gc.collect()
    before = nodes()
    gc.disable()
    try:
        for _ in range(3):
            optimizer.zero_grad()
            loss = nn.SoftmaxCrossEntropy()(net(X), [0, 1, 0, 1, 0])
            assert nodes() > before
            loss.backward()
            optimizer.step()
            del loss
            assert nodes() == before
        loss = net(X).sum()  # never swept
        del loss
        assert nodes() == before
    finally:
        gc.enable()


# --------------------------------------------------------------------------------------------------- containers
def test_sequential() -> None:
    relu = nn.ReLU()
    model = nn.Sequential(nn.Affine(4, 3), relu, out=nn.Affine(3, 2))
    assert model[-1] is model.out
    assert model[1] is relu
    assert list(model) == [model[0], relu, model.out]
    assert model[1:](model[0](X)).tolist() == model(X).tolist()
    assert [name for name, _ in model[1:].named_children()] == ["1", "out"]
    model[1] = nn.Tanh()
    assert [name for name, _ in model.named_children()] == ["0", "1", "out"]
    assert isinstance(model[1], nn.Tanh)
    model.append(nn.Sigmoid())
    assert [name for name, _ in model.named_children()] == ["0", "1", "out", "3"]
    assert nn.Sequential()(X) is X
    with pytest.raises(IndexError, match="index 4 is out of range for 4 modules"):
        model[4]
    with pytest.raises(TypeError, match="expected a Module, got function"):
        nn.Sequential(mg.relu)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected a Module, got int"):
        model[0] = 3  # type: ignore[assignment]
    with pytest.raises(ValueError, match="the name 'forward' is taken"):
        nn.Sequential(forward=nn.ReLU())


def test_module_list() -> None:
    layers = nn.ModuleList([nn.Affine(2, 2), nn.Affine(2, 2)])
    layers.append(nn.ReLU())
    assert len(layers) == 3
    assert len(layers[:2]) == 2
    assert [name for name, _ in layers.named_parameters()] == ["0.weight", "0.bias", "1.weight", "1.bias"]
