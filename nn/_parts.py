"""What may be an attribute of a module, and what must not."""

from __future__ import annotations

from typing import Any


def what(value: Any) -> str:
    """Return what a value is, for messages."""
    text = type(value).__name__
    return f"{text} of shape {value.shape}" if hasattr(value, "shape") else text


def check_name(module: Any, name: str) -> None:
    """Raise unless `name` can be a part of a dotted name."""
    if not isinstance(name, str) or not name or "." in name:
        raise ValueError(f"{type(module).__name__}: {name!r} cannot name a part: names are text without a dot")


def check_hidden(module: Any, name: str, value: Any, kinds: tuple[type, ...]) -> None:
    """Refuse modules and parameters that would silently not be trained and not be saved."""
    items = value.values() if isinstance(value, dict) else value
    parts = [item for item in items if isinstance(item, kinds)]
    known = {id(own) for own in module.__dict__.values()} if parts else set()
    for item in parts:
        if id(item) not in known:
            raise TypeError(
                f"{type(module).__name__}.{name}: a {type(item).__name__} inside of a {type(value).__name__} would not "
                "be found, so neither trained nor saved; use nn.Sequential, nn.ModuleList or nn.ModuleDict, or set it "
                "as an attribute first"
            )
