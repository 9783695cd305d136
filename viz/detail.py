"""Which of all that is known a drawing writes out."""

from __future__ import annotations

from collections.abc import Iterable

from .labels import USUAL, clean

DETAILS = ("values", "shapes", "gradients", "locals", "formulas", "gains", "lines")


def details(show: str | Iterable[str] | None) -> frozenset[str]:
    """Return the details that `show` asks for.

    Parameters
    ----------
    show : str, iterable of str, or None
        Words; in one string, separated by spaces or commas. Where each has a sign, they are added to the usual ones
        (+) or left out (-).

    Raises
    ------
    TypeError, ValueError
        If it is something else.

    Examples
    --------
    >>> sorted(details("values gradients")), sorted(details("+gains -formulas"))
    (['gradients', 'values'], ['gains', 'gradients', 'locals', 'shapes', 'values'])
    """
    if show is None:
        return USUAL
    if isinstance(show, str):
        show = show.replace(",", " ").split()
    if not isinstance(show, Iterable):
        raise TypeError(f"viz: show must be words such as 'values gradients', got {type(show).__name__}")
    words = list(show)
    for word in words:
        if not isinstance(word, str) or word.lstrip("+-") not in DETAILS or len(word) > len(word.lstrip("+-")) + 1:
            raise ValueError(f"viz: show has the words {', '.join(DETAILS)}, got {clean(str(word))!r}")
    signed = [word for word in words if word[0] in "+-"]
    if not signed:
        return frozenset(words)
    if len(signed) < len(words):
        raise ValueError(
            "viz: show: either each word has a sign (+gains -formulas), which changes what is usual, or none has; got "
            f"{' '.join(words)!r}"
        )
    more = {word[1:] for word in words if word[0] == "+"}
    return (USUAL | more) - {word[1:] for word in words if word[0] == "-"}
