"""Docstrings name things as Sphinx does, ``:func:`grad```; here that becomes plain code."""

from __future__ import annotations

import re
from typing import Any

import griffe


class Roles(griffe.Extension):
    """Write every role in a docstring as code."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = re.sub(r":\w+:`[~.]?([^`]*)`", r"`\1`", obj.docstring.value)
