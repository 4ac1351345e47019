"""What machines of a type have in common, fitted on healthy ones, as plain data that a bundle can carry."""

from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

from features.domain.epochs import Baselines
from features.domain.identifiers import SignalId

Row = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ConditionParameters:
    """How strictly the state of a machine is judged. Lengths count rows in operation.

    Attributes:
        smoothing: Time constant of what deviations are smoothed over, in usual intervals between rows.
        settling: Rows after a start that say nothing: temperatures are on their way.
        fewest_rows: Below so many rows seen, a deviation is never put down to anything.
        caution: Rows that tell as much as one would if errors of neighbouring rows were not alike.
        known_rows: Rows after which a machine is known as well as those that the table was fitted on, by half.
        hold: Share of the limit from which on nothing is learnt: a slow fault must not become normal.
        patience: Rows in which a deviation must last before it is put down to machine, instrument or operation.
        condition_patience: Rows in which conditions must have moved before that is another way of running.
        scatter_rows: Time constant of the recent scatter of a sensor.
        sudden: Score that a deviation must reach within its first rows, those of `patience`, to have come at once.
        condition_prior: Time constants of smoothing after which a machine's own way of being run counts as much as
            that of the fleet.
        condition_memory: Rows that the usual way of running is a mean of.
        changed_memory: The same while it is run otherwise: the usual way follows slowly.
        epoch_spread: How far a repair or a new instrument may move the level of a sensor, in noise; assumed.
        certainty: Probability that the likeliest cause must have; below it, it cannot be told.
        temper: Share of a large deviation that counts as error of the model and not as evidence.
        direction_cost: Evidence, in nats, that a further sensor blamed on the machine must bring.
        blame_rows: Rows for which the same instruments must have been at fault, or none, before anything is learnt.
        most_drift: How far, in noise, what is learnt may move the level of a sensor from where it was once known.
        frozen_share: Share of the signals that, standing still at once, are a fault of the data path.
        path_rows: Rows sent again, or with a wrong time, that are told; fewer are the ordinary way of things.
        gap_intervals: A silence longer than so many usual intervals is a gap.
        together: Share of the neighbours that, straying at the same time, make it a common cause.
        common_cost: Evidence, in nats, that speaks against a cause of this machine alone then.
        reported_rows: Rows after a reported change in which it explains what strays.
        silence_risk: How many times riskier a machine is that fell silent alone after its stress had risen.
    """

    smoothing: float = 12.0
    settling: int = 2
    fewest_rows: int = 36
    caution: float = 4.0
    known_rows: float = 120.0
    hold: float = 0.6
    patience: int = 6
    condition_patience: int = 4
    scatter_rows: float = 5.0
    sudden: float = 1.5
    condition_prior: float = 20.0
    condition_memory: float = 240.0
    changed_memory: float = 720.0
    epoch_spread: float = 1.0
    certainty: float = 0.7
    temper: float = 0.01
    direction_cost: float = 2.5
    blame_rows: int = 24
    most_drift: float = 1.0
    frozen_share: float = 0.5
    path_rows: int = 3
    gap_intervals: float = 1.5
    together: float = 0.6
    common_cost: float = 4.0
    reported_rows: int = 24
    silence_risk: float = 2.0


@dataclass(frozen=True, slots=True)
class ModeSigns:
    """Where a failure mode moves signals.

    Attributes:
        id: The failure mode.
        signs: For each signal of the table 1 for up, -1 for down, 0 where it says nothing.
    """

    id: str
    signs: Row


@dataclass(frozen=True, slots=True)
class ComponentSignals:
    """What a repair of a part can move.

    Attributes:
        id: The part, as events name it.
        signals: Names of signals of the table.
    """

    id: str
    signals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConditionTable:
    """What is known of a machine before its first row.

    Signals are conditions, then sensors. Values become relative ones (logarithms) where a signal cannot be negative:
    machines of different size then follow the same relations; other signals are divided by their span.

    Attributes:
        conditions: Names of the signals that tell how the machine is run.
        sensors: Names of those that tell how it is.
        floors: For each signal the smallest value told apart from 0, or None where it is not relative.
        spans: Plausible span of each signal, in its unit.
        running: Place among the signals of the one that tells running from standing, None where it always runs.
        running_above: Threshold for it, in its unit.
        interval_seconds: Usual distance of two rows.
        regime_conditions: Places of the conditions that regimes are told apart by.
        regime_centers: Middle of each regime, in spans. Shape (regime, regime condition).
        regime_radius: Farthest distance from a center that still counts, in spans.
        slopes: Change of each sensor with each condition, then its offset in each regime. Shape (sensor, condition +
            regime).
        slope_spreads: Standard deviation of that among machines; above 0. Shape as `slopes`.
        noise: Standard deviation of a sensor around what is expected, row by row; above 0. Shape (sensor,).
        covariance: Of smoothed deviations of healthy machines, in that noise. Shape (sensor, sensor).
        condition_spreads: How far smoothed conditions usually are from their usual level. Shape (condition,).
        condition_covariance: Of those distances, in those spreads. Shape (condition, condition).
        scatter_limits: Recent scatter of a sensor, in noise, that healthy machines hardly ever show. Shape (sensor,).
        limit: Squared distance of the sensors that healthy machines hardly ever reach.
        condition_limit: The same of the conditions.
        mode_limit: What a failure mode explains of that, its own way, which healthy machines hardly ever reach.
        modes: What the pack knows of failure modes.
        components: What a repair of each part can move; one that is not named here can move all.
        machines: Machines that this was fitted on.
        rows: Rows of them.
    """

    conditions: tuple[str, ...]
    sensors: tuple[str, ...]
    floors: tuple[float | None, ...]
    spans: Row
    running: int | None
    running_above: float
    interval_seconds: float
    regime_conditions: tuple[int, ...]
    regime_centers: tuple[Row, ...]
    regime_radius: float
    slopes: tuple[Row, ...]
    slope_spreads: tuple[Row, ...]
    noise: Row
    covariance: tuple[Row, ...]
    condition_spreads: Row
    condition_covariance: tuple[Row, ...]
    scatter_limits: Row
    limit: float
    condition_limit: float
    mode_limit: float
    modes: tuple[ModeSigns, ...]
    components: tuple[ComponentSignals, ...]
    machines: int
    rows: int
    parameters: ConditionParameters = field(default_factory=ConditionParameters)

    @property
    def signals(self) -> tuple[str, ...]:
        """Conditions, then sensors: the columns of every row."""
        return self.conditions + self.sensors

    def baselines(self) -> Baselines:
        """Return what of a machine an event can touch (`features.domain.epochs`)."""
        parts = {each.id: tuple(map(SignalId, each.signals)) for each in self.components}
        return Baselines(tuple(map(SignalId, self.signals)), MappingProxyType(parts))

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can carry."""
        return asdict(self)

    @staticmethod
    def from_lists(document: dict[str, Any]) -> "ConditionTable":
        """Read the JSON form, in which tuples are lists."""
        apart = ("modes", "components", "parameters")
        plain = {name: _tuples(value) for name, value in document.items() if name not in apart}
        components = tuple(ComponentSignals(each["id"], tuple(each["signals"])) for each in document["components"])
        modes = tuple(ModeSigns(each["id"], tuple(each["signs"])) for each in document["modes"])
        return ConditionTable(
            **plain, modes=modes, components=components, parameters=ConditionParameters(**document["parameters"])
        )


def _tuples(value: Any) -> Any:  # Any: whatever JSON holds
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value
