"""The whole report: inputs, predictions and outcomes of the newest stretch of time, alarms by cause, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from pipelines.monitor.causes import DriftAlarm, group_shifts, recent_columns, recent_mean
from pipelines.monitor.inputs import Compared, compare_stretches
from pipelines.monitor.moments import changed_on
from pipelines.monitor.outcomes import Outcomes, outcomes
from pipelines.monitor.rows import WatchedRows

_MOST_UNKNOWN = 0.05
_RETRAIN = frozenset({"signal", "operation", "predictions", "calibration"})


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What has changed since the model learned.

    Attributes:
        span: Days of the newest stretch.
        rows: Rows in it.
        assets: Assets in it.
        inputs: Features against the stretches before.
        unknown: Share of rows in operating regimes that the model does not know, in the newest stretch and before.
        outcomes: Failures against those expected, in the newest stretch.
        alarms: One for each cause, the worst first.
    """

    span: float
    rows: int
    assets: int
    inputs: Compared
    unknown: tuple[float, float]
    outcomes: Outcomes
    alarms: tuple[DriftAlarm, ...]

    @property
    def is_retraining_proposed(self) -> bool:
        """Whether a cause is one that a new training could mend; a single machine or site is not."""
        return any(alarm.cause in _RETRAIN for alarm in self.alarms)

    @property
    def advice(self) -> str:
        """What to do, for people."""
        if not self.inputs.is_known and not self.alarms:
            return f"Nothing can be said of inputs: there are {self.inputs.stretches} stretches to compare with, of 5."
        if not self.alarms:
            return "Nothing has drifted."
        if self.is_retraining_proposed:
            return "Look at the causes; if they are to stay, train anew: python -m pipelines train."
        return "Look at the machines or the site named: a new training would learn their fault."

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        found = self.outcomes
        return {
            "span_days": self.span,
            "rows": self.rows,
            "assets": self.assets,
            "stretches": self.inputs.stretches,
            "shifts": [asdict(shift) for shift in self.inputs.shifts],
            "unknown_regime": {"now": self.unknown[0], "before": self.unknown[1]},
            "outcomes": {
                "observed": found.observed,
                "expected": found.expected,
                "ratio": found.ratio if found.expected > 0 else None,
                "ratio_ci99": [found.low, found.high] if found.expected > 0 else None,
            },
            "alarms": [asdict(alarm) for alarm in self.alarms],
            "retraining_proposed": self.is_retraining_proposed,
            "advice": self.advice,
        }


def drift_report(
    rows: WatchedRows,
    sensors: Sequence[str],
    span: float,
    learned: float | None = None,
    sites: Mapping[str, str] | None = None,
) -> DriftReport:
    """Look at the newest stretch of time.

    Args:
        rows: One or more rows.
        sensors: Sensors of the specification.
        span: Days of a stretch.
        learned: The day up to which the model learned, days since 1970; None for the beginning of the stretch.
        sites: Site by asset, where known.
    """
    newest = rows.day > rows.day.max() - span
    recent = recent_columns(rows.names, sensors)
    names = tuple(rows.names[column] for column in recent)
    inputs = compare_stretches(rows.day, rows.asset, rows.vectors[:, recent], names, span, learned)
    risk = np.log(rows.risk / (1.0 - np.minimum(rows.risk, 1.0 - 1e-9)) + 1e-12)[:, None].astype(np.float32)
    told = compare_stretches(rows.day, rows.asset, risk, ("risk",), span, learned)
    unknown = tuple(float(np.mean(rows.regime[part] < 0)) if part.any() else 0.0 for part in (newest, ~newest))
    found = outcomes(rows.expected[newest], rows.failed[newest])
    alarms = group_shifts(rows, inputs.shifts, sensors, span, sites or {})
    alarms += [*_of_predictions(told), *_of_regimes(unknown), *_of_outcomes(found)]
    dated = [_dated(rows, alarm, sensors) for alarm in sorted(alarms, key=lambda alarm: -alarm.worst)]
    seen = len(np.unique(rows.asset[newest]))
    return DriftReport(span, int(newest.sum()), seen, inputs, (unknown[0], unknown[1]), found, tuple(dated))


def _of_predictions(told: Compared) -> list[DriftAlarm]:
    return [
        DriftAlarm(
            "predictions",
            "fleet",
            (),
            f"risk at the longest horizon: stability index {shift.index:.2f} (limit {shift.limit:.2f})",
            shift.index / shift.limit,
        )
        for shift in told.shifts
    ]


def _of_regimes(unknown: tuple[float, ...]) -> list[DriftAlarm]:
    limit = max(_MOST_UNKNOWN, 2.0 * unknown[1])
    if unknown[0] <= limit:
        return []
    found = f"rows in unknown operating regimes {unknown[0]:.1%} (limit {limit:.1%})"
    return [DriftAlarm("operation", "fleet", (), found, unknown[0] / limit)]


def _of_outcomes(found: Outcomes) -> list[DriftAlarm]:
    if not found.has_drifted:
        return []
    words = (
        f"{found.observed} failures where {found.expected:.1f} were expected "
        f"(ratio {found.ratio:.2f}, 99 % interval {found.low:.2f} to {found.high:.2f})"
    )
    worst = found.low if found.low > 1.0 else 1.0 / max(found.high, 1e-9)
    return [DriftAlarm("calibration", "fleet", (), words, worst)]


def _dated(rows: WatchedRows, alarm: DriftAlarm, sensors: Sequence[str]) -> DriftAlarm:
    named = [signal for signal in alarm.signals if signal in sensors]
    if not named:
        return alarm
    inside = np.ones(len(rows), np.bool_)
    if alarm.cause == "assets":
        inside = np.isin(np.asarray(rows.assets)[rows.asset], alarm.where.split(", "))
    day = changed_on(rows.day[inside], recent_mean(rows, named[0])[inside])
    if day is None:
        return alarm
    return replace(alarm, since=(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat())
