"""Check what must hold at every moment, over all that is stored."""

import contextlib
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from messervices.foundations.audit import selectors as audit
from messervices.kernel.invariants import all_invariants
from messervices.kernel.scope import EVERY, Scope, acting_as


class Command(BaseCommand):
    """Read-only, over every Crous; one line an invariant; exit code 1 on any breach.

    Runs nightly in production, after each restore, and after every test of faults.
    """

    help = "Check every invariant, read-only; exit 1 on any breach."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Check them all in one read-only snapshot, then compare the audit's heads with those written outside."""
        broken = 0
        with acting_as(Scope("audit_invariants", crous=EVERY)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            cursor.execute("set local statement_timeout = 0")
            for room, invariant in all_invariants():
                cursor.execute(invariant.sql)
                broken += self._say(room, invariant.name, int(cursor.fetchone()[0]))
            broken += self._say("audit", "heads written outside still there", audit.broken_anchors(last_anchors()))
        if broken:
            msg = f"{broken} invariants are broken"
            raise CommandError(msg, returncode=1)

    def _say(self, room: str, name: str, breaches: int) -> bool:
        mark = self.style.ERROR(f"BROKEN by {breaches}") if breaches else self.style.SUCCESS("ok")
        self.stdout.write(f"{room:<14} {name:<62} {mark}")
        return breaches > 0


def last_anchors() -> list[tuple[int, int, str]]:
    """Read the last heads of this database written outside it: stream, place, hash."""
    path = Path(settings.AUDIT_ANCHORS)
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_536))
        lines = file.read().decode("utf-8", "replace").splitlines()
    for line in reversed(lines):
        with contextlib.suppress(ValueError):  # the line being written as the machine stopped
            written = json.loads(line)
            if written.get("of") == audit.installation():
                return [tuple(head) for head in written["heads"]]
    return []
