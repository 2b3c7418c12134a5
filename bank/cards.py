"""The test cards, and what each one makes the bank do."""

from dataclasses import dataclass

CODE = "1234"
"""What the cardholder types at the 3-D Secure page; the page says so."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card and its conduct.

    ``challenge``: ``asked``, ``none`` (frictionless) or ``refused``. ``result``: ``accepted``, ``waiting``, or a
    refusal's code at the bank (05 refused, 51 no funds). ``notice``: a key of ``notices.PLANS``.
    ``outage_seconds``: using the card puts the bank out of service for that long instead of paying.
    """

    number: str
    name: str
    challenge: str = "asked"
    result: str = "accepted"
    notice: str = "before"
    outage_seconds: float = 0.0


CARDS = (
    Card("4970100000000014", "accepted"),
    Card("4970100000000022", "frictionless", challenge="none"),
    Card("4970100000000030", "refused", result="05"),
    Card("4970100000000048", "no_funds", result="51"),
    Card("4970100000000055", "challenge_refused", challenge="refused"),
    Card("4970100000000063", "notice_after", notice="after"),
    Card("4970100000000071", "notice_twenty", notice="twenty"),
    Card("4970100000000089", "notice_late", notice="late"),
    Card("4970100000000097", "notice_never", notice="never"),
    Card("4970100000000105", "notice_forged", notice="forged"),
    Card("4970100000000113", "other_amount", notice="other_amount"),
    Card("4970100000000121", "waiting", result="waiting", notice="waiting"),
    Card("4970100000000139", "outage", outage_seconds=30.0),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_NAME = {card.name: card for card in CARDS}


def digits(typed: str) -> str:
    """Keep the digits of what was typed: people group them by four."""
    return "".join(c for c in typed if c.isascii() and c.isdigit())


def masked(number: str) -> str:
    """Show a number as the platform may see it: ``497010XXXXXX0014``."""
    return f"{number[:6]}XXXXXX{number[-4:]}"
