"""Moving rows along their table of steps: one statement each, so that of two who move one does."""

from datetime import datetime
from typing import Any

from messervices.foundations.notifications import rules
from messervices.foundations.notifications.models import Message, Outgoing, OutgoingMail, Sms
from messervices.foundations.notifications.states import MAIL_STEPS, SMS_STEPS, Outcome
from messervices.kernel import jobs

_ENDS = ("hand_over", "give_up", "lose", "bounce", "confirm")
_JOBS: dict[Any, tuple[str, str]] = {
    Message: ("foundations.notifications.tasks.send_message", "message_id"),
    OutgoingMail: ("foundations.notifications.tasks.send_mail", "mail_id"),
    Sms: ("foundations.notifications.tasks.send_sms", "sms_id"),
}


def move(table: type[Outgoing], keys: list[int], step: str, **changes: Any) -> int:
    """Move mails one step, if they are where the step begins; give how many moved.

    What left, may have left or is given up holds no words of ours, where nobody has an inbox to read them in.
    """
    sources, target = MAIL_STEPS.steps[step]
    if table is OutgoingMail and step in _ENDS:
        changes["params"] = {}
    rows = table.objects.filter(pk__in=keys, mail_status__in=sources)  # type: ignore[attr-defined]  # abstract: its tables have it
    return int(rows.update(mail_status=target, **changes))


def move_sms(key: int, step: str, **changes: Any) -> int:
    """Move an SMS one step, if it is where the step begins; give how many moved."""
    sources, target = SMS_STEPS.steps[step]
    return Sms.objects.filter(pk=key, status__in=sources).update(status=target, **changes)


def enqueue_sending(table: Any, key: int) -> None:
    """Give a row the job that sends it, inside the transaction that made it due."""
    name, argument = _JOBS[table]
    jobs.enqueue(name, **{argument: key})


def put_back_or_give_up(table: type[Outgoing], keys: list[int], attempts: int, now: datetime) -> None:
    """Nobody took the mail: it waits for its next try, or was tried often enough."""
    if attempts >= rules.MAX_ATTEMPTS:
        move(table, keys, "give_up", outcome=Outcome.NO_ANSWER)
    else:
        move(table, keys, "put_back", due_at=now + rules.wait_after(attempts))
