"""The functional forms: recorded numbers, dropout, running statistics, precisions, and wrong calls."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F
from minigrad.testing import check_grad

X = np.array([[-1.5, 0.25, 2.0], [0.75, -0.5, -3.5]])
T = np.array([[-1.0, 0.5, 0.0], [1.0, 0.0, -1.0]])
S = np.array([[1, -1, 1], [-1, 1, -1]])
W, Y = np.array([0.5, 2.0, 1.5]), np.array([2, 0])

# Values and gradients at X, as PyTorch 2.13 computes them; the values are weighted with numbers from 0.5 to 1.5.
RECORDED: list[tuple[Any, list[float], list[float]]] = [
    (F.elu, [-0.7768698399, 0.25, 2.0, 0.75, -0.3934693403, -0.9698026166],
     [0.1115650801, 0.7, 0.9, 1.1, 0.7884898576, 0.0452960751]),
    (F.selu, [-1.3658143534, 0.2626752468, 2.1014019747, 0.7880257405, -0.6917581878, -1.705009341],
     [0.1961424937, 0.7354906911, 0.9456308886, 1.1557710861, 1.386243499, 0.0796349998]),
    (lambda x: F.celu(x, 2.0), [-1.0552668945, 0.25, 2.0, 0.75, -0.4423984339, -1.6524521131],
     [0.2361832764, 0.7, 0.9, 1.1, 1.012441018, 0.2606609152]),
    (lambda x: F.gelu(x, "tanh"), [-0.100428423, 0.1496753507, 1.9545976941, 0.5799605552, -0.1542859902,
     -0.0006161977],
     [-0.0638553966, 0.4867478666, 0.977489331, 1.0988320818, 0.1724191254, -0.0036339656]),
    (F.silu, [-0.2736382857, 0.1405441252, 1.761594156, 0.5093840244, -0.1887703344, -0.1025928076],
     [-0.0206470771, 0.4365970151, 0.9817058239, 0.9268599389, 0.3380504565, -0.1054100292]),
    (F.mish, [-0.2980997422, 0.1695724097, 1.9439589595, 0.6100183352, -0.2207437747, -0.1040957545],
     [-0.0320489079, 0.5279208674, 0.9623861409, 1.0843341913, 0.3763638813, -0.1091406202]),
    (lambda x: F.softplus(x, 2.0), [0.0242936758, 0.4870384921, 2.009074964, 0.850706639, 0.1566308438, 0.0004557332],
     [0.0237129366, 0.4357215318, 0.883812411, 0.8993319238, 0.3496238478, 0.0013665768]),
    (F.logsigmoid, [-1.701413278, -0.5759394199, -0.126928011, -0.3868710061, -0.9740769842, -3.5297504183],
     [0.4087872381, 0.3064764494, 0.1072826298, 0.3529034309, 0.8091971306, 1.4560316539]),
    (F.hardswish, [-0.375, 0.1354166667, 1.6666666667, 0.46875, -0.2083333333, -0.0],
     [0.0, 0.4083333333, 1.05, 0.825, 0.4333333333, 0.0]),
    (F.softsign, [-0.6, 0.2, 0.6666666667, 0.4285714286, -0.3333333333, -0.7777777778],
     [0.08, 0.448, 0.1, 0.3591836735, 0.5777777778, 0.0740740741]),
    (F.softmin, [0.8305845643, 0.1443339551, 0.0250814806, 0.0134055885, 0.0467901014, 0.9398043101],
     [0.0323092273, -0.0232522892, -0.0090569381, 0.0051649017, 0.008669258, -0.0138341597]),
    (lambda x: F.layer_norm(x, 3, W, W), [-0.112370936, 2.0, 3.337112808, 1.0139954368, 2.6541760105, -0.5326183184],
     [-0.139972385, 0.2799409993, -0.1399686144, -0.3871197411, 0.5484179217, -0.1612981806]),
    (lambda x: F.rms_norm(x, (3,), W, 1e-3), [-0.5169136743, 0.3446091162, 2.0676546971, 0.1796920561, -0.4791788161,
     -2.5156887847],
     [0.6101935863, 0.8919240206, 0.3465925761, 0.5045726711, 1.0851820405, -0.0466278342]),
    (lambda x: F.batch_norm(x, None, None, W, W, training=True), [1.9753e-06, 3.9999288927, 2.9999990083,
     0.9999980247, 7.11073e-05, 9.917e-07],
     [-1.0535e-06, -0.0001137656, -2.164e-07, 1.0535e-06, 0.0001137656, 2.164e-07]),
    (lambda x: F.group_norm(x.reshape(1, 6), 2, np.tile(W, 2), np.tile(W, 2)), [-0.112370936, 2.0, 3.337112808,
     1.0139954368, 2.6541760105, -0.5326183184],
     [-0.139972385, 0.2799409993, -0.1399686144, -0.3871197411, 0.5484179217, -0.1612981806]),
    (lambda x: F.local_response_norm(x.reshape(1, 3, 2), 2, alpha=0.5), [-1.0733126292, 0.2471098014, 0.9874885988,
     0.6726241467, -0.2905189972, -1.1923089798],
     [0.3596638141, 0.6159495468, 0.3215871747, 0.9262171438, 0.7210153294, -0.0474897363]),
    (lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True), [-1.5, 0.25, 2.0, 0.7499898074, -0.4999966025,
     -3.4999750848],
     [0.5000182235, 0.6999970621, 0.8999450062, 1.0999420551, 1.3000161784, 1.5001520906]),
    (lambda x: F.normalize(x, 3.0), [-0.6666666667, 0.1111111111, 0.8888888889, 0.2133823068, -0.1422548712,
     -0.9957840983],
     [0.3297668038, 0.3081237616, 0.2088096327, 0.3316652614, 0.3615495341, 0.019421194]),
    (lambda x: F.cosine_similarity(x, T), [0.5784924073, 0.8314971797],
     [-0.1092658926, 0.0775435367, -0.0916423616, 0.2218573955, 0.0477414649, 0.0407206612]),
    (lambda x: F.pairwise_distance(x, T), [2.0766565677, 2.5617364228],
     [-0.1203855774, -0.0601926683, 0.4815435135, -0.1463844979, -0.2927695813, -1.4638502488]),
    (lambda x: F.cross_entropy(x, Y), [0.2242905917],
     [0.0062703701, 0.0360834888, -0.0423538589, -0.0578060024, 0.0550645022, 0.0027415001]),
    (lambda x: F.cross_entropy(x, Y, W, label_smoothing=0.1), [0.4497843344],
     [0.0051343824, 0.036857175, -0.0419915574, -0.0045535014, 0.015454293, -0.0109007916]),
    (lambda x: F.nll_loss(x, Y, W), [-1.6875],
     [0.0, 0.0, -0.375, -0.125, 0.0, 0.0]),
    (lambda x: F.binary_cross_entropy(mg.sigmoid(x), abs(T)), [1.4866631862],
     [-0.0681312063, 0.0051813751, 0.0733997565, -0.0267351084, 0.0314617224, -0.0808906474]),
    (lambda x: F.binary_cross_entropy_with_logits(x, abs(T), pos_weight=W), [1.6547803157],
     [-0.0340656032, -0.0130612707, 0.0733997565, -0.0133675542, 0.0314617224, -0.1213359712]),
    (lambda x: F.kl_div(x, abs(T), reduction="batchmean"), [1.8892132049],
     [-0.25, -0.125, -0.0, -0.25, -0.0, -0.25]),
    (lambda x: F.smooth_l1_loss(x, T, beta=0.5), [0.7708333333],
     [-0.0833333333, -0.0416666667, 0.0833333333, -0.0416666667, -0.0833333333, -0.0833333333]),
    (lambda x: F.huber_loss(x, T, delta=2.0), [0.8854166667],
     [-0.0416666667, -0.0208333333, 0.1666666667, -0.0208333333, -0.0416666667, -0.1666666667]),
    (lambda x: F.poisson_nll_loss(x, abs(T) * 3, full=True), [4.9245088526],
     [-0.23140582, -0.0179978819, 0.6157546749, -0.0735833319, 0.0505442216, -0.2474835514]),
    (lambda x: F.gaussian_nll_loss(x, T, np.broadcast_to(W, (2, 3)), full=True), [1.6210646623],
     [-0.0833333333, -0.0104166667, 0.1111111111, -0.0416666667, -0.0208333333, -0.1388888889]),
    (lambda x: F.multi_margin_loss(x, [0, 1], 2, weight=W), [4.0052083333],
     [-0.6041666667, 0.2291666667, 0.375, 0.75, -0.75, 0.0]),
    (lambda x: F.hinge_embedding_loss(x, S), [0.9166666667],
     [0.0833333333, -0.0833333333, 0.0833333333, -0.0833333333, 0.0833333333, -0.0833333333]),
    (lambda x: F.margin_ranking_loss(x, T, S, 0.3), [0.2833333333],
     [-0.0833333333, 0.0833333333, -0.0, 0.0833333333, -0.0833333333, 0.0]),
    (lambda x: F.cosine_embedding_loss(x, T, [1, -1], -0.9), [1.0765023862],
     [0.0546329463, -0.0387717684, 0.0458211808, 0.0369762326, 0.0079569108, 0.0067867769]),
    (lambda x: F.triplet_margin_loss(x, T, S, swap=True), [0.8548713596],
     [-0.0601927887, -0.0300963342, 0.2407717568, -0.0243974163, -0.0487949302, -0.2439750415]),
]  # fmt: skip


@pytest.mark.parametrize(("f", "value", "gradient"), RECORDED)
def test_recorded_numbers(f: Any, value: list[float], gradient: list[float]) -> None:
    x = mg.Tensor(X, requires_grad=True)
    y = f(x)
    np.testing.assert_allclose(y.data.ravel(), value, rtol=1e-8, atol=2e-10)
    (g,) = mg.grad(y, x, np.linspace(0.5, 1.5, y.size).reshape(y.shape))
    np.testing.assert_allclose(g.data.ravel(), gradient, rtol=1e-7, atol=2e-10)


@pytest.mark.parametrize("f", [f for f, *_ in RECORDED])
def test_second_order(f: Any) -> None:
    x = X + 0.037  # off the kinks
    check_grad(lambda x: f(x), x, order=2, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("f", [f for f, *_ in RECORDED])
def test_float32_stays_float32(f: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("T", "W"):
        monkeypatch.setattr(sys.modules[__name__], name, globals()[name].astype("f"))
    x = mg.Tensor(X, requires_grad=True, dtype="f")
    y = f(x)
    assert y.dtype == np.float32
    assert mg.grad(y, x, np.ones(y.shape, y.dtype))[0].dtype == np.float32


# ----------------------------------------------------------------------------------------------------- SciPy
def test_the_exact_gelu_says_what_it_needs() -> None:
    program = """
import sys
sys.modules["scipy"] = sys.modules["scipy.special"] = None
from minigrad.nn import functional as F
print(F.gelu([1.0], approximate="tanh").item())
try:
    F.gelu([1.0])
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    value, message = done.stdout.splitlines()
    assert float(value) == pytest.approx(0.841192)
    assert "approximate='tanh'" in message
    assert "pip install 'minigrad[special]'" in message


# --------------------------------------------------------------------------------------------------- dropout
def test_dropout_keeps_the_mean_and_the_dtype() -> None:
    x = mg.Tensor(np.ones((300, 300)), requires_grad=True, dtype="f")
    y = F.dropout(x, 0.3, rng=np.random.default_rng(0))
    assert y.dtype == np.float32
    assert set(np.unique(y.data)) == {np.float32(0), np.float32(1 / 0.7)}
    assert y.data.mean() == pytest.approx(1, abs=0.01)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.data, y.data)
    np.testing.assert_array_equal(F.dropout(x, 0.3, rng=np.random.default_rng(0)).data, y.data)


def test_dropout_of_nothing_and_of_all() -> None:
    x = mg.Tensor(X, requires_grad=True)
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.9, training=False) is x
    assert not F.dropout(x, 1.0).data.any()
    images = np.ones((5, 40, 3, 3))
    kept = F.dropout2d(images, 0.5, rng=np.random.default_rng(0)).data
    assert (kept == kept[:, :, :1, :1]).all()
    assert 0 < np.count_nonzero(kept[:, :, 0, 0]) < 200


# -------------------------------------------------------------------------------------------- normalization
def test_running_statistics_are_no_part_of_the_graph() -> None:
    mean, var = mg.Tensor(np.zeros(3)), mg.Tensor(np.ones(3))
    x = mg.Tensor(X, requires_grad=True)
    y = F.batch_norm(x, mean, var, training=True, momentum=0.25)
    np.testing.assert_allclose(mean.data, 0.25 * X.mean(0))
    np.testing.assert_allclose(var.data, 0.75 + 0.25 * X.var(0, ddof=1))
    F.batch_norm(x, mean, var, training=True)  # writes them again, and y's graph does not mind
    y.sum().backward()
    with mg.no_grad():
        before = mean.data.copy()
        F.batch_norm(x, mean, None, training=True)
    assert not np.array_equal(mean.data, before)
    with mg.decompose():
        F.batch_norm(x, mean, var, training=True)
    fixed = mean.data.copy()
    F.batch_norm(x, mean, var)
    np.testing.assert_array_equal(mean.data, fixed)


def test_rules_that_share_sums_see_changes_of_the_upstream_gradient() -> None:
    x, w = mg.Tensor(X, requires_grad=True), mg.Tensor(W, requires_grad=True)
    upstream = np.ones(X.shape)
    g = mg.asarray(upstream)
    y = F.batch_norm(x, None, None, w, training=True)
    mg.grad(y, [x, w], g, retain_graph=True)
    upstream *= 1 + np.arange(3.0)
    upstream[0] += 1
    found = mg.grad(y, [x, w], g)
    expected = mg.grad(F.batch_norm(x, None, None, w, training=True), [x, w], upstream.copy())
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_large_numbers_in_half_precision() -> None:
    x = (np.random.default_rng(0).standard_normal((8, 4, 6)) * 300 + 500).astype(np.float16)
    for f in (
        lambda x: F.batch_norm(x, None, None, training=True),
        lambda x: F.layer_norm(x, (4, 6)),
        lambda x: F.group_norm(x, 2),
        lambda x: F.instance_norm(x),
        lambda x: F.rms_norm(x, 6),
        lambda x: F.scaled_dot_product_attention(x, x, x, scale=1e-4),
    ):
        leaf = mg.Tensor(x, requires_grad=True)
        y, exact = f(leaf), f(x.astype(float))
        assert y.dtype == np.float16
        np.testing.assert_allclose(y.data, exact.data, rtol=5e-3, atol=5e-3)
        assert np.isfinite(mg.grad(y, leaf, np.ones(y.shape, np.float16))[0].data).all()


def test_batch_norm_after_a_convolution() -> None:
    # Convolutions may lay out their results otherwise than C order does.
    rng = np.random.default_rng(0)
    x = mg.Tensor(rng.standard_normal((20, 3, 9, 9)), requires_grad=True)
    w = rng.standard_normal((4, 3, 3, 3))

    def f(x: Any) -> Any:
        return F.group_norm(F.batch_norm(F.conv2d(x, w), None, None, training=True), 2)

    upstream = rng.standard_normal((20, 4, 7, 7))
    fast = mg.grad(f(x), x, upstream)[0]
    with mg.decompose():
        slow = mg.grad(f(x), x, upstream)[0]
    np.testing.assert_allclose(fast.data, slow.data, rtol=1e-8, atol=1e-10)


# --------------------------------------------------------------------------------------------------- errors
Z = np.zeros
WRONG: list[tuple[Any, type[Exception], str]] = [
    (lambda: F.prelu(Z((2, 3)), Z(2)), ValueError, r"prelu: .* \(1,\) or \(3,\) for input \(2, 3\), got \(2,\)"),
    (lambda: F.leaky_relu(X, "a"), TypeError, "leaky_relu: negative_slope must be a number, got 'a'"),
    (lambda: F.celu(X, 0.0), ValueError, r"celu: alpha must be above 0, got 0.0"),
    (lambda: F.hardtanh(X, 1.0, -1.0), ValueError, "hardtanh: min_val 1.0 is above max_val -1.0"),
    (lambda: F.softshrink(X, -1.0), ValueError, "softshrink: lambd must be at least 0, got -1.0"),
    (lambda: F.softplus(X, 0.0), ValueError, "softplus: beta must be above 0, got 0.0"),
    (lambda: F.gelu(X, "fast"), ValueError, "gelu: approximate must be one of none, tanh, got 'fast'"),
    (lambda: F.glu(X), ValueError, r"glu: axis -1 of input \(2, 3\) has 3 elements"),
    (lambda: F.glu(X, 2), IndexError, "glu: axis 2 is out of range"),
    (lambda: F.dropout(X, 1.5), ValueError, "dropout: p must be between 0 and 1, got 1.5"),
    (lambda: F.dropout(X, rng=3), TypeError, "expected a np.random.Generator, got 3"),
    (lambda: F.dropout2d(X), ValueError, r"dropout2d: expected input of shape \(n, channels, .*got \(2, 3\)"),
    (lambda: F.embedding([0, 5], Z((5, 2))), IndexError, r"embedding: index 5 is not in \[0, 5\)"),
    (lambda: F.embedding([0.5], Z((5, 2))), TypeError, "embedding: indices must be integers, got float64"),
    (lambda: F.embedding([0], Z(5)), ValueError, r"embedding: expected a weight of shape .* got \(5,\)"),
    (lambda: F.embedding([0], Z((5, 2)), 5), IndexError, "embedding: padding_idx 5 is out of range"),
    (lambda: F.batch_norm(Z(3), None, None), ValueError, r"batch_norm: expected input of shape .* got \(3,\)"),
    (lambda: F.batch_norm(X, None, None), ValueError, "batch_norm: needs running_mean and running_var"),
    (lambda: F.batch_norm(X[:1], None, None, training=True), ValueError, r"more than one number, got input \(1, 3\)"),
    (lambda: F.batch_norm(X, None, None, Z(2), training=True), ValueError, r"weight of shape \(3,\) .* got \(2,\)"),
    (lambda: F.batch_norm(X, Z(3), None, training=True), TypeError, "running_mean is updated in place"),
    (lambda: F.batch_norm(X, None, None, training=True, eps=-1), ValueError, "batch_norm: eps must be at least 0"),
    (lambda: F.instance_norm(Z((2, 3, 1))), ValueError, r"more than one place, got input \(2, 3, 1\)"),
    (lambda: F.instance_norm(Z((2, 3, 4)), use_input_stats=False), ValueError, "needs running_mean"),
    (lambda: F.group_norm(X, 2), ValueError, r"2 groups do not divide the 3 channels of input \(2, 3\)"),
    (lambda: F.layer_norm(X, 2), ValueError, r"input \(2, 3\) does not end in normalized_shape \(2,\)"),
    (lambda: F.layer_norm(X, 3, Z(2)), ValueError, r"layer_norm: expected weight of shape \(3,\), got \(2,\)"),
    (lambda: F.rms_norm(Z((2, 0)), 0), ValueError, r"rms_norm: nothing to normalize"),
    (lambda: F.local_response_norm(X, 2), ValueError, r"local_response_norm: expected input .* got \(2, 3\)"),
    (lambda: F.local_response_norm(Z((1, 2, 3)), 0), ValueError, "size must be at least 1, got 0"),
    (lambda: F.scaled_dot_product_attention(X, X[:, :2], X), ValueError, r"query \(2, 3\), key \(2, 2\), value"),
    (lambda: F.scaled_dot_product_attention(X, X, X, Z((3, 3)) > 0), ValueError, r"mask of shape \(3, 3\)"),
    (lambda: F.scaled_dot_product_attention(X, X, X, [[1, 1]]), TypeError, "attn_mask must be boolean or floating"),
    (lambda: F.scaled_dot_product_attention(X, X, X, [[True, True]], is_causal=True), ValueError, "exclude each other"),
    (lambda: F.normalize(X, dim=2), IndexError, "normalize: axis 2 is out of range"),
    (lambda: F.normalize(X, -1.0), ValueError, "normalize: p must be at least 0, got -1.0"),
    (lambda: F.cosine_similarity(X, Z((3, 3))), ValueError, r"x1 of shape \(2, 3\) and x2 of shape \(3, 3\) do not"),
    (lambda: F.pairwise_distance(1.0, 2.0), ValueError, "pairwise_distance: needs vectors"),
    (lambda: F.l1_loss(X, X[0]), ValueError, r"l1_loss: input of shape \(2, 3\) for a target of shape \(3,\)"),
    (
        lambda: F.mse_loss(X, X, weight=W),
        ValueError,
        r"mse_loss: a weight of shape \(3,\) for losses of shape \(2, 3\)",
    ),
    (lambda: F.huber_loss(X, X, delta=0.0), ValueError, "huber_loss: delta must be above 0, got 0.0"),
    (lambda: F.huber_loss(X, X, reduction="max"), ValueError, "huber_loss: reduction must be one of mean, sum, none"),
    (lambda: F.mse_loss(Z((0, 3)), Z((0, 3))), ValueError, r"mse_loss: the mean of nothing: .* \(0, 3\)"),
    (lambda: F.gaussian_nll_loss(X, X, -1.0), ValueError, "gaussian_nll_loss: a variance is negative: -1.0"),
    (lambda: F.gaussian_nll_loss(X, X, Z(3)), ValueError, r"gaussian_nll_loss: input of shape \(2, 3\) needs a var"),
    (lambda: F.binary_cross_entropy(X, T), ValueError, r"must be probabilities, in \[0, 1\]; got -1.5"),
    (lambda: F.binary_cross_entropy(abs(T), T, Z(2)), ValueError, r"a weight of shape \(2,\) does not broadcast"),
    (lambda: F.kl_div(X, T), ValueError, "kl_div: the target must be probabilities; got -1.0"),
    (lambda: F.cross_entropy(X, [-100, -100]), ValueError, "cross_entropy: the mean of nothing: all 2 targets are ig"),
    (lambda: F.cross_entropy(X, Y, Z(3)), ValueError, "cross_entropy: the mean of nothing: the weights"),
    (lambda: F.cross_entropy(X, Y, Z(2)), ValueError, r"a weight for each of 3 classes, got shape \(2,\)"),
    (lambda: F.cross_entropy(X, Y, mg.Tensor(W, True)), TypeError, r"pass weight.detach\(\)"),
    (lambda: F.cross_entropy(X, [0, -1]), IndexError, r"cross_entropy: class index -1 is not in \[0, 3\)"),
    (lambda: F.cross_entropy(X, X, ignore_index=1), ValueError, "ignore_index 1 is for class indices"),
    (lambda: F.cross_entropy(X, Y, label_smoothing=2), ValueError, "label_smoothing must be between 0 and 1, got 2"),
    (lambda: F.cross_entropy(Z((0, 3)), Z(0, int)), ValueError, "cross_entropy: the mean of nothing"),
    (lambda: F.nll_loss(X, X), ValueError, r"input of shape \(2, 3\) needs a target of shape \(2,\)"),
    (lambda: F.nll_loss(X, [0, 3]), IndexError, r"nll_loss: class index 3 is not in \[0, 3\)"),
    (lambda: F.multi_margin_loss(X, Y, 3), ValueError, "multi_margin_loss: p must be 1 or 2, got 3"),
    (lambda: F.multiclass_svm_loss(X, [0, 3]), IndexError, r"multiclass_svm_loss: class index 3 is not in \[0, 3\)"),
    (lambda: F.multiclass_svm_loss(X, X), ValueError, r"got input \(2, 3\) and target \(2, 3\)"),
    (lambda: F.hinge_embedding_loss(X, T), ValueError, "hinge_embedding_loss: the target must be 1 or -1; got 0.5"),
    (lambda: F.margin_ranking_loss(X, T, Y), ValueError, r"expected a target of shape \(2, 3\), got \(2,\)"),
    (lambda: F.cosine_embedding_loss(X, T, [1]), ValueError, r"expected a target of shape \(2,\), got \(1,\)"),
    (lambda: F.triplet_margin_loss(X, T, T[0]), ValueError, r"triplet_margin_loss: expected \(n, width\)"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG)
def test_wrong_calls(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
