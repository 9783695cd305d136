"""The graph: backward and grad as in torch.autograd, hooks, accumulation, freeing."""

import contextlib
import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.nn import functional as F


@pytest.fixture
def no_gc() -> Iterator[None]:
    """Reference counting alone."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(*values: float) -> Tensor:
    return Tensor(list(values), requires_grad=True)


# --------------------------------------------------------------------------------------------- backward and grad
def test_backward_accumulates_in_the_leaves_only() -> None:
    x = leaf(1.0, 2.0)
    y = x * x
    y.sum().backward()
    y2 = (x * 3).sum()
    y2.backward()
    assert x.grad.tolist() == [5.0, 7.0]
    assert y.grad is None
    assert y2.grad is None


def test_a_node_used_twice_sums_its_paths() -> None:
    x = leaf(3.0)
    a = x * x
    assert len(a.node.edges) == 2
    (a * a + a).sum().backward()
    assert x.grad.tolist() == [4 * 27.0 + 6.0]


def test_the_upstream_gradient_weights_the_outputs() -> None:
    x = leaf(1.0, 2.0)
    (x * x).backward([1.0, 10.0])
    assert x.grad.tolist() == [2.0, 40.0]
    y = x * x
    assert mg.grad(y, x, Tensor([1.0, 0.0]))[0].tolist() == [2.0, 0.0]


def test_grad_of_several_outputs_and_inputs() -> None:
    x, z = leaf(2.0), leaf(3.0)
    h = x * z
    outputs = [h.sum(), (h * h).sum()]
    gx, gz, gh = mg.grad(outputs, [x, z, h], [np.array(1.0), np.array(10.0)], retain_graph=True)
    assert (gx.tolist(), gz.tolist(), gh.tolist()) == ([3 * 121.0], [2 * 121.0], [121.0])
    assert x.grad is None
    assert z.grad is None
    # An input may be an output: its gradient is the upstream one.
    assert mg.grad(h, h, np.array([2.0]))[0].tolist() == [2.0]


def test_allow_unused() -> None:
    x, other = leaf(1.0), leaf(1.0)
    assert mg.grad((x * 2).sum(), [x, other], allow_unused=True)[1] is None
    with pytest.raises(RuntimeError, match=r"do not depend on input 1 .*allow_unused=True"):
        mg.grad((x * 2).sum(), [x, other])


def test_create_graph_gives_every_order() -> None:
    x = leaf(2.0)
    y = (x**5).sum()
    expected = [5 * 16.0, 20 * 8.0, 60 * 4.0, 120 * 2.0, 120.0]
    for value in expected:
        (y,) = mg.grad(y, x, create_graph=True)
        assert y.item() == pytest.approx(value)


def test_backward_with_create_graph_leaves_gradients_that_have_a_graph() -> None:
    x = leaf(3.0)
    (x**3).sum().backward(create_graph=True)
    first, x.grad = x.grad, None
    assert first.requires_grad
    first.sum().backward()
    assert x.grad.tolist() == [18.0]


def test_a_gradient_penalty() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, -1.0)
    (g,) = mg.grad((w * x * x).sum(), x, create_graph=True)
    (g * g).sum().backward()
    assert w.grad.tolist() == [2 * 3.0 * 4.0, 2 * -1.0 * 16.0]


def test_grad_stops_at_the_inputs() -> None:
    x = leaf(2.0)
    h = x * x
    y = (h * h).sum()
    (g,) = mg.grad(y, h)
    assert g.tolist() == [8.0]


# ------------------------------------------------------------------------------------------------------- freeing
def test_a_graph_is_freed_by_its_backward_pass_and_says_so() -> None:
    x = leaf(1.0)
    y = (x * x).sum()
    y.backward()
    for again in (y.backward, lambda: mg.grad(y, x), lambda: (y * 2).backward()):
        with pytest.raises(RuntimeError, match=r"was freed.*retain_graph=True"):
            again()


def test_retain_graph_keeps_it() -> None:
    x = leaf(3.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    mg.grad(y, x, create_graph=True)
    y.backward()
    assert x.grad.tolist() == [18.0]
    with pytest.raises(RuntimeError, match="freed"):
        y.backward()


def test_retain_graph_false_frees_even_with_create_graph() -> None:
    x = leaf(3.0)
    y = (x * x).sum()
    (g,) = mg.grad(y, x, create_graph=True, retain_graph=False)
    assert g.tolist() == [6.0]
    with pytest.raises(RuntimeError, match="freed"):
        y.backward()


@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize("backward", [False, True])
def test_a_graph_dies_with_its_output(backward: bool) -> None:
    x = leaf(1.0, 2.0)
    saved = mg.Tensor([3.0, 4.0], requires_grad=True)
    y = F.softmax_cross_entropy((mg.exp(x) * saved).reshape(1, 2), [1])
    alive = weakref.ref(saved)
    del saved
    assert alive() is not None
    if backward:
        y.backward()
    del y
    assert alive() is None


@pytest.mark.usefixtures("no_gc")
def test_errors_leave_no_graph_behind() -> None:
    x = leaf(1.0, 2.0)
    alive = weakref.ref(x)
    with contextlib.suppress(ValueError):
        x * np.ones(3)
    del x
    assert alive() is None


def chain(length: int) -> None:
    def stack(y: Tensor) -> Tensor:
        for _ in range(length):
            y = y + 1.0
        return y

    x = Tensor(1.0, dtype=np.float32, requires_grad=True)
    alive = weakref.ref(x)
    y = stack(x)
    y.backward(retain_graph=True)
    assert x.grad.item() == 1.0
    assert mg.grad(y, x, create_graph=True)[0].item() == 1.0
    assert mg.func.jvp(stack, [0.0], [2.0])[1].item() == 2.0
    del x, y
    assert alive() is None


@pytest.mark.usefixtures("no_gc")
def test_a_chain_of_100_000_ops_is_swept_and_freed_without_recursion() -> None:
    chain(100_000)


@pytest.mark.slow
@pytest.mark.usefixtures("no_gc")
def test_a_chain_of_1_000_000_ops_is_swept_and_freed_without_recursion() -> None:
    chain(1_000_000)


def test_a_deep_chain_of_gradients_is_freed_without_recursion() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(20_000):
        y = mg.sin(y)
    (g,) = mg.grad(y.sum(), x, create_graph=True)
    mg.grad(g.sum(), x, retain_graph=True)
    pushed = mg.func.jvp(lambda t: g * t, [x], [[1.0]])[1]
    assert pushed.item() == pytest.approx(g.item())


# ------------------------------------------------------------------------------------------------- accumulation
def test_what_the_user_holds_is_never_changed() -> None:
    x = leaf(1.0, 2.0)
    upstream = np.ones(2)
    (x + 0.0).backward(upstream)
    held = x.grad
    assert not np.shares_memory(held.data, upstream)
    (x * 3).sum().backward()
    assert held.tolist() == [1.0, 1.0]
    assert x.grad.tolist() == [4.0, 4.0]
    assert upstream.tolist() == [1.0, 1.0]


def test_leaves_of_one_sum_get_gradients_of_their_own() -> None:
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (x + y).sum().backward()
    assert not np.shares_memory(x.grad.data, y.grad.data)
    x.grad.data[0] = 9.0
    assert y.grad.tolist() == [1.0, 1.0]
    a, b = mg.grad((x + y).sum(), [x, y])
    assert not np.shares_memory(a.data, b.data)
    for g in (x.grad, y.grad, a, b):
        assert g.data.base is None


def test_zero_d_gradients_accumulate_as_arrays() -> None:
    x = Tensor(2.0, requires_grad=True)
    for _ in range(2):
        (x * x).backward()
    assert type(x.grad.data) is np.ndarray
    assert x.grad.item() == 8.0


def test_grad_can_be_set_and_cleared() -> None:
    x = leaf(1.0, 2.0)
    x.grad = Tensor([5.0, 5.0])
    x.sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]
    x.grad = None
    x.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


# ---------------------------------------------------------------------------------------------------------- hooks
def test_hooks_see_and_replace_gradients_and_can_be_removed() -> None:
    x = leaf(3.0)
    seen = []
    h = x * x
    handle = h.register_hook(lambda g: seen.append(g.item()))
    h.register_hook(lambda g: g * 10)
    top = h.register_hook(lambda g: seen.append(g.item()))
    y = (h * 2).sum()
    y.backward(retain_graph=True)
    assert seen == [2.0, 20.0]
    assert x.grad.tolist() == [120.0]
    handle.remove()
    top.remove()
    top.remove()
    x.register_hook(lambda g: -g)
    x.grad = None
    y.backward()
    assert seen == [2.0, 20.0]
    assert x.grad.tolist() == [-120.0]


def test_a_leaf_hook_runs_once_on_the_total_of_a_pass() -> None:
    x = leaf(3.0)
    seen = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    (x * x + x).sum().backward()
    assert seen == [[7.0]]
    assert mg.grad((x * 2).sum(), x)[0].tolist() == [2.0]
    assert seen == [[7.0], [2.0]]


def test_what_a_hook_keeps_stays_as_it_was() -> None:
    x = leaf(1.0, 1.0)
    kept = []
    h = x * 1.0
    h.register_hook(kept.append)
    (h + h * 2).sum().backward()
    before = kept[0].tolist()
    x.grad.data[...] = 99.0
    (x * 5).sum().backward()
    assert kept[0].tolist() == before == [3.0, 3.0]


def test_hooks_with_create_graph_get_gradients_that_have_a_graph() -> None:
    x = leaf(2.0)
    h = x * x
    handle = h.register_hook(lambda g: g * h)
    (g,) = mg.grad((h * 3).sum(), x, create_graph=True)
    assert g.item() == 3 * 4.0 * 2 * 2.0
    handle.remove()  # or it would run in the pass through g, too
    assert mg.grad(g, x)[0].item() == pytest.approx(18 * 4.0)


def test_a_retained_gradient_is_what_the_hook_made_of_it() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    h = x * 2
    h.retain_grad()
    h.register_hook(lambda g: g * 10)
    for total in (1, 2):
        (h * h).sum().backward(retain_graph=True)
        assert isinstance(h.grad.data, np.ndarray)
        assert h.grad.tolist() == [total * 40.0, total * 80.0]
    assert x.grad.tolist() == [160.0, 320.0]


def test_retain_grad() -> None:
    x = leaf(2.0)
    h = x * x
    h.retain_grad()
    h.retain_grad()
    y = (h * 3).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert h.grad.tolist() == [6.0]
    x.retain_grad()
    assert x.grad.tolist() == [24.0]


@pytest.mark.usefixtures("no_gc")
def test_retained_tensors_do_not_live_longer_for_it() -> None:
    x = leaf(2.0)
    h = x * x
    h.retain_grad()
    y = h.sum()
    alive = weakref.ref(h)
    del h
    assert alive() is None
    y.backward()
    assert x.grad.tolist() == [4.0]


# ---------------------------------------------------------------------------------------------------- properties
def test_leaves_results_and_constants() -> None:
    x, c = leaf(1.0), Tensor(1.0)
    y = x * c
    assert (x.is_leaf, c.is_leaf, y.is_leaf) == (True, True, False)
    assert (x.requires_grad, c.requires_grad, y.requires_grad) == (True, False, True)
    assert y.detach().is_leaf
    assert np.shares_memory(y.detach().data, y.data)
    assert repr(y.node) == "<Node multiply (1,) float64>"
    c.requires_grad = True
    (x * c).sum().backward()
    assert c.grad.item() == 1.0
    c.requires_grad = False
    assert not (c * 2).requires_grad


def test_nodes_save_what_their_rules_read_and_nothing_else() -> None:
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    assert [values for _, _, values in (a + b).node.edges] == [(), ()]
    edges = (a * b).node.edges
    assert edges[0][2][0] is b.data
    assert edges[1][2][0] is a.data
    constant = (a * b.detach()).node.edges
    assert len(constant) == 1
    y = mg.exp(a)
    assert y.node.edges[0][2][0] is y.data
