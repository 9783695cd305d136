"""Nested containers of tensors: what the transforms take as arguments and give back as gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Path = str


def _children(tree: Any) -> Iterable[tuple[str, Any]] | None:
    """Return the named children of a container; None for a leaf. Dicts go by the order of their keys as inserted."""
    if isinstance(tree, dict):
        return [(f"[{key!r}]", value) for key, value in tree.items()]
    if isinstance(tree, (list, tuple)):
        names = getattr(tree, "_fields", None)
        if names is not None:
            return [(f".{name}", value) for name, value in zip(names, tree, strict=True)]
        return [(f"[{i}]", value) for i, value in enumerate(tree)]
    return None


def leaves(tree: Any, path: Path = "") -> Iterator[tuple[Path, Any]]:
    """Yield every leaf of nested dicts, lists and tuples with its path, such as ``['layers'][0]``.

    Examples
    --------
    >>> list(leaves({"w": [1, 2], "b": (3,)}))
    [("['w'][0]", 1), ("['w'][1]", 2), ("['b'][0]", 3)]
    """
    stack: list[tuple[Path, Any]] = [(path, tree)]
    while stack:
        where, node = stack.pop()
        children = _children(node)
        if children is None:
            yield where, node
        else:
            stack.extend([(where + name, child) for name, child in children][::-1])


def rebuild(tree: Any, values: Iterator[Any]) -> Any:
    """Return the containers of `tree` with its leaves replaced, in order, by `values`.

    Examples
    --------
    >>> rebuild({"w": [1, 2], "b": (3,)}, iter("abc"))
    {'w': ['a', 'b'], 'b': ('c',)}
    """
    if isinstance(tree, dict):
        return {key: rebuild(value, values) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        children = [rebuild(value, values) for value in tree]
        if hasattr(tree, "_fields"):
            return type(tree)(*children)
        return type(tree)(children)
    return next(values)


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """Return `tree` with `function` applied to each leaf.

    Examples
    --------
    >>> mapped(lambda x: 10 * x, {"w": [1, 2]})
    {'w': [10, 20]}
    """
    return rebuild(tree, iter([function(leaf) for _, leaf in leaves(tree)]))


def matched(name: str, tree: Any, like: Any) -> list[Any]:
    """Return the leaves of `tree`, which must be built as `like` is.

    Raises
    ------
    ValueError
        Naming the first place where they differ.
    """
    if _children(like) is None:
        return [tree]  # where one array is expected, a nested list is one
    ours, theirs = list(leaves(tree)), list(leaves(like))
    for (a, _), (b, _) in zip(ours, theirs, strict=False):
        if a != b:
            raise ValueError(f"{name}: expected the same structure as the primal; it has {b or 'a leaf'}, this has {a}")
    if len(ours) != len(theirs):
        raise ValueError(f"{name}: expected the same structure as the primal: {len(theirs)} leaves, not {len(ours)}")
    return [leaf for _, leaf in ours]
