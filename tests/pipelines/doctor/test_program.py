from importlib.metadata import PackageNotFoundError

import pytest

from features.domain.errors import ServiceError
from pipelines.doctor.findings import Finding, Level, verdict
from pipelines.doctor.program import (
    database_version,
    package_versions,
    python_version,
    settings_are_sound,
    vendor_reports,
)

INSTALLED = {"polars": "2.1.0", "torch": "2.13.0+cpu"}


def version_of(name: str) -> str:
    if name not in INSTALLED:
        raise PackageNotFoundError(name)
    return INSTALLED[name]


def test_another_python_fails_and_says_how_to_get_the_right_one() -> None:
    assert python_version((3, 11, 7)).level is Level.OK
    found = python_version((3, 12, 0))
    assert found.level is Level.FAILED
    assert "make setup" in str(found.remedy)


def test_versions_within_their_ranges_are_one_finding() -> None:
    found = package_versions(["polars>=2.1,<3", "torch==2.13.0", "nowhere>1; sys_platform == 'none'"], version_of)
    assert [each.level for each in found] == [Level.OK]


def test_a_missing_package_fails_and_another_version_warns() -> None:
    found = package_versions(["polars>=3", "absent>=1"], version_of)
    assert [each.level for each in found] == [Level.WARNING, Level.FAILED]
    assert "polars is 2.1.0" in found[0].detail


def test_this_installation_has_the_versions_that_were_tried() -> None:
    assert [each.level for each in package_versions()] == [Level.OK]


@pytest.mark.parametrize(
    ("environment", "loud"),
    [
        ({}, False),
        ({"MLFLOW_DISABLE_TELEMETRY": "true", "RAY_USAGE_STATS_ENABLED": "0"}, False),
        ({"RAY_USAGE_STATS_ENABLED": "1"}, True),
        ({"MLFLOW_DISABLE_TELEMETRY": "false"}, True),
        ({"FEAST_USAGE": "True"}, True),
        ({"BENTOML_DO_NOT_TRACK": "False"}, True),
    ],
)
def test_a_vendor_that_was_told_to_report_is_named(environment: dict[str, str], loud: bool) -> None:
    found = vendor_reports(environment)
    assert (found.level is Level.WARNING) == loud
    assert not loud or next(iter(environment)) in found.detail


def test_settings_that_break_their_rule_fail_and_the_other_part_is_still_looked_at() -> None:
    def broken() -> None:
        raise ServiceError("poll_seconds must be positive")

    found = settings_are_sound({"serving": broken, "pipelines": lambda: None})
    assert [each.level for each in found] == [Level.FAILED, Level.OK]


def test_whatever_is_not_well_must_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="what to do"):
        Finding("disk", Level.FAILED, "full")


def test_one_failure_makes_the_whole_not_well_and_a_warning_does_not() -> None:
    warned = [Finding("a", Level.OK, ""), Finding("b", Level.WARNING, "", "mend")]
    assert verdict(warned)["ok"] is True
    assert verdict([*warned, Finding("c", Level.FAILED, "", "mend")])["ok"] is False


def test_an_old_sqlite_is_noted_with_what_to_do() -> None:
    assert database_version((3, 51, 3)).level is Level.OK
    assert database_version((3, 40, 1)).remedy
