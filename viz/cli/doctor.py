"""``minigrad doctor``: what is installed, what is missing, and how to get it."""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import minigrad

from ..api import draw
from ..render import RenderError

HELP = "report versions, Graphviz, BLAS and threads, extras, and what is missing"
EXAMPLES = """examples:
  minigrad doctor            exit code 0: all that drawing needs is there; 1: it is not
"""

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments: none."""


def run(options: argparse.Namespace) -> int:
    """Print the report."""
    drawing, fine = graphviz()
    sections = {
        "versions": versions(),
        "drawing": drawing,
        "arithmetic": arithmetic(),
        "extras": extras(),
        "data": data(),
    }
    for title, lines in sections.items():
        print(title)
        width = max((len(name) for name, _ in lines), default=0)
        for name, text in lines:
            print(f"  {name:{width}}  {text}")
    return 0 if fine else 1


def versions() -> list[tuple[str, str]]:
    """Return what the project runs on."""
    return [
        ("minigrad", f"{minigrad.__version__}, {Path(minigrad.__file__).parent}"),
        ("Python", f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable}"),
        ("NumPy", np.__version__),
        ("system", platform.platform(terse=True)),
    ]


def graphviz() -> tuple[list[tuple[str, str]], bool]:
    """Return what draws, and whether it does: a small graph is drawn for it."""
    dot = shutil.which("dot")
    lines = [("dot", f"{dot}, {_dot_version(dot)}" if dot else "not on PATH")]
    lines.append(("pygraphviz", version("pygraphviz") or "not installed"))
    x = minigrad.Tensor(3.0, requires_grad=True, name="x")
    try:
        size = len(draw(x * x).pipe("svg"))
    except RenderError as error:
        return [*lines, ("result", str(error).removeprefix("viz: "))], False
    return [*lines, ("result", f"a test graph was drawn ({size:,} bytes of SVG)")], True


def _dot_version(dot: str) -> str:
    try:
        done = subprocess.run([dot, "-V"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not start: {error}"
    return done.stderr.strip().removeprefix("dot - ")


def arithmetic() -> list[tuple[str, str]]:
    """Return the library of matrix products, and how many threads it may use."""
    config: Any = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {})
    lines = [("BLAS", " ".join(str(blas.get(key, "")) for key in ("name", "version")).strip() or "unknown")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    lines.append(("processors", str(cores)))
    chosen = [f"{name}={os.environ[name]}" for name in THREADS if name in os.environ]
    lines.append(("threads", ", ".join(chosen) or f"not limited; on a busy machine, {THREADS[0]}=1 can be faster"))
    lines.append(("CuPy", version("cupy") or "not installed (only needed to compute on a GPU)"))
    return lines


def extras() -> list[tuple[str, str]]:
    """Return each extra, with what it brings, or the command that installs it.

    An extra's packages are read from minigrad's own metadata, so the list is never out of date.
    """
    packages = declared()
    if not packages:
        return [("unknown", "minigrad is not installed, but imported from a folder without its pyproject.toml")]
    lines = []
    for extra, names in packages.items():
        if extra in DEVELOPERS:
            continue
        missing = [name for name in names if version(name) is None]
        have = ", ".join(f"{name} {version(name)}" for name in names if version(name))
        need = f"{', '.join(missing)} not installed: pip install 'minigrad[{extra}]'" if missing else ""
        lines.append((extra, "; ".join(part for part in (have, need) if part)))
    return lines


def declared() -> dict[str, list[str]]:
    """Return the packages of each extra: of the checkout that is imported, or else of what is installed."""
    import re
    import tomllib

    packages: dict[str, list[str]] = {}
    file = Path(minigrad.__file__).resolve().parents[1] / "pyproject.toml"
    project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}) if file.is_file() else {}
    requirements = []
    if project.get("name") == "minigrad":
        extras = project["optional-dependencies"]
        requirements = [(extra, text) for extra, texts in extras.items() for text in texts]
    else:
        with suppress(metadata.PackageNotFoundError):
            for text in metadata.requires("minigrad") or []:
                named = re.search(r"extra == ['\"]([\w-]+)['\"]", text)
                requirements += [(named[1], text)] if named else []
    for extra, text in requirements:
        found = re.match(r"[\w.-]+", text)
        if found and found[0].lower() != "minigrad":
            packages.setdefault(extra, []).append(found[0])
    return packages


# Extras for those who change minigrad.
DEVELOPERS = ("bench", "docs", "test", "torch")


def data() -> list[tuple[str, str]]:
    """Return where data sets are looked for."""
    folder = os.environ.get("MINIGRAD_DATA")
    if not folder:
        return [("MINIGRAD_DATA", "not set")]
    names = sorted(path.name for path in Path(folder).iterdir()) if Path(folder).is_dir() else None
    return [("MINIGRAD_DATA", f"{folder}: {', '.join(names) if names is not None else 'there is no such folder'}")]


def version(package: str) -> str | None:
    """Return the version of an installed package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        found = importlib.util.find_spec(package.replace("-", "_"))
        return "(version unknown)" if found is not None else None
