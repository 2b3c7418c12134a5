"""A plugin of pytest that tells, before its closing line, what the checks beside it found."""

import os
from pathlib import Path

import pytest

from launcher.checks import read_verdicts, summary

VERDICTS = "LAUNCHER_VERDICTS"
PATIENCE_SECONDS = 300.0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Wait for the checks and write their verdicts; not when the tests were interrupted."""
    path = Path(os.environ[VERDICTS])
    verdicts = read_verdicts(path, 0.0 if exitstatus == pytest.ExitCode.INTERRUPTED else PATIENCE_SECONDS)
    if verdicts is not None:
        terminalreporter.section("checks")
        for line in summary(verdicts):
            terminalreporter.write_line(line)
    path.with_suffix(".told").touch()
