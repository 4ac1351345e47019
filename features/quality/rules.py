"""What the judgement of measurements knows before the first reading: the pack's signals and a few parameters."""

from dataclasses import dataclass, field
from itertools import combinations

from features.domain.packs import Pack
from features.domain.signals import Signal, SignalRole
from features.quality.units import Conversion, conversions_of


@dataclass(frozen=True, slots=True)
class QualityParameters:
    """How strict the judgement is. All lengths count rows or readings, so that they hold at any sampling.

    The tests are those of QARTOD (U.S. IOOS, Manual for Real-Time Quality Control of In-Situ Temperature and Salinity
    Data, 2020: gross range, spike, rate of change, flat line, multi-variate), with what is normal learned from the
    machine's own past instead of set by hand. The numbers were chosen on simulated pumps.

    Attributes:
        warm_up: Rows of a mode of operation (running, standing) before anything is judged in it.
        level_memory: Time constant of the level that deviations are counted from.
        relation_memory: Time constant of what is learned about how the signals vary together.
        limit: A reading that lies farther from what the others tell of it, in its own usual deviations, is suspect.
        suspects: More suspects than this share of the signals at once are a change of operation, not a fault.
        floor: Smallest deviation that can matter, as a share of the plausible range.
        spike_readings: A deviation of at most so many readings is a spike; one that stays is too fast a change.
        patience: A deviation that nothing explains and that lasts so long, while the signal moves, is the machine's.
        flat_repeats: Fewer equal readings in a row are never a flat line.
        flat_chance: A flat line is a run of repeats less probable than this for this signal.
        flat_usual: A signal that repeats its value more often than this is legitimately constant.
        unit_tolerance: How well a converted value must fit, as a share of the value expected.
        unit_readings: Readings that must fit the same conversion.
        noise_limit: Mean deviation that makes a signal noisy, in usual deviations (the usual is 0.8).
        noise_memory: Time constant of that mean.
        swap_evidence: Half the logarithm of the likelihood ratio that confirms an exchange of two signals.
        replay_readings: Rows that must repeat older rows, one after the other.
        penalty: Bad readings in a row (or three isolated ones) until the measuring point changes its state.
        reward: Good readings in a row until a lasting fault is over.
        gap_intervals: A silence longer than so many usual intervals is a gap.
        missing_rows: Missing readings in a row until the measuring point counts as failed.
    """

    warm_up: int = 36
    level_memory: float = 40.0
    relation_memory: float = 500.0
    limit: float = 9.0
    suspects: float = 0.3
    floor: float = 0.0005
    spike_readings: int = 3
    patience: int = 12
    flat_repeats: int = 5
    flat_chance: float = 1e-6
    flat_usual: float = 0.8
    unit_tolerance: float = 0.06
    unit_readings: int = 3
    noise_limit: float = 2.5
    noise_memory: float = 8.0
    swap_evidence: float = 22.0
    replay_readings: int = 2
    penalty: int = 2
    reward: int = 3
    gap_intervals: float = 1.5
    missing_rows: int = 3


@dataclass(frozen=True, slots=True)
class SignalRule:
    """What is known of one signal beforehand.

    Attributes:
        id: The signal.
        low: Lowest plausible value, in its unit.
        high: Highest plausible value.
        is_measured: Whether an instrument measures it; counters and cycle numbers are not compared with others.
        sampling_seconds: Usual distance of two readings, or None where it varies.
        conversions: How its values read in other units.
    """

    id: str
    low: float
    high: float
    is_measured: bool
    sampling_seconds: float | None
    conversions: tuple[Conversion, ...]


@dataclass(frozen=True, slots=True)
class QualityRules:
    """Everything that the judgement needs, as plain data.

    Attributes:
        signals: In the order of the columns of values.
        swappable: Pairs of signals (places in `signals`) of one quantity and one unit.
        running_signal: Place of the signal that tells running from standing, or None if the machine always runs.
        running_above: Threshold for it, in its unit.
    """

    signals: tuple[SignalRule, ...]
    swappable: tuple[tuple[int, int], ...]
    running_signal: int | None
    running_above: float
    parameters: QualityParameters = field(default_factory=QualityParameters)

    @property
    def names(self) -> tuple[str, ...]:
        """The signals by name, in order."""
        return tuple(signal.id for signal in self.signals)


def quality_rules(pack: Pack, parameters: QualityParameters | None = None) -> QualityRules:
    """Return the rules of a pack, its signals in the order of the pack."""
    ids: list[str] = [signal.id for signal in pack.signals]
    running = pack.regimes.running_signal
    return QualityRules(
        signals=tuple(_signal_rule(signal) for signal in pack.signals),
        swappable=tuple(
            (first, second) for first, second in combinations(range(len(ids)), 2) if _alike(pack, first, second)
        ),
        running_signal=None if running is None else ids.index(running),
        running_above=pack.regimes.running_above,
        parameters=parameters or QualityParameters(),
    )


def _signal_rule(signal: Signal) -> SignalRule:
    return SignalRule(
        id=signal.id,
        low=signal.low,
        high=signal.high,
        is_measured=_is_measured(signal),
        sampling_seconds=signal.sampling_seconds,
        conversions=conversions_of(signal.unit) if _is_measured(signal) else (),
    )


def _is_measured(signal: Signal) -> bool:
    return signal.role in {SignalRole.SENSOR, SignalRole.CONDITION}


def _alike(pack: Pack, first: int, second: int) -> bool:
    one, other = pack.signals[first], pack.signals[second]
    same = (one.quantity, one.unit) == (other.quantity, other.unit) and one.unit != "1"
    return same and _is_measured(one) and _is_measured(other)
