"""The database's roles: who owns, who serves, who works, who reads. Nobody signs in as the owner of the tables."""

import psycopg
from psycopg import sql

from launcher.errors import LaunchError

OWNER = "msv_owner"
ROLES = (OWNER, "msv_app", "msv_worker", "msv_report")
SIGN_IN = "messervices"


def prepare_embedded(superuser_url: str, database: str) -> str:
    """Create in the embedded server what is missing: roles, sign-in role, database. Safe to repeat.

    Returns the identity of this very database: another one after it was dropped or its folder deleted.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        _create_roles(connection)
        _create_role(connection, SIGN_IN, "login nosuperuser nobypassrls")
        for role in ROLES:
            connection.execute(
                sql.SQL("grant {} to {} with inherit false").format(sql.Identifier(role), sql.Identifier(SIGN_IN))
            )
        if not connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
            connection.execute(
                sql.SQL("create database {} owner {}").format(sql.Identifier(database), sql.Identifier(OWNER))
            )
        identity = connection.execute(
            "select system_identifier || '.' || oid from pg_control_system(), pg_database where datname = %s",
            [database],
        ).fetchone()
    return str(identity[0]) if identity else ""


def prepare_own(url: str) -> None:
    """Check that a server of one's own knows the roles, and create them where we may.

    Raises LaunchError with the statements for the server's administrator when we may not.
    """
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        msg = f"DATABASE_URL is set, but that database does not answer:\n{str(error).strip()}"
        raise LaunchError(msg) from error
    with connection:
        me, database, version = connection.execute(
            "select current_user, current_database(), current_setting('server_version_num')::int"
        ).fetchone() or ("", "", 0)
        if version < 150_000:
            msg = f"DATABASE_URL is set, but that server is PostgreSQL {version // 10_000}: 15 or later is needed."
            raise LaunchError(msg)
        try:
            _create_roles(connection)
            for role in ROLES:
                if not connection.execute("select pg_has_role(current_user, %s, 'member')", [role]).fetchone()[0]:  # type: ignore[index]  # such a question always has a row
                    connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), sql.Identifier(me)))
            may = connection.execute(
                "select has_schema_privilege(%s, 'public', 'create') and has_database_privilege(%s, %s, 'create')",
                [OWNER, OWNER, database],
            ).fetchone()
            if not may or not may[0]:
                connection.execute(
                    sql.SQL("grant create on database {} to {}").format(sql.Identifier(database), sql.Identifier(OWNER))
                )
                connection.execute(sql.SQL("grant create, usage on schema public to {}").format(sql.Identifier(OWNER)))
        except psycopg.Error as error:
            raise LaunchError(_for_the_administrator(me, database, error)) from error


def _create_roles(connection: psycopg.Connection) -> None:
    for role in ROLES:
        # CREATEDB is for the test database; it is not inherited, so the owner itself must have it.
        _create_role(connection, role, "nologin createdb" if role == OWNER else "nologin")


def _create_role(connection: psycopg.Connection, role: str, options: str) -> None:
    if not connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
        connection.execute(sql.SQL("create role {} " + options).format(sql.Identifier(role)))


def _for_the_administrator(me: str, database: str, error: psycopg.Error) -> str:
    lines = [f"create role {role} nologin;" for role in ROLES]
    lines += [f'grant {", ".join(ROLES)} to "{me}";']
    lines += [f'grant create on database "{database}" to {OWNER};', f"grant create, usage on schema public to {OWNER};"]
    return (
        f"DATABASE_URL is set, but “{me}” may not prepare that database ({str(error).strip()}).\n"
        "Ask its administrator to run this once in it:\n\n  " + "\n  ".join(lines)
    )
