"""The report on a ledger as a picture: calibration by horizon, and how long before failures warnings stood."""

from pathlib import Path
from typing import TYPE_CHECKING

from models.prognosis.ledger.report import LedgerReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def write_picture(report: LedgerReport, path: Path) -> None:
    """Draw a report and write it as PNG (or whatever the name ends in)."""
    from matplotlib.figure import Figure  # lazy: only whoever wants a picture pays

    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_calibration(left, report)
    _draw_lead_times(right, report)
    figure.savefig(path, dpi=120)


def _draw_calibration(axes: "Axes", report: LedgerReport) -> None:
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="perfect")
    for row in report.calibration:
        pairs = [(each.forecast, each.observed) for each in row.groups]
        if pairs:
            label = f"{row.horizon:g} {report.life_unit}, error {row.error:.3f}"
            axes.plot([each[0] for each in pairs], [each[1] for each in pairs], marker="o", label=label)
    axes.set(xlabel="forecast probability of failure", ylabel="share that failed", title="Calibration while in force")
    axes.legend()


def _draw_lead_times(axes: "Axes", report: LedgerReport) -> None:
    for row in report.lead_times:
        if not row.failures:
            continue
        leads = sorted([0.0] * (row.failures - row.warned) + list(row.leads), reverse=True)
        shares = [(place + 1) / len(leads) for place in range(len(leads))]
        axes.step(leads, shares, where="post", marker=".", label=f"{row.horizon:g} {report.life_unit}")
    axes.set(
        xlabel=f"life before the failure, {report.life_unit}",
        ylabel="share of failures warned by then",
        title="Lead time of warnings that stood to the end",
        ylim=(0, 1.02),
    )
    if axes.has_data():
        axes.legend()
