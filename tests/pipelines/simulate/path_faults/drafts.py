"""A draft of one value that counts its rows, so that a copy shows where it comes from."""

import numpy as np

from pipelines.simulate.draft import Draft

MINUTE_US = 60_000_000
BEGIN_US = 1_735_689_600_000_000


def counting_draft(rows: int = 600) -> Draft:
    """Return rows a minute apart; the value of a row is its number."""
    time_us = BEGIN_US + np.arange(rows) * MINUTE_US
    values = np.arange(rows, dtype=np.float64)[:, None]
    return Draft(
        time_us=time_us,
        arrived_us=time_us + 5_000_000,
        measured_us=time_us,
        values=values,
        missing=np.zeros((rows, 1), dtype=np.bool_),
        copied=np.zeros(rows, dtype=np.bool_),
        value_codes=np.zeros((rows, 1), dtype=np.int8),
        row_codes=np.zeros(rows, dtype=np.int8),
    )
