"""The points of the functional forms, losses and distances: kinks, ties, zeros, certain and impossible classes.

Rows of the policy in :mod:`minigrad.testing.policy`, held by the suite and shown in the documentation. In the calls,
``F`` is :mod:`minigrad.nn.functional`.

>>> print(POINTS[0].call, POINTS[0].gradient)
F.relu6(x) {'x': [0.0, 0.0, 1.0]}
"""

from __future__ import annotations

import math

from minigrad.testing.policy.point import Point, of_ab, of_x

inf = math.inf

POINTS: tuple[Point, ...] = (
    # activations
    of_x("relu6", "F.relu6(x)", [0.0, 6.0, 3.0], [0.0, 0.0, 1.0], "least", "least of [0, 1]"),
    of_x("leaky_relu", "F.leaky_relu(x, 2.0)", [0.0, -1.0], [1.0, 2.0], "least", "least of [1, 2]"),
    of_x("leaky_relu", "F.leaky_relu(x, -1.0)", [0.0, -2.0], [0.0, -1.0], "least", "least of [-1, 1]"),
    of_x("leaky_relu", "F.leaky_relu(x, 0.0)", [-inf, 0.0, inf], [0.0, 0.0, 1.0], "least", "as relu"),
    of_x("hardtanh", "F.hardtanh(x)", [-1.0, 1.0], [0.0, 0.0], "least", "least of [0, 1]"),
    of_x("hardsigmoid", "F.hardsigmoid(x)", [-3.0, 3.0], [0.0, 0.0], "least", "least of [0, 1/6]"),
    of_x("hardswish", "F.hardswish(x)", [-3.0, 3.0], [0.0, 1.0], "least", "least of [-1/2, 0], and of [1, 3/2]"),
    of_x("threshold", "F.threshold(x, 1.0, 1.0)", [1.0, 2.0], [0.0, 1.0], "least", "least of [0, 1]"),
    of_x("threshold", "F.threshold(x, 1.0, 5.0)", [1.0], [0.0], "convention", "a jump: the piece of the value"),
    of_x("threshold", "F.threshold(x, 1.0, 5.0)", [-inf, inf], [0.0, 1.0], "limit", "no 0 · inf"),
    of_x("hardshrink", "F.hardshrink(x)", [-0.5, 0.5], [0.0, 0.0], "convention", "a jump: the piece of the value"),
    of_x("softshrink", "F.softshrink(x)", [-0.5, 0.5], [0.0, 0.0], "least", "least of [0, 1]"),
    of_x("softshrink", "F.softshrink(x)", [-inf, inf], [1.0, 1.0], "limit", "no inf - inf"),
    # distances
    of_x("normalize", "F.normalize(x)", [[0.0, 0.0]], [[1e12, 1e12]], "", "x / eps below eps, as in PyTorch"),
    of_ab("cosine_similarity", "F.cosine_similarity(a, b)", [[0.0, 0.0]], [[3.0, 4.0]],
        ([[6e7, 8e7]], [[0.0, 0.0]]), "", "x / eps below eps, as in PyTorch"),
    of_ab("pairwise_distance", "F.pairwise_distance(a, b, eps=0.0)", [[1.0, 2.0]], [[1.0, 2.0]],
        ([[0.0, 0.0]], [[0.0, 0.0]]), "least", "least norm, as the norm's at 0"),
    of_x("pairwise_distance", "F.pairwise_distance(x, 0 * x.data, 3.0, 0.0)", [[0.0, 2.0], [0.0, 0.0]],
       [[0.0, 1.0], [0.0, 0.0]], "least", "least norm"),
    of_x("pairwise_distance", "F.pairwise_distance(x, 0 * x.data, 0.5, 0.0)", [[0.0, 4.0]], [[0.0, 1.0]], "least",
       "0 is among the slopes of a zero"),
    of_x("pairwise_distance", "F.pairwise_distance(x, 0 * x.data, inf, 0.0)", [[2.0, -2.0]], [[0.5, -0.5]], "least",
       "a tie, shared"),
    # losses of numbers
    of_x("l1_loss", "F.l1_loss(x, [0.0])", [0.0], [0.0], "least", "least of [-1, 1]"),
    of_x("huber_loss", 'F.huber_loss(x, [0.0] * 3, reduction="sum")', [1.0, -1.0, 0.0], [1.0, -1.0, 0.0], "",
       "the pieces meet with one slope"),
    of_x("huber_loss", 'F.huber_loss(x, [0.0, 0.0], reduction="sum")', [inf, -1e200], [1.0, -1.0], "limit",
       "no overflow of the square"),
    of_x("smooth_l1_loss", 'F.smooth_l1_loss(x, [0.0] * 3, reduction="sum")', [1.0, -1.0, 0.0], [1.0, -1.0, 0.0], "",
       "the pieces meet with one slope"),
    of_x("smooth_l1_loss", 'F.smooth_l1_loss(x, [0.0], beta=0.0)', [0.0], [0.0], "least", "l1_loss"),
    # losses of probabilities
    of_x("binary_cross_entropy", 'F.binary_cross_entropy(x, [0.0, 1.0], reduction="sum")', [0.0, 1.0], [1.0, -1.0],
       "", "sure and right: 1 / (1 - x) and -1 / x"),
    of_x("binary_cross_entropy", 'F.binary_cross_entropy(x, [1.0, 0.0], reduction="sum")', [0.0, 1.0], [-1e12, 1e12],
       "convention", "sure and wrong: the logarithm is limited, the slope is 1e12, as in PyTorch"),
    of_x("binary_cross_entropy_with_logits",
       'F.binary_cross_entropy_with_logits(x, [0.0, 1.0, 1.0, 0.0], reduction="sum")',
       [-inf, inf, -1000.0, 1000.0], [0.0, 0.0, -1.0, 1.0], "limit", "no overflow, and no 0 · inf"),
    of_x("binary_cross_entropy_with_logits",
       'F.binary_cross_entropy_with_logits(x, [0.0, 1.0, 1.0], reduction="sum", pos_weight=3.0)',
       [-inf, inf, -1000.0], [0.0, 0.0, -3.0], "limit", "likewise"),
    of_x("kl_div", 'F.kl_div(x, [0.0, 1.0], reduction="sum")', [-inf, 0.0], [0.0, -1.0], "constant", "0 log 0 is 0"),
    of_x("kl_div", 'F.kl_div(x, [-inf, 0.0], reduction="sum", log_target=True)', [-inf, 0.0], [0.0, -1.0], "constant",
       "0 log 0 is 0"),
    of_x("kl_div", 'F.kl_div([-1.0], x, reduction="sum")', [0.0], [0.0], "convention",
       "at the target: a class of probability 0 has no part, as in xlogy"),
    of_x("cross_entropy", 'F.cross_entropy(x, [[0.0, 1.0, 0.0]], reduction="sum", weight=[1.0, 1.0, 1.0])',
       [[-inf, 0.0, 0.0]], [[0.0, -0.5, 0.5]], "constant", "an impossible class of probability 0: 0 log 0 is 0"),
    of_x("cross_entropy", 'F.cross_entropy(x, [-100, 1], reduction="mean")', [[-inf, 0.0], [0.0, 0.0]],
       [[0.0, 0.0], [0.5, -0.5]], "constant", "an ignored example has no gradient at all"),
    of_x("nll_loss", 'F.nll_loss(x, [1], reduction="sum")', [[-inf, 0.0]], [[0.0, -1.0]], "constant",
       "only the class itself has a part"),
    # margins
    of_x("multiclass_svm_loss", "F.multiclass_svm_loss(x, [0])", [[1.0, 0.0]], [[0.0, 0.0]], "least",
       "at the margin"),
    of_x("hinge_embedding_loss", "F.hinge_embedding_loss(x, [-1])", [1.0], [0.0], "least", "least of [-1, 0]"),
    of_ab("margin_ranking_loss", "F.margin_ranking_loss(a, b, [1])", [2.0], [2.0], ([0.0], [0.0]), "least", "a tie"),
    of_ab("cosine_embedding_loss", "F.cosine_embedding_loss(a, b, 1)", [0.0, 0.0], [0.0, 0.0],
        ([0.0, 0.0], [0.0, 0.0]), "", "the lengths are never 0"),
    of_x("triplet_margin_loss", "F.triplet_margin_loss(x, x, x, 0.0, eps=0.0)", [1.0, 2.0], [0.0, 0.0], "least",
       "one point"),
)  # fmt: skip
