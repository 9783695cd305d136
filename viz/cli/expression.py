"""Expressions as text: parsed by Python's grammar, evaluated by a whitelist of it, never by ``eval``.

What an expression may say: numbers, names with values, lists and tuples, ``+ - * / // % ** @`` and comparisons, calls
of minigrad's functions by their names (``exp(x)``, ``sum(x, axis=0)``), the same as methods (``x.sum(axis=0)``),
``x.T``, and indices (``x[0, 1:]``). There is no way from there to anything else of Python.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NoReturn

import numpy as np

import minigrad
from minigrad import Tensor, linalg, special
from minigrad.nn import functional

__all__ = ["ExpressionError", "evaluate", "functions", "value"]

_LONGEST = 10_000
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
# Functions of the top level that are no functions of tensors.
_NOT_CALLED = {
    *("checkpoint", "decompose", "detect_anomaly", "elementwise", "enable_grad", "fused", "general", "grad", "linear"),
    *("is_grad_enabled", "no_grad", "numerical_gradient"),
}
_CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}


class ExpressionError(ValueError):
    """What is wrong with an expression, with the place marked in it.

    Examples
    --------
    >>> print(ExpressionError("(x + y * z", "a parenthesis is not closed", 0))
    a parenthesis is not closed
      (x + y * z
      ^
    """

    def __init__(self, text: str, message: str, start: int, end: int | None = None) -> None:
        self.start, self.end = start, end or start + 1
        # A long text is shown around the place only.
        left = max(0, start - 60)
        shown = _one_line(text[left : left + 100])
        width = max(1, min(self.end - start, len(shown) - (start - left)))
        super().__init__(f"{message}\n  {shown}\n  {' ' * (start - left)}{'^' * width}")


@cache
def functions() -> Mapping[str, Callable[..., Any]]:
    """Return the functions that an expression may call, by name.

    Examples
    --------
    >>> sorted(functions())[:3], "open" in functions(), "no_grad" in functions()
    (['abs', 'absolute', 'adaptive_avg_pool1d'], False, False)
    """
    found: dict[str, Callable[..., Any]] = {}
    # The top level comes last, so that its meaning of a name holds.
    for module in (special, linalg, functional, minigrad):
        for name in module.__all__:
            function = getattr(module, name)
            if callable(function) and not isinstance(function, type) and name not in _NOT_CALLED:
                found[name] = function
    return found


def evaluate(text: str, values: Mapping[str, Tensor]) -> Tensor:
    """Return the value of an expression, with its graph.

    Parameters
    ----------
    text : str
        The expression.
    values : mapping of str to Tensor
        Of its names; besides there are ``pi``, ``e``, ``inf`` and ``nan``.

    Returns
    -------
    Tensor

    Raises
    ------
    ExpressionError
        If the text is no expression, says what it may not, or its computation fails, with the place marked.

    Examples
    --------
    >>> import minigrad as mg
    >>> evaluate("(x + y) * 2", {"x": mg.Tensor(1.0), "y": mg.Tensor(2.0)})
    Tensor(6., dtype=float64)
    >>> evaluate("x + __import__('os')", {"x": mg.Tensor(1.0)})
    Traceback (most recent call last):
        ...
    minigrad.viz.cli.expression.ExpressionError: there is no function '__import__'
      x + __import__('os')
          ^^^^^^^^^^
    """
    tree = _parsed(text)
    result = _Evaluation(text, values).of(tree)
    if not isinstance(result, Tensor):
        kind = "several tensors" if isinstance(result, (list, tuple)) else "no tensor"
        raise ExpressionError(
            text, f"the expression gives {kind}: there must be one, computed from its names", 0, len(text)
        )
    return result


def value(text: str, whole: bool = False) -> Any:
    """Return a number or a nested list of numbers as an array of floats; of integers, if all are and `whole` is set.

    Raises
    ------
    ExpressionError
        If the text is something else, with the place marked.

    Examples
    --------
    >>> value("[[1, 2], [3, -4]]").tolist()
    [[1.0, 2.0], [3.0, -4.0]]
    """
    tree = _parsed(text)
    numbers = _Evaluation(text, {}, literal=True).of(tree)
    try:
        array = np.array(numbers)
        return array if whole and array.dtype.kind == "i" else array.astype(np.float64)
    except (ValueError, TypeError):
        raise ExpressionError(text, "the rows must be equally long", 0, len(text)) from None


def _parsed(text: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise ExpressionError(text, f"an expression has at most {_LONGEST:,} characters, this one has {len(text):,}", 0)
    line = _one_line(text).strip()
    if not line:
        raise ExpressionError(text, "the expression is empty", 0)
    try:
        return ast.parse(line, mode="eval").body
    except SyntaxError as error:
        place = min(max((error.offset or 1) - 1 + _indent(text), 0), len(text) - 1)
        message = (error.msg or "not an expression").splitlines()[0]
        raise ExpressionError(text, f"not an expression: {message}", place) from None
    except (ValueError, RecursionError, MemoryError) as error:
        reason = "it is nested too deeply" if not isinstance(error, ValueError) else str(error)
        raise ExpressionError(text, f"not an expression: {reason}", 0) from None


def _one_line(text: str) -> str:
    """Return a text of the same length without line breaks, tabs and other characters that would move the marks."""
    return "".join([character if character.isprintable() else " " for character in text])


def _indent(text: str) -> int:
    """Return how many spaces stand before the expression, which the parser does not see."""
    return len(text) - len(_one_line(text).lstrip())


class _Evaluation:
    """The value of each kind of expression that is allowed; a visitor of the tree."""

    def __init__(self, text: str, values: Mapping[str, Tensor], literal: bool = False) -> None:
        self.text, self.values, self.literal = text, values, literal

    def fail(self, node: ast.AST, message: str, cause: BaseException | None = None) -> NoReturn:
        start, end = self.place(node)
        raise ExpressionError(self.text, message, start, end) from cause

    def place(self, node: Any) -> tuple[int, int]:
        """Return the node's first character and the one after its last; the tree counts bytes of UTF-8."""
        indent = _indent(self.text)
        line = self.text[indent:].encode()
        start, end = (len(line[:column].decode()) + indent for column in (node.col_offset, node.end_col_offset))
        return start, end

    def of(self, node: ast.expr) -> Any:
        found = getattr(self, f"of_{type(node).__name__}", None)
        if found is None or (
            self.literal and type(node).__name__ not in ("Constant", "UnaryOp", "List", "Tuple", "Name")
        ):
            what = "a value: it is a number or a list of numbers" if self.literal else "allowed here"
            self.fail(node, f"this is not {what}")
        try:
            return found(node)
        except RecursionError:
            self.fail(node, "the expression is nested too deeply")

    def of_Constant(self, node: ast.Constant) -> Any:
        number = node.value
        if isinstance(number, (bool, str)) or number is None:
            if self.literal:
                self.fail(node, "a value is a number or a list of numbers")
            return number
        if not isinstance(number, (int, float)):
            self.fail(node, f"this is not a real number: {number!r:.40}")
        if isinstance(number, int) and abs(number) >= 2**63:
            return float(number)
        return number

    def of_Name(self, node: ast.Name) -> Any:
        name = node.id
        if name in self.values:
            return self.values[name]
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if self.literal:
            self.fail(node, "a value is a number or a list of numbers")
        if name in functions():
            self.fail(node, f"{name} is a function: write {name}(...)")
        self.fail(node, f"{name} has no value: add {name}=NUMBER")

    def of_List(self, node: ast.List | ast.Tuple) -> Any:
        return [self.of(item) for item in node.elts]

    def of_Tuple(self, node: ast.Tuple) -> Any:
        return tuple([self.of(item) for item in node.elts])

    def of_UnaryOp(self, node: ast.UnaryOp) -> Any:
        function = _UNARY.get(type(node.op))
        if function is None:
            self.fail(node, "this operator is not allowed here")
        operand = self.of(node.operand)
        if isinstance(operand, (list, tuple, str, type(None))):
            self.fail(node.operand, "expected a number or a tensor")
        return self.computed(node, function, operand)

    def of_BinOp(self, node: ast.BinOp) -> Any:
        function = _BINARY.get(type(node.op))
        if function is None:
            self.fail(node, "this operator is not allowed here")
        left, right = (self.operand(side) for side in (node.left, node.right))
        if isinstance(left, int) and isinstance(right, int):
            left = float(left)  # a power of integers has no bound
        return self.computed(node, function, left, right)

    def of_Compare(self, node: ast.Compare) -> Any:
        function = _COMPARE.get(type(node.ops[0]))
        if function is None or len(node.ops) > 1:
            self.fail(node, "compare two values, by < <= > >= == or !=")
        return self.computed(node, function, self.operand(node.left), self.operand(node.comparators[0]))

    def operand(self, node: ast.expr) -> Any:
        found = self.of(node)
        if isinstance(found, (list, tuple)):
            try:
                return np.array(found, dtype=float)
            except (TypeError, ValueError):
                self.fail(node, "expected numbers in rows of equal length")
        if isinstance(found, (str, type(None))):
            self.fail(node, "expected a number or a tensor")
        return found

    def of_Attribute(self, node: ast.Attribute) -> Any:
        if node.attr == "T":
            found = self.of(node.value)
            if isinstance(found, Tensor):
                return found.T
        self.fail(node, f"there is no attribute {node.attr!r} here; functions are called: x.sum()")

    def of_Subscript(self, node: ast.Subscript) -> Any:
        found = self.of(node.value)
        if not isinstance(found, (Tensor, list, tuple)):
            self.fail(node, "only a tensor has elements")
        return self.computed(node, operator.getitem, found, self.index(node.slice))

    def index(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            return slice(*[None if part is None else self.of(part) for part in (node.lower, node.upper, node.step)])
        if isinstance(node, ast.Tuple):
            return tuple([self.index(item) for item in node.elts])
        if isinstance(node, ast.Constant) and node.value is ...:
            return ...
        return self.of(node)

    def of_Call(self, node: ast.Call) -> Any:
        called = node.func
        arguments = []
        if isinstance(called, ast.Attribute):
            name = called.attr
            arguments.append(self.of(called.value))
        elif isinstance(called, ast.Name):
            name = called.id
        else:
            self.fail(called, "only a function can be called")
        function = functions().get(name)
        if function is None:
            near = _nearest(name, functions())
            self.fail(called, f"there is no function {name!r}" + (f"; did you mean {near!r}?" if near else ""))
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                self.fail(argument, "arguments cannot be spread here")
            arguments.append(self.of(argument))
        keywords = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                self.fail(keyword, "arguments cannot be spread here")
            keywords[keyword.arg] = self.of(keyword.value)
        return self.computed(node, function, *arguments, **keywords)

    def computed(self, node: ast.expr, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        try:
            return function(*arguments, **keywords)
        except (MemoryError, OverflowError, RecursionError):
            self.fail(node, "the result is too large")
        except Exception as error:
            message = str(error).splitlines()[0] if str(error) else type(error).__name__
            self.fail(node, message, error)


def _nearest(name: str, known: Iterable[str]) -> str:
    import difflib

    return next(iter(difflib.get_close_matches(name, known, 1, 0.8)), "")
