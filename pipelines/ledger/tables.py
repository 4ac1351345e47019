"""The report on a ledger as tables for people."""

from rich import box
from rich.console import Console
from rich.table import Table

from models.prognosis.ledger.adapting import AdaptedLevel
from models.prognosis.ledger.calibration import Coverage, HorizonCalibration
from models.prognosis.ledger.report import LedgerReport
from models.prognosis.ledger.savings import PolicyCost, Savings
from models.prognosis.ledger.warnings import LeadTime


def print_report(console: Console, report: LedgerReport, title: str) -> None:
    """Print a report."""
    scored = sum(report.forecasts.values())
    console.print(f"[bold]{title}[/bold]: {report.issued} forecasts, {scored} with numbers that can be scored")
    console.print(f"  forecasts by what their life answered: {_counts(report.forecasts)}")
    console.print(f"  lives: {_counts(report.lives)}")
    console.print(f"  not scored: {_counts(report.unscored)}")
    if report.left_out:
        console.print(f"  [yellow]![/yellow] {report.left_out} forecasts of other horizons are in no figure below")
    if not scored:
        console.print("  No life has answered yet: `python -m pipelines ledger backtest` replays the past instead.")
        return
    if report.coverage is not None:
        _print_coverage(console, report.coverage, report.life_unit)
    if report.adapted is not None:
        _print_adapted(console, report.adapted)
    console.print(_calibration(report.calibration, report.life_unit))
    console.print(_leads(report.lead_times, report.life_unit))
    if report.savings is None:
        console.print("  No life that ended in a failure was known before: nobody can say what acting saves.")
    else:
        console.print(_policies(report.savings, report.life_unit))
        _print_savings(console, report.savings, report.life_unit)


def _print_coverage(console: Console, coverage: Coverage, unit: str) -> None:
    if coverage.coverage is None:
        share = f"{coverage.answered:.0%}"
        console.print(f"  p05 to p95: censoring left answers for {share} of the forecasts; too few to say")
        return
    console.print(
        f"  p05 to p95 held {coverage.coverage:.1%} of the time [{_share(coverage.low)}, {_share(coverage.high)}]; "
        f"below {_share(coverage.below)}, above {_share(coverage.above)}; mean width {coverage.width:,.0f} {unit} "
        f"({coverage.lives} lives)"
    )


def _print_adapted(console: Console, adapted: AdaptedLevel) -> None:
    words = (
        f"for {adapted.target:.0%} of misses, {adapted.lives} lives one after the other would have led to intervals "
        f"made for {max(adapted.level, 0.0):.1%}"
    )
    near = f"{adapted.low:.1%} to {adapted.high:.1%}"
    if not adapted.is_far:
        console.print(f"  {words} (chance alone: {near})")
        return
    wrong = "wider ones were needed" if adapted.level < adapted.target else "narrower ones would have done"
    console.print(
        f"  [yellow]![/yellow] {words}, and chance alone keeps to {near}: {wrong}. Look at `python -m pipelines "
        "monitor`, and train anew if the cause is to stay."
    )


def _calibration(rows: tuple[HorizonCalibration, ...], unit: str) -> Table:
    names = ("known", "came true", "forecast", "observed", "error", "Brier")
    table = Table(f"horizon, {unit}", *names, box=box.SIMPLE, title="Calibration", title_justify="left")
    for row in rows:
        figures = [_share(row.forecast), _share(row.observed), _number(row.error), _number(row.brier)]
        if not row.is_answered:
            figures = [f"censored: answers for {row.answered:.0%}", "", "", ""]
        table.add_row(f"{row.horizon:g}", str(row.forecasts), str(row.failures), *figures)
    return table


def _leads(rows: tuple[LeadTime, ...], unit: str) -> Table:
    names = ("failures", "warned", "p10", "median", "p90", "borne out", "belied", "open", "replaced, warned")
    title = f"Warnings from {rows[0].threshold:.0%} on; lead time in {unit}" if rows else "Warnings"
    table = Table(f"horizon, {unit}", *names, box=box.SIMPLE, title=title, title_justify="left")
    for row in rows:
        leads = ["–" if (lead := row.quantile(level)) is None else f"{lead:,.0f}" for level in (0.1, 0.5, 0.9)]
        counts = [str(each) for each in (row.borne_out, row.belied, row.unanswered)]
        replaced = f"{row.replaced_warned} of {row.replaced}"
        table.add_row(f"{row.horizon:g}", str(row.failures), str(row.warned), *leads, *counts, replaced)
    return table


def _policies(saved: Savings, unit: str) -> Table:
    names = ("failures", "planned", "unanswered", f"cost per {unit}")
    title = f"Policies over {saved.lives} lives watched from their beginning ({saved.left_out} were not)"
    table = Table("policy", *names, box=box.SIMPLE, title=title, title_justify="left")

    def add(name: str, cost: PolicyCost) -> None:
        rate = "–" if cost.rate is None else f"{cost.rate:.5f}"
        table.add_row(name, str(cost.failures), str(cost.planned), str(cost.unanswered), rate)

    add("acting on the forecasts", saved.forecasts)
    add("run to failure", saved.run_to_failure)
    if saved.fixed is not None:
        age = "never" if saved.interval is None else f"{saved.interval:,.0f} {unit}"
        add(f"fixed age: {age} (by {saved.known_before} lives known before)", saved.fixed)
    return table


def _print_savings(console: Console, saved: Savings, unit: str) -> None:
    for name, share, interval in (
        ("run to failure", saved.against_failure, saved.against_failure_interval),
        ("the fixed age", saved.against_fixed, saved.against_fixed_interval),
    ):
        if share is not None and interval is not None:
            console.print(f"  saved against {name}: {share:.0%} [{interval[0]:.0%}, {interval[1]:.0%}]")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
