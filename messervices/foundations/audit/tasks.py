"""Work of the audit that nobody waits for."""

import json
from datetime import datetime
from pathlib import Path

from django.conf import settings

from messervices.foundations.audit import selectors
from messervices.kernel import jobs
from messervices.kernel.scope import EVERY, Scope


@jobs.periodic(cron="* * * * *", scope=Scope("job:audit.anchor", crous=EVERY))
def anchor_heads(*, now: datetime) -> None:
    """Write the head of every stream outside the database, so that a cut tail shows even to who owns the database.

    The file is only ever added to; in production it stands on another account's storage (``AUDIT_ANCHORS``).
    """
    heads = selectors.heads()
    if not heads:
        return
    path = Path(settings.AUDIT_ANCHORS)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"at": now.isoformat(), "of": selectors.installation(), "heads": heads}) + "\n")
