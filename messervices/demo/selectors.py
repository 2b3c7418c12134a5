"""What the demonstration's pages show: sign-ins and the codes of the moment."""

from dataclasses import dataclass

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings

from messervices.demo.states import SIGN_INS, SignIn

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


def bank_address() -> str:
    """Where the demonstration's bank answers."""
    return str(settings.BANK)
