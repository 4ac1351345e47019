from dataclasses import replace

from features.domain.identifiers import SignalId
from features.domain.packs import Costs, FeatureRule, LifeGrid, LifeRule, LifeSource, Pack, RegimeRule, Target
from features.domain.signals import Names, Signal, SignalRole


def signal(name: str, low: float, high: float, role: SignalRole = SignalRole.SENSOR) -> Signal:
    return Signal(SignalId(name), Names(name, name), "quantity", "1", role, low, high, None, 1, "process")


SPEED, FLOW, RUNNING_HOURS = SignalId("speed"), SignalId("flow"), SignalId("running_hours")

PACK = Pack(
    id="small",
    version="1",
    names=Names("Small pump", "小泵"),
    signals=(
        signal("speed", 0.0, 3000.0, SignalRole.CONDITION),
        signal("flow", -10.0, 500.0),
        signal("running_hours", 0.0, 1e6, SignalRole.COUNTER),
    ),
    life=LifeRule("hours", LifeSource.COUNTER, RUNNING_HOURS, 3600.0, modelled_component="rotor"),
    regimes=RegimeRule((SPEED,), 0.1, None, 0.0),
    features=FeatureRule((FLOW,), (24.0,), 100.0, 10.0, 48.0, 24.0),
    grid=LifeGrid(24.0, 20),
    targets=(Target.REMAINING_LIFE,),
    horizons=(24.0,),
    valid_for=24.0,
    failure_modes=(),
    cases=(),
    costs=Costs(10.0, 1.0),
    alarm_budget=5.0,
)

COUNTING = replace(PACK, life=replace(PACK.life, source=LifeSource.COUNT, signal=None))
"""The same with a bare count of life."""
