"""The desk at which advice is asked for: when to act on a machine, from its forecast in force and what is on record."""

from dataclasses import dataclass

from features.domain.assets import Asset
from features.domain.packs import LifeSource
from features.domain.windows import WorkWindow
from models.prognosis.advice import Advice, advise
from serving.forecasts import ForecastDesk
from serving.parts import Parts

_MOST_RUNNING = 2_000
"""So many lives that go on are looked at for what a unit of life is worth; more would only take time."""


@dataclass(frozen=True, slots=True)
class DecisionDesk:
    """Advice of one service, as routes and pages ask for it; never from a forecast that has expired."""

    parts: Parts

    def advice(self, asset: Asset) -> Advice:
        """Advise on an asset: by the windows for work on record, or by any moment where there are none."""
        desk, pack = ForecastDesk(self.parts), self.parts.pack
        now = desk.moment(asset.tenant, asset.id)
        windows: list[WorkWindow] = []
        if pack.life.source is not LifeSource.COUNT:
            windows = self.parts.windows.list_open(asset.tenant, asset.site, now)
        known = self.parts.ended_lives.ended(asset.tenant, pack.id)
        names = [each.id for each in self.parts.assets.list_all(asset.tenant, pack.id)][:_MOST_RUNNING]
        running = self.parts.life_clock.ages(asset.tenant, names)
        ours = asset.pack == pack.id
        forecast = desk.latest(asset.tenant, asset.id) if ours else desk.unavailable(asset)
        return advise(forecast, pack, known, running, windows, now)
