"""What lies in a real InfluxDB 1.x, asked for without our own store, so that nobody vouches for himself."""

import json
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import polars as pl

from experiments.faults.outage_traffic import PACK, SIGNALS

_PATIENCE_SECONDS = 300.0
_NOTHING = {
    "asset": pl.String(),
    "time": pl.Datetime("us", "UTC"),
    "signal": pl.String(),
    "value": pl.Float64(),
}


def points_of(url: str, database: str) -> pl.DataFrame:
    """Return every reading of every point in every retention policy: `asset`, `time`, `signal`, `value`.

    Two points of one machine and time that differ in any tag are two rows.
    """
    policies = [row[0] for row in _rows(url, f'SHOW RETENTION POLICIES ON "{database}"')]
    return pl.concat([pl.DataFrame(schema=_NOTHING), *(_of_policy(url, database, policy) for policy in policies)])


def _of_policy(url: str, database: str, policy: str) -> pl.DataFrame:
    content = _asked(url, f'SELECT * FROM "{database}"."{policy}"."{PACK}"', "application/csv", epoch="u")
    if not content.strip():
        return pl.DataFrame(schema=_NOTHING)
    table = pl.read_csv(BytesIO(content), infer_schema=False)
    present = [signal for signal in SIGNALS if signal in table.columns]
    long = table.unpivot(present, index=["asset_id", "time"], variable_name="signal", value_name="value")
    return long.filter(pl.col("value").is_not_null() & (pl.col("value") != "")).select(
        pl.col("asset_id").alias("asset"),
        pl.col("time").cast(pl.Int64).cast(pl.Datetime("us", "UTC")).alias("time"),
        "signal",
        pl.col("value").cast(pl.Float64),
    )


def _rows(url: str, question: str) -> list[list[Any]]:  # Any: what JSON holds
    (result,) = json.loads(_asked(url, question, "application/json"))["results"]
    return [row for series in result.get("series", []) for row in series["values"]]


def _asked(url: str, question: str, accept: str, **more: str) -> bytes:
    address = f"{url}/query?{urlencode({'q': question, **more})}"
    with urlopen(Request(address, headers={"Accept": accept}), timeout=_PATIENCE_SECONDS) as answer:
        content: bytes = answer.read()
        return content
