"""What the pages say of an event after which readings are not comparable with those before it."""

from features.domain.epochs import EPOCH_BEGINS, Baselines, EpochCause, Reach
from features.domain.events import Event
from features.domain.packs import Pack
from features.domain.signals import SignalRole
from serving.languages import Words
from serving.views import name_of


def epoch_note(event: Event, pack: Pack, words: Words) -> str | None:
    """Say what an event can have changed of which signals; None for one that begins no epoch."""
    if event.kind not in EPOCH_BEGINS:
        return None
    sensors = {signal.id: name_of(signal.names, words) for signal in pack.signals_of(SignalRole.SENSOR)}
    reach, touched = Baselines(tuple(sensors), pack.signals_by_component).touched(event)
    cause = EpochCause(event.kind, event.component, reach)
    named = words("epoch.all") if reach is Reach.ALL else words("epoch.and").join(sensors[each] for each in touched)
    return words(f"epoch.{cause.relearnt.name.lower()}", signals=named)
