"""Erase what came to nothing."""

from messervices.kernel.action import action
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.states import Status


@action
def forget(*, person_id: int) -> None:
    """Erase what was begun and came to nothing. What was paid or exempted is an account of the Crous, and is kept."""
    Acquittement.objects.filter(person_id=person_id, status=Status.CANCELLED, document=None, order=None).delete()
