"""A small machine type, a small network, and real vectors of them: what the tests of this room share."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.reading import VerifiedBundle
from edge_export.bundle.writing import assemble_bundle
from features.domain.events import EventKind
from features.domain.identifiers import SignalId
from features.domain.packs import EventRule, FeatureRule, LifeRule, LifeSource, RegimeRule
from features.transforms.batch import LifeRows, compute
from features.transforms.events import LifeEvents
from features.transforms.intervals import IntervalTable
from features.transforms.modes import ModeShares
from features.transforms.regimes import RegimeTable
from features.transforms.specification import FeatureSpecification

HOUR = 3600.0
STEPS = 12

SPECIFICATION = FeatureSpecification(
    view="fan_condition",
    pack_id="fan",
    pack_version="1.0.0",
    conditions=("speed",),
    sensors=("vibration", "temperature"),
    life=LifeRule("hours", LifeSource.CALENDAR, None, HOUR, "bearing"),
    regime_rule=RegimeRule((SignalId("speed"),), 0.2, SignalId("speed"), 100.0),
    rule=FeatureRule(
        signals=(SignalId("vibration"), SignalId("temperature")),
        windows=(5.0, 20.0),
        baseline=10.0,
        minimum_life=3.0,
        ttl=8.0,
        label_every=5.0,
    ),
    regimes=RegimeTable(
        spans=(2000.0,),
        centers=((0.5,), (0.9,)),
        radius=0.3,
        means=((2.0, 40.0), (3.0, 55.0)),
        slopes=(((1.0,), (10.0,)), ((1.5,), (12.0,))),
        scales=((0.5, 4.0), (0.6, 5.0)),
    ),
)

CALIBRATION = Calibration(
    pack_id="fan",
    pack_version="1.0.0",
    life_unit="hours",
    seconds_per_unit=HOUR,
    is_count=False,
    grid_step=10.0,
    grid_steps=STEPS,
    horizons=(12.0, 48.0, 96.0),
    valid_for=6.0,
    minimum_life=3.0,
    ttl=8.0,
    interval=IntervalTable(
        0.9,
        (30.0, 80.0),
        ((0.08, 0.1, 0.06), (0.0, 0.05, 0.2), (0.1, 0.15, 0.0)),
        ((0.92, 0.9, 0.95), (1.0, 0.9, 0.8), (0.9, 0.85, 1.0)),
    ),
)

COUNT_SPECIFICATION = replace(SPECIFICATION, life=LifeRule("cycles", LifeSource.COUNT, None, 1.0, "bearing"))
COUNT_CALIBRATION = replace(CALIBRATION, life_unit="cycles", seconds_per_unit=1.0, is_count=True)


EVENT_RULES = (
    EventRule(EventKind.ERROR),
    EventRule(EventKind.ERROR, "e1"),
    EventRule(EventKind.PART_REPLACED),
    EventRule(EventKind.PART_REPLACED, "seal"),
)
EVENT_SPECIFICATION = replace(SPECIFICATION, rule=replace(SPECIFICATION.rule, events=EVENT_RULES))


class TinyHazard(torch.nn.Module):
    """Normalises, replaces what is unknown, and gives the survival of a discrete-time hazard."""

    def __init__(self, features: int = len(SPECIFICATION.names), steps: int = STEPS, seed: int = 7) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.linear = torch.nn.Linear(features, steps)
        with torch.no_grad():
            self.linear.weight.copy_(0.3 * torch.randn((steps, features), generator=generator))
            self.linear.bias.copy_(0.3 * torch.randn(steps, generator=generator) - 2.0)
        self.register_buffer("middle", torch.full((features,), 0.1))
        self.register_buffer("scale", torch.full((features,), 2.0))

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        middle, scale = self.get_buffer("middle"), self.get_buffer("scale")
        known = torch.where(torch.isnan(vectors), middle, vectors)
        scaled = torch.clamp((known - middle) / scale, -5.0, 5.0)  # (batch, feature)
        hazard = torch.nn.functional.softplus(self.linear(scaled))  # (batch, time)
        return torch.exp(-torch.cumsum(hazard, dim=1))


def life_rows(rows: int = 60, seed: int = 0, start: float = 1_767_225_600.0) -> LifeRows:
    """Make a life with gaps, standstill, an unknown regime and missing values; no row is wholly empty."""
    generator = np.random.default_rng(seed)
    gaps = generator.choice(np.array([0.5, 1.0, 1.0, 6.0]), rows)
    time = np.asarray(start + np.cumsum(gaps) * HOUR, np.float64)
    speed = generator.choice([1000.0, 1750.0, 50.0, 4000.0], rows, p=[0.6, 0.3, 0.05, 0.05])
    wear = np.linspace(0.0, 2.0, rows)
    vibration = 2.0 + wear + 0.3 * generator.standard_normal(rows)
    temperature = 40.0 + 5.0 * wear + generator.standard_normal(rows)
    values = np.stack([speed, vibration, temperature], axis=1)
    values[generator.random(values.shape) < 0.15] = np.nan
    values[np.isnan(values).all(axis=1), 1] = 2.0
    return LifeRows(time, values)


def eventful_rows(seed: int = 0) -> LifeRows:
    """Make a life with errors, and with parts that were replaced before it and in it."""
    rows = life_rows(seed=seed)
    at = [-90.0, -50.0, 5.5, 5.5, 9.25, 20.0, 30.5, 31.5, 500.0]
    parts, errors = (EventKind.PART_REPLACED,) * 3, (EventKind.ERROR,) * 6
    details = ("seal", "bearing", "seal", "e1", "e2", None, "e1", "e1", "e1")
    return replace(rows, events=LifeEvents(rows.time[0] + np.array(at) * HOUR, parts + errors, details))


def sample_vectors(specification: FeatureSpecification = SPECIFICATION) -> NDArray[np.float32]:
    """Return real vectors of a few lives. Shape (batch, feature)."""
    lives = compute(specification, [eventful_rows(seed) for seed in range(4)])
    return np.concatenate([life.vectors for life in lives])


def healthy_rows(rows: int = 40, start: float = 1_767_225_600.0) -> LifeRows:
    """Make a life in one known regime in which everything is measured every hour."""
    time = np.asarray(start + np.arange(rows) * HOUR, np.float64)
    wave = np.sin(np.arange(rows) / 3.0)
    return LifeRows(time, np.stack([1000.0 + 10 * wave, 2.0 + 0.2 * wave, 40.0 + wave], axis=1))


def fan_modes(specification: FeatureSpecification = SPECIFICATION) -> ModeShares:
    """Return shares of two failure modes that hang on every feature."""
    width = len(specification.names)
    weights = 0.3 * np.random.default_rng(3).standard_normal((width, 2))
    return ModeShares(("bearing", "blade"), np.full(width, 0.1), np.full(width, 2.0), weights, np.array([0.2, 0.0]))


def with_modes(bundle: VerifiedBundle, modes: ModeShares | None) -> VerifiedBundle:
    """Return a bundle that tells failure modes apart, or none."""
    vectors = np.asarray(bundle.golden.vectors, np.float32)
    shares = None if modes is None else tuple(tuple(row) for row in modes.of_rows(vectors).tolist())
    return assemble_bundle(
        name=bundle.manifest.name,
        version=bundle.manifest.version,
        created_at=bundle.manifest.created_at,
        model=bundle.model,
        specification_json=bundle.specification_json,
        calibration=bundle.calibration,
        golden=replace(bundle.golden, shares=shares),
        card=bundle.card,
        distilled_from=bundle.manifest.distilled_from,
        modes=modes,
        condition=bundle.condition,
    )
