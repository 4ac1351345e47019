"""The numbers that turn a survival curve into a forecast, beside the graph in every bundle.

Form 3 carries a table of interval levels by operating regime and stage of life, and whether the lower bound is rounded
down to a whole step (ADR 0010). Form 2, which never rounds, and form 1, which had one half level and no `format`, are
still read, and give what they always gave.
"""

from dataclasses import asdict, dataclass, fields
from itertools import pairwise

from edge_export.bundle.documents import Fields, read_document, write_document
from features.domain.errors import InvalidValue
from features.domain.packs import LifeSource, Pack
from features.transforms.intervals import IntervalTable

FORMAT = 3
"""Version of `calibration.json`."""

_READABLE = (2, FORMAT)

_LONGEST_SPAN_SECONDS = 100 * 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the runtime needs beside the graph.

    Attributes:
        life_unit: Unit of life: "hours", "cycles", "starts" or "parts".
        seconds_per_unit: Length of a unit of life, by which age and expiry are reckoned.
        is_count: Whether life is a bare count, so that every time is a stand-in (EPOCH + life × 1 s).
        grid_step: Width of a step of the survival curve, life units.
        grid_steps: Number of steps; step × steps is the longest remaining life told apart.
        horizons: Forecast horizons, life units, shortest first.
        valid_for: How long a forecast holds, life units.
        minimum_life: Below this life a forecast is `insufficient`, life units.
        ttl: Age of the data from which a forecast is `stale`, life units.
        interval: Levels of the survival curve's quantiles that are given as p05 and p95, so that they hold 90 % of
            unseen lives. Fitted, so they need not be 0.05 and 0.95.

    Raises:
        InvalidValue: If a number is outside its range.
    """

    pack_id: str
    pack_version: str
    life_unit: str
    seconds_per_unit: float
    is_count: bool
    grid_step: float
    grid_steps: int
    horizons: tuple[float, ...]
    valid_for: float
    minimum_life: float
    ttl: float
    interval: IntervalTable

    def __post_init__(self) -> None:
        """Check every number against its range."""
        for name in ("seconds_per_unit", "grid_step", "grid_steps", "valid_for", "ttl"):
            _check(getattr(self, name) > 0, name, "be greater than 0", getattr(self, name))
        for name in ("valid_for", "ttl"):
            span = getattr(self, name) * self.seconds_per_unit
            _check(span <= _LONGEST_SPAN_SECONDS, name, "be at most a hundred years", getattr(self, name))
        _check(self.minimum_life >= 0, "minimum_life", "be 0 or more", self.minimum_life)
        ascending = all(earlier < later for earlier, later in pairwise(self.horizons))
        inside = all(0 < horizon <= self.cap * (1 + 1e-9) for horizon in self.horizons)
        rule = f"be one or more, ascending, above 0 and at most the cap of {self.cap:g}"
        _check(bool(self.horizons) and ascending and inside, "horizons", rule, self.horizons)
        edges = self.interval.stage_edges
        _check(not edges or edges[-1] < self.cap, "stage_edges", f"lie below the cap of {self.cap:g}", edges)

    @property
    def cap(self) -> float:
        """The longest remaining life told apart, life units."""
        return self.grid_step * self.grid_steps

    @staticmethod
    def of(pack: Pack, interval: IntervalTable) -> "Calibration":
        """Take the pack's own numbers and the fitted levels of the interval."""
        return Calibration(
            pack_id=pack.id,
            pack_version=pack.version,
            life_unit=pack.life.unit,
            seconds_per_unit=pack.life.seconds_per_unit,
            is_count=pack.life.source is LifeSource.COUNT,
            grid_step=pack.grid.step,
            grid_steps=pack.grid.steps,
            horizons=pack.horizons,
            valid_for=pack.valid_for,
            minimum_life=pack.features.minimum_life,
            ttl=pack.features.ttl,
            interval=interval,
        )

    def to_json(self) -> bytes:
        """Return the canonical JSON form."""
        return write_document({"format": FORMAT, **asdict(self)})

    @staticmethod
    def from_json(data: bytes) -> "Calibration":
        """Read the JSON form.

        Raises:
            BundleCorrupt: If a key is missing, unknown, of a wrong type or out of its range.
        """
        document = read_document(data, "calibration.json", _KEYS, _OLDER_KEYS)
        if document.has("format") and document.integer("format") not in _READABLE:
            document.refuse("format", f"be {' or '.join(map(str, _READABLE))}", document.integer("format"))
        try:
            return _from_fields(document)
        except InvalidValue as error:
            document.refuse(error.what, error.must, error.found)


_KEYS = ("format", *(each.name for each in fields(Calibration)))
_OLDER_KEYS = (*(name for name in _KEYS if name not in {"format", "interval"}), "interval_half_level")


def _from_fields(document: Fields) -> Calibration:
    return Calibration(
        pack_id=document.text("pack_id"),
        pack_version=document.text("pack_version"),
        life_unit=document.text("life_unit"),
        seconds_per_unit=document.number("seconds_per_unit"),
        is_count=document.flag("is_count"),
        grid_step=document.number("grid_step"),
        grid_steps=document.integer("grid_steps"),
        horizons=document.numbers("horizons"),
        valid_for=document.number("valid_for"),
        minimum_life=document.number("minimum_life"),
        ttl=document.number("ttl"),
        interval=_interval(document),
    )


def _interval(document: Fields) -> IntervalTable:
    if document.has("interval_half_level"):
        level = document.number("interval_half_level")
        _check(0 < level <= 0.5, "interval_half_level", "be above 0 and at most 0.5", level)
        return IntervalTable.of_half_level(level)
    names, is_older = [each.name for each in fields(IntervalTable)], document.integer("format") < FORMAT
    table = document.one_object("interval", [name for name in names if not (is_older and name == "whole_steps")])
    return IntervalTable(
        table.number("coverage"),
        table.numbers("stage_edges"),
        table.table("low"),
        table.table("high"),
        whole_steps=not is_older and table.flag("whole_steps"),
    )


def _check(holds: bool, name: str, must: str, found: object) -> None:
    if not holds:
        raise InvalidValue(name, must=must, found=found, remedy="Correct it in the pack or in the fit.")
