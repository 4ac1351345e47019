"""Leases: at most one process at a time does what there may be only one of."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, delete, or_, select, update

from features.records.database import insert_into, reading, writing
from features.records.tables import leases


class Leases:
    """Named leases of an installation. A holder that dies loses its lease when its time has run out."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def acquire(self, name: str, owner: str, seconds: float, now: datetime) -> bool:
        """Take a lease that is free, has run out, or is one's own; say whether one holds it now."""
        until = now + timedelta(seconds=seconds)
        with writing(self._engine) as connection:
            statement = insert_into(connection, leases).values(name=name, owner=owner, until=until)
            taken = statement.on_conflict_do_update(
                index_elements=["name"],
                set_={"owner": owner, "until": until},
                where=or_(leases.c.owner == owner, leases.c.until <= now),
            )
            return connection.execute(taken).rowcount == 1

    def renew(self, name: str, owner: str, seconds: float, now: datetime) -> bool:
        """Prolong a lease that one holds; False means that it was lost, and the work must stop."""
        mine = (leases.c.name == name) & (leases.c.owner == owner) & (leases.c.until > now)
        with writing(self._engine) as connection:
            renewed = connection.execute(update(leases).where(mine).values(until=now + timedelta(seconds=seconds)))
            return renewed.rowcount == 1

    def keep(self, name: str, owner: str, seconds: float, now: datetime) -> bool:
        """Prolong a lease that nobody else has taken since, even if it ran out; False means that somebody did."""
        mine = (leases.c.name == name) & (leases.c.owner == owner)
        with writing(self._engine) as connection:
            kept = connection.execute(update(leases).where(mine).values(until=now + timedelta(seconds=seconds)))
            return kept.rowcount == 1

    def owner(self, name: str) -> str | None:
        """Return who took a lease last, whether or not it has run out; None where it was given back."""
        with reading(self._engine) as connection:
            return connection.execute(select(leases.c.owner).where(leases.c.name == name)).scalar_one_or_none()

    def release(self, name: str, owner: str) -> None:
        """Give a lease back; without effect for who does not hold it."""
        with writing(self._engine) as connection:
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.owner == owner))

    def forget(self, stem: str, kept: Collection[str], now: datetime) -> None:
        """Drop leases that have run out, so that their holders have lost them even if nobody takes those names.

        Args:
            stem: Leases whose name is the stem, or the stem with a colon and more.
            kept: Names that stay.
            now: The moment.
        """
        over = _named(stem) & (leases.c.until <= now) & leases.c.name.not_in(kept)
        with writing(self._engine) as connection:
            connection.execute(delete(leases).where(over))

    def held(self, stem: str, now: datetime) -> dict[str, str]:
        """Return who holds each lease whose name is a stem, or a stem with a colon and more, by name."""
        query = select(leases.c.name, leases.c.owner).where(_named(stem), leases.c.until > now).order_by(leases.c.name)
        with reading(self._engine) as connection:
            return {str(name): str(owner) for name, owner in connection.execute(query)}

    def holder(self, name: str, now: datetime) -> str | None:
        """Return who holds a lease, or None."""
        query = select(leases.c.owner).where(leases.c.name == name, leases.c.until > now)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none()


def _named(stem: str) -> ColumnElement[bool]:
    return (leases.c.name == stem) | leases.c.name.startswith(f"{stem}:", autoescape=True)
