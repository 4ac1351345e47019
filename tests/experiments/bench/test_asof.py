import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from experiments.bench.asof import require_same
from experiments.bench.asof_data import NUMBER, Sizes, write_data
from experiments.bench.command import app
from experiments.bench.errors import OutputsDiffer

SMALL = ["--labels", "400", "--rows", "2020", "--features", "3", "--assets", "4", "--fresh-labels", "50", "--runs", "1"]
NAMES = ["a", "b"]


def result(**changed: list[float | None]) -> pl.DataFrame:
    """Return the answer of a store to three labels."""
    columns = {NUMBER: [0, 1, 2], "tenant": ["local"] * 3, "asset": ["x", "y", "x"]}
    values: dict[str, list[float | None]] = {"a": [1.0, None, 3.0], "b": [4.0, 5.0, None], **changed}
    return pl.DataFrame({**columns, **values})


def test_order_of_labels_and_the_form_of_nothing_do_not_matter() -> None:
    require_same(result(), result(a=[1.0, float("nan"), 3.0])[[2, 0, 1]], NAMES, "other")


@pytest.mark.parametrize(
    "planted",
    [
        result(a=[1.0, 1.0, 3.0]),
        result(b=[4.0, 5.0, 5.0]),
        result(b=[5.0, None, 4.0]),
        result(a=[1.0, None, 3.0000002]),
        result()[:2],
        pl.concat([result(), result()[:1]]),
        result().with_columns(asset=pl.col("asset").reverse().shift(1, fill_value="x")),
    ],
)
def test_planted_difference_is_found(planted: pl.DataFrame) -> None:
    with pytest.raises(OutputsDiffer, match="other"):
        require_same(result(), planted, NAMES, "other")


def test_data_holds_what_makes_the_join_hard(tmp_path: Path) -> None:
    sizes = Sizes(labels=2_000, rows=5_050, features=2, assets=5, fresh_labels=100)
    write_data(sizes, tmp_path)
    rows, labels = pl.read_parquet(tmp_path / "rows.parquet"), pl.read_parquet(tmp_path / "labels.parquet")
    assert rows.height == 5_050
    assert rows.select("tenant", "asset", "event_time").is_duplicated().sum() >= 50
    write_data(sizes, tmp_path, corrected=0.0)
    assert not pl.read_parquet(tmp_path / "rows.parquet").select("tenant", "asset", "event_time").is_duplicated().any()
    assert (rows["created_time"] >= rows["event_time"]).all()
    assert rows["feature_00"].null_count() > 0
    assert labels.height == 2_000
    assert labels["event_timestamp"].sort()[0] < rows["event_time"].sort()[0]
    assert not labels["event_timestamp"].is_sorted()


@pytest.mark.integration
def test_the_command_compares_the_stores_and_prints_one_object() -> None:
    ran = CliRunner().invoke(app, ["asof", *SMALL, "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert told["equal_outputs"] is True
    assert 0 < told["labels_with_features"] < 400
    assert min(told[name] for name in ("ratio", "memory_ratio", "file_ratio")) > 0
