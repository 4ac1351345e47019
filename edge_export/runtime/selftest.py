"""At every load: does this machine compute what the exporter computed?"""

import numpy as np
from numpy.typing import NDArray

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.errors import BundleRefused, SelfTestFailed
from edge_export.bundle.golden import Golden, GoldenCondition, GoldenEvent, GoldenReadings
from edge_export.runtime.session import GraphSession
from edge_export.runtime.stream import AssetStreams
from edge_export.runtime.summary import summarise
from features.domain.events import Event, EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import time_of_life
from features.quality.verdicts import Verdict
from features.transforms.condition.answer import ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import initial_condition
from features.transforms.condition.step import advance
from features.transforms.modes import ModeShares
from features.transforms.specification import FeatureSpecification

TOLERANCE = 1e-5
"""Largest absolute difference of a probability or a feature; the contract between centre and gateway."""


def check_answers(
    golden: Golden, session: GraphSession, calibration: Calibration, modes: ModeShares | None = None
) -> None:
    """Compare the graph, and the steps behind it, with the golden answers.

    Raises:
        SelfTestFailed: If an answer differs.
        BundleRefused: If the golden answers are of another shape.
    """
    vectors, expected = np.asarray(golden.vectors, np.float32), np.asarray(golden.survival, np.float32)
    horizons = len(calibration.horizons)
    shapes = (vectors.shape[1:], expected.shape[1:], np.shape(golden.p_fail)[1:])
    if shapes != ((session.features,), (session.steps,), (horizons,)):
        raise BundleRefused(
            f"Golden rows must have {session.features} features, {session.steps} steps and {horizons} horizons; "
            f"found {shapes}. Export the bundle again."
        )
    _compare("survival curves", session.run_rows(vectors), expected)
    found = summarise(expected, calibration, np.asarray(golden.regime, np.int64))
    _compare("failure probabilities", found.p_fail, golden.p_fail)
    for name in ("p05", "p50", "p95", "mean"):
        _compare(name, getattr(found, name) / calibration.cap, np.asarray(getattr(golden, name)) / calibration.cap)
    _check_shares(golden, vectors, modes)


def check_features(readings: GoldenReadings, specification: FeatureSpecification) -> None:
    """Compare the feature code with the golden vector.

    Raises:
        SelfTestFailed: If the vector differs.
        BundleRefused: If the golden readings do not fit the specification.
    """
    if len(readings.values[0]) != len(specification.signals) or len(readings.vector) != len(specification.names):
        raise BundleRefused("Golden readings must fit the feature specification. Export the bundle again.")
    streams, asset = AssetStreams(specification), AssetId("golden")
    for event in readings.events:
        streams.take_event(_event(asset, event))
    for time, row in zip(readings.time, readings.values, strict=True):
        streams.take(asset, time_of_life(time), dict(zip(specification.signals, row, strict=True)))
    found = streams.newest(asset)
    if found is None or found.regime != readings.regime:
        raise SelfTestFailed("operating regime", float("nan"), 0.0)
    expected = np.asarray((*readings.vector, readings.life))
    scale = np.maximum(1.0, np.abs(np.nan_to_num(expected)))
    _compare("feature vector", np.append(found.values, found.life) / scale, expected / scale)


def check_condition(golden: GoldenCondition | None, model: ConditionModel | None) -> None:
    """Compare state detection with its golden answers.

    Raises:
        SelfTestFailed: If a verdict or a number differs.
        BundleRefused: If the golden rows do not fit the table, or only one of both is there.
    """
    found = None if model is None else len(model.table.signals)
    expected = None if golden is None else len(golden.values[0])
    if found != expected:
        raise BundleRefused(
            f"Golden rows of state detection must be there exactly where the bundle has it, of {found} signals; found "
            f"{expected}. Export the bundle again."
        )
    if model is None or golden is None:
        return
    told = golden_answers(model, golden.time, golden.values)
    _compare("scores of state detection", told.score, golden.score)
    if (told.verdict, told.seen) != (golden.verdict, golden.seen):
        raise SelfTestFailed("verdicts of state detection", float("nan"), 0.0)


def golden_answers(
    model: ConditionModel, time: tuple[float, ...], values: tuple[tuple[float, ...], ...]
) -> GoldenCondition:
    """Judge rows of a machine from its first on, every reading that is there taken to be good."""
    state, good = initial_condition(model), np.full(len(model.table.signals), Verdict.GOOD, np.int8)
    told = [
        advance(model, state, ConditionRow(at, np.asarray(row), good, np.zeros_like(good)))
        for at, row in zip(time, values, strict=True)
    ]
    verdicts, scores = tuple(each.verdict.value for each in told), tuple(float(each.score) for each in told)
    return GoldenCondition(time, values, verdicts, scores, tuple(each.seen_rows for each in told))


def _check_shares(golden: Golden, vectors: NDArray[np.float32], modes: ModeShares | None) -> None:
    found = None if modes is None else (len(vectors), len(modes.modes))
    expected = None if golden.shares is None else np.shape(golden.shares)
    if found != expected:
        raise BundleRefused(
            f"Golden shares of failure modes must be there exactly where modes are told, of shape {found}; found "
            f"{expected}. Export the bundle again."
        )
    if modes is not None:
        _compare("shares of failure modes", modes.of_rows(vectors), golden.shares)


def _event(asset: AssetId, event: GoldenEvent) -> Event:
    is_error = event.kind is EventKind.ERROR
    code, component = (event.detail, None) if is_error else (None, event.detail)
    return Event(DEFAULT_TENANT, asset, time_of_life(event.time), event.kind, component=component, code=code)


def _compare(what: str, found: object, expected: object) -> None:
    one: NDArray[np.float64] = np.asarray(found, np.float64)
    other: NDArray[np.float64] = np.asarray(expected, np.float64)
    if not np.array_equal(np.isnan(one), np.isnan(other)):
        raise SelfTestFailed(what, float("nan"), TOLERANCE)
    difference = float(np.nan_to_num(np.abs(one - other)).max(initial=0.0))
    if difference > TOLERANCE:
        raise SelfTestFailed(what, difference, TOLERANCE)
