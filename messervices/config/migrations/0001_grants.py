"""What each database role may do with the tables to come: before any of them is made.

The owner makes tables, the application and the worker read and write rows, the report reads what has no person in it
(granted table by table by the rooms). Where the installation has no such roles, nothing is granted.
"""

from typing import ClassVar

from django.db import migrations

GRANTS = """
do $$
declare who text;
begin
    foreach who in array array['msv_app', 'msv_worker'] loop
        if exists (select from pg_roles where rolname = who) then
            execute format('grant usage on schema public to %I', who);
            execute format('grant select, insert, update, delete on all tables in schema public to %I', who);
            execute format('grant usage, select on all sequences in schema public to %I', who);
            execute format('alter default privileges in schema public
                            grant select, insert, update, delete on tables to %I', who);
            execute format('alter default privileges in schema public grant usage, select on sequences to %I', who);
        end if;
    end loop;
    if exists (select from pg_roles where rolname = 'msv_report') then
        grant usage on schema public to msv_report;
    end if;
end $$
"""


class Migration(migrations.Migration):
    """Runs before every table."""

    run_before: ClassVar = [
        ("contenttypes", "0001_initial"),
        ("auth", "0001_initial"),
        ("audit", "0001_initial"),
        ("accounts", "0001_initial"),
        ("procrastinate", "0001_initial"),
    ]
    dependencies: ClassVar[list[tuple[str, str]]] = []
    operations: ClassVar = [migrations.RunSQL(GRANTS, migrations.RunSQL.noop)]
