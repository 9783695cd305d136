"""``minigrad ops``: the registry of ops as a table."""

from __future__ import annotations

import argparse

from minigrad import listing

HELP = "list the ops with their local gradients"
EXAMPLES = """examples:
  minigrad ops
  minigrad ops "log*" tanh
  minigrad ops --kind fused --markdown
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    listing.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    return listing.show(options)
