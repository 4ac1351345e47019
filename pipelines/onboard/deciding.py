"""Go or no-go for every target of a pack, with reasons; and which model, for how many failures there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from features.domain.packs import Pack, Target
from features.domain.signals import SignalRole
from models.prognosis.folds import held_out
from pipelines.building.tracks import LifeTrack
from pipelines.condition.stretches import FEWEST_ROWS, TAUGHT, healthy_stretches
from pipelines.onboard.feasibility import DataCondition, Decision, LabelCondition, Visibility

NETWORK, LIFE_STAGE, PATH, STATES = "hazard_network", "life_stage", "degradation_path", "logistic_states"
CONDITION_TABLE = "condition_table"
FEWEST_FOR_NETWORK = 10
_FEWEST_FOR_LIFE_STAGE, _FEWEST_FOR_PATH = 3, 2
_FEWEST_STRETCHES = 2
_FEWEST_STEPS = 3.0
_LONG = 20.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides.

    Attributes:
        problem: Why there are no features at all, or nothing.
        label_rows: Rows with features and labels, from the pack's minimum life on.
        sensors: Sensors that may be used.
    """

    data: DataCondition
    labels: LabelCondition
    visibility: Visibility
    problem: str
    label_rows: int
    sensors: int


def decide(pack: Pack, facts: Facts, tracks: Sequence[LifeTrack], held_out_share: float = 0.3) -> tuple[Decision, ...]:
    """Decide on every target of the pack."""
    decisions = [
        _life(pack, facts, tracks, target, held_out_share)
        for target in (Target.REMAINING_LIFE, Target.FAILURE_WITHIN)
        if target in pack.targets
    ]
    if Target.STATE in pack.targets:
        decisions += list(_states(facts.labels)) or [
            Decision("state", False, None, ("There are no labels: state each state in labels.csv, from when to when.",))
        ]
    if Target.DETECTION in pack.targets:
        decisions.append(_detection(pack, tracks))
    return tuple(decisions)


def _life(pack: Pack, facts: Facts, tracks: Sequence[LifeTrack], target: Target, share: float) -> Decision:
    against = tuple(_against(pack, facts))
    if against:
        return Decision(target.value, False, None, against)
    model = _model(pack, facts.labels, tracks, share)
    return Decision(target.value, True, model, tuple(_reasons(pack, facts, model)))


def _against(pack: Pack, facts: Facts) -> Iterator[str]:
    labels, unit = facts.labels, pack.life.unit
    if facts.problem:
        yield facts.problem
        return
    if not facts.label_rows:
        yield (
            f"No machine was recorded beyond the {pack.features.minimum_life:g} {unit} that a forecast needs. Record "
            "longer, or lower features.minimum_life in the pack."
        )
        return
    if labels.failures == 0:
        exposure = _exposure(facts)
        yield (
            f"None of {labels.lives} lives ended in a failure, so nothing can be learned of the time before one. "
            f"What is on record says at most that there are fewer than {3 / max(exposure, 1e-9):.3g} failures per "
            f"{unit} (95 %, rule of three). Bring histories that end in a failure; detection needs none."
        )
        return
    fewest = _FEWEST_FOR_PATH if pack.threshold is not None else _FEWEST_FOR_LIFE_STAGE
    if labels.failures < fewest:
        yield (
            f"{labels.failures} failure{'s' * (labels.failures != 1)} cannot be learned from and judged as well; it "
            f"takes {fewest}. Bring more histories that end in one"
            + ("." if pack.threshold else ", or declare prognosis.threshold if a signal's level means failure.")
        )
    median = labels.lengths[1]
    if median < _FEWEST_STEPS * pack.grid.step:
        yield (
            f"Half of the lives last less than {median:.4g} {unit}, and a step of the life grid is {pack.grid.step:g}: "
            "too coarse to tell anything. Lower prognosis.step in the pack."
        )


def _model(pack: Pack, labels: LabelCondition, tracks: Sequence[LifeTrack], share: float) -> str:
    unseen = held_out(sorted({track.epoch.asset for track in tracks}), share, pack.id)
    failures = [track for track in tracks if track.epoch.is_failure]
    learned = sum(track.epoch.asset not in unseen for track in failures)
    if pack.threshold is not None and labels.failures < 3 * FEWEST_FOR_NETWORK:
        return PATH
    machines = {track.epoch.asset for track in tracks} - unseen
    is_enough = learned >= FEWEST_FOR_NETWORK and learned < len(failures) and len(machines) >= 5
    return NETWORK if is_enough else LIFE_STAGE


def _reasons(pack: Pack, facts: Facts, model: str) -> Iterator[str]:
    labels, unit = facts.labels, pack.life.unit
    if model == NETWORK:
        found = f"{labels.failures} failures of {labels.failing_assets} machines"
        yield f"{found}: a hazard network, judged on machines held out."
    elif model == PATH:
        yield (
            f"{labels.failures} failures and a declared threshold: a path to it, its rate learned from other machines."
        )
    else:
        yield (
            f"{labels.failures} failures are few: a hazard by life stage with a few shrunk signs of wear; its "
            "intervals are wide because little is known, not because much varies."
        )
    if facts.data.assets == 1:
        yield "There is a single machine: it is judged on blocks of time, and nobody knows how others would do."
    if labels.lengths and labels.lengths[1] > _LONG * pack.grid.cap:
        yield (
            f"Lives last {labels.lengths[1]:.4g} {unit} and forecasts tell apart {pack.grid.cap:g}: most of the time "
            "the answer will be 'at least that'."
        )
    if facts.visibility.failures and facts.visibility.seen < 0.5:
        yield f"{facts.visibility.words}: expect most failures without warning beyond what age tells."
    if facts.label_rows and labels.censored > 10 * labels.failures:
        yield f"{labels.censored} of {labels.lives} lives are cut off: they count as 'at least so long'."


def _states(labels: LabelCondition) -> Iterator[Decision]:
    for target, values in labels.states.items():
        enough = {value: count for value, count in values.items() if count >= _FEWEST_STRETCHES}
        if len(enough) < 2:
            why = (
                f"There must be {_FEWEST_STRETCHES} labelled stretches of two values at least; found "
                f"{', '.join(f'{value}: {count}' for value, count in values.items())}."
            )
            yield Decision(f"state:{target}", False, None, (why,))
        else:
            counts = ", ".join(f"{count} × {value}" for value, count in values.items())
            yield Decision(f"state:{target}", True, STATES, (f"{counts}.",))


def _detection(pack: Pack, tracks: Sequence[LifeTrack]) -> Decision:
    """Decide whether what is usual can be learnt; which rows labels and events exclude is seen when it is."""
    if not pack.signals_of(SignalRole.SENSOR):
        return Decision(Target.DETECTION.value, False, None, ("The pack has no signal of role sensor.",))
    assets = {track.epoch.asset for track in tracks}
    taught = len(healthy_stretches(tracks, pack, assets, (), (), TAUGHT))
    if not taught:
        why = (
            f"No machine has {FEWEST_ROWS} rows in a row before the last {max(pack.horizons, default=0.0):g} "
            f"{pack.life.unit} of its life, which are not known to be healthy. Bring longer histories."
        )
        return Decision(Target.DETECTION.value, False, None, (why,))
    reasons = [f"Healthy stretches of up to {taught} of {len(assets)} machines tell what is usual; it takes no labels."]
    if len(assets) == 1:
        reasons.append("There is a single machine: the first half of its rows teaches, and how others do nobody knows.")
    return Decision(Target.DETECTION.value, True, CONDITION_TABLE, tuple(reasons))


def _exposure(facts: Facts) -> float:
    return facts.data.rows * (facts.data.median_step or 0.0)
