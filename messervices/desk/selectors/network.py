"""Who works here, what they may do, and how the network is run."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.utils.translation import gettext as _

from messervices.desk import states
from messervices.desk.selectors.words import Happened
from messervices.foundations.accounts import selectors as accounts
from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.states import Kind
from messervices.foundations.audit import selectors as audit
from messervices.foundations.audit.models import Deed
from messervices.foundations.crous import selectors as crous
from messervices.foundations.payments.models import Order
from messervices.foundations.payments.states import OrderStatus
from messervices.kernel import manifest
from messervices.kernel.actor import Actor


def office_of(actor: Actor) -> str:
    """Name the agent's office: their Crous, or the national desk."""
    if actor.national:
        return _("Réseau national")
    names = [crous.crous_of(one).name for one in actor.crous_ids]
    return ", ".join(names) or _("Sans affectation")


def known_rights() -> dict[str, manifest.Text]:
    """Every right an agent may hold, with what it lets one do: the desk's, each foundation's, each service's."""
    found: dict[str, manifest.Text] = {str(right): label for right, label in states.RIGHTS.items()}
    for config in apps.get_app_configs():
        if config.name.startswith("messervices.foundations.") and find_spec(f"{config.name}.states"):
            rights = getattr(import_module(f"{config.name}.states"), "RIGHTS", {})
            found |= {str(right): label for right, label in rights.items()}
    for service in manifest.services():
        found |= {right.code: right.label for right in service.rights}
    return found


MOST_COUNTED = 1000


def deeds_by_subject(subjects: list[str]) -> dict[str, list[Happened]]:
    """What was done to each of these things, newest first (one query)."""
    found: dict[str, list[Happened]] = {}
    for deed in audit.deeds_on(subjects):
        found.setdefault(deed.subject, []).append(_told(deed))
    return found


def _told(deed: Deed) -> Happened:
    """A deed on a setting or a role: what, by whom, why."""
    sentence = {**manifest.verbs(), **states.VERBS}.get(deed.verb, deed.verb)
    return Happened(deed.at, str(sentence), " — ".join(filter(None, (deed.actor_label, deed.reason))))


def open_orders(kind: str) -> int:
    """How many payments of a kind are begun and not paid: they keep the amount they were begun with."""
    return Order.objects.filter(kind=kind, status=OrderStatus.OPEN)[:MOST_COUNTED].count()


def agent_by_email(email: str) -> User | None:
    """The account of an agent, by its e-mail; an account of another kind is nobody here."""
    user = accounts.user_by_email(email)
    return user if user is not None and user.kind == Kind.AGENT else None


def agent_account(user_id: int) -> User | None:
    """The account of an agent, by its number."""
    return User.objects.filter(pk=user_id, kind=Kind.AGENT).first()


def deeds_on_agent(user_id: int) -> list[Happened]:
    """What was done to an agent's roles, and the alarms they set off, newest first; not what they did themselves."""
    deeds = audit.deeds_on([f"accounts.user:{user_id}", f"desk.agent:{user_id}"])
    return [_told(deed) for deed in deeds if deed.verb.startswith(("crous.", "desk."))]
