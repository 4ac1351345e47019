"""The statistics of our step that pandas and tsfresh give as well, computed by them; and the comparison.

Every way gives, for every row of every asset, statistics of the history up to that row. pandas gives all that our step
does: expanding mean, minimum, maximum and standard deviation, the mean of the first hours, and by window the
exponentially weighted mean, standard deviation and slope, and the mean less that of the life and of the first hours.
tsfresh has no running form: it cuts the history of every row out with its own
`roll_time_series` and extracts mean, minimum, maximum and standard deviation, four of `MinimalFCParameters`.
"""

import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tsfresh import extract_features  # type: ignore[import-untyped]  # tsfresh has no types
from tsfresh.feature_extraction import MinimalFCParameters  # type: ignore[import-untyped]  # as above
from tsfresh.utilities.dataframe_functions import roll_time_series  # type: ignore[import-untyped]  # as above

from experiments.bench.errors import OutputsDiffer
from experiments.bench.features_fleet import ASSET, BASELINE, LIFE, WINDOWS
from features.transforms.batch import LifeFeatures
from features.transforms.families.family import window_name

TSFRESH_NAMES = {"mean": "life_mean", "minimum": "life_min", "maximum": "life_max", "standard_deviation": "life_spread"}
_TOLERANCE = 1e-6


def pandas_statistics(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Compute with pandas; by statistic a frame with one column for each signal."""
    assets, life, values = table[ASSET], table[LIFE], table.drop(columns=[ASSET, LIFE])
    expanding = values.groupby(assets, sort=False).expanding(min_periods=1)
    first = values.where(life <= BASELINE).groupby(assets, sort=False)
    found = {
        "life_mean": expanding.mean(),
        "life_min": expanding.min(),
        "life_max": expanding.max(),
        "life_spread": expanding.std(ddof=0),
        "base_mean": first.expanding(min_periods=1).mean(),
    }
    times = pd.DataFrame({"t": life, "tt": life * life})
    moments = values.mul(life, axis=0)
    for window in WINDOWS:
        alpha = 1.0 - np.exp(-1.0 / window)  # rows are one hour apart
        recent = values.groupby(assets, sort=False).ewm(alpha=alpha)
        mean = recent.mean()
        found[window_name("mean", window)] = mean
        found[window_name("spread", window)] = recent.std(bias=True)
        found[window_name("shift", window)] = mean - found["life_mean"]
        found[window_name("rise", window)] = mean - found["base_mean"]
        time = times.groupby(assets, sort=False).ewm(alpha=alpha).mean()
        moment = moments.groupby(assets, sort=False).ewm(alpha=alpha).mean()
        covariance = moment - mean.mul(time["t"], axis=0)
        rows = life.to_numpy() - life.groupby(assets).transform("first").to_numpy() + 1.0
        weight = (1.0 - np.exp(-rows / window)) / alpha  # of all rows so far, as `ewm` weighs them
        spread = time["tt"] - time["t"] ** 2 + 0.5 * window**2 / weight
        found[window_name("slope", window)] = covariance.div(spread, axis=0) * window
    return found


def tsfresh_statistics(table: pd.DataFrame) -> pd.DataFrame:
    """Compute with tsfresh, for every row; one process, no bar."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # tsfresh calls pandas in a way that pandas will give up
        rolled = roll_time_series(table, column_id=ASSET, column_sort=LIFE, n_jobs=0, disable_progressbar=True)
        return _extracted(rolled, "id")


def tsfresh_once(table: pd.DataFrame) -> pd.DataFrame:
    """Compute with tsfresh one vector for each asset, of its whole history: the least that it can be asked."""
    return _extracted(table, ASSET)


def _extracted(table: pd.DataFrame, column_id: str) -> pd.DataFrame:
    asked = {name: arguments for name, arguments in MinimalFCParameters().items() if name in TSFRESH_NAMES}
    kept = table if column_id == ASSET else table.drop(columns=ASSET)
    extracted: pd.DataFrame = extract_features(
        kept,
        column_id=column_id,
        column_sort=LIFE,
        default_fc_parameters=asked,
        n_jobs=0,
        disable_progressbar=True,
    )
    return extracted


def compare_pandas(ours: list[LifeFeatures], names: tuple[str, ...], theirs: dict[str, pd.DataFrame]) -> None:
    """Check that pandas found the same.

    Raises:
        OutputsDiffer: If a value differs by more than 1e-6, of itself or of one.
    """
    columns = _columns(ours, names)
    for statistic, frame in theirs.items():
        for signal in frame.columns:
            _compare("pandas", f"{signal}__{statistic}", columns[f"{signal}__{statistic}"], frame[signal].to_numpy())


def compare_tsfresh(ours: list[LifeFeatures], names: tuple[str, ...], theirs: pd.DataFrame) -> None:
    """Check that tsfresh found the same.

    Raises:
        OutputsDiffer: If a value differs by more than 1e-6, of itself or of one.
    """
    columns, ordered = _columns(ours, names), theirs.sort_index()
    for column in ordered.columns:
        signal, statistic = str(column).split("__")
        name = f"{signal}__{TSFRESH_NAMES[statistic]}"
        _compare("tsfresh", name, columns[name], ordered[column].to_numpy())


def versions() -> dict[str, str]:
    """Return the versions of the peers."""
    return {name: version(name) for name in ("pandas", "tsfresh", "numpy")}


def _columns(ours: list[LifeFeatures], names: tuple[str, ...]) -> dict[str, NDArray[np.float32]]:
    return dict(zip(names, np.concatenate([each.vectors for each in ours]).T, strict=True))


def _compare(peer: str, name: str, ours: NDArray[np.float32], theirs: NDArray[np.float64]) -> None:
    if ours.shape != theirs.shape:
        raise OutputsDiffer("our step", peer, f"{ours.shape} and {theirs.shape} values of {name}")
    off = np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1.0)
    if not (off <= _TOLERANCE).all():
        raise OutputsDiffer("our step", peer, f"{name} off by up to {np.nanmax(off):.2g}")
