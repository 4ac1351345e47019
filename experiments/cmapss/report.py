"""What a run leaves behind: forecasts as CSV, and figures for people, one table for each protocol."""

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from experiments.cmapss.protocol import Estimate, Forecasts

COLUMNS = ("unit", *Estimate.__slots__)


def predictions_csv(forecasts: Forecasts) -> str:
    """Return one line per test engine, by unit: `unit,mean,p05,p50,p95`, in cycles."""
    order = np.argsort(forecasts.unit, kind="stable")
    columns = (forecasts.unit, *(getattr(forecasts.estimate, name) for name in Estimate.__slots__))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(zip(*(column[order].tolist() for column in columns), strict=True))
    return text.getvalue()


def show(figures: Mapping[str, object], console: Console | None = None) -> None:
    """Print figures as tables: two protocols on the test engines never share one."""
    screen = console or Console()
    subset, oof, baseline = figures["subset"], _inner(figures, "oof"), _inner(figures, "baseline")
    seeds = _inner(figures, "seeds")
    rows = {
        "RMSE, cycles": (oof["rmse"], oof["baseline_rmse"]),
        "difference, cycles": (oof["difference"], None),
        "its 95 % interval": (oof["difference_ci95"], None),
        "coverage of p05 to p95": (oof["coverage90"], None),
        "width of p05 to p95, cycles": (oof["width90"], None),
        "RMSE of one seed alone, mean": (seeds["mean"], None),
        "its standard deviation over seeds": (seeds["deviation"], None),
    }
    _print(screen, f"C-MAPSS {subset}, training engines out of fold, labels clipped at 125 cycles", rows)
    rows = {
        "RMSE, cycles": (figures["rmse_clipped"], baseline["rmse_clipped"]),
        "PHM08 score": (figures["score_clipped"], baseline["score_clipped"]),
        "coverage of p05 to p95": (figures["coverage90"], None),
        "width of p05 to p95, cycles": (figures["width90"], None),
    }
    _print(screen, f"C-MAPSS {subset}, test engines, labels clipped at 125 cycles", rows)
    _print_bands(screen, f"C-MAPSS {subset}, by true remaining life, labels clipped at 125 cycles", figures)
    rows = {
        "RMSE, cycles": (figures["rmse_raw"], baseline["rmse_raw"]),
        "PHM08 score": (figures["score_raw"], baseline["score_raw"]),
    }
    _print(screen, f"C-MAPSS {subset}, test engines, raw labels", rows)
    if figures["rmse_raw"] is None:
        screen.print("The answers of this subset are missing, so the test engines could not be scored.")


def _print(screen: Console, title: str, rows: Mapping[str, tuple[object, object]]) -> None:
    table = Table("figure", "network", "LightGBM")
    for name, (model, baseline) in rows.items():
        table.add_row(name, _words(model), _words(baseline))
    screen.print(title, style="bold", highlight=False)
    screen.print(table)


def _print_bands(screen: Console, title: str, figures: Mapping[str, object]) -> None:
    table = Table("remaining, cycles", "engines", "rows", "network RMSE", "LightGBM RMSE", "coverage", "width")
    for engines, bands in _inner(figures, "by_remaining").items():
        for band in bands or ():
            until = "more" if band["to"] is None else f"{band['to']:g}"
            values = (band[name] for name in ("rmse", "baseline_rmse", "coverage90", "width90"))
            row = (f"{band['from']:g} to {until}", "out of fold" if engines == "oof" else engines, str(band["rows"]))
            table.add_row(*row, *map(_words, values))
    screen.print(title, style="bold", highlight=False)
    screen.print(table)


def _inner(figures: Mapping[str, object], name: str) -> Mapping[str, Any]:
    inner = figures[name]
    assert isinstance(inner, dict)
    return inner


def _words(value: object) -> str:
    if isinstance(value, list):
        return " to ".join(map(_words, value))
    return f"{value:.3f}" if isinstance(value, float) else "–"
