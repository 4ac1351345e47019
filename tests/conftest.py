"""What every test may count on: vendors that report nothing, and one rule for programs that may be missing."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import prometheus_client  # noqa: F401  # before feast, whose import has it keep every measure in files that processes share
import pytest
from hypothesis import settings

from features.domain.reports import REPORTS_OFF

# Set before any vendor is imported, and inherited by the processes that tests start.
os.environ.update(REPORTS_OFF)

# A busy machine is no finding: how long one example takes says nothing about what it shows.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def missing(what: str) -> NoReturn:
    """End the test because `what` is missing: a skip, or a failure where INTEGRATION=required."""
    if os.environ.get("INTEGRATION") == "required":
        pytest.fail(f"{what} is needed and INTEGRATION=required; .ci/run installs it", pytrace=False)
    pytest.skip(f"{what} is needed")


@pytest.fixture
def require_program() -> Callable[..., str]:
    """Give a function that finds the first of several names of a program, or ends the test.

    Use it as `chromium = require_program("chromium", "chromium-browser", "google-chrome")`.
    """

    def find(*names: str) -> str:
        found = next((path for path in map(shutil.which, names) if path), None)
        if found is None:
            missing(f"the program {' or '.join(names)}")
        return found

    return find


@pytest.fixture
def data_directory() -> Path:
    """The folder of public data sets that MILLWRIGHT_DATA names, or the end of the test."""
    named = os.environ.get("MILLWRIGHT_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("MILLWRIGHT_DATA names no folder of public data sets")
    return Path(named).resolve()
