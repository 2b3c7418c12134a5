"""What the demonstration's pages show: sign-ins, the codes of the moment, and what people were sent."""

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings

from messervices.demo import mailbox
from messervices.demo.states import SIGN_INS, SignIn
from messervices.foundations.accounts.models import User
from messervices.foundations.notifications.models import Sms
from messervices.foundations.payments import selectors as payments
from messervices.foundations.payments.models import Order
from messervices.kernel.scope import EVERY, Scope, acting_as

PERIOD = 30
"""Seconds that a code lasts."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sign-in, with the code its application would show now ("" without one)."""

    sign_in: SignIn
    code: str


def code_of(secret: str) -> str:
    """The code of now. It follows the machine's clock, as telephones do, whatever the platform's clock is set to."""
    counters = list(yield_hotp_counters_from_time())
    return str(format_hotp_value(hotp_value(secret, counters[len(counters) // 2])))


def lines() -> list[Line]:
    """Everybody one may sign in as."""
    return [Line(one, code_of(one.code_key) if one.code_key else "") for one in SIGN_INS]


@dataclass(frozen=True, slots=True)
class Asked:
    """The link that a demonstration student sent to somebody: its address, and until when it works."""

    address: str
    until: datetime


def payer_link() -> Asked | None:
    """The link to open as the relative who pays; ``None`` once it is paid, refused or over."""
    email = next(one.email for one in SIGN_INS if one.key == "asking")
    with acting_as(Scope("demo", crous=EVERY)):
        user = User.objects.filter(email=email).exclude(person_id=None).first()
        order = Order.objects.filter(person_id=int(user.person_id or 0)).order_by("-pk").first() if user else None
        if order is None:
            return None
        standing = payments.link_standing_of(order.uuid, order.person_id)
    if not standing.is_live or standing.link is None or not standing.address:
        return None
    return Asked(standing.address, standing.link.expires_at)


def bank_address() -> str:
    """Where the demonstration's bank answers."""
    return str(settings.BANK)


@dataclass(frozen=True, slots=True)
class Received:
    """A mail or an SMS, with the address of whom it went to: a telephone number says little."""

    mail: mailbox.Mail
    who: str


def received(limit: int = 400) -> list[Received]:
    """What people were sent, newest first (no query without SMS, two with)."""
    newest = mailbox.newest(limit)
    owners = _owners([one.reference for one in newest if one.reference])
    return [Received(one, owners.get(one.reference, one.to)) for one in newest]


def _owners(references: list[str]) -> dict[str, str]:
    """Find the address of each person whom an SMS went to."""
    if not references:
        return {}
    with acting_as(Scope("demo:mailbox", crous=EVERY)):
        people = dict(Sms.objects.filter(reference__in=references).values_list("reference", "person_id"))
    emails = dict(User.objects.filter(person_id__in=set(people.values())).values_list("person_id", "email"))
    return {reference: emails[person_id] for reference, person_id in people.items() if person_id in emails}
