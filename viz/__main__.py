"""``python -m minigrad.viz``: the command ``minigrad`` (see :mod:`minigrad.viz.cli`)."""

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
