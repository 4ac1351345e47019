"""Answers to questions in InfluxQL: CSV into polars, and the certainty that an answer is whole.

An InfluxDB that stops in the middle of a question (a missing database, a limit, a timeout) writes an error into its
JSON, but nothing at all into its CSV: an empty answer with status 200, or one that just ends. So on 1.x and 2.x every
question is followed by a second statement whose answer is known to come, because InfluxDB skips it after an error;
where it is missing, the question is asked once more as JSON to learn the reason. 3.x takes one statement only, and
breaks the connection instead.
"""

import csv
import io
import json

import polars as pl

from features.telemetry.errors import StoreUnavailable
from features.telemetry.influx.connection import InfluxConnection
from features.telemetry.influx.failures import of_statement
from features.telemetry.influx.names import ASSET_TAG
from features.telemetry.influx.questions import Question

_END_STATEMENT = "SHOW DATABASES"
_END_HEADER = b"name,tags,name\n"
_MEASUREMENT_V3 = "iox::measurement"
_TIME_V3 = "%Y-%m-%dT%H:%M:%S%.f"


def answer(connection: InfluxConnection, question: Question, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """Return the table that answers a question.

    Args:
        connection: The way to the server.
        question: What to ask.
        schema: The columns to return; one that the answer does not have is a column of nulls. `time` becomes
            microseconds since the epoch, and the asset of a grouped question the column of its tag.

    Raises:
        StoreUnavailable: If there is no whole answer.
    """
    if connection.version.asks_v3:
        content = connection.ask(question.text, question.parameters, question.database)
    else:
        text = f"{question.text}; {_END_STATEMENT}"
        content = _without_end(connection, question, connection.ask(text, question.parameters, question.database))
    try:
        return _table(content, schema)
    except (pl.exceptions.PolarsError, UnicodeDecodeError, csv.Error, StopIteration) as error:
        raise StoreUnavailable("what InfluxDB answered is no CSV that can be read") from error


def _without_end(connection: InfluxConnection, question: Question, content: bytes) -> bytes:
    """Return the answer to the first statement, once that to the second has shown that it is whole."""
    if content.startswith(_END_HEADER):
        return b""
    end = content.rfind(b"\n\n" + _END_HEADER)
    if end < 0:
        raise _reason(connection, question)
    return content[: end + 1]


def _reason(connection: InfluxConnection, question: Question) -> Exception:
    """Ask again, in JSON and for one row, why there was no whole answer."""
    text = question.text
    if text.startswith("SELECT ") and " LIMIT " not in text:
        text = f"{text} LIMIT 1"
    query = [("db", question.database), ("q", text)]
    parameters = ("params", json.dumps(question.parameters))
    content = connection.call("GET", "/query", [*query, parameters], doing="reading")
    try:
        message = json.loads(content)["results"][0].get("error")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        message = None
    return of_statement(message) if message else StoreUnavailable("the answer of InfluxDB broke off")


def _table(content: bytes, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    if not content or content.isspace():
        return pl.DataFrame(schema=schema)
    header = next(csv.reader([content[: content.find(b"\n")].decode()]))
    reads_times = _MEASUREMENT_V3 in header
    kinds = {**schema, "time": pl.String() if reads_times else pl.Int64()}
    wanted = [name for name in header if name in kinds or (name == "tags" and ASSET_TAG not in header)]
    frame = pl.read_csv(io.BytesIO(content), columns=wanted, schema_overrides=kinds, infer_schema=False)
    if "time" in frame.columns:
        frame = frame.with_columns(_times(text=reads_times).alias("time"))
    if ASSET_TAG in schema and ASSET_TAG not in frame.columns and "tags" in frame.columns:
        frame = frame.with_columns(_grouped_asset(is_escaped=b"\\" in content).alias(ASSET_TAG))
    lacking = [pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in frame.columns]
    return frame.with_columns(lacking).select(schema.keys())


def _times(*, text: bool) -> pl.Expr:
    if not text:
        return pl.col("time") // 1000
    plain = pl.col("time").str.strip_suffix("Z")
    return plain.str.to_datetime(_TIME_V3, time_unit="us").to_physical()


def _grouped_asset(*, is_escaped: bool) -> pl.Expr:
    """Return the asset out of `asset_id=...`, where a backslash escapes a comma, a space and an equals sign."""
    value = pl.col("tags").str.strip_prefix(f"{ASSET_TAG}=")
    return value.str.replace_all(r"\\([,= ])", "${1}") if is_escaped else value
