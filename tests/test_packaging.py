"""What is installed, what importing it loads, and which package may import which."""

import ast
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {"minigrad": ROOT / "minigrad", "minigrad.nn": ROOT / "nn", "minigrad.viz": ROOT / "viz"}


def modules() -> Iterator[tuple[str, Path]]:
    """Every module in the tree with the name it is imported by; the links are not followed."""
    for package, folder in FOLDERS.items():
        for file in sorted(folder.rglob("*.py")):
            inner = file.relative_to(folder).with_suffix("").parts
            if package != "minigrad" or inner[0] not in ("nn", "viz"):
                yield ".".join((package, *inner)).removesuffix(".__init__"), file


def python(program: str, *arguments: str | Path, cwd: Path) -> str:
    """What `program` prints in a new interpreter."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---------------------------------------------------------------------------------------------------- imports
def test_import_loads_numpy_and_the_standard_library_only() -> None:
    # What is loaded before the import is the interpreter's own start-up, such as the hook of an editable
    # install.
    program = """
import sys
before = set(sys.modules)
import minigrad
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(new - sys.stdlib_module_names - {"minigrad", "numpy"}))
"""
    assert python(program, cwd=ROOT).split() == []


def imports(name: str, file: Path) -> Iterator[str]:
    """The full names of what a module imports from this project, at its top or inside its functions."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_bytes(), file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def test_imports_go_one_way() -> None:
    """Examples and viz may import nn, nn may import the engine; nothing goes the other way."""
    for name, file in modules():
        forbidden = {"minigrad": ("minigrad.nn", "minigrad.viz"), "minigrad.nn": ("minigrad.viz",)}
        layer = next(
            package for package in ("minigrad.viz", "minigrad.nn", "minigrad") if name.startswith(package)
        )
        for upwards in forbidden.get(layer, ()):
            taken = [target for target in imports(name, file) if f"{target}.".startswith(f"{upwards}.")]
            assert not taken, f"{file.relative_to(ROOT)} imports {', '.join(taken)}"


# ----------------------------------------------------------------------------------------------------- layout
@pytest.mark.parametrize("package", ["nn", "viz"])
def test_the_links_are_relative(package: str) -> None:
    link = ROOT / "minigrad" / package
    assert link.is_symlink(), (
        f"{link} must be a link; a checkout without links (git core.symlinks) cannot be used"
    )
    assert os.readlink(link) == f"../{package}"


def test_every_package_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    packages = {name for name, file in modules() if file.name == "__init__.py"}
    assert sorted(listed) == sorted(packages)


# ---------------------------------------------------------------------------------------------- distributions
BUILD = """
import sys
from setuptools import build_meta
kind, target = sys.argv[1:]
getattr(build_meta, "build_" + kind)(target)
"""


@pytest.fixture(scope="module")
def source_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build reads, copied, so that it leaves nothing behind in the checkout."""
    tree = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for name in ("minigrad", "nn", "viz"):
        shutil.copytree(ROOT / name, tree / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    return tree


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_every_module_under_minigrad(source_tree: Path, tmp_path: Path) -> None:
    python(BUILD, "wheel", tmp_path, cwd=source_tree)
    (wheel,) = tmp_path.glob("*.whl")
    expected = {
        name.replace(".", "/") + ("/__init__.py" if file.name == "__init__.py" else ".py")
        for name, file in modules()
    }
    built = contents(wheel)
    assert {name for name in built if name.endswith(".py")} == expected
    assert "minigrad/py.typed" in built

    # Off the checkout, everything comes from the wheel; its top level holds no other name that could clash.
    assert {name.partition("/")[0] for name in built} == {"minigrad"}
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    program = """
import sys
sys.path.insert(0, sys.argv[1])
import minigrad, minigrad.nn, minigrad.viz
print(minigrad.__file__, minigrad.nn.__file__, minigrad.viz.__file__, sep="\\n")
"""
    site = tmp_path / "site" / "minigrad"
    files = python(program, tmp_path / "site", cwd=tmp_path).splitlines()
    assert files == [str(site / "__init__.py"), str(site / "nn/__init__.py"), str(site / "viz/__init__.py")]


def test_the_sdist_builds_the_same_wheel(source_tree: Path, tmp_path: Path) -> None:
    python(BUILD, "wheel", tmp_path, cwd=source_tree)
    python(BUILD, "sdist", tmp_path, cwd=source_tree)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        # As an attribute, because Python 3.11 got the argument only in 3.11.4.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(tmp_path)
    (tmp_path / "again").mkdir()
    python(BUILD, "wheel", tmp_path / "again", cwd=tmp_path / sdist.name.removesuffix(".tar.gz"))
    (direct,), (again,) = tmp_path.glob("*.whl"), (tmp_path / "again").glob("*.whl")
    assert contents(direct) == contents(again)
