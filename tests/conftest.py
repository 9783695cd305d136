"""Set-up shared by all tests: what must not differ from one run, or one machine, to the next."""

import os

# Before NumPy is loaded. The workers already fill the cores, and BLAS threads that compete for them can be
# 10x slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
# Figures are drawn without a screen.
os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# The same examples on every run, and no limits on time: how busy the machine is says nothing about the code.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# New examples on each run, and many: ./run test --hypothesis-profile=explore
settings.register_profile("explore", settings.get_profile("ci"), derandomize=False, max_examples=2000)
settings.load_profile("ci")


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many of the faults planted into rules the suite has caught."""
    score = {"planted faults": 0, "caught faults": 0}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name in score:
                    score[name] += value
    if score["planted faults"]:
        terminalreporter.write_line("{planted faults} faults planted, {caught faults} caught".format(**score))
