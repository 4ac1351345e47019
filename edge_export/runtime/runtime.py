"""The one runtime: feature vectors in, forecasts out, the same in the centre and on a gateway."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.errors import BundleRefused
from edge_export.bundle.reading import VerifiedBundle, read_bundle
from edge_export.runtime.errors import InferenceFailed, MakesNoForecasts
from edge_export.runtime.requests import VectorLike, VectorRequest, vector_sha256
from edge_export.runtime.selftest import check_answers, check_condition, check_features
from edge_export.runtime.session import GraphSession
from edge_export.runtime.summary import LifeSummary, summarise
from edge_export.runtime.verdict import Judge, Verdict
from features.domain.errors import InvalidValue
from features.domain.forecasts import (
    FeatureReference,
    Forecast,
    ForecastStatus,
    HorizonProbability,
    ModelReference,
    RemainingLife,
)
from features.domain.packs import LifeSource
from features.domain.time import EPOCH
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.table import ConditionTable
from features.transforms.modes import ModeShares
from features.transforms.specification import FeatureSpecification, specification_from_json

UNAVAILABLE_SECONDS = 300.0
"""What stands in the way from outside may be gone soon: such an answer holds no longer than this."""
FAILED = "model_failed"
"""Code of the reason where the graph gave no numbers."""


def random_id() -> str:
    """Return a new identity for a forecast: a random UUID (RFC 9562, version 4)."""
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Runtime:
    """A loaded bundle, ready to answer. It holds no state of any asset, so threads may share it.

    Attributes:
        bundle: The verified bytes behind it.
        specification: The feature specification whose vectors it takes.
        graph: The network; None where the bundle only tells whether a machine is as usual.
        new_id: Makes the identity of each forecast.
        condition: What is usual of such machines, for `condition_step`; None where the bundle holds nothing of it.
    """

    bundle: VerifiedBundle = field(repr=False)
    specification: FeatureSpecification = field(repr=False)
    graph: GraphSession | None = field(repr=False)
    judge: Judge = field(repr=False)
    model: ModelReference
    new_id: Callable[[], str] = field(repr=False)
    condition: ConditionModel | None = field(default=None, repr=False)

    @staticmethod
    def load(source: VerifiedBundle | Path | str, new_id: Callable[[], str] = random_id) -> "Runtime":
        """Load a bundle and let it prove that it gives its golden answers on this machine.

        Args:
            source: A bundle's folder, or a bundle that was verified already.
            new_id: Makes the identity of each forecast.

        Raises:
            BundleError: If the bundle is missing, damaged or unfit, or fails its own test.
        """
        bundle = source if isinstance(source, VerifiedBundle) else read_bundle(source)
        specification, calibration = _specification(bundle), bundle.calibration
        check_match(specification, calibration)
        graph = _graph(bundle, specification)
        condition = _condition(bundle.condition, specification)
        check_condition(bundle.golden.condition, condition)
        if bundle.golden.readings is not None:
            check_features(bundle.golden.readings, specification)
        model = ModelReference(bundle.manifest.name, bundle.manifest.version, bundle.bundle_sha256)
        judge = Judge.of(specification, calibration, forecasts=graph is not None)
        return Runtime(bundle, specification, graph, judge, model, new_id, condition)

    @property
    def calibration(self) -> Calibration:
        """The numbers beside the graph."""
        return self.bundle.calibration

    @property
    def session(self) -> GraphSession:
        """The network.

        Raises:
            MakesNoForecasts: If the bundle has none.
        """
        if self.graph is None:
            raise MakesNoForecasts(f"{self.model.name} {self.model.version}")
        return self.graph

    def survival(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the survival curve of each vector; no row depends on another, not even by rounding.

        Args:
            vectors: NaN where unknown. Shape (batch, feature).

        Returns:
            Probability to outlive each step of the life grid. Shape (batch, time).

        Raises:
            InvalidValue: If the shape does not fit the specification.
            MakesNoForecasts: If the bundle has no network.
        """
        rows = np.asarray(vectors, np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.session.features:
            rule = f"have the shape (batch, {self.session.features})"
            remedy = "Compute them under this bundle's feature specification."
            raise InvalidValue("vectors", must=rule, found=rows.shape, remedy=remedy)
        return self.session.run_rows(rows)

    def forecast(self, requests: Sequence[VectorRequest], issued_at: datetime) -> list[Forecast]:
        """Answer each request with a forecast, which is `ok` or says why there are no numbers.

        Args:
            requests: Assets with their newest vectors.
            issued_at: The moment of issue, with its zone. A request's own moment goes before it, and under a
                bundle that counts life (every time is a stand-in) so does the time of the vector.

        Returns:
            One forecast per request, in the order given; none depends on the others.
        """
        moments = [self._moment(request, issued_at) for request in requests]
        verdicts = [self.judge.verdict(each.vector, at) for each, at in zip(requests, moments, strict=True)]
        vectors = [
            each.vector if verdict.reason is None else None for each, verdict in zip(requests, verdicts, strict=True)
        ]
        lives = self._lives([vector for vector in vectors if vector is not None])
        return [
            self._without_numbers(request, at, verdict)
            if vector is None
            else self._answer(request, vector, at, next(lives))
            for request, vector, at, verdict in zip(requests, vectors, moments, verdicts, strict=True)
        ]

    def verdict(self, request: VectorRequest, issued_at: datetime) -> Verdict:
        """Say with which status a forecast would be issued, without running the graph, which may still fail.

        Args:
            request: As for `forecast`.
            issued_at: Likewise.
        """
        return self.judge.verdict(request.vector, self._moment(request, issued_at))

    def unavailable(self, request: VectorRequest, issued_at: datetime, reason: str) -> Forecast:
        """Return the answer for an asset whose forecast cannot be made for a reason that lies outside it."""
        verdict = Verdict(ForecastStatus.UNAVAILABLE, reason)
        return self._without_numbers(request, self._moment(request, issued_at), verdict)

    def _moment(self, request: VectorRequest, issued_at: datetime) -> datetime:
        if request.issued_at is not None:
            return request.issued_at
        if not self.calibration.is_count:
            return issued_at
        return EPOCH if request.vector is None else request.vector.time  # a life that has not begun to be counted

    def _lives(self, vectors: Sequence[VectorLike]) -> Iterator["_Life | str"]:
        """Yield for each vector its numbers, or why there are none. The graph sees each row alone, see `run_rows`."""
        curves: list[NDArray[np.float32] | str] = [self._curve(vector) for vector in vectors]
        known = [
            (curve, each.regime) for curve, each in zip(curves, vectors, strict=True) if not isinstance(curve, str)
        ]
        numbers = self._numbers(known) if known else None
        place = 0
        for curve in curves:
            if isinstance(curve, str) or numbers is None:
                yield str(curve)
            else:
                yield _life_of(numbers, place, self.calibration)
                place += 1

    def _numbers(self, known: Sequence[tuple[NDArray[np.float32], int]]) -> LifeSummary:
        regimes = np.asarray([regime for _, regime in known], np.int64)
        return summarise(np.stack([curve for curve, _ in known]), self.calibration, regimes)

    def _curve(self, vector: VectorLike) -> NDArray[np.float32] | str:
        """Return a vector's survival curve, shape (time,), or what went wrong."""
        try:
            survival = self.session.run(np.asarray(vector.values, np.float32)[None, :])[0]
        except InferenceFailed as error:
            return str(error)
        return survival if np.isfinite(survival).all() else "The model gave something that is not a number."

    def _answer(
        self, request: VectorRequest, vector: VectorLike, issued_at: datetime, found: "_Life | str"
    ) -> Forecast:
        if isinstance(found, str):
            return self._without_numbers(request, issued_at, Verdict(ForecastStatus.UNAVAILABLE, f"{FAILED}: {found}"))
        fresh_until = self._after(vector.time, self.calibration.ttl)
        valid_until = min(self._after(issued_at, self.calibration.valid_for), fresh_until)
        made = self._forecast(request, issued_at, valid_until, Verdict(ForecastStatus.OK), found.horizons, found.life)
        return replace(made, per_mode=self._per_mode(vector, found.horizons[-1].probability))

    def _per_mode(self, vector: VectorLike, probability: float) -> tuple[tuple[str, float], ...]:
        """Share the probability at the longest horizon among failure modes, where the model tells them apart."""
        modes = self.bundle.modes
        if modes is None:
            return ()
        shares = modes.of(np.asarray(vector.values, np.float32))
        return tuple(zip(modes.modes, (probability * shares).tolist(), strict=True))

    def _without_numbers(self, request: VectorRequest, issued_at: datetime, verdict: Verdict) -> Forecast:
        valid_for = self.calibration.valid_for
        if verdict.status is ForecastStatus.UNAVAILABLE and not self.calibration.is_count:
            valid_for = min(valid_for, UNAVAILABLE_SECONDS / self.calibration.seconds_per_unit)
        valid_until = self._after(issued_at, valid_for)
        return self._forecast(request, issued_at, valid_until, verdict, (), None)

    def _forecast(
        self,
        request: VectorRequest,
        issued_at: datetime,
        valid_until: datetime,
        verdict: Verdict,
        horizons: tuple[HorizonProbability, ...],
        life: RemainingLife | None,
    ) -> Forecast:
        vector = request.vector
        age = None if vector is None else max(0.0, (issued_at - vector.time).total_seconds())
        return Forecast(
            id=self.new_id(),
            tenant=request.tenant,
            asset=request.asset,
            issued_at=issued_at,
            valid_until=valid_until,
            status=verdict.status,
            life_unit=self.calibration.life_unit,
            horizons=horizons,
            life=life,
            regime=None if vector is None or vector.regime < 0 else vector.regime,
            age_of_data_seconds=age,
            model=self.model,
            features=None if vector is None else self._reference(vector.values),
            reason=verdict.reason,
        )

    def _reference(self, values: NDArray[np.float32]) -> FeatureReference:
        version = self.bundle.manifest.specification_sha256[:12]
        return FeatureReference(self.specification.view, version, vector_sha256(values))

    def _after(self, moment: datetime, life: float) -> datetime:
        """Return the moment so much life later; a clock that stands at the end of the calendar stays there."""
        try:
            return moment + timedelta(seconds=life * self.calibration.seconds_per_unit)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Life:
    """The numbers of one forecast."""

    horizons: tuple[HorizonProbability, ...]
    life: RemainingLife


def _life_of(numbers: LifeSummary, place: int, calibration: Calibration) -> _Life:
    pairs = zip(calibration.horizons, numbers.p_fail[place].tolist(), strict=True)
    life = RemainingLife(
        p05=float(numbers.p05[place]),
        p50=float(numbers.p50[place]),
        p95=float(numbers.p95[place]),
        mean=float(numbers.mean[place]),
        cap=calibration.cap,
    )
    return _Life(tuple(HorizonProbability(horizon, probability) for horizon, probability in pairs), life)


def check_match(specification: FeatureSpecification, calibration: Calibration) -> None:
    """Check that a calibration belongs to a specification.

    Raises:
        BundleRefused: If pack, version or the count of life differ.
    """
    life = specification.life
    _refuse_differences(
        {
            "calibration's pack": (calibration.pack_id, specification.pack_id),
            "calibration's version of the pack": (calibration.pack_version, specification.pack_version),
            "calibration's life unit": (calibration.life_unit, life.unit),
            "calibration's length of a life unit": (calibration.seconds_per_unit, life.seconds_per_unit),
            "calibration's kind of life": (calibration.is_count, life.source is LifeSource.COUNT),
        }
    )


def _specification(bundle: VerifiedBundle) -> FeatureSpecification:
    try:
        specification = specification_from_json(bundle.specification_json)
    except (ValueError, KeyError, TypeError) as error:
        raise BundleRefused(f"The feature specification must be one of this version; found: {error}.") from error
    if specification.sha256 != bundle.manifest.specification_sha256:
        raise BundleRefused(
            "The feature specification must read back as it was written; found a difference. "
            "Export the bundle again with this version."
        )
    return specification


def _graph(bundle: VerifiedBundle, specification: FeatureSpecification) -> GraphSession | None:
    """Load the network, if there is one, and let it give its golden answers."""
    if bundle.model is None:
        return None
    session = GraphSession.load(bundle.model)
    _check_graph(session, specification, bundle.calibration)
    _check_modes(bundle.modes, specification)
    check_answers(bundle.golden, session, bundle.calibration, bundle.modes)
    return session


def _check_graph(session: GraphSession, specification: FeatureSpecification, calibration: Calibration) -> None:
    _refuse_differences(
        {
            "width of the graph's input": (session.features, len(specification.names)),
            "length of the graph's curve": (session.steps, calibration.grid_steps),
        }
    )


def _check_modes(modes: ModeShares | None, specification: FeatureSpecification) -> None:
    if modes is not None:
        _refuse_differences({"width of the mode shares": (modes.features, len(specification.names))})


def _condition(table: ConditionTable | None, specification: FeatureSpecification) -> ConditionModel | None:
    """Prepare the table; it may name signals that no feature reads, but not those of another type of machine only."""
    if table is None:
        return None
    if not set(table.sensors) & set(specification.signals):
        raise BundleRefused(
            f"State detection must look at signals of the machine, {', '.join(specification.signals)[:200]}; found "
            f"only {', '.join(table.sensors)[:200]}. Export the bundle again."
        )
    return ConditionModel.of(table)


def _refuse_differences(pairs: dict[str, tuple[object, object]]) -> None:
    for what, (found, expected) in pairs.items():
        if found != expected:
            raise BundleRefused(f"The {what} must be {expected}; found {found}. Export the bundle again.")
