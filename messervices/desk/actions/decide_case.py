"""An agent decides to whom a number belongs that two persons gave; both are told."""

from datetime import datetime

from messervices.desk.actions.rights import refuse_unless
from messervices.desk.states import Right
from messervices.foundations.notifications import actions as notifications
from messervices.foundations.students import actions as students
from messervices.foundations.students import selectors
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.scope import EVERY, Scope, acting_as

_TELL_THE_OTHER = Scope("desk.tell_the_other", crous=EVERY)
"""The other person may be followed by another Crous: they are told, and never shown to the agent."""

_TO_CLAIMANT = {"grant": "ine_granted", "refuse": "ine_refused", "ask": "ine_paper_asked"}
_TO_OTHER = {"grant": "ine_taken", "refuse": "ine_kept"}


@action
def decide_case(*, by: Actor, case_id: int, step: str, reason: str, now: datetime) -> students.Settled:
    """Grant the number to the claimant, refuse it, or ask for a paper; tell both sides what concerns them.

    The claimant reads the reason; the other person does not, for it may tell who the claimant is. The same decision
    twice tells nobody twice. Raises ``Refusal``: ``not_allowed``, ``step_closed``, ``reason_missing``, ``own_file``.
    """
    refuse_unless(by, Right.DECIDE_CASE)
    settled = students.resolve_case(by=by, case_id=case_id, step=step, reason=reason, now=now)
    if not settled.changed:
        return settled
    person = settled.case.person
    notifications.notify(
        person_id=person.pk, crous_id=_office(person.crous_ids), kind=f"desk.{_TO_CLAIMANT[step]}",
        params={"reason": reason}, link="/me/", now=now,
    )  # fmt: skip
    if settled.other_id is not None and step in _TO_OTHER:
        with acting_as(_TELL_THE_OTHER):
            other = selectors.person_by_id(settled.other_id)
            if other is not None:
                notifications.notify(
                    person_id=other.pk, crous_id=_office(other.crous_ids), kind=f"desk.{_TO_OTHER[step]}", params={},
                    link="/me/", now=now,
                )  # fmt: skip
    return settled


def _office(crous_ids: list[int]) -> int:
    return crous_ids[0] if crous_ids else 0
