"""Reading a message."""

from datetime import datetime

from messervices.foundations.notifications.models import Message
from messervices.kernel.action import action


@action
def mark_read(*, person_id: int, message_id: int, now: datetime) -> bool:
    """Note that the person opened a message; ``False`` when it was read already, or is not theirs."""
    unread = Message.objects.filter(pk=message_id, person_id=person_id, read_at=None)
    return bool(unread.update(read_at=now))
