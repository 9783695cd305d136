"""Docstrings follow numpydoc and Sphinx; here they become what the pages are made of."""

from __future__ import annotations

import re
from typing import Any

import griffe

from docs.generate.text import fenced


class Roles(griffe.Extension):
    """Write every role (``:func:`grad```) as code, and keep "Tensor, shape (n, m)" from being read as Python."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None:
            text = re.sub(r":\w+:`[~.]?([^`]*)`", r"`\1`", obj.docstring.value)
            text = re.sub(r"(\w), shape \(", r"\1 of shape (", text)
            # Those in a section "Examples" are recognized.
            obj.docstring.value = text if "\nExamples\n---" in text else fenced(text)
