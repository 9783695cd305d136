"""Samples that need an extra are skipped where it is not installed."""

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test of a sample, or of an op, that needs a package which is not there."""
    from tests.ops.table import SAMPLES

    params = item.callspec.params if hasattr(item, "callspec") else {}
    op = getattr(params.get("op"), "name", None)
    for sample in SAMPLES:
        if sample.needs and (sample is params.get("sample") or sample.op == op):
            pytest.importorskip(sample.needs, reason=f"{sample.op} needs {sample.needs}")
