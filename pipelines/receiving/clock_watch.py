"""Follows the clock behind the data of each asset, delivery by delivery."""

from dataclasses import dataclass, field

import polars as pl

from features.domain.identifiers import AssetId, TenantId
from features.quality.clock import ClockParameters, clock_step
from features.records.clock_states import ClockStates, FollowedClock
from pipelines.ingest.keys import ASSET, TIME
from pipelines.ingest.origin import ARRIVED, OFFSET

_OFF = "__off__"
_MOST_AT_ONCE = 500
_REMEMBERED = 1_000


@dataclass(slots=True)
class ClockWatch:
    """Says which rows were stamped by a clock that is off, from how their times stand to their arrivals.

    All rows of an asset in one delivery were stamped by one clock; the newest of them tells of it, since a backlog
    may come with it. Nothing is remembered for good before `commit`, and a delivery that comes again is judged as it
    was the first time.

    Attributes:
        states: Where what is remembered lies.
        tenant: Whose machines.
        parameters: How strict.
    """

    states: ClockStates
    tenant: TenantId
    parameters: ClockParameters
    _known: dict[AssetId, FollowedClock] = field(default_factory=dict)
    _ahead: dict[AssetId, FollowedClock] = field(default_factory=dict)

    def off(self, rows: pl.DataFrame) -> pl.Series:
        """Say of each row whether its clock is off; of one without a sound key it says no.

        Args:
            rows: Columns `ASSET`, `TIME`, `__reason__` (null where the key is sound) and those of `Origin`.
        """
        sound = rows.filter(pl.col("__reason__").is_null())
        newest = sound.group_by(OFFSET, ARRIVED, ASSET).agg(pl.col(TIME).max()).sort(OFFSET, ASSET)
        self._meet(newest[ASSET].unique().to_list())
        newest = newest.with_columns(pl.Series(_OFF, [self._step(*row) for row in self._plain(newest)], pl.Boolean))
        judged = rows.join(newest.select(OFFSET, ASSET, _OFF), on=[OFFSET, ASSET], how="left", maintain_order="left")
        return judged[_OFF].fill_null(False)

    def commit(self) -> None:
        """Remember what was learned since the last time."""
        self.states.put_all(self.tenant, self._ahead)
        self._known.update(self._ahead)
        self._ahead.clear()

    def forget(self) -> None:
        """Forget what was learned since the last `commit`: its batch was not kept."""
        self._ahead.clear()

    def _meet(self, assets: list[str]) -> None:
        new = [AssetId(asset) for asset in assets if asset not in self._known]
        for start in range(0, len(new), _MOST_AT_ONCE):
            part = new[start : start + _MOST_AT_ONCE]
            found = self.states.find_all(self.tenant, part)
            self._known.update({asset: found.get(asset, FollowedClock()) for asset in part})

    def _plain(self, newest: pl.DataFrame) -> list[tuple[str, int, int]]:
        micros = [pl.col(name).to_physical() for name in (TIME, ARRIVED)]
        return newest.select(ASSET, *micros).rows()

    def _step(self, name: str, time_us: int, arrived_us: int) -> bool:
        asset = AssetId(name)
        clock = self._ahead.get(asset, self._known[asset])
        if arrived_us <= clock.state.arrived:  # judged already, or overtaken by another on its way
            return arrived_us in clock.off or time_us - arrived_us > self.parameters.tolerance_us
        state, is_off = clock_step(self.parameters, clock.state, time_us, arrived_us)
        off = (*clock.off, arrived_us)[-_REMEMBERED:] if is_off else clock.off
        self._ahead[asset] = FollowedClock(state, off)
        return is_off
