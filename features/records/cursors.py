"""Named cursors: how far a reader of a store's changes has come."""

from sqlalchemy import Engine, select

from features.records.database import insert_into, reading, writing
from features.records.tables import cursors


class Cursors:
    """Named positions of an installation, each a whole number that only grows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, name: str) -> int:
        """Return a position; 0 where nobody has moved it yet."""
        with reading(self._engine) as connection:
            found = connection.execute(select(cursors.c.position).where(cursors.c.name == name)).scalar_one_or_none()
        return 0 if found is None else int(found)

    def find(self, stem: str) -> dict[str, int]:
        """Return the positions whose name is a stem, or a stem with a colon and more."""
        named = (cursors.c.name == stem) | cursors.c.name.startswith(f"{stem}:", autoescape=True)
        with reading(self._engine) as connection:
            found = connection.execute(select(cursors.c.name, cursors.c.position).where(named)).all()
        return {str(name): int(position) for name, position in found}

    def advance(self, name: str, position: int) -> None:
        """Move a position forwards; an earlier one than is on record has no effect."""
        with writing(self._engine) as connection:
            statement = insert_into(connection, cursors).values(name=name, position=position)
            moved = statement.on_conflict_do_update(
                index_elements=["name"],
                set_={"position": position},
                where=cursors.c.position < position,
            )
            connection.execute(moved)
