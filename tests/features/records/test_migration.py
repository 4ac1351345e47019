from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

import features.records.migration
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import from_microseconds
from features.records.database import open_records, reading, writing
from features.records.events import EventRecords
from features.records.migration import HEAD, move_to, revision_of
from features.records.tables import metadata


def test_the_known_head_is_that_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(features.records.migration.__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_scripts_make_the_tables_that_the_code_knows(records: Engine) -> None:
    with reading(records) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "render_as_batch": True}
        )
        assert compare_metadata(context, metadata) == []
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}
        for name, table in metadata.tables.items():
            assert inspect(connection).get_pk_constraint(name)["constrained_columns"] == [
                column.name for column in table.primary_key
            ]


def test_down_and_up_again(records: Engine) -> None:
    with writing(records) as connection:
        move_to(connection, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        assert revision_of(connection) is None
    reopened = open_records(records.url.render_as_string())
    with reading(reopened) as connection:
        assert revision_of(connection) == HEAD
        assert set(inspect(connection).get_table_names()) >= set(metadata.tables)
    reopened.dispose()


def test_events_of_before_there_were_codes_stay_and_codes_are_forgotten_on_the_way_back(records: Engine) -> None:
    columns = "tenant, asset, at, kind, failure_mode, component"
    old = f"INSERT INTO events ({columns}) VALUES ('mine', 'a', 5, 'repair', '', 's')"  # a constant
    error = Event(TenantId("mine"), AssetId("a"), from_microseconds(5), EventKind.ERROR, code="e1")
    with writing(records) as connection:
        move_to(connection, "0004")
        connection.execute(text(old))
        move_to(connection, HEAD)
    events = EventRecords(records)
    assert [(event.component, event.code) for event in events.list_all(error.tenant)] == [("s", None)]
    events.put(error)
    with writing(records) as connection:
        move_to(connection, "0004")
        assert connection.execute(text("SELECT kind, component FROM events")).all() == [("repair", "s")]


def test_importing_the_environment_does_nothing() -> None:
    import features.records.migrations.env as environment

    assert callable(environment.run)
