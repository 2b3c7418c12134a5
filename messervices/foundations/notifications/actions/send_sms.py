"""Handing an SMS to its carrier, with our reference; when that was cut, asking by the reference what became of it."""

from datetime import datetime

from django.db.models import F

from messervices.foundations.notifications import rules, selectors
from messervices.foundations.notifications.actions.moves import move_sms
from messervices.foundations.notifications.models import Contact, Sms
from messervices.foundations.notifications.providers.answer import Answer, Said
from messervices.foundations.notifications.providers.letter import compose_sms
from messervices.foundations.notifications.providers.sms import carrier
from messervices.foundations.notifications.states import SMS_STEPS, Outcome, SmsStatus
from messervices.kernel import crash
from messervices.kernel.action import action


def send_sms(*, sms_id: int, now: datetime) -> bool:
    """Send an SMS to the number that its person has now. ``False`` when there is nothing to send, or not now."""
    if not _claim(sms_id, now):
        return False
    crash.point("notifications.sms_claimed")
    sms = Sms.objects.select_related("message").get(pk=sms_id)
    contact, reader, carried_by = selectors.contact_of(sms.person_id), selectors.reader_of(sms.person_id), carrier()
    if not contact.phone or not contact.sms or contact.phone_failed_at or reader is None or carried_by is None:
        move_sms(sms_id, "give_up", outcome=Outcome.NO_PHONE, due_at=None)
        return False
    message = sms.message
    text = compose_sms(kind=message.kind, params=message.params, language=reader.language, link=message.link)
    if not move_sms(sms_id, "begin", language=reader.language):
        return False
    crash.point("notifications.before_sms")
    answer = carried_by.send(to=contact.phone, text=text, reference=sms.reference)
    crash.point("notifications.after_sms")
    return _note(sms, answer, contact.phone, now)


def ask_sms(*, sms_id: int, now: datetime) -> bool:
    """Ask the carrier about an SMS that may have been sent; tell whether it is known now.

    It never came: it is sent. No answer: asked again later, and in the end it stays unknown.
    """
    sms = Sms.objects.filter(pk=sms_id, status=SmsStatus.UNKNOWN, due_at__lte=now).first()
    carried_by = carrier()
    if sms is None or carried_by is None:
        return False
    answer = carried_by.ask(sms.reference)
    return _settle(sms, answer, now)


@action
def _claim(sms_id: int, now: datetime) -> bool:
    sources, target = SMS_STEPS.steps["claim"]
    rows = Sms.objects.filter(pk=sms_id, status__in=sources, due_at__lte=now, attempts__lt=rules.MAX_ATTEMPTS)
    return bool(rows.update(status=target, attempts=F("attempts") + 1, due_at=now + rules.LEASE))


@action
def _note(sms: Sms, answer: Answer, phone: str, now: datetime) -> bool:
    """Write down what came of it; tell whether the SMS left. A number that is none is not written to again."""
    if answer.said == Said.TAKEN:
        return bool(move_sms(sms.pk, "hand_over", sent_at=now, provider_id=answer.id[:64], due_at=None))
    if answer.said == Said.UNSURE:
        move_sms(sms.pk, "lose", outcome=Outcome.UNSURE, due_at=now + rules.LEASE)
    elif answer.said == Said.NEVER:
        move_sms(sms.pk, "give_up", outcome=Outcome.REFUSED, due_at=None)
        if answer.meaning == "hard":
            Contact.objects.filter(person_id=sms.person_id, phone=phone).update(phone_failed_at=now)
    elif sms.attempts >= rules.MAX_ATTEMPTS:
        move_sms(sms.pk, "give_up", outcome=Outcome.NO_ANSWER, due_at=None)
    else:
        move_sms(sms.pk, "put_back", due_at=now + rules.wait_after(sms.attempts))
    return False


@action
def _settle(sms: Sms, answer: Answer, now: datetime) -> bool:
    if answer.said == Said.TAKEN:
        changes = {"sent_at": now, "provider_id": answer.id[:64], "due_at": None, "outcome": ""}
        return bool(move_sms(sms.pk, "hand_over", **changes))
    if answer.said == Said.LATER:
        return bool(move_sms(sms.pk, "put_back", due_at=now, outcome=""))
    asked = sms.questions + 1
    due_at = None if asked >= rules.MAX_QUESTIONS else now + rules.wait_after_question(asked)
    Sms.objects.filter(pk=sms.pk, status=SmsStatus.UNKNOWN).update(questions=asked, due_at=due_at)
    return False
