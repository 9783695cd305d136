"""The command line: ``minigrad draw``, ``gallery``, ``ops`` and ``doctor``.

A command is a module here with ``add(parser)``, which declares its arguments, and ``run(options)``, which returns the
exit status; the table in ``main`` lists them.
"""

from .main import main

__all__ = ["main"]
