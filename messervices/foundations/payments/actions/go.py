"""Somebody leaves for the bank, and comes back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from messervices.foundations.payments import rules, selectors
from messervices.foundations.payments.actions.ask import ask_bank
from messervices.foundations.payments.actions.begin import Traveller, begin, door_of
from messervices.foundations.payments.actions.leave import LEFT, NO_DOOR, leave, withdraw
from messervices.foundations.payments.actions.link import ByLink
from messervices.foundations.payments.actions.watch import try_again
from messervices.foundations.payments.models import Attempt, Order
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import BankForm, BeginRefusedByBank
from messervices.foundations.payments.states import ATTEMPT_STEPS, CARD, LIVE, MEANS, AttemptStatus, OrderStatus
from messervices.kernel.action import action
from messervices.kernel.errors import ProviderUnavailable, Refusal


@dataclass(frozen=True, slots=True)
class Gone:
    """Where the student goes: to the bank with ``form``, or, without one, to the page that says what is known."""

    order: Order
    form: BankForm | None = None


def go_to_bank(
    *,
    uuid: UUID,
    person_id: int,
    language: str,
    back_url: str,
    now: datetime,
    rail: str = CARD,
    mail: str = "",
    leave_silent: bool = False,
    by_link: ByLink | None = None,
) -> Gone:
    """Take somebody to the bank: a new try, or the one under way again. Never two live tries, never paid twice.

    The student (``person_id``), or with ``by_link`` who got the student's link: a try is gone on with by who began it.
    A student who pays closes the link that they had sent; who comes second by a link waits. ``rail`` is what they
    chose: ``card`` (the first bank of ``PAYMENT_RAILS`` that answers) or a rail; ``mail`` is for the bank's receipt.
    ``leave_silent``: they say that they did not pay at a bank that does not answer, and want another one.

    Double click, two tabs and the back button all end here: the same try gives the same form, which the bank knows by
    its number. An older try, or one by another bank, is asked about first, outside any transaction. Raises
    ``Order.DoesNotExist`` for somebody else's order, ``Refusal`` for a cancelled one or a way that is not offered,
    ``ProviderUnavailable`` when no bank answers: nothing is lost.
    """
    order = selectors.order_of(uuid, person_id)
    if order.status == OrderStatus.CANCELLED:
        raise Refusal("order_cancelled", _("Cette demande n’est plus à payer. Rien n’a été débité."))
    if order.status == OrderStatus.PAID:
        return Gone(order)
    if not selectors.rails_of(rail, order.amount_cents):
        raise Refusal("means_closed", _("Ce moyen de payer n’est pas proposé ici. Choisissez-en un autre."))
    traveller = Traveller(language, back_url, mail, by_link)
    attempt = selectors.live_attempt(order.pk)
    if attempt is not None:
        about = _about_link if by_link is None and attempt.link_id is not None else _about
        if about(attempt, rail, now, leave_silent=leave_silent) == rules.Move.WAIT:
            return Gone(order)
    without = attempt.rail if attempt is not None and leave_silent else ""
    return Gone(order, _form(order, rail, traveller, now, without=without))


def _about_link(attempt: Attempt, _rail: str, now: datetime, *, leave_silent: bool) -> rules.Move:
    """Somebody else is paying by a link: the bank is asked before it is given up (here, or in ``begin``)."""
    if _outcome(attempt, now, leave_silent=leave_silent) in rules.STILL_OPEN:
        withdraw(attempt, now)
    return rules.Move.BEGIN


def _about(attempt: Attempt, wanted: str, now: datetime, *, leave_silent: bool) -> rules.Move:
    """Say what to do with the live try, once it was asked about where that is due; end it where it is to be left."""
    terms, age = rail_named(attempt.rail).terms, now - attempt.begun_at
    switching = attempt.rail not in MEANS.get(wanted, (wanted,))
    out = selectors.is_out(attempt.rail)
    if terms.calls and not attempt.door_url and attempt.status == AttemptStatus.BEGUN:
        if switching or out or age >= rules.RETRY_WITHIN:
            leave(attempt_id=attempt.pk, detail=NO_DOOR, now=now)
        return rules.Move.RESUME
    move = rules.first_move(attempt.status, attempt.begun_at, now)
    goes_on = not (switching or out or leave_silent)
    if move == rules.Move.WAIT or (move == rules.Move.RESUME and goes_on):
        return move
    outcome = _outcome(attempt, now, leave_silent=leave_silent)
    if outcome is None:
        leave(attempt_id=attempt.pk, detail=LEFT, now=now)
        return rules.Move.BEGIN
    move = rules.move_after(outcome, attempt.begun_at, now, terms)
    if switching and outcome in rules.STILL_OPEN:
        withdraw(attempt, now)
        return rules.Move.BEGIN
    if move == rules.Move.BEGIN:  # where it is not over yet, it is left
        leave(attempt_id=attempt.pk, detail=LEFT, now=now)
    return move


def _outcome(attempt: Attempt, now: datetime, *, leave_silent: bool) -> rules.Outcome | None:
    """Ask the bank; ``None`` when it is silent and who never came back from it says that they did not pay."""
    try:
        return ask_bank(attempt_id=attempt.pk, now=now)
    except ProviderUnavailable:
        if leave_silent and attempt.status == AttemptStatus.BEGUN:
            return None
        raise


def _form(order: Order, rail: str, traveller: Traveller, now: datetime, *, without: str) -> BankForm | None:
    """Begin at the first bank that takes it; one that fails before anybody was led to it makes room for the next."""
    names = _candidates(order, rail, now, without=without)
    refused: BeginRefusedByBank | None = None
    for place, name in enumerate(names, start=1):
        tried = begin(order_id=order.pk, rail=name, traveller=traveller, now=now)
        if tried is None:
            return None
        try:
            return door_of(tried, order.label, traveller, now)
        except ProviderUnavailable:
            if place == len(names):
                raise
            leave(attempt_id=tried.pk, detail=NO_DOOR, now=now)
        except BeginRefusedByBank as no:
            refused = no
            leave(attempt_id=tried.pk, detail=NO_DOOR, now=now)
    if refused is not None:
        raise Refusal(
            "bank_refuses", _("La banque n’accepte pas ce paiement. Rien n’a été débité : choisissez un autre moyen.")
        ) from refused
    raise ProviderUnavailable(rail, "out")


def _candidates(order: Order, rail: str, now: datetime, *, without: str) -> list[str]:
    """Give the banks to try: those that answer, or else the one of those out that answers again just now.

    ``without``: the one that was just left for its silence comes last.
    """
    names = sorted(selectors.rails_of(rail, order.amount_cents), key=lambda name: name == without)
    healthy = [name for name in names if not selectors.is_out(name)]
    return healthy or [name for name in names if try_again(rail=name, now=now)][:1]


@action
def note_return(*, order_id: int, now: datetime, link_id: int | None = None) -> None:
    """Note that the browser came back from the bank. It proves nothing, and books nothing: the outcome is unknown.

    ``link_id``: it is the browser of who pays by that link; without one, the student's.
    """
    tries = Attempt.objects.select_for_update().filter(order_id=order_id, link_id=link_id, status__in=LIVE)
    attempt = tries.first()
    if attempt is None or attempt.status != AttemptStatus.BEGUN:
        return
    attempt.status = ATTEMPT_STEPS.target("come_back", attempt.status)
    attempt.returned_at = now
    attempt.save(update_fields=["status", "returned_at"])
