"""The command ``minigrad``: choose the subcommand, and turn errors into messages and exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import minigrad

from . import doctor, draw, gallery, ops
from .expression import ExpressionError

__all__ = ["main"]

COMMANDS = {"draw": draw, "gallery": gallery, "ops": ops, "doctor": doctor}

_EXAMPLES = """examples:
  minigrad draw "(x + y) * z" x=-2 y=5 z=-4 -o graph.svg
  minigrad draw "sigmoid(x @ W + b).sum()" "x=[[1, 2]]" "W=[[1, 3], [2, 4]]" "b=[0, 1]" --text
  minigrad gallery -o out/
  minigrad ops "log*"
  minigrad doctor

exit codes: 0 done, 1 not done (the reason is on standard error), 2 wrong use
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="minigrad",
        description="Draw computation graphs with every local gradient, and look at minigrad itself.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"minigrad {minigrad.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        assert module.__doc__ is not None
        sub = commands.add_parser(
            name,
            help=module.HELP,
            description=module.HELP[0].upper() + module.HELP[1:] + ".",
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add(sub)
        sub.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status: 0 done, 1 not done, 2 wrong use.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Examples
    --------
    >>> main(["draw", "x * y", "x=3", "y=4", "--text"])
    12  ← multiply  | gradient 1
    ├─ a: x = 3  [parameter]  | 1 × 4 = 4
    └─ b: y = 4  [parameter]  | 1 × 3 = 3
    0
    """
    options = parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; what is still to be flushed at exit goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ExpressionError as error:
        return _failed(error, 2)
    except (ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
        return _failed(error, 1)
    except KeyboardInterrupt:
        return _failed("interrupted", 130)
    return status


def _failed(reason: object, status: int) -> int:
    print(f"minigrad: {reason}", file=sys.stderr)
    return status
