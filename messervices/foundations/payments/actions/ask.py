"""Ask the bank before anything is given up: a question outside any transaction, an answer that is an event."""

from datetime import datetime

from django.db.models import Q

from messervices.foundations.payments import rules
from messervices.foundations.payments.actions.receive import keep
from messervices.foundations.payments.actions.settle import settle
from messervices.foundations.payments.actions.watch import at_bank
from messervices.foundations.payments.models import Attempt, OutsideEvent
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import Answer, Facts, Handover
from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.selectors import attempt_of
from messervices.foundations.payments.states import (
    ATTEMPT_STEPS,
    LIVE,
    WAITING_FOR_AGENT,
    AttemptStatus,
    EventKind,
    Verdict,
)
from messervices.kernel import jobs
from messervices.kernel.action import action


def ask_bank(*, attempt_id: int, now: datetime) -> Outcome:
    """Ask the bank what became of an attempt, and do what it says. Gives its word.

    Not an action: the network stands between its two transactions. Raises ``ProviderUnavailable`` when the bank does
    not answer: the attempt stays as it is, and is asked about again later.
    """
    attempt = attempt_of(attempt_id)
    answer = _answer(attempt, now)
    event_id = _note_answer(attempt_id=attempt_id, answer=answer, now=now)
    if event_id is not None:
        settle(event_id=event_id, now=now)
    return answer.facts.outcome


def _answer(attempt: Attempt, now: datetime) -> Answer:
    """Ask; of a try by which nobody was led to the bank, there is nothing to ask."""
    rail = rail_named(attempt.rail)
    if rail.terms.calls and not attempt.rail_ref:
        return Answer(b"", Facts(attempt.number, Outcome.NEVER_SEEN))
    with at_bank(attempt.rail, now):
        return rail.ask(
            Handover(
                number=attempt.number,
                bank_ref=attempt.bank_ref,
                amount_cents=attempt.amount_cents,
                begun_at=attempt.begun_at,
                rail_ref=attempt.rail_ref,
            )
        )


_WRITTEN = ["status", "asked_at", "asked", "ask_at", "ended_at"]


@action
def _note_answer(*, attempt_id: int, answer: Answer, now: datetime) -> int | None:
    """Keep a decisive answer as an event (its number is given), or note when to ask again.

    The try is written once: written twice in one transaction, PostgreSQL would check its order again, and lock it after
    the try, where everybody else locks the order first.
    """
    attempt = Attempt.objects.select_for_update().get(pk=attempt_id)
    facts = answer.facts
    given_up = attempt.status not in LIVE
    is_dead = rules.is_form_dead(attempt.begun_at, now, rail_named(attempt.rail).terms)
    is_over = facts.outcome in rules.END_STEPS or (facts.outcome in rules.STILL_OPEN and is_dead)
    _ask_again(attempt, now=now, is_over=given_up and is_over)
    # What an agent is already looking at is not told twice.
    seen = attempt.status == AttemptStatus.DOUBTFUL or (
        given_up and OutsideEvent.objects.filter(attempt=attempt, status__in=WAITING_FOR_AGENT).exists()
    )
    fits = facts.outcome == Outcome.PAID and rules.fits(
        amount_cents=attempt.amount_cents,
        currency="EUR",
        said_cents=facts.amount_cents,
        said_currency=facts.currency,
    )
    is_news = not seen or fits or facts.outcome in rules.END_STEPS
    if facts.outcome in rules.DECISIVE and is_news:
        attempt.save(update_fields=_WRITTEN)
        return keep(
            rail=attempt.rail, kind=EventKind.ANSWER, raw=answer.raw, verdict=Verdict.GOOD, facts=facts, now=now
        )
    if given_up:
        pass
    elif facts.outcome == Outcome.NEVER_SEEN and is_dead:
        attempt.status = ATTEMPT_STEPS.target("expire", attempt.status)
        attempt.ended_at, attempt.ask_at = now, None
    elif facts.outcome == Outcome.WAITING and attempt.status == AttemptStatus.BEGUN:
        attempt.status = ATTEMPT_STEPS.target("wait", attempt.status)
    elif facts.outcome in rules.STILL_OPEN and attempt.status == AttemptStatus.UNCONFIRMED:
        attempt.status = ATTEMPT_STEPS.target("reopen", attempt.status)  # back without having paid: free to go on
    attempt.save(update_fields=_WRITTEN)
    return None


def _ask_again(attempt: Attempt, *, now: datetime, is_over: bool = False) -> None:
    """Note (unsaved) that the bank was asked, and when it will be again; one given up, until its form is dead."""
    if attempt.ask_at is None and attempt.status not in LIVE:
        return
    attempt.asked_at, attempt.asked = now, attempt.asked + 1
    attempt.ask_at = None if is_over else rules.next_question_at(attempt.asked, now)


@action
def queue_question(*, order_id: int, now: datetime) -> bool:
    """Queue a question to the bank for a student who waits, at most every 15 seconds. Gives whether it was."""
    asked = Attempt.objects.filter(
        Q(asked_at=None) | Q(asked_at__lt=now - rules.QUESTION_EVERY), order_id=order_id, status__in=LIVE
    )
    attempt = asked.select_for_update().first()
    if attempt is None:
        return False
    attempt.asked_at = now
    attempt.save(update_fields=["asked_at"])
    jobs.enqueue("foundations.payments.tasks.ask_bank", attempt_id=attempt.pk)
    return True
