"""The command line: what it draws, its exit codes, and its messages, which point at the character."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import Tensor
from minigrad.viz import RenderError
from minigrad.viz.cli import doctor, main
from minigrad.viz.cli.expression import ExpressionError, evaluate, functions, value

NAMES = {"x": Tensor(2.0), "y": Tensor([1.0, -3.0]), "W": Tensor([[1.0, 2.0], [3.0, 4.0]])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + 2 * y", [4, -4]),
        ("-x ** 2", -4),
        ("x / 4 - 1", -0.5),
        ("y // 2 + y % 2", [1, -1]),
        ("W @ y", [-5, -9]),
        ("W.T @ [1, 1]", [4, 6]),
        ("sum(W, axis=0)", [4, 6]),
        ("W.sum(axis=(0, 1))", 10),
        ("W[0] + W[:, 1]", [3, 6]),
        ("W[-1, ::-1]", [4, 3]),
        ("W[..., 0]", [1, 3]),
        ("where(y > 0, y, 0)", [1, 0]),
        ("exp(log(x)) * pi / pi", 2),
        ("concatenate([y, y[0:1]])", [1, -3, 1]),
        ("relu(y)", [1, 0]),
        ("  x\n+ 1 ", 3),
        ("x * 10 ** 30", 2e30),
        ("maximum(x, True)", 2),
    ],
)
def test_values(text: str, expected: object) -> None:
    np.testing.assert_allclose(evaluate(text, NAMES).data, expected, rtol=1e-14)


@given(st.floats(-5, 5), st.floats(-5, 5), st.sampled_from(["x + y", "x * y - x", "(x - y) ** 2", "-x * (y + 2)"]))
def test_as_python_computes(x: float, y: float, text: str) -> None:
    found = evaluate(text, {"x": Tensor(x), "y": Tensor(y)}).item()
    assert found == eval(text, {"x": x, "y": y})


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("(x + y * z", "'(' was never closed", "("),
        ("x + ", "not an expression", None),
        ("x + q", "q has no value", "q"),
        ("x + foo(y)", "no function 'foo'", "foo"),
        ("x + sigmod(y)", "did you mean 'sigmoid'", "sigmod"),
        ("exp * x", "exp is a function: write exp(...)", "exp"),
        ("y @ [1, 2, 3]", "inner sizes 2 and 3 differ", "y @ [1, 2, 3]"),
        ("x.data", "no attribute 'data'", "x.data"),
        ("().__class__.__bases__", "no attribute '__bases__'", "().__class__.__bases__"),
        ("x.__class__", "no attribute '__class__'", "x.__class__"),
        ("__import__('os').system('true')", "no function '__import__'", "__import__"),
        ("(lambda: x)()", "only a function can be called", "lambda: x"),
        ("[v for v in y]", "not allowed here", "[v for v in y]"),
        ("x if x else y", "not allowed here", "x if x else y"),
        ("f'{x}'", "not allowed here", "f'{x}'"),
        ("x := 3", "not an expression", None),
        ("x and y", "not allowed here", "x and y"),
        ("~x", "not allowed here", "~x"),
        ("x << 2", "not allowed here", "x << 2"),
        ("0 < x < 1", "compare two values", "0 < x < 1"),
        ("exp(*y)", "cannot be spread", "*y"),
        ("exp(**y)", "cannot be spread", "**y"),
        ("x + 'a'", "expected a number or a tensor", "'a'"),
        ("x + 1j", "not a real number", "1j"),
        ("x + [[1], [1, 2]]", "rows of equal length", "[[1], [1, 2]]"),
        ("exp(x, x, x, x, x)", "exp", "exp(x, x, x, x, x)"),
        ("x + é", "é has no value", "é"),
        ("'é' + x", "expected a number", "'é'"),
        ("9 ** 9 ** 9 ** 9", "too large", None),
        ("1 + 2", "no tensor", "1 + 2"),
        ("split(y, 2)", "several tensors", "split(y, 2)"),
        ("", "empty", None),
        ("x)(", "not an expression", None),
        ("x + y[5]", "index 5", "y[5]"),
        ("(" * 3000 + "x" + ")" * 3000, "not an expression", None),
        ("-" * 5000 + "x", "", None),
        ("x + " * 4000 + "x", "at most 10,000 characters", None),
    ],
)
def test_errors_point_at_the_character(text: str, message: str, marked: str | None) -> None:
    with pytest.raises(ExpressionError) as caught, np.errstate(all="ignore"):
        evaluate(text, NAMES)
    first, shown, carets = str(caught.value).splitlines() if text else [*str(caught.value).splitlines(), "", ""][:3]
    assert message in first
    if marked is not None:
        start = carets.index("^")
        assert shown[start : len(carets)] == marked


@given(st.text(max_size=40))
def test_any_text_gives_a_tensor_or_an_error(text: str) -> None:
    message = ""
    with np.errstate(all="ignore"):
        try:
            assert isinstance(evaluate(text, NAMES), Tensor)
        except ExpressionError as error:
            message = str(error)
    assert len(message.splitlines()) in (0, 3)


def test_only_functions_of_tensors_can_be_called() -> None:
    assert {"exp", "conv2d", "erf", "svd", "softmax"} <= set(functions())
    assert not {"Tensor", "grad", "no_grad", "checkpoint", "func", "registry", "save", "load"} & set(functions())
    assert all(not name.startswith("_") for name in functions())


@pytest.mark.parametrize(("text", "expected"), [("-2", -2), ("[[1], [-4.5]]", [[1], [-4.5]]), ("inf", np.inf)])
def test_values_of_names(text: str, expected: object) -> None:
    np.testing.assert_array_equal(value(text), expected)


@pytest.mark.parametrize("text", ["abc", "[1, [2]]", "exp(1)", "'1'", "1 + 1", "{1: 2}", "[True]", ""])
def test_other_values_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        value(text)


# ------------------------------------------------------------------------------------------------------- the command
def test_draw_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "(x + y) * z", "x=-2", "y=5", "z=-4", "--text"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("-12  ← multiply  | gradient 1")
    assert "x = -2  [parameter]  | -4 × 1 = -4" in out


def test_draw_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "graph.dot"
    assert main(["draw", "x @ W", "x=[[1, 2]]", "W=[[1, 3], [2, 4]]", "--input", "x", "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert path.read_text().startswith("digraph")
    monkeypatch.chdir(tmp_path)
    try:
        assert main(["draw", "x * x", "x=3"]) == 0
    except RenderError:
        pytest.skip("no Graphviz")
    assert (tmp_path / "graph.svg").read_bytes().startswith(b"<?xml")


def test_inputs_may_be_classes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "softmax_cross_entropy(s, t)", "s=[[1, 2]]", "t=[1]", "--input", "t", "--text"]) == 0
    assert "t = (1) [1]  [input]" in capsys.readouterr().out
    assert main(["draw", "x * w", "x=2", "w=3", "--input", "x", "--text"]) == 0
    assert "x = 2  [input]" in capsys.readouterr().out


def test_open_shows_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import webbrowser

    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert main(["draw", "x * x", "x=3", "-o", str(tmp_path / "graph.txt"), "--open"]) == 0
    assert opened == [(tmp_path / "graph.txt").as_uri()]


def test_upstream_gradient(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "2 * x", "x=[1, 2]", "--gradient", "[10, 20]", "--text"]) == 0
    assert "20" in capsys.readouterr().out
    assert main(["draw", "2 * x", "x=[1, 2]", "--gradient", "[10, a]", "--text"]) == 2
    assert "--gradient" in capsys.readouterr().err


def test_second_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "x ** 3", "x=2", "--grad-of", "x", "--text"]) == 0
    assert capsys.readouterr().out.startswith("d/dx = 12")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["x + y", "x=1"], 2, "y has no value: add y=NUMBER"),
        (["x", "x=1", "x=2"], 2, "x has a value already"),
        (["x", "x"], 2, "expected NAME=VALUE"),
        (["x", "x=[1,"], 2, "never closed"),
        ([" x)(", "x=1"], 2, "not an expression"),
        (["x * 2", "x=1", "y=2"], 1, "y does not stand in the expression"),
        (["x * 2", "x=1", "--input", "q"], 1, "there is no q=VALUE"),
        (["x * 2", "x=1", "--input", "x"], 1, "no name that requires a gradient"),
        (["x * 2", "x=1", "--grad-of", "q"], 1, "the expression has no q"),
        (["x * 2", "x=1", "--grad-of", "x"], 1, "the gradient is constant, 2.0"),
        (["x * 2", "x=1", "-o", "graph.bmp"], 1, "suffix"),
        (["x * 2", "x=1", "-o", "no/such/folder/graph.dot"], 1, "no/such/folder"),
        (["x * 2", "x=1", "--digits", "0"], 1, "digits"),
        (["missing.py:loss"], 1, "there is no file missing.py"),
        (["missing.py:loss", "x=1"], 1, "values belong to an expression"),
    ],
)
def test_exit_codes(
    arguments: list[str], status: int, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["draw", *arguments]) == status
    error = capsys.readouterr().err
    assert error.startswith("minigrad: ")
    assert message in error
    assert not list(tmp_path.iterdir())


def test_errors_in_values_point_into_the_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "x", "x=[1, oops]"]) == 2
    _, shown, carets = capsys.readouterr().err.splitlines()
    assert shown[carets.index("^") : len(carets)] == "oops"


def test_scripts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "helper.py").write_text("factor = 3.0\n")
    script = tmp_path / "script.py"
    script.write_text(
        "import minigrad as mg\nimport helper\nx = mg.Tensor(2.0, requires_grad=True, name='x')\n"
        "loss = x * helper.factor\n"
        "def made():\n    return loss * 2\n"
        "number = 3\n"
        "if __name__ == '__main__':\n    raise SystemExit('not as a program')\n"
    )
    assert main(["draw", f"{script}:loss", "--text"]) == 0
    assert capsys.readouterr().out.startswith("loss = 6" if mg.Tensor(0).name else "6")
    assert main(["draw", f"{script}:made", "--text"]) == 0
    assert capsys.readouterr().out.startswith("12")
    assert main(["draw", f"{script}:number"]) == 1
    assert "number is int, not a Tensor" in capsys.readouterr().err
    assert main(["draw", f"{script}:missing"]) == 1
    assert "has no 'missing'; its tensors: x, loss" in capsys.readouterr().err
    script.write_text("a = 1\nb = a / 0\n")
    assert main(["draw", f"{script}:b"]) == 1
    assert "script.py:2 failed: ZeroDivisionError" in capsys.readouterr().err
    script.write_text("import sys\nsys.exit(3)\n")
    assert main(["draw", f"{script}:b"]) == 1
    assert "ended itself: exit(3)" in capsys.readouterr().err
    assert str(tmp_path) not in sys.path
    sys.modules.pop("helper", None)


def test_doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path))
    status = main(["doctor"])
    out = capsys.readouterr().out
    assert f"minigrad {mg.__version__}" in " ".join(out.split())
    assert "mnist" in out
    assert status == (0 if "a test graph was drawn" in out else 1)

    def broken(*_: object, **__: object) -> bytes:
        raise RenderError("viz: drawing needs Graphviz, and there is none")

    monkeypatch.setattr("minigrad.viz.drawing.render", broken)
    assert main(["doctor"]) == 1
    assert "drawing needs Graphviz" in capsys.readouterr().out
    monkeypatch.setattr(doctor, "version", lambda name: None)
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path / "gone"))
    main(["doctor"])
    out = capsys.readouterr().out
    assert "there is no such folder" in out
    for extra in ("plot", "train", "files", "testing", "special", "data", "onnx", "render", "browser"):
        assert f"pip install 'minigrad[{extra}]'" in out


@pytest.mark.parametrize("checkout", [True, False])
def test_extras_of_a_checkout_and_of_an_installation(
    checkout: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "minigrad"
    folder.mkdir()
    monkeypatch.setattr(mg, "__file__", str(folder / "__init__.py"))
    if checkout:
        text = '[project]\nname = "minigrad"\n[project.optional-dependencies]\n'
        (tmp_path / "pyproject.toml").write_text(f'{text}plot = ["matplotlib>=3"]\nall = ["minigrad[plot]"]\n')
    requires = ["numpy>=2", 'matplotlib>=3; extra == "plot"', 'minigrad[plot]; extra == "all"']
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: requires)
    assert doctor.declared() == {"plot": ["matplotlib"]}


def test_neither_checkout_nor_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(name: str) -> list[str]:
        raise doctor.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(mg, "__file__", str(tmp_path / "minigrad" / "__init__.py"))
    monkeypatch.setattr(doctor.metadata, "requires", missing)
    ((name, text),) = doctor.extras()
    assert (name, "not installed" in text) == ("unknown", True)


def test_the_installed_command() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    command = EntryPoint("minigrad", project["scripts"]["minigrad"], "console_scripts")
    assert command.load() is main


def test_ops(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops", "tanh"]) == 0
    assert "1 - y·y" in capsys.readouterr().out
    assert main(["ops", "no_such_op"]) == 1


@pytest.mark.parametrize("command", ["draw", "gallery", "ops", "doctor"])
def test_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"minigrad {command}" in capsys.readouterr().out.partition("examples:")[2]


def test_wrong_use_is_exit_code_2() -> None:
    for arguments in ([], ["paint"], ["draw"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2


def test_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "minigrad.viz", "draw", "x * y", "x=3", "y=4", "--text"],
        capture_output=True, encoding="utf-8", check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("12  ← multiply")


def test_options_of_the_drawing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["x * 3 + sigmoid(x)", "x=2", "--highlight", "x", "--check", "--expand", "sigmoid"]
    assert main(["draw", *options, "--text"]) == 0
    said = capsys.readouterr().out
    assert "path from x to the output: 2 steps, product of gains 3" in said
    assert "✓" in said
    assert "← exp" in said
    path = tmp_path / "graph.dot"
    assert main(["draw", *options, "--show=+gains,-values", "-o", str(path)]) == 0
    source = path.read_text().replace("\u00a0", " ")
    assert "gain 3" in source
    assert "subgraph cluster_0" in source
    assert main(["draw", "x * 3", "x=2", "--show", "colours"]) != 0
    assert "show has the words" in capsys.readouterr().err
