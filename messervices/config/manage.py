"""Django's commands, in the settings of the demonstration unless told otherwise."""

import os
import sys

from messervices.kernel.scope import EVERY, Scope, acting_as


def main() -> None:
    """Run a command. ``migrate`` acts as the owner of the tables, over every row (docs/decisions/0002)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messervices.config.settings.demo")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "migrate":
        os.environ["MESSERVICES_DB_ROLE"] = os.environ.get("MESSERVICES_OWNER_ROLE", "msv_owner")
    os.environ.setdefault("MESSERVICES_DB_POOL", "2")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the settings are chosen

    with acting_as(Scope(f"command:{command}", crous=EVERY)):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
