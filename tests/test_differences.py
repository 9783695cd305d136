"""Every difference from NumPy and PyTorch that the tutorials list is there: a row without its check fails."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import linalg, nn
from minigrad.nn import functional as F
from minigrad.testing import check_grad
from minigrad.testing.policy import POINTS

TUTORIALS = Path(__file__).parents[1] / "docs" / "tutorials"
A = np.array([[2.0, 0.5], [0.5, 1.0]])
NAN = np.full(3, np.nan)


def leaf(values: Any = (1.0, 2.0)) -> mg.Tensor:
    return mg.Tensor(values, requires_grad=True)


def refused(call: Callable[[], Any], message: str, error: type[Exception] | tuple[type[Exception], ...]) -> None:
    with pytest.raises(error, match=message):
        call()


def gradient(function: Callable[[Any], Any], values: Any) -> Any:
    x = leaf(values)
    return mg.grad(function(x).sum(), x)[0].tolist()


# ---------------------------------------------------------------------------------------------------------- NumPy
def no_out_where_initial() -> None:
    x = leaf()
    refused(lambda: np.sum(x, out=np.zeros(())), "out=", TypeError)
    refused(lambda: np.sum(x, where=np.array([True, False])), "where", TypeError)
    refused(lambda: np.sum(x, initial=1.0), "initial", TypeError)
    refused(lambda: mg.exp(x, out=np.zeros(2)), "out", TypeError)


def keepdims_by_name() -> None:
    refused(lambda: mg.sum(leaf(), 0, True), "by name", TypeError)
    refused(lambda: mg.std(leaf(), 0, None, 1), "positional", TypeError)


def a_new_tensor_of_put_along_axis() -> None:
    x = leaf()
    assert mg.put_along_axis(x, np.array([0]), 5.0, 0).tolist() == [5.0, 2.0]
    assert x.tolist() == [1.0, 2.0]
    refused(lambda: np.put_along_axis(x, np.array([0]), 5.0, 0), "writes into its argument", TypeError)


def no_methods_that_write() -> None:
    for name in ("sort", "partition", "fill", "put"):
        assert hasattr(np.ndarray, name)
        assert not hasattr(mg.Tensor, name)


def no_labels_in_lists() -> None:
    refused(lambda: np.einsum(leaf(A), [0, 1], [1, 0]), "string|str", TypeError)


def no_short_cross() -> None:
    refused(lambda: np.cross(leaf(), leaf()), "3", ValueError)


def no_full_svd() -> None:
    refused(lambda: np.linalg.svd(leaf(np.ones((3, 2)))), "full_matrices=False", ValueError)
    assert len(np.linalg.svd(leaf(A))) == 3


def no_hermitian_svd() -> None:
    refused(lambda: np.linalg.svd(leaf(A), hermitian=True), "eigh", (TypeError, ValueError))


def no_complete_qr() -> None:
    refused(lambda: np.linalg.qr(leaf(np.arange(6.0).reshape(3, 2)), "complete"), "reduced", ValueError)


def no_raw_qr() -> None:
    refused(lambda: np.linalg.qr(leaf(A), "raw"), "raw", ValueError)


def float32_vander() -> None:
    x = np.array([1.0, 2.0], np.float32)
    assert np.vander(x).dtype == np.float64
    assert mg.vander(x).dtype == np.float32


def no_condition_of_singular_matrices() -> None:
    singular = np.ones((2, 2))
    assert np.linalg.cond(singular) > 1e15
    refused(lambda: linalg.cond(leaf(np.zeros((2, 2)))), "singular", (ValueError, linalg.LinAlgError))


def gradients_of_the_symmetric_part() -> None:
    lower = np.tril(A)
    for function in (linalg.cholesky, linalg.eigvalsh, lambda a: linalg.eigh(a)[0]):
        assert np.allclose(function(lower).data, function(A).data)
        g = np.array(gradient(lambda a, f=function: f(a) * [1.0, 3.0], A))
        np.testing.assert_allclose(g, g.T)
        check_grad(lambda a, f=function: f((a + a.T) / 2), A)


def errors_of_empty_means() -> None:
    for function in (mg.mean, mg.median, mg.max, mg.nanmax):
        refused(lambda f=function: f(np.zeros(0)), "nothing to", ValueError)


def nan_without_warning() -> None:
    for function in (mg.nanmax, mg.nanmean):  # warnings are errors here
        assert np.isnan(function(NAN).item())
    assert np.isnan(mg.nanmean(np.zeros(0)).item())


def no_complex_numbers() -> None:
    refused(lambda: mg.Tensor([1j]), "complex", TypeError)


NUMPY = {
    "`out=`, `where=`, `initial=`": no_out_where_initial,
    "`keepdims`, `ddof` by position": keepdims_by_name,
    "`np.put_along_axis(x, ...)` writes into `x`": a_new_tensor_of_put_along_axis,
    "`x.sort()`, `x.partition(k)`, `x.fill(v)`, `x.put(i, v)` write into `x`": no_methods_that_write,
    "`np.einsum(x, [0, 1], ...)` with lists of labels": no_labels_in_lists,
    "`np.cross` of vectors of length 2": no_short_cross,
    "`np.linalg.svd(x)` has `full_matrices=True`": no_full_svd,
    "`np.linalg.svd(x, hermitian=True)`": no_hermitian_svd,
    '`np.linalg.qr(x, "complete")`, more rows than columns': no_complete_qr,
    '`np.linalg.qr(x, "raw")`': no_raw_qr,
    "`np.vander(float32)` is float64": float32_vander,
    "`np.linalg.cond` of a singular matrix is infinite": no_condition_of_singular_matrices,
    "`cholesky`, `eigh`, `eigvalsh` read the lower triangle": gradients_of_the_symmetric_part,
    "`mean`, `median` of no elements: NaN and a warning": errors_of_empty_means,
    "`nanmax` of NaN only, `nanmean` of NaN only or of no elements: NaN and a warning": nan_without_warning,
    "complex numbers": no_complex_numbers,
}


# -------------------------------------------------------------------------------------------------------- PyTorch
def numpys_names() -> None:
    assert np.concatenate([leaf(), leaf()], axis=0).shape == (4,)
    assert not hasattr(mg, "cat")
    assert mg.sum(A, axis=0, keepdims=True).shape == (1, 2)
    refused(lambda: mg.sum(A, dim=0), "dim", TypeError)


def transposed() -> None:
    assert leaf(np.ones((2, 3))).transpose(1, 0).shape == (3, 2)
    assert not hasattr(mg.Tensor, "permute")


def float64_tensors() -> None:
    assert mg.Tensor(1.0).dtype == np.float64


def float32_parameters() -> None:
    rng = np.random.default_rng(0)
    assert {p.dtype for p in nn.Affine(2, 3, rng=rng).parameters()} == {np.dtype(np.float32)}
    assert {p.dtype for p in nn.Affine(2, 3, rng=rng, dtype=float).parameters()} == {np.dtype(float)}


def deviation_over_n() -> None:
    assert leaf().std().item() == 0.5
    assert leaf().std(ddof=1).item() == pytest.approx(0.5**0.5)


def values_alone() -> None:
    assert leaf(A).max(0).tolist() == [2.0, 1.0]
    assert leaf(A).argmax(0).tolist() == [0, 1]


def median_between() -> None:
    assert mg.median([1.0, 2.0]).item() == 1.5


def cummax_alone() -> None:
    assert mg.cummax([1.0, 3.0, 2.0], 0).tolist() == [1.0, 3.0, 3.0]


def numpys_reductions() -> None:
    assert not hasattr(mg.Tensor, "amax")
    assert leaf(A).max(1, keepdims=True).shape == (2, 1)


def data_is_the_array() -> None:
    x = mg.Tensor([1.0])
    assert isinstance(x.data, np.ndarray)
    assert x.numpy() is x.data or np.shares_memory(x.numpy(), x.data)


def numpys_protocols() -> None:
    assert isinstance(np.exp(leaf()), mg.Tensor)
    assert isinstance(mg.exp(np.ones(2)), mg.Tensor)


def affine_layout() -> None:
    layer = nn.Affine(2, 3, rng=np.random.default_rng(0))
    assert (2, 3) in {p.shape for p in layer.parameters()}
    assert F.linear(np.ones((1, 2)), np.ones((3, 2))).shape == (1, 3)
    assert not hasattr(nn, "Linear")


def loss_of_logits() -> None:
    assert not hasattr(nn, "CrossEntropyLoss")
    assert nn.SoftmaxCrossEntropy()(mg.Tensor([[0.0, 0.0]]), np.array([1])).item() == pytest.approx(np.log(2))


def windows_end_at_the_border() -> None:
    refused(lambda: F.max_pool2d(np.ones((1, 1, 3, 3)), 2), "do not end at the border", ValueError)
    assert F.max_pool2d(np.ones((1, 1, 3, 3)), 2, floor=True).shape == (1, 1, 1, 1)


def output_padding_below_the_stride() -> None:
    x, w = np.ones((1, 1, 3)), np.ones((1, 1, 2))
    refused(lambda: F.conv_transpose1d(x, w, output_padding=1, dilation=2), "smaller than the stride", ValueError)


def no_broadcasting_losses() -> None:
    refused(lambda: F.mse_loss(np.ones((3, 1)), np.ones(3)), r"\(3, 1\).*\(3,\)", ValueError)


def batch_first() -> None:
    for layer in (nn.RNN, nn.LSTM, nn.GRU):
        assert layer(3, 4)(np.ones((5, 7, 3), np.float32))[0].shape == (5, 7, 4)


def recurrent_layout() -> None:
    assert nn.LSTM(3, 4).weight_ih_l0.shape == (3, 16)
    assert nn.MultiHeadAttention(4, 2).in_proj_weight.shape == (4, 12)


def attention_alone() -> None:
    layer, x = nn.MultiHeadAttention(4, 2), np.ones((1, 3, 4), np.float32)
    assert layer(x, x, x).shape == (1, 3, 4)
    output, weights = layer(x, x, x, need_weights=True)
    assert (output.shape, weights.shape) == ((1, 3, 4), (1, 3, 3))


def recurrent_biases() -> None:
    assert not any(p.data.any() for name, p in nn.GRU(3, 4).named_parameters() if "bias" in name)


def settings_of_groups() -> None:
    optimizer = nn.SGD([{"params": [nn.Parameter([1.0])]}, {"params": [nn.Parameter([1.0])], "lr": 0.5}], lr=0.1)
    assert [group.lr for group in optimizer.groups] == [0.1, 0.5]
    optimizer.lr = 0.2
    assert [group.lr for group in optimizer.groups] == [0.2, 0.2]
    with pytest.raises(ValueError, match="lr"):
        optimizer.groups[0].lr = -1.0


def schedules_are_functions() -> None:
    cosine = nn.schedules.Cosine(10)
    assert [cosine(0), cosine(5), cosine(10), cosine(20)] == pytest.approx([1.0, 0.5, 0.0, 0.0])
    optimizer = nn.SGD([nn.Parameter([1.0])], lr=0.1)
    nn.Scheduler(optimizer, cosine).step()
    assert optimizer.lr == pytest.approx(0.1 * cosine(1))


def clipping_nothing() -> None:
    parameters = [nn.Parameter([1.0, 2.0])]
    parameters[0].grad = mg.Tensor(np.array([np.nan, 3.0], np.float32))
    assert np.isnan(nn.clip_grad_norm_(parameters, 1.0))
    np.testing.assert_array_equal(parameters[0].grad.data, np.array([np.nan, 3.0], np.float32))


def scaled_in_two_calls() -> None:
    model = nn.MixedPrecision(nn.Affine(2, 1, rng=np.random.default_rng(0)))
    optimizer, scaler = nn.SGD(model.parameters(), lr=0.1), nn.GradScaler()
    before = {name: p.data.copy() for name, p in model.named_parameters()}
    scaler.backward((model(np.ones((3, 2), np.float32)) ** 2).sum())
    scaler.step(optimizer)
    for name, p in model.named_parameters():
        assert p.dtype == np.float32
        assert (p.data != before[name]).all()


def divergence_of_the_batch() -> None:
    p, q = np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([[0.25, 0.75], [0.5, 0.5]])
    assert nn.KLDivLoss()(np.log(q), p).item() == pytest.approx((p * np.log(p / q)).sum() / 2)


def wide_state() -> None:
    p = nn.Parameter([1.0], dtype=np.float16)
    optimizer = nn.Adam([p], lr=0.1)
    (p * p).sum().backward()
    optimizer.step()
    assert {v.dtype for name, v in optimizer.state_dict().items() if name.endswith(("mean", "square"))} == {
        np.dtype(np.float32)
    }
    assert p.dtype == np.float16


def clip_at_a_bound() -> None:
    assert gradient(lambda x: mg.clip(x, 0.0, 1.0), [0.0, 0.5, 1.0]) == [0.0, 1.0, 0.0]


def shared_maximum() -> None:
    assert gradient(lambda x: x.max(0), [1.0, 1.0]) == [0.5, 0.5]


def logsumexp_of_nothing() -> None:
    assert gradient(mg.logsumexp, [-np.inf, -np.inf]) == [0.5, 0.5]


def logsumexp_of_infinity() -> None:
    assert gradient(mg.logsumexp, [np.inf, 0.0]) == [1.0, 0.0]


def matrix_norms_at_ties() -> None:
    np.testing.assert_allclose(gradient(lambda a: linalg.norm(a, "nuc"), np.zeros((2, 2))), np.zeros((2, 2)))
    np.testing.assert_allclose(gradient(lambda a: linalg.norm(a, 2), np.eye(2)), np.eye(2) / 2)


def shared_order() -> None:
    weights = np.array([1.0, 3.0])
    assert gradient(lambda x: mg.sort(x) * weights, [2.0, 2.0]) == [2.0, 2.0]
    assert gradient(lambda x: mg.topk(x, 1)[0], [2.0, 2.0]) == [0.5, 0.5]
    assert gradient(lambda x: mg.cummax(x, 0)[1:], [2.0, 2.0]) == [0.5, 0.5]
    assert gradient(lambda x: mg.cummin(x, 0)[1:], [2.0, 2.0]) == [0.5, 0.5]
    assert gradient(mg.median, [2.0, 2.0, 2.0]) == pytest.approx([1 / 3] * 3)


def finite_at_ties() -> None:
    for function in (lambda a: linalg.eigh(a)[1], lambda a: linalg.svd(a)[0]):
        assert np.isfinite(gradient(function, np.eye(2))).all()


def nothing_from_a_branch_not_chosen() -> None:
    with np.errstate(all="ignore"):
        assert gradient(lambda x: mg.where(x > 0, mg.sqrt(x), 0.0), [0.0, 4.0]) == [0.0, 0.25]


def no_writing_operators() -> None:
    x = leaf()
    y = x
    y += 1.0
    assert x.tolist() == [1.0, 2.0]
    assert not [name for name in dir(mg.Tensor) if name.endswith("_") and not name.startswith("_")]


def recorded_set() -> None:
    x = leaf()
    y = x * 2
    y[0] = 0.0
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 2.0]


def assigned() -> None:
    w = leaf()
    loss = (w * w).sum()
    w.assign([3.0, 4.0])
    refused(loss.backward, "written|changed|assign", RuntimeError)


def no_arrays_that_add_tensors() -> None:
    def add() -> None:
        a = np.ones(2)
        a += leaf()

    refused(add, "out=", TypeError)


PYTORCH = {
    "`torch.cat`, `dim=`, `keepdim=`": numpys_names,
    "`x.permute(1, 0)`": transposed,
    "`torch.tensor(1.0)` is float32": float64_tensors,
    "parameters are float32": float32_parameters,
    "`x.std()` divides by n − 1": deviation_over_n,
    "`x.max(dim)` returns values and indices": values_alone,
    "`median` of an even count is the lower of the two": median_between,
    "`cummax(x, dim)` returns values and indices": cummax_alone,
    "`x.amax(dim, keepdim=True)`, `x.std(correction=1)`": numpys_reductions,
    "`x.numpy()` shares memory": data_is_the_array,
    "`torch.exp(array)` fails": numpys_protocols,
    "`nn.Linear(i, o)`, weight (o, i)": affine_layout,
    "`nn.CrossEntropyLoss`": loss_of_logits,
    "windows that do not end at the border are cut off in silence": windows_end_at_the_border,
    "`conv_transpose*`: `output_padding` below the stride or the dilation": output_padding_below_the_stride,
    "`nn.RNN`, `nn.LSTM`, `nn.GRU`: `batch_first=False`": batch_first,
    "their weights and `in_proj_weight` are (out, in)": recurrent_layout,
    "`nn.MultiheadAttention` returns a pair": attention_alone,
    "biases of recurrent layers start at random": recurrent_biases,
    "`mse_loss` of (3, 1) and (3,) warns and broadcasts": no_broadcasting_losses,
    '`optimizer.param_groups[0]["lr"]`': settings_of_groups,
    "`CosineAnnealingLR(optimizer, n)`": schedules_are_functions,
    "`clip_grad_norm_` makes NaN of all gradients if one is": clipping_nothing,
    "`torch.autocast`, `scaler.scale(loss).backward()`, `scaler.update()`": scaled_in_two_calls,
    "`nn.KLDivLoss` averages over all elements": divergence_of_the_batch,
    "float16 parameters have float16 state": wide_state,
    "`clip` (`clamp`) at a bound": clip_at_a_bound,
    "`x.max(axis)` with ties": shared_maximum,
    "`logsumexp` of −∞ only": logsumexp_of_nothing,
    "`logsumexp` with +∞": logsumexp_of_infinity,
    "nuclear norm, spectral norm with tied or zero singular values": matrix_norms_at_ties,
    "`sort`, `topk`, `cummax`, `cummin`, `median` with ties": shared_order,
    "`eigh`, `svd` with ties": finite_at_ties,
    "an infinite or undefined slope behind an upstream gradient of 0": nothing_from_a_branch_not_chosen,
    "`x += y`, `x.add_(y)` write in place": no_writing_operators,
    "`x[i] = v` writes in place": recorded_set,
    "`w.copy_(v)` inside of `no_grad()`": assigned,
    "`a += t` on an ndarray": no_arrays_that_add_tensors,
}


@pytest.mark.parametrize("check", [*NUMPY.values(), *PYTORCH.values()], ids=lambda check: check.__name__)
def test_the_difference_is_there(check: Callable[[], None]) -> None:
    check()


@pytest.mark.parametrize(("page", "checks"), [("numpy", NUMPY), ("pytorch", PYTORCH)])
def test_every_row_has_its_check(page: str, checks: dict[str, Any]) -> None:
    rows = [
        line[2:].split(" | ")[0] for line in (TUTORIALS / f"{page}.md").read_text().splitlines() if line[:2] == "| "
    ]
    assert [row for row in rows if row not in ("NumPy", "PyTorch", "| PyTorch")] == list(checks)


PYTORCHS_OWN = {
    "clip_at_a_bound": lambda t, x: t.clamp(x([0.0, 0.5, 1.0]), 0.0, 1.0),
    "shared_maximum": lambda t, x: x([1.0, 1.0]).max(0).values,
    "logsumexp_of_nothing": lambda t, x: t.logsumexp(x([-np.inf, -np.inf]), 0),
    "logsumexp_of_infinity": lambda t, x: t.logsumexp(x([np.inf, 0.0]), 0),
}
EXPECTED = {
    "clip_at_a_bound": [1.0, 1.0, 1.0],
    "shared_maximum": [1.0, 0.0],
    "logsumexp_of_nothing": [np.nan, np.nan],
    "logsumexp_of_infinity": [np.nan, 0.0],
}


@pytest.mark.parametrize("name", PYTORCHS_OWN)
def test_pytorch_does_what_the_page_says(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is an optional oracle")
    leaves = []

    def x(values: list[float]) -> Any:
        leaves.append(torch.tensor(values, dtype=torch.float64, requires_grad=True))
        return leaves[-1]

    PYTORCHS_OWN[name](torch, x).sum().backward()
    np.testing.assert_equal(leaves[0].grad.numpy(), np.array(EXPECTED[name]))


def test_max_pool_gives_ties_to_the_first() -> None:
    assert any("max_pool2d" in point.call for point in POINTS)
    assert gradient(lambda x: F.max_pool2d(x, 2), np.ones((1, 1, 2, 2))) == [[[[1.0, 0.0], [0.0, 0.0]]]]
