"""Be checked by an establishment."""

from datetime import datetime

from messervices.foundations.accounts import actions as accounts
from messervices.foundations.accounts import selectors as accounts_read
from messervices.foundations.accounts.rules import Rate
from messervices.foundations.audit import actions as audit
from messervices.foundations.crous.models import Establishment
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.services.cvec import rules
from messervices.services.cvec.models import Acquittement, Check
from messervices.services.cvec.states import certificate_code

CHECK_NUMBER = Rate(20, 10 * 60)
CHECK_NETWORK = Rate(600, 5 * 60)
"""How often one certificate may be asked about, and how often a network may ask: an establishment checks hundreds."""


class TooManyChecks(Exception):  # noqa: N818 - read as a fact: too many checks
    """The verification has been asked too often; ``wait`` is in seconds."""

    def __init__(self, wait: int) -> None:
        """Keep how long."""
        super().__init__(wait)
        self.wait = wait


def take_turn(*, network: str, number: str, now: datetime) -> None:
    """Use one check of a network and one of a number. Raises ``TooManyChecks`` when there is none left.

    The narrow limit keeps anybody from trying letter after letter on a number; the wide one from trying numbers.
    Outside any transaction, so that what fails afterwards is counted too. Two statements.
    """
    wanted = ((CHECK_NUMBER, ("cvec.check.number", number)), (CHECK_NETWORK, ("cvec.check.network", network)))
    for rate, parts in wanted:
        if not accounts.take_rate(rate, now, *parts):
            raise TooManyChecks(accounts_read.seconds_to_wait(rate, now, *parts))


@action
def note_check(
    *, by: Actor, establishment: Establishment, number: str, found: Acquittement | None, now: datetime
) -> None:
    """An establishment has checked a certificate: written in its history, and in the student's timeline."""
    code = certificate_code(found.status, found.motive, by_third_party=found.by_third_party) if found else None
    valid = bool(found and found.is_valid)
    Check.objects.create(
        establishment=establishment, user_id=by.user_id or 0, at=now, masked_number=rules.masked_number(number),
        year=found.year if found else None, code=code, valid=valid,
    )  # fmt: skip
    if found:
        audit.record(
            by=Actor(kind=by.kind, user_id=by.user_id, label=establishment.name[:200]),
            verb="cvec.check_certificate", subject=f"cvec.acquittement:{found.pk}", now=now, person_id=found.person_id,
            crous_id=found.crous_id,
        )  # fmt: skip
