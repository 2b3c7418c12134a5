"""Who may do what, and where: roles, agents, referents of establishments."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.states import Kind
from messervices.foundations.audit import actions as audit
from messervices.foundations.crous import rules
from messervices.foundations.crous.models import Agent, Establishment, Referent, Role
from messervices.foundations.crous.states import Right
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

SLOTS = (1, 2)
"""An establishment names two referents."""


def _refuse_unless_allowed(by: Actor, right: Right) -> None:
    if by.kind != "system" and not rules.may_administer(right, by.rights, national=by.national):
        raise Refusal("not_allowed", _("Seul un administrateur national peut donner ou retirer des droits."))


@inside_action
def spread_authority(user_ids: Iterable[int]) -> int:
    """Write on the accounts of these agents what their roles add up to. Gives how many accounts changed.

    Raises ``Refusal("rights_would_spread")`` when a right held at one Crous would reach another.
    """
    changed = 0
    for user in User.objects.select_for_update().filter(pk__in=user_ids).order_by("pk"):
        rows = Agent.objects.filter(user=user, until=None).select_related("role")
        held = [rules.Held(row.crous_id, row.role.code, frozenset(row.role.rights)) for row in rows]
        if rules.rights_would_spread(held):
            raise Refusal(
                "rights_would_spread",
                _("Un agent a les mêmes droits dans tous ses Crous : même rôle partout, ou un autre compte."),
            )
        wanted = rules.authority(held)
        before = (user.crous_ids, user.rights, user.national)
        user.crous_ids, user.rights, user.national = list(wanted.crous_ids), sorted(wanted.rights), wanted.national
        if (user.crous_ids, user.rights, user.national) != before:
            user.save(update_fields=["crous_ids", "rights", "national"])
            changed += 1
    return changed


@action
def define_role(
    *,
    by: Actor,
    code: str,
    label_fr: str,
    label_en: str,
    national: bool,
    rights: Sequence[str],
    reason: str,
    now: datetime,
) -> Role:
    """Compose a role, new or known by its ``code``; every agent who holds it follows at once.

    ``national`` cannot change while somebody holds the role. Saying again what is in force changes nothing. Raises
    ``Refusal``: ``not_allowed``, ``role_held``, ``rights_would_spread``.
    """
    _refuse_unless_allowed(by, Right.DEFINE_ROLE)
    wanted = {"label_fr": label_fr, "label_en": label_en, "national": national, "rights": sorted(set(rights))}
    role = Role.objects.select_for_update().filter(code=code).first()
    before = [] if role is None else role.rights
    if role and wanted == {field: getattr(role, field) for field in wanted}:
        return role
    if role is None:
        role = Role(code=code)
    holders = list(Agent.objects.filter(role=role.pk, until=None).values_list("user_id", flat=True))
    if holders and role.national != national:
        raise Refusal("role_held", _("Des agents tiennent ce rôle : retirez-le-leur avant de changer son étendue."))
    for field, value in wanted.items():
        setattr(role, field, value)
    role.source, role.certainty, role.known_on = "desk", "sourced", rules.paris_day(now)
    role.shipped, role.set_by_id, role.set_by_label = False, by.user_id, by.label
    role.save()
    spread_authority(holders)
    audit.record(
        by=by, verb="crous.define_role", subject=f"crous.role:{role.code}", now=now, reason=reason,
        details={"before": before, "after": role.rights, "holders": len(holders)},
    )  # fmt: skip
    return role


@action
def grant_role(*, by: Actor, user: User, role_code: str, crous_id: int | None, reason: str, now: datetime) -> Agent:
    """Give a role to an agent, at a Crous or (``crous_id`` None, national roles only) everywhere.

    The account's Crous, rights and national mark follow in the same transaction. Twice gives it once. Raises
    ``Refusal``: ``not_allowed``, ``not_an_agent``, ``own_role``, ``role_unknown``, ``role_place``,
    ``rights_would_spread``.
    """
    _refuse_unless_allowed(by, Right.GRANT_ROLE)
    role = Role.objects.select_for_update().filter(code=role_code).first()  # before the account, as define_role does
    account = User.objects.select_for_update().get(pk=user.pk)
    if account.kind != Kind.AGENT:
        raise Refusal("not_an_agent", _("Ce compte n’est pas celui d’un agent."))
    if account.pk == by.user_id:
        raise Refusal("own_role", _("Personne ne se donne un rôle à soi-même."))
    if role is None:
        raise Refusal("role_unknown", _("Ce rôle n’existe pas."))
    if role.national != (crous_id is None):
        raise Refusal("role_place", _("Un rôle national se donne pour tout le réseau, un autre pour un Crous."))
    held = Agent.objects.filter(user=account, role=role, crous=crous_id, until=None).first()
    if held:
        return held
    held = Agent.objects.create(user=account, role=role, crous_id=crous_id, since=now)
    spread_authority([account.pk])
    audit.record(
        by=by, verb="crous.grant_role", subject=f"accounts.user:{account.pk}", now=now, crous_id=crous_id,
        reason=reason, details={"role": role.code, "rights": role.rights},
    )  # fmt: skip
    return held


@action
def end_role(*, by: Actor, agent_id: int, reason: str, now: datetime) -> Agent:
    """Take a role back, from now on; the row stays, dated. Twice ends it once.

    Raises ``Refusal``: ``not_allowed``, ``own_role`` (so that somebody is always left to give it back).
    """
    _refuse_unless_allowed(by, Right.GRANT_ROLE)
    held = Agent.objects.select_for_update(of=("self",)).select_related("role").get(pk=agent_id)
    if held.user_id == by.user_id:
        raise Refusal("own_role", _("Personne ne se retire un rôle à soi-même : demandez à un autre administrateur."))
    if held.until is not None:
        return held
    held.until = now
    held.save(update_fields=["until"])
    spread_authority([held.user_id])
    audit.record(
        by=by, verb="crous.end_role", subject=f"accounts.user:{held.user_id}", now=now, crous_id=held.crous_id,
        reason=reason, details={"role": held.role.code},
    )  # fmt: skip
    return held


def _refuse_unless_at(by: Actor, establishment: Establishment) -> int | None:
    """Check that the actor's desk is the establishment's; give its Crous (none for the four schools abroad)."""
    at = establishment.commune.departement.crous_id if establishment.commune else None
    if by.kind != "system" and not rules.may_register_referent(
        Right.REGISTER_REFERENT, by.rights, national=by.national, crous_ids=by.crous_ids, establishment_crous=at
    ):
        raise Refusal("not_allowed", _("Cet établissement n’est pas suivi par votre Crous."))
    return at


@action
def register_referent(*, by: Actor, user: User, uai: str, reason: str, now: datetime) -> Referent:
    """Make a user answer for an establishment, which names two referents. Twice registers once.

    Raises ``Refusal``: ``not_allowed``, ``not_an_establishment``, ``referents_full``.
    """
    return add_referent(by=by, user=user, uai=uai, reason=reason, now=now)


@inside_action
def add_referent(*, by: Actor, user: User, uai: str, reason: str, now: datetime) -> Referent:
    """Do what ``register_referent`` does, inside the deed of another room."""
    rows = Establishment.objects.select_related("commune__departement").select_for_update(of=("self",))
    establishment = rows.get(pk=uai)
    at = _refuse_unless_at(by, establishment)
    if user.kind != Kind.ESTABLISHMENT:
        raise Refusal("not_an_establishment", _("Ce compte n’est pas celui d’un établissement."))
    held = {row.slot: row for row in Referent.objects.filter(establishment=establishment, until=None)}
    for row in held.values():
        if row.user_id == user.pk:
            return row
    free = [slot for slot in SLOTS if slot not in held]
    if not free:
        raise Refusal("referents_full", _("Cet établissement a déjà ses deux référents : retirez-en un d’abord."))
    made = Referent.objects.create(user=user, establishment=establishment, slot=free[0], since=now)
    audit.record(
        by=by, verb="crous.register_referent", subject=f"crous.establishment:{uai}", now=now, crous_id=at,
        reason=reason, details={"user": user.pk, "slot": made.slot},
    )  # fmt: skip
    return made


@action
def end_referent(*, by: Actor, referent_id: int, reason: str, now: datetime) -> Referent:
    """End a referent's mission; the row stays, dated. Twice ends it once. Raises ``Refusal("not_allowed")``."""
    return remove_referent(by=by, referent_id=referent_id, reason=reason, now=now)


@inside_action
def remove_referent(*, by: Actor, referent_id: int, reason: str, now: datetime) -> Referent:
    """Do what ``end_referent`` does, inside the deed of another room."""
    rows = Referent.objects.select_related("establishment__commune__departement").select_for_update(of=("self",))
    held = rows.get(pk=referent_id)
    at = _refuse_unless_at(by, held.establishment)
    if held.until is not None:
        return held
    held.until = now
    held.save(update_fields=["until"])
    audit.record(
        by=by, verb="crous.end_referent", subject=f"crous.establishment:{held.establishment_id}", now=now, crous_id=at,
        reason=reason, details={"user": held.user_id, "slot": held.slot},
    )  # fmt: skip
    return held
