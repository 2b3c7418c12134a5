"""Mails of this room: confirm, reset, tell. In the reader's language, with no name and no address in the subject."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string


def write(*, to: str, language: str, kind: str, context: dict[str, Any], now: datetime) -> None:
    """Queue the mail ``accounts/mail/<kind>`` to an address, in ``fr`` or ``en``; ``context`` is JSON.

    ``MAIL_QUEUE`` names the callable that takes it: queueing mails is the work of a room that stands above this one.
    """
    with transaction.atomic():
        import_string(settings.MAIL_QUEUE)(
            to=to, language=language, template=f"accounts/mail/{kind}", params=context, now=now
        )
