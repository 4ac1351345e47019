"""Which signals of a pack state detection looks at, and as what."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from features.domain.packs import Direction, Measure, Pack
from features.domain.signals import Signal, SignalRole
from features.transforms.condition.table import ComponentSignals, ModeSigns

_SMALLEST = 0.002
"""Share of the span below which values of a relative signal are not told apart: instruments cannot either."""
_TOLERANCE = 0.12
"""Radius of a regime in spans where the pack names no signals for regimes."""
_OF_LEVEL = (Measure.LEVEL, Measure.RESIDUAL, Measure.TREND)
_BELIEVED = 0.3


@dataclass(frozen=True, slots=True)
class ConditionLayout:
    """Signals and what is known of them; see `features.transforms.condition.table` for what the names mean."""

    conditions: tuple[str, ...]
    sensors: tuple[str, ...]
    floors: tuple[float | None, ...]
    spans: tuple[float, ...]
    running: int | None
    running_above: float
    regime_conditions: tuple[int, ...]
    regime_tolerance: float
    modes: tuple[ModeSigns, ...]
    components: tuple[ComponentSignals, ...] = ()

    @property
    def signals(self) -> tuple[str, ...]:
        """Conditions, then sensors."""
        return self.conditions + self.sensors

    def without(self, signals: Collection[str]) -> "ConditionLayout":
        """Return the layout of a machine that has none of some signals."""
        kept = [place for place, name in enumerate(self.signals) if name not in signals]
        conditions = len(self.conditions)
        return replace(
            self,
            conditions=tuple(self.signals[place] for place in kept if place < conditions),
            sensors=tuple(self.signals[place] for place in kept if place >= conditions),
            floors=tuple(self.floors[place] for place in kept),
            spans=tuple(self.spans[place] for place in kept),
            running=kept.index(self.running) if self.running in kept else None,
            regime_conditions=tuple(kept.index(place) for place in self.regime_conditions if place in kept),
            modes=tuple(ModeSigns(mode.id, tuple(mode.signs[place] for place in kept)) for mode in self.modes),
            components=_known(
                {each.id: each.signals for each in self.components}, [self.signals[place] for place in kept]
            ),
        )


def condition_layout(pack: Pack) -> ConditionLayout:
    """Return the layout of a pack.

    Regimes are told apart by the conditions that the pack names, or by all of them where it names none.
    """
    conditions, sensors = pack.signals_of(SignalRole.CONDITION), pack.signals_of(SignalRole.SENSOR)
    names = tuple(str(signal.id) for signal in (*conditions, *sensors))
    running = pack.regimes.running_signal
    named = tuple(names.index(signal) for signal in pack.regimes.signals if signal in names[: len(conditions)])
    return ConditionLayout(
        conditions=names[: len(conditions)],
        sensors=names[len(conditions) :],
        floors=tuple(_floor(signal) for signal in (*conditions, *sensors)),
        spans=tuple(signal.high - signal.low for signal in (*conditions, *sensors)),
        running=names.index(running) if running in names else None,
        running_above=pack.regimes.running_above,
        regime_conditions=named or tuple(range(len(conditions))),
        regime_tolerance=pack.regimes.tolerance if named else _TOLERANCE,
        modes=tuple(_mode(pack, place, names) for place in range(len(pack.failure_modes))),
        components=_known(pack.signals_by_component, names),
    )


def _known(components: Mapping[str, Sequence[str]], names: Sequence[str]) -> tuple[ComponentSignals, ...]:
    """Return parts with those of their signals that are looked at; of a part without any a repair moves none."""
    known = {part: tuple(each for each in signals if each in names) for part, signals in components.items()}
    return tuple(ComponentSignals(part, signals) for part, signals in known.items())


def _floor(signal: Signal) -> float | None:
    return _SMALLEST * (signal.high - signal.low) if signal.low >= 0.0 else None


def _mode(pack: Pack, place: int, names: tuple[str, ...]) -> ModeSigns:
    mode = pack.failure_modes[place]
    belief = dict.fromkeys(names, 0.0)
    for symptom in mode.symptoms:
        sign = {Direction.UP: 1.0, Direction.DOWN: -1.0, Direction.EITHER: 0.0}[symptom.direction]
        if symptom.signal in belief and symptom.measure in _OF_LEVEL and symptom.belief >= _BELIEVED:
            belief[symptom.signal] = sign
    return ModeSigns(mode.id, tuple(belief[name] for name in names))
