"""The requests of the world: in each Crous somebody who paid asks for the money back, and waits for the answer."""

from messervices.services.cvec.models import Acquittement, Request
from messervices.services.cvec.states import Ground, RequestKind, RequestStatus
from messervices.services.cvec.tests.rolls import AUTUMN


def make_request(paid: Acquittement, mark: str) -> None:
    """Write a request that was sent; refunds open in September, and the world lives in August."""
    Request.objects.create(
        person_id=paid.person_id, crous_id=paid.crous_id, year=paid.year, kind=RequestKind.REFUND,
        ground=Ground.EXEMPT, words=f"Ma région me verse une bourse ({mark}).", acquittement=paid,
        amount_cents=paid.amount_cents, status=RequestStatus.SUBMITTED, opened_at=AUTUMN, submitted_at=AUTUMN,
    )  # fmt: skip


def request_at(crous_id: int) -> int:
    """The request that waits at a Crous."""
    return Request.objects.filter(crous_id=crous_id, kind=RequestKind.REFUND).earliest("pk").pk
