"""What a feature vector is made of: signals, windows, and the regime table fitted on training machines.

The specification is data. Its hash is the identity of every vector, model and bundle built on it.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from features.domain.packs import FeatureRule, LifeRule, LifeSource, Pack, RegimeRule
from features.transforms.regimes import RegimeTable

FORMAT = 1
"""Version of the feature formulas in `features.transforms.step`; part of the hash."""

LONG_STATISTICS = ("life_mean", "base_mean")
WINDOW_STATISTICS = ("mean", "slope", "spread", "shift", "rise")


@dataclass(frozen=True, slots=True)
class FeatureSpecification:
    """Everything that determines a feature vector.

    Attributes:
        view: Name of the feature view: the pack's identity and "_condition".
        pack_version: Version of the pack it was made from.
        conditions: Condition signals in the order of the regime table.
        sensors: Sensor signals in the order of the regime table.
    """

    view: str
    pack_id: str
    pack_version: str
    conditions: tuple[str, ...]
    sensors: tuple[str, ...]
    life: LifeRule
    regime_rule: RegimeRule
    rule: FeatureRule
    regimes: RegimeTable

    @property
    def signals(self) -> tuple[str, ...]:
        """Every signal that the step reads, in the order of its input columns."""
        return _input_signals(self.conditions, self.sensors, self.life, self.regime_rule)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in the order of the vector."""
        names = ["age"]
        for sensor in self.sensors:
            names += [f"{sensor}__{statistic}" for statistic in LONG_STATISTICS]
            for window in self.rule.windows:
                names += [f"{sensor}__{statistic}_{window:g}" for statistic in WINDOW_STATISTICS]
        return tuple(name.replace(".", "p") for name in names)

    @property
    def sha256(self) -> str:
        """Hash of the whole specification in its canonical form."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """Return the canonical JSON form: sorted keys, no spaces, shortest exact floats."""
        return json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True, separators=(",", ":"))


def specification_from_json(text: str) -> FeatureSpecification:
    """Read what `FeatureSpecification.to_json` wrote.

    Raises:
        ValueError: If the text was written by another format of the formulas.
    """
    document: dict[str, Any] = json.loads(text)  # untyped JSON: this is its border
    if (found := document.pop("format", None)) != FORMAT:
        raise ValueError(f"The feature specification must be of format {FORMAT}; found {found}. Export it again.")
    life, rule, regime_rule = document["life"], document["rule"], document["regime_rule"]
    return FeatureSpecification(
        view=document["view"],
        pack_id=document["pack_id"],
        pack_version=document["pack_version"],
        conditions=tuple(document["conditions"]),
        sensors=tuple(document["sensors"]),
        life=LifeRule(**{**life, "source": LifeSource(life["source"])}),
        regime_rule=RegimeRule(**{**regime_rule, "signals": tuple(regime_rule["signals"])}),
        rule=FeatureRule(**{**rule, "signals": tuple(rule["signals"]), "windows": tuple(rule["windows"])}),
        regimes=RegimeTable.from_lists(document["regimes"]),
    )


def pack_signals(pack: Pack) -> tuple[str, ...]:
    """Return the signals that features of a pack read, in the order of `FeatureSpecification.signals`."""
    return _input_signals(pack.regimes.signals, pack.features.signals, pack.life, pack.regimes)


def specification_of(pack: Pack, regimes: RegimeTable) -> FeatureSpecification:
    """Join a pack's rules with a fitted regime table."""
    return FeatureSpecification(
        view=f"{pack.id}_condition",
        pack_id=pack.id,
        pack_version=pack.version,
        conditions=pack.regimes.signals,
        sensors=pack.features.signals,
        life=pack.life,
        regime_rule=pack.regimes,
        rule=pack.features,
        regimes=regimes,
    )


def condition_spans(pack: Pack) -> tuple[float, ...]:
    """Return the plausible span of each regime signal of a pack, in its unit."""
    by_id = pack.signal_by_id
    return tuple(by_id[name].high - by_id[name].low for name in pack.regimes.signals)


def _input_signals(
    conditions: tuple[str, ...], sensors: tuple[str, ...], life: LifeRule, regimes: RegimeRule
) -> tuple[str, ...]:
    extra = [name for name in (life.signal, regimes.running_signal) if name is not None]
    return tuple(dict.fromkeys((*conditions, *sensors, *extra)))
