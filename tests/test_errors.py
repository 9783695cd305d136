"""Every wrong call raises at the call, in the user's terms: the op's name and the offending values."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.nn import functional as F

A = mg.ones((3, 4))
X = Tensor([1.0, 2.0, 3.0], requires_grad=True)
IMAGE = mg.ones((1, 2, 7, 8))

WRONG: list[tuple[Any, type[Exception], str]] = [
    # Creation
    (
        lambda: Tensor([1, 2], requires_grad=True),
        TypeError,
        r"only floating tensors .* this one is int64.*\.astype\(float\)",
    ),
    (lambda: Tensor([True], requires_grad=True), TypeError, "only floating tensors .* this one is bool"),
    (lambda: Tensor("abc"), TypeError, "Tensor: expected a Tensor, an array or a number, got str: 'abc'"),
    (lambda: Tensor(None), TypeError, "Tensor: expected .* got NoneType"),
    (lambda: Tensor([1.0, None]), TypeError, "Tensor: an operand of dtype object"),
    (lambda: Tensor([[1.0], [1.0, 2.0]]), ValueError, "Tensor: a nested list must be rectangular"),
    (lambda: Tensor([1j]), TypeError, r"Tensor: an operand of dtype complex128 .*complex tensors are not"),
    (lambda: Tensor(np.zeros(2, "datetime64[s]")), TypeError, "Tensor: an operand of dtype datetime64"),
    (lambda: Tensor([1.0], dtype=complex), TypeError, "dtype complex128 is not supported"),
    (lambda: Tensor(X), TypeError, r"would lose|lose the gradient"),
    (lambda: Tensor([X[0], X[1]]), TypeError, "minigrad.stack"),
    (lambda: Tensor(1.0, name=3), TypeError, "Tensor.name: expected a str, got int"),
    (lambda: mg.zeros(2.5), TypeError, "zeros: a shape must be integers, got 2.5"),
    (lambda: mg.zeros((2, -1)), ValueError, "zeros: .*-1"),
    # Broadcasting and operands
    (lambda: A + mg.ones((4, 3)), ValueError, r"add: operands of shapes \(3, 4\) and \(4, 3\) do not broadcast"),
    (lambda: A * np.ones(3), ValueError, r"multiply: operands of shapes \(3, 4\) and \(3,\) do not broadcast"),
    (lambda: mg.where(A > 0, A, mg.ones(5)), ValueError, r"where: operands of shapes \(3, 4\), \(3, 4\) and \(5,\)"),
    (lambda: mg.clip(A, mg.ones(3), 5.0), ValueError, "clip: operands of shapes"),
    (lambda: A + "1", TypeError, "add: expected a Tensor, an array or a number, got str: '1'"),
    (lambda: A * None, TypeError, "multiply: expected .* got NoneType"),
    (lambda: mg.exp([1j]), TypeError, "exp: an operand of dtype complex128"),
    (lambda: mg.exp(A, A), TypeError, "positional argument"),
    (lambda: A.__lt__(mg.ones(7)), ValueError, r"less: operands of shapes \(3, 4\) and \(7,\) do not broadcast"),
    # Reductions
    (lambda: A.sum(axis=2), IndexError, "sum: axis 2 is out of range for a tensor with 2 axes"),
    (lambda: A.mean(axis=(0, -3)), IndexError, "mean: axis -3 is out of range"),
    (lambda: A.max(axis=(0, 0)), ValueError, r"max: axis \(0, 0\) names an axis twice"),
    (lambda: A.sum(axis=1.0), TypeError, "sum: axis must be an integer, got float 1.0"),
    (lambda: A.sum(axis="rows"), TypeError, "sum: axis must be an integer, got str 'rows'"),
    (lambda: mg.zeros((2, 0)).max(axis=1), ValueError, r"max: nothing to reduce: shape \(2, 0\)"),
    (lambda: mg.zeros(0).mean(), ValueError, r"mean: nothing to reduce: shape \(0,\)"),
    (lambda: mg.zeros((2, 0)).min(), ValueError, "min: nothing to reduce"),
    (lambda: mg.var([1.0], ddof=1), ValueError, "var: ddof 1 leaves no degree of freedom: 1 elements"),
    (lambda: mg.std(mg.zeros((2, 0)), axis=1), ValueError, "std: ddof 0 leaves no degree of freedom"),
    (lambda: mg.softmax(1.0), ValueError, "softmax: needs at least one axis, got a 0-d tensor"),
    (lambda: mg.log_softmax(A, axis=5), IndexError, "log_softmax: axis 5 is out of range"),
    # Shapes
    (lambda: A.reshape(5, 3), ValueError, r"reshape: shape \(3, 4\) has 12 elements and cannot become \(5, 3\)"),
    (lambda: A.reshape(-1, -1), ValueError, r"reshape: .* cannot become \(-1, -1\)"),
    (lambda: A.reshape(5, -1), ValueError, r"reshape: .* cannot become \(5, -1\)"),
    (lambda: A.reshape("ab"), TypeError, "reshape: a shape must be integers"),
    (lambda: A.transpose(0), ValueError, r"transpose: axes \(0,\) for a tensor with 2 axes"),
    (lambda: A.transpose(0, 2), IndexError, "transpose: axis 2 is out of range"),
    (lambda: A.transpose(0, 0), ValueError, r"transpose: axis \(0, 0\) names an axis twice"),
    (lambda: A.swapaxes(0, 2), IndexError, "swapaxes: axis 2 is out of range"),
    (lambda: A.squeeze(0), ValueError, r"squeeze: axis 0 of shape \(3, 4\) has length 3, not 1"),
    (lambda: mg.expand_dims(A, 5), IndexError, "expand_dims: axis 5 is out of range"),
    (lambda: mg.broadcast_to(A, (4, 3)), ValueError, r"broadcast_to: shape \(3, 4\) does not broadcast to \(4, 3\)"),
    (
        lambda: mg.concatenate([A, mg.ones((2, 3))]),
        ValueError,
        r"concatenate: shapes \(3, 4\) and \(2, 3\) differ .* axis 0",
    ),
    (lambda: mg.concatenate([A, A], axis=2), IndexError, "concatenate: axis 2 is out of range"),
    (lambda: mg.concatenate([]), ValueError, "concatenate: needs at least one tensor"),
    (lambda: mg.concatenate(3), TypeError, "concatenate: expected a sequence of tensors, got int"),
    (lambda: mg.concatenate([1.0, 2.0]), IndexError, "concatenate: axis 0 is out of range for a tensor with 0 axes"),
    (lambda: mg.stack([A, A[0]]), ValueError, r"stack: the shapes must be equal, got \(3, 4\) and \(4,\)"),
    (lambda: mg.stack([A], axis=4), IndexError, "stack: axis 4 is out of range"),
    (lambda: mg.pad(A, -1), ValueError, "pad: pad_width must be integers >= 0, got -1"),
    (lambda: mg.pad(A, (1, 2, 3)), ValueError, r"pad: pad_width \(1, 2, 3\) does not give"),
    (lambda: mg.pad(A, 1, mode="mirror"), ValueError, "pad: unknown mode 'mirror'; choose constant"),
    (lambda: mg.pad(A, 1, constant_values=[1, 2, 3]), ValueError, "pad: constant_values .* do not fit 2 axes"),
    (lambda: mg.flip(A, 2), IndexError, "flip: axis 2 is out of range"),
    (lambda: A.astype(complex), TypeError, "astype: dtype complex128 is not supported"),
    (lambda: A.astype("nonsense"), TypeError, "astype: 'nonsense' is not a dtype"),
    # Indexing
    (lambda: A[3], IndexError, "getitem: .*index 3 is out of bounds"),
    (lambda: A[0, 0, 0], IndexError, r"getitem: .*too many indices.*\(3, 4\)"),
    (lambda: A[1.0], IndexError, "getitem: an index must be an integer, got 1.0"),
    (lambda: A[[0.5]], IndexError, "getitem: an index array must be integers or booleans, got dtype float64"),
    (lambda: A["x"], IndexError, "getitem: "),
    (lambda: A[np.ones(7, bool)], IndexError, "getitem: .*boolean"),
    (lambda: mg.setitem(A, 3, 0.0), IndexError, "setitem: .*index 3 is out of bounds"),
    (
        lambda: mg.setitem(A, 0, [1.0, 2.0]),
        ValueError,
        r"setitem: a value of shape \(2,\) does not fit .*\(4,\).*\(3, 4\)",
    ),
    (
        lambda: mg.setitem([1, 2], 0, 0.5),
        TypeError,
        "setitem: a value of dtype float64 cannot be written into .* int64",
    ),
    (lambda: X.__setitem__(0, 1.0), RuntimeError, "setitem: .*leaf that requires grad"),
    # Linear algebra
    (lambda: A @ mg.ones((5, 2)), ValueError, r"matmul: \(3, 4\) @ \(5, 2\): inner sizes 4 and 5 differ"),
    (lambda: A @ 3.0, ValueError, r"matmul: \(3, 4\) @ \(\): a 0-d operand; use \*"),
    (
        lambda: mg.ones((2, 3, 4)) @ mg.ones((5, 4, 3)),
        ValueError,
        r"matmul: operands of shapes \(2, 3, 4\) and \(5, 4, 3\)",
    ),
    (lambda: mg.einsum("ij,jk", A), ValueError, "einsum: 'ij,jk' names 2 operands, got 1"),
    (lambda: mg.einsum("ij,ij", A, A.T), ValueError, "einsum: label 'i' in 'ij,ij' has sizes 3 and 4"),
    (lambda: mg.einsum("i->i", A), ValueError, r"einsum: 'i' names 1 axes of an operand of shape \(3, 4\)"),
    (lambda: mg.einsum("ij->k", A), ValueError, "einsum: output label 'k' in 'ij->k' is unknown or stands twice"),
    (lambda: mg.einsum("i$->i", A), ValueError, r"einsum: 'i\$' in 'i\$->i' is not made of letters"),
    (lambda: mg.einsum(A, [0, 1]), TypeError, "einsum: the subscripts must be a str, got Tensor"),
    (
        lambda: F.affine(A, mg.ones((5, 2)), mg.ones(2)),
        ValueError,
        r"affine: x \(3, 4\), w \(5, 2\), b \(2,\) do not fit",
    ),
    # Windows
    (
        lambda: F.conv2d(A, mg.ones((1, 1, 2, 2))),
        ValueError,
        r"conv2d: expected an input of shape \(n, .*\), got \(3, 4\)",
    ),
    (lambda: F.conv2d(IMAGE, A), ValueError, r"conv2d: expected a weight of shape .*, got \(3, 4\)"),
    (lambda: F.conv2d(IMAGE, mg.ones((4, 3, 3, 3))), ValueError, "has 2 channels, weight .* with 1 groups is for 3"),
    (lambda: F.conv2d(IMAGE, mg.ones((4, 2, 9, 3))), ValueError, "the window does not fit into the input: height 7"),
    (
        lambda: F.conv2d(IMAGE, mg.ones((4, 2, 3, 3)), stride=3),
        ValueError,
        r"do not end at the border: height 7 .*\(7 \+ 0 - 3\) / 3 \+ 1 is not an integer.*floor=True",
    ),
    (lambda: F.conv2d(IMAGE, mg.ones((4, 2, 3, 3)), groups=3), ValueError, "groups 3 must divide the 2 input"),
    (
        lambda: F.conv2d(IMAGE, mg.ones((4, 2, 3, 3)), mg.ones(3)),
        ValueError,
        r"expected a bias of shape \(4,\), got \(3,\)",
    ),
    (lambda: F.conv2d(IMAGE, mg.ones((4, 2, 3, 3)), stride=0), ValueError, "conv2d: stride must be at least 1, got 0"),
    (
        lambda: F.conv2d(IMAGE, mg.ones((4, 2, 3, 3)), stride=(1, 2, 3)),
        ValueError,
        "stride must be a number or a pair",
    ),
    (lambda: F.conv2d(IMAGE, mg.ones((4, 2, 3, 3)), stride=1.5), TypeError, "stride must be an integer or a pair"),
    (lambda: F.conv2d(IMAGE, mg.ones((4, 2, 3, 3)), padding=-1), ValueError, "padding must be at least 0, got -1"),
    (
        lambda: F.conv2d(IMAGE, mg.ones((4, 2, 3, 3)), padding="some"),
        ValueError,
        "'valid', 'same' or 'full', got 'some'",
    ),
    (
        lambda: F.conv2d(IMAGE, mg.ones((4, 2, 3, 3)), stride=2, padding="same"),
        ValueError,
        "padding 'same' needs stride 1, got 2",
    ),
    (
        lambda: F.conv2d(IMAGE.astype(int), mg.ones((4, 2, 3, 3))),
        TypeError,
        "conv2d: input must be floating, got int64",
    ),
    (lambda: F.max_pool2d(IMAGE, 2), ValueError, "max_pool2d: the windows do not end at the border: height 7"),
    (
        lambda: F.max_pool2d(mg.ones((1, 1, 8, 8)), 2, padding=2),
        ValueError,
        "max_pool2d: padding 2 is more than half of the kernel size 2",
    ),
    (lambda: F.avg_pool2d(A, 2), ValueError, "avg_pool2d: expected an input of shape"),
    (lambda: mg.im2col(IMAGE, 9), ValueError, "im2col: the window does not fit"),
    (
        lambda: mg.col2im(A, (1, 1, 4, 4), 2),
        ValueError,
        r"col2im: images .* have columns of shape \(9, 4\), got \(3, 4\)",
    ),
    # Losses
    (
        lambda: F.softmax_cross_entropy(A, [0, 1]),
        ValueError,
        r"3 rows of logits need 3 class indices, got \(2,\)",
    ),
    (lambda: F.softmax_cross_entropy(A, [0, 1, 4]), IndexError, r"class index 4 is not in \[0, 4\)"),
    (lambda: F.softmax_cross_entropy(A, [0, 1, -1]), IndexError, r"class index -1 is not in \[0, 4\)"),
    (lambda: F.softmax_cross_entropy(A, [0.0, 1.0, 2.0]), TypeError, "class indices must be integers, got float64"),
    (lambda: F.softmax_cross_entropy(A, A.T), ValueError, r"target of shape \(4, 3\), logits of shape \(3, 4\)"),
    (lambda: F.softmax_cross_entropy([1.0], [0]), ValueError, r"expected logits of shape \(n, classes\).* got \(1,\)"),
    (lambda: F.softmax_cross_entropy([[1, 2]], [0]), TypeError, "logits must be floating, got int64"),
    # Gradients
    (
        lambda: (X * 2).backward(),
        RuntimeError,
        r"backward: .*only for an output with one element; .* shape \(3,\).*\.sum\(\)",
    ),
    (lambda: A.sum().backward(), RuntimeError, "backward: the output .* does not require grad, so it has no graph"),
    (lambda: X.detach().sum().backward(), RuntimeError, "does not require grad"),
    (lambda: (X * 2).backward([1.0, 2.0]), ValueError, r"backward: the gradient has shape \(2,\), the output \(3,\)"),
    (lambda: (X * 2).backward([1j] * 3), TypeError, "complex"),
    (lambda: mg.grad(X.sum(), A), RuntimeError, "grad: an input .* does not require grad"),
    (lambda: mg.grad(A.sum(), X), RuntimeError, "grad: the output .* does not require grad"),
    (lambda: mg.grad(X.sum(), 3.0), TypeError, "grad: inputs must be|grad: .*float"),
    (lambda: mg.grad([X.sum(), X.sum()], X, [1.0]), ValueError, "grad: 2 outputs but 1 grad_outputs"),
    (lambda: A.register_hook(print), RuntimeError, "register_hook: this tensor does not require grad"),
    (lambda: X.register_hook(3), TypeError, "register_hook: expected a function, got int"),
    (lambda: A.retain_grad(), RuntimeError, "retain_grad: this tensor does not require grad"),
    (lambda: setattr(X, "grad", 3.0), TypeError, "Tensor.grad: expected a Tensor or None, got float"),
    (
        lambda: setattr(X, "grad", mg.ones(2)),
        ValueError,
        r"Tensor.grad: expected shape \(3,\) and dtype float64, got \(2,\)",
    ),
    (lambda: setattr(X * 2, "requires_grad", False), RuntimeError, "only a leaf's can be turned off"),
    (lambda: setattr(Tensor([1]), "requires_grad", True), TypeError, "only floating tensors"),
    (lambda: X.assign([1.0]), ValueError, r"assign: expected values of shape \(3,\), got \(1,\)"),
    (lambda: (X * 2).assign([1.0] * 3), RuntimeError, "assign: only a leaf can be written to"),
    (lambda: setattr(X, "data", np.ones(2)), ValueError, r"Tensor.data: expected shape \(3,\)"),
    (lambda: setattr(X * 2, "data", np.ones(3)), RuntimeError, "Tensor.data: only a leaf"),
    # Conversions
    (
        lambda: bool(X),
        ValueError,
        r"truth value of a tensor with 3 elements \(shape \(3,\)\) is ambiguous; use .any\(\)",
    ),
    (lambda: float(X), ValueError, r"float: only a tensor with one element .* shape \(3,\)"),
    (lambda: int(A), ValueError, r"int: only a tensor with one element .* shape \(3, 4\)"),
    (lambda: X.item(), ValueError, "item: only a tensor with one element"),
    (lambda: len(Tensor(1.0)), TypeError, "len: a 0-d tensor has no length"),
    (lambda: iter(Tensor(1.0)), TypeError, "a 0-d tensor cannot be iterated over"),
    (lambda: [1, 2][Tensor(1.0)], TypeError, "only a 0-d integer tensor can be an index.*float64"),
    (lambda: Tensor(X.data)[0].numpy() and X.numpy(), TypeError, r"requires grad.*\.detach\(\)"),
    # Declaring ops
    (lambda: mg.elementwise(np.exp, lambda g: g), ValueError, "an op named 'exp' is registered already"),
    (
        lambda: mg.elementwise(np.exp, lambda x: x, name="my_bad"),
        ValueError,
        "first parameter of a rule .* gradient g; this one has",
    ),
    (
        lambda: mg.general(lambda x: x, lambda g, z: g, name="my_bad"),
        ValueError,
        "a rule reads 'z', which is neither y",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG, ids=range(len(WRONG)))
def test_wrong_calls_raise_at_the_call(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_rule_that_returns_a_wrong_shape_is_named() -> None:
    bad = mg.general(lambda x: x * 2, lambda g: g[:1], name="my_bad_shape")
    with pytest.raises(RuntimeError, match=r"my_bad_shape: the rule for argument x .* shape \(1,\) for .* \(3,\)"):
        bad(X).sum().backward()


def test_hooks_that_return_something_else_are_refused() -> None:
    for result, error in ((3.0, TypeError), (mg.ones(2), ValueError)):
        h = X * 2
        h.register_hook(lambda g, result=result: result)
        with pytest.raises(error, match="a gradient hook"):
            h.sum().backward()


def test_a_failed_call_leaves_nothing_in_the_registry() -> None:
    assert not [name for name in mg.registry if name == "my_bad"]


def test_the_names_in_messages_are_the_users() -> None:
    w = Tensor([1.0], requires_grad=True, name="weight")
    with pytest.raises(RuntimeError, match="'weight' of shape"):
        mg.grad(X.sum(), w)


def test_keepdims_is_passed_by_name() -> None:
    with pytest.raises(TypeError, match="pass keepdims and ddof by name"):
        mg.sum(mg.ones((2, 3)), 0, True)
