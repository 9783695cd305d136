"""How large the viewer's pages are, how long they take to write, and to open in a browser, where one can be driven."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from .drawing import cnn, resnet
from .harness import Options, Table

THREADED = False
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def run(options: Options) -> list[Table]:
    """Return the table."""
    from minigrad import viz

    table = Table("viewer", ["graph", "nodes", "written (ms)", "size (kB)", "opened (ms)"])
    with tempfile.TemporaryDirectory() as folder:
        for name, make in {"the demo's CNN": cnn, "ResNet-50": resnet}.items():
            output, nodes = make()
            path, written = Path(folder, "graph.html"), []
            try:
                for _ in range(max(2, options.repeats // 7)):
                    start = time.perf_counter()
                    viz.view(output, path)
                    written.append(time.perf_counter() - start)
            except viz.RenderError as error:
                table.notes.append(str(error).splitlines()[0])
                return [table]
            opened = opening(path, max(3, options.repeats // 4))
            size = path.stat().st_size
            shown = f"{1e3 * statistics.median(opened):.0f}" if opened else "-"
            table.rows.append(
                [name, f"{nodes:,}", f"{1e3 * statistics.median(written):.0f}", f"{size / 1000:.0f}", shown]
            )
            table.data[name] = {"written": written, "opened": opened, "bytes": size, "nodes": nodes}
    demo = table.data["the demo's CNN"]
    table.target("the page of the demo's CNN, in kB", demo["bytes"] / 1000, 400.0)
    if demo["opened"]:
        table.target("the page of the demo's CNN, opened, in seconds", statistics.median(demo["opened"]), 1.0)
    else:
        table.notes.append("opening needs playwright (the extra `browser`) and a Chromium or Chrome on PATH")
    return [table]


def opening(path: Path, repeats: int) -> list[float]:
    """Return the seconds from asking for the page until it answers; empty where there is no browser to drive."""
    browser = os.environ.get("MINIGRAD_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return []
    if browser is None:
        return []
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    seconds = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=arguments)
        for _ in range(repeats):
            page = chromium.new_page()
            start = time.perf_counter()
            page.goto(path.as_uri())
            page.wait_for_selector("[data-ready]", state="attached")
            seconds.append(time.perf_counter() - start)
            page.close()
        chromium.close()
    return seconds
