"""SQL kept in files, loaded by a migration: functions and triggers where speed or races matter."""

from pathlib import Path

from django.db.migrations import RunSQL

_KEEP = """
do $$ declare who text; begin
    foreach who in array array['msv_app', 'msv_worker'] loop
        if exists (select from pg_roles where rolname = who) then
            execute format('revoke {rights} on {table} from %I', who);
        end if;
    end loop;
end $$
"""


def run(room: str, name: str) -> RunSQL:
    """Give the operation that runs ``sql/<name>`` of a room (``foundations/ledger``).

    A file is never edited once released.
    """
    path = Path(__file__).resolve().parents[1] / room / "sql" / name
    return RunSQL(path.read_text(encoding="utf-8"), RunSQL.noop)


def revoke(rights: str, table: str) -> RunSQL:
    """Take rights on a table from the application and the worker: what a trigger refuses, the grant refuses too."""
    return RunSQL(_KEEP.format(rights=rights, table=table), RunSQL.noop)


def let_report_read(table: str) -> RunSQL:
    """Let the report role read a table that has no person in it."""
    return RunSQL(
        f"do $$ begin if exists (select from pg_roles where rolname = 'msv_report') "
        f"then grant select on {table} to msv_report; end if; end $$",
        RunSQL.noop,
    )
