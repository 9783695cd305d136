"""Every property of every op, by hypothesis over its samples: one suite, driven by the registry."""

import functools
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing import properties
from minigrad.testing.gradients import gradients, reverse
from tests.ops.sample import Sample, as_dtype, case_of
from tests.ops.table import SAMPLES

# A third of the profile's examples: each runs some twenty properties.
EXAMPLES = settings.default.max_examples // 3
every = pytest.mark.parametrize("sample", SAMPLES, ids=repr)


def test_every_registered_op_has_a_sample() -> None:
    # Names that start with my_ are those of users' ops in doctests and tests.
    registered = {name for name in mg.registry if not name.startswith("my_")}
    assert registered == {sample.op for sample in SAMPLES}


@every
def test_the_sample_records_the_op_it_is_for(sample: Sample) -> None:
    for call in sample.fixed:
        case = case_of(sample, call)
        y = case.call(*case.leaves())
        if mg.registry[sample.op].rules[-1] is not None:
            assert y.node.op is mg.registry[sample.op]


@every
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_properties(sample: Sample, data: Any) -> None:
    case = case_of(sample, data.draw(sample.calls), data.draw(st.integers(0, 99)))
    properties.check(case, analytic=sample.analytic)


@every
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_values_and_precisions(sample: Sample, data: Any) -> None:
    args, params = data.draw(sample.calls)
    for dtype in sample.dtypes:
        case = case_of(sample, (as_dtype(args, dtype), params))
        properties.value(case, functools.partial(sample.reference, **params))
        properties.ownership(case)
        if dtype != "float64":
            properties.precision(case, dtype)


@every
def test_third_order(sample: Sample) -> None:
    for call in sample.fixed:
        reverse(case_of(sample, call), 3)


@every
def test_values_of_constants_are_recorded_nowhere(sample: Sample) -> None:
    case = case_of(sample, sample.fixed[0])
    y = case.call(*case.leaves(mask=[False] * len(case.argnums)))
    assert y.node is None
    assert not y.requires_grad
    with mg.no_grad():
        assert case.call(*case.leaves()).node is None
    assert isinstance(y.data, np.ndarray)


@every
def test_mixed_precisions(sample: Sample) -> None:
    """Each gradient has its own argument's dtype, in every order and mode."""
    for args, params in sample.fixed:
        for first, others in itertools.permutations(sample.dtypes, 2):
            (head, *_) = [i for i, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
            mixed = tuple([as_dtype((a,), first if i == head else others)[0] for i, a in enumerate(args)])
            case = case_of(sample, (mixed, params))
            properties.ownership(case)
            xs = case.leaves()
            found = gradients([case.call(*xs)], xs, case.like([case.call(*xs)], 0), create_graph=True)
            again = gradients(found, xs, case.like(found, 1))
            assert [g.dtype for g in found] == [g.dtype for g in again] == [x.dtype for x in xs]
            assert mg.func.jvp(case.call, case.points, case.like(xs, 2))[1].dtype == case.call(*xs).dtype
