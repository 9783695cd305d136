"""Docstrings as Markdown."""

from __future__ import annotations


def fenced(text: str) -> str:
    """Return a text with its doctests, which Markdown takes for quotations, as blocks of code.

    Examples
    --------
    >>> fenced("Text.\\n\\n>>> 1 + 1\\n2\\n\\nMore.")
    'Text.\\n\\n```pycon\\n>>> 1 + 1\\n2\\n```\\n\\nMore.'
    """
    parts = [f"```pycon\n{part}\n```" if part.startswith(">>> ") else part for part in text.split("\n\n")]
    return "\n\n".join(parts)
