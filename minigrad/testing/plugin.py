"""A plugin for pytest, found by itself where minigrad is installed: the fixture ``check_gradients``.

It is :func:`minigrad.testing.check_grad` with a seed of the test's own, so that each test draws other directions, and
the same ones every time::

    def test_my_model(check_gradients):
        check_gradients(my_model, x, w)
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def check_gradients(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Compare gradients with numbers: :func:`minigrad.testing.check_grad`, seeded by the test's name."""
    seed = zlib.crc32(request.node.nodeid.encode())

    def check(fn: Callable[..., Any], *args: Any, **options: Any) -> None:
        from .gradients import check_grad  # only here: pytest loads plugins in every project

        check_grad(fn, *args, **{"seed": seed, **options})

    return check
