"""Formulas of local gradients as MathML, which browsers draw without a script.

What the registry holds is text: ``1 / (2·y)``, ``[a > b] + 0.5·[a = b]``, ``diag(y) - y yᵀ (along axis {axis})``. Texts
of this small language are parsed and set as formulas; any other text stays what it is, a sentence. A dot that
multiplies nothing stands for the upstream gradient: ``yᵀ · yᵀ``, ``b × ·``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from html import escape

_TOKEN = re.compile(
    r"\s*(\d+(?:\.\d+)?(?:e[+-]?\d+)?|[√∫]|[A-Za-zα-ωΑ-Ω∂][\w.{}'\u0302]*|\{\w+\}|⁻¹|⁻ᵀ|[-+·×/^()\[\],<>=≤≥≠ᵀ²³⁺|])|\s*$"
)
_REMARK = re.compile(
    r"^(.*?)( \((?:[^()]|\([^()]*\))*[a-z]{2,} (?:[^()]|\([^()]*\))*\)|, (?!with )(?:[^()]|\([^()]*\))*"
    r"| (?:per|for|where|at) .*)$"
)
_DEFINITIONS = re.compile(r",? with ")
_SEPARATOR = re.compile(r", (?=\S+ = )")
_INDICES = {"ᵢ": "i", "ⱼ": "j"}
_RAISED = {
    "ᵀ": "<mi>T</mi>",
    "²": "<mn>2</mn>",
    "³": "<mn>3</mn>",
    "⁺": "<mo>+</mo>",
    "⁻¹": "<mrow><mo>−</mo><mn>1</mn></mrow>",
    "⁻ᵀ": "<mrow><mo>−</mo><mi>T</mi></mrow>",
}
_COMPARISONS = ("<", ">", "=", "≤", "≥", "≠")
_WORDS = {"if", "else", "or", "not"}


class _NotAFormulaError(ValueError):
    """The text is not of the language."""


class _Parser:
    """Recursive descent over the tokens; each method returns MathML, and whether it is one indivisible piece."""

    def __init__(self, text: str, names: Collection[str] | None) -> None:
        self.tokens: list[str] = []
        self.names = names
        at = 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if found is None or found[1] is None:
                raise _NotAFormulaError(text)
            self.tokens.append(found[1])
            at = found.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise _NotAFormulaError(token)
        self.at += 1
        return token

    def whole(self) -> str:
        found = self.choice()
        if self.peek():
            raise _NotAFormulaError(self.peek())
        return found

    def choice(self) -> str:
        first = self.either()
        if self.peek() != "if":
            return first
        self.take()
        condition = self.either()
        while self.peek() in _COMPARISONS:
            condition += f"<mo>{escape(self.take())}</mo>{self.either()}"
        self.take("else")
        return f"{first}<mtext>&#160;if&#160;</mtext>{condition}<mtext>, else&#160;</mtext>{self.choice()}"

    def either(self) -> str:
        parts = [self.sum()]
        while self.peek() == "or":
            self.take()
            parts.append(self.sum())
        return "<mtext>&#160;or&#160;</mtext>".join(parts)

    def sum(self) -> str:
        text = self.product()
        while self.peek() in ("+", "-"):
            sign = "+" if self.take() == "+" else "−"
            text += f"<mo>{sign}</mo>{self.product()}"
        return text

    def product(self) -> str:
        """Factors, with fractions: all that stands before the stroke is above the line."""
        sign = ""
        if self.peek() == "-":
            self.take()
            sign = "<mo>−</mo>"
        text, alone = self.power()
        while True:
            token = self.peek()
            if token == "/":
                self.take()
                below, single = self.power()
                over = _bare(text) if alone else text
                text = f"<mfrac><mrow>{over}</mrow><mrow>{_bare(below) if single else below}</mrow></mfrac>"
                alone = False
            elif token == "·":
                self.take()
                if self.peek() in _RAISED:
                    text += f"<msup><mo>·</mo>{_RAISED[self.take()]}</msup>"
                    continue
                if not self.peek() or self.peek() in ")+-":  # "aᵀ ·": from the left, of the upstream gradient
                    text += "<mo>·</mo>"
                    continue
                minus = ""
                if self.peek() == "-":
                    self.take()
                    minus = "<mo>−</mo>"
                text += f"<mo>·</mo>{minus}{self.power()[0]}"
                alone = False
            elif token == "×":
                self.take()
                text += f"<mo>×</mo>{self.power()[0]}"
                alone = False
            elif token and (token == "(" or token[0].isalnum() or token[0] in "∂{√") and token not in _WORDS:
                text += f"<mspace width='0.2em'/>{self.power()[0]}"
                alone = False
            else:
                return sign + text

    def power(self) -> tuple[str, bool]:
        text, alone = self.atom()
        if self.peek() in _RAISED:
            while self.peek() in _RAISED:
                text = f"<msup><mrow>{text}</mrow>{_RAISED[self.take()]}</msup>"
            return text, False
        if self.peek() != "^":
            return text, alone
        self.take()
        return f"<msup><mrow>{text}</mrow><mrow>{_bare(self.atom()[0])}</mrow></msup>", False

    def atom(self) -> tuple[str, bool]:
        token = self.take()
        if token == "(":
            inner = self.choice()
            self.take(")")
            return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>", True
        if token == "|":
            inner = self.choice()
            self.take("|")
            return f"<mrow><mo>|</mo>{inner}<mo>|</mo></mrow>", False
        if token in ("·", "∫"):
            return f"<mo>{token}</mo>", False
        if token == "[":
            return f"<mrow><mo>[</mo>{self.comparison()}<mo>]</mo></mrow>", False
        if token[0].isdigit():
            return f"<mn>{token}</mn>", False
        if token == "not":
            return f"<mtext>not&#160;</mtext>{self.atom()[0]}", False
        if token == "√" and self.peek() != "(":
            return f"<msqrt>{self.atom()[0]}</msqrt>", False
        if token in _WORDS or not (token[0].isalpha() or token[0] in "∂{√"):
            raise _NotAFormulaError(token)
        if self.peek() == "(":
            return self.call(token), False
        return self.name(token), False

    def comparison(self) -> str:
        text = self.choice()
        if self.peek() not in _COMPARISONS:
            raise _NotAFormulaError(self.peek())
        sign = self.take()
        text += f"<mo>{escape(sign)}</mo>{self.choice()}"
        self.take("]")
        return text

    def call(self, name: str) -> str:
        """A function, or (a name that is known to be a value) a product with what stands in parentheses."""
        if self.names and name in self.names:
            return self.name(name)
        self.take("(")
        arguments = [self.choice()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.choice())
        self.take(")")
        if name in ("sqrt", "√"):
            return f"<msqrt>{arguments[0]}</msqrt>"
        if name == "abs":
            return f"<mrow><mo>|</mo>{arguments[0]}<mo>|</mo></mrow>"
        if name == "exp":
            return f"<msup><mi>e</mi><mrow>{arguments[0]}</mrow></msup>"
        inner = "<mo>,</mo>".join(arguments)
        return f"<mrow><mi mathvariant='normal'>{escape(name)}</mi><mo>(</mo>{inner}<mo>)</mo></mrow>"

    def name(self, token: str) -> str:
        base, raised = token, ""
        for sign, text in _RAISED.items():
            if base.endswith(sign):
                base, raised = base.removesuffix(sign), text
        index = _INDICES.get(base[-1], "") if len(base) > 1 else ""
        base = base[:-1] if index else base
        if self.names is not None and base.rstrip("'") not in self.names and not base.startswith("{"):
            raise _NotAFormulaError(token)
        base = base.strip("{}")
        text = f"<mi>{escape(base)}</mi>"
        text = f"<msub>{text}<mi>{index}</mi></msub>" if index else text
        return f"<msup>{text}{raised}</msup>" if raised else text


def _bare(text: str) -> str:
    """Take away the parentheses around the whole of a piece."""
    inner = text.removeprefix("<mrow><mo>(</mo>").removesuffix("<mo>)</mo></mrow>")
    return inner if len(inner) == len(text) - len("<mrow><mo>(</mo><mo>)</mo></mrow>") else text


def _math(body: str) -> str:
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" displaystyle="true"><mrow>{body}</mrow></math>'


def render(text: str, names: Collection[str] | None = None) -> str:
    """Return a formula as HTML: as MathML where it is one, else as text.

    Parameters
    ----------
    text : str
    names : collection of str, optional
        The names that values have; others make it a sentence. Default: any name is one.

    Examples
    --------
    >>> render("1 / (2·y)").split("<mrow>", 1)[1].removesuffix("</mrow></math>")
    '<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn><mo>·</mo><mi>y</mi></mrow></mfrac>'
    >>> render("convolved with the flipped weight", {"x", "weight"})
    'convolved with the flipped weight'
    """
    formula, *rest = _DEFINITIONS.split(text, maxsplit=1)
    if rest:
        known = {*names, *re.findall(r"(\w+'?)(?= = |\))", rest[0])} if names is not None else None
        parts = [render(part, known) for part in (formula, *_SEPARATOR.split(rest[0]))]
        if all(part.startswith("<math") for part in parts):
            return f"{parts[0]} with {', '.join(parts[1:])}"
    remark = ""
    found = _REMARK.match(text)
    # A number and words, as in "1 at the maximum", are a sentence.
    split = (found[1], found[2]) if found and (found[2][1] == "(" or not found[1].isdigit()) else (text, "")
    for formula, remark in dict.fromkeys([(text, ""), split]):
        try:
            before, equal, after = formula.partition(" = ")
            if equal and "[" not in formula:
                body = f"{_Parser(before, names).whole()}<mo>=</mo>{_Parser(after, names).whole()}"
            elif formula.startswith("· ") and not formula.startswith("· ×"):
                body = f"<mo>·</mo>{_Parser(formula[2:], names).whole()}"
            else:
                body = _Parser(formula, names).whole()
        except _NotAFormulaError:
            continue
        return _math(body) + _fields(escape(remark))
    return _fields(escape(text))


def _fields(text: str) -> str:
    """Set the static arguments, which stand in braces, as names."""
    return re.sub(r"\{(\w+)\}", r"<i>\1</i>", text)
