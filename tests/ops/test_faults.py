"""The suite tests itself: every rule, planted wrong in every mechanical way, must make a property fail."""

from collections.abc import Callable

import pytest

import minigrad as mg
from minigrad.testing import properties
from minigrad.testing.case import Case
from tests.ops.faults import faults, planted, unsummed
from tests.ops.sample import case_of
from tests.ops.table import SAMPLES

RULES = [
    (op, k)
    for op in mg.registry.values()
    if not op.name.startswith("my_")
    for k, rule in enumerate(op.rules)
    if rule is not None
]


def cases(op: mg.Op) -> list[Case]:
    return [case_of(sample, call) for sample in SAMPLES if sample.op == op.name for call in sample.fixed]


def was_broadcast(case: Case, k: int) -> tuple[int, ...] | None:
    """The shape of argument `k` in a case of an elementwise op, if it is summed on the way back."""
    node = case.call(*case.leaves()).node
    shapes = [parent.shape for parent, position, _ in node.edges if position == k]
    return shapes[0] if node.op.kind == "elementwise" and shapes and shapes[0] != node.shape else None


def caught(case: Case) -> bool:
    """Whether a property of gradients fails; an error out of the wrong rule itself is noticed as well."""
    try:
        properties.check(case)
    except Exception:
        return True
    return False


@pytest.mark.parametrize(("op", "k"), RULES, ids=[f"{op.name}-{op.argument_name(k)}" for op, k in RULES])
def test_every_planted_fault_is_caught(op: mg.Op, k: int, record_property: Callable[[str, object], None]) -> None:
    samples = cases(op)
    for case in samples:
        properties.check(case)
    attempts = [(name, rule, samples) for name, rule in faults(op, k).items()]
    for case in samples:
        shape = was_broadcast(case, k)
        if shape is not None:
            attempts.append((f"shape {shape} broadcast but not summed", unsummed(op, k, shape), [case]))
    missed = []
    for name, rule, where in attempts:
        with planted(op, k, rule):
            if not any(caught(case) for case in where):
                missed.append(name)
    record_property("planted faults", len(attempts))
    record_property("caught faults", len(attempts) - len(missed))
    assert len(attempts) >= 4
    assert not missed, f"{op.name}: nothing fails with these faults in the rule for {op.argument_name(k)}: {missed}"
    for case in samples:
        properties.check(case)
