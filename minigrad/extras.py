"""Packages that are needed for some jobs only: imported at the job, with an error that says how to get them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["require"]


def require(module: str, extra: str, purpose: str) -> Any:
    """Import a package that comes with one of minigrad's extras.

    Parameters
    ----------
    module : str
        The full name of the module.
    extra : str
        The extra of minigrad that installs it.
    purpose : str
        What it is needed for, as the subject of the error.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If it is not installed, or cannot be loaded.

    Examples
    --------
    >>> require("json", "files", "reading settings").dumps([1])
    '[1]'
    >>> require("no_such_package.numpy", "files", "reading clay tablets")
    Traceback (most recent call last):
        ...
    ImportError: reading clay tablets needs no_such_package: pip install 'minigrad[files]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != package:
            raise  # it is there, and lacks something itself: its own message says what
        raise ImportError(f"{purpose} needs {package}: pip install 'minigrad[{extra}]'", name=package) from None
