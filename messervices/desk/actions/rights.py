"""The one check that every deed of the desk begins with."""

from django.utils.translation import gettext as _

from messervices.desk import rules
from messervices.desk.states import Right
from messervices.foundations.students.models import Person
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal


def refuse_unless(by: Actor, right: Right, person: Person | None = None) -> None:
    """Raise ``Refusal("not_allowed")`` unless the agent holds the right, and follows the person when there is one."""
    if not by.may(right) or (
        person is not None and not rules.may_see(by.crous_ids, person.crous_ids, national=by.national)
    ):
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
