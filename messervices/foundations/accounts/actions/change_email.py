"""Changing the address: asked with a fresh sign-in, confirmed at the old address and at the new one.

A mailbox alone, old or new, changes nothing.
"""

import secrets
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from messervices.foundations.accounts import rules, selectors
from messervices.foundations.accounts.actions.end_sessions import end_other_sessions
from messervices.foundations.accounts.actions.note import note
from messervices.foundations.accounts.actions.write import write
from messervices.foundations.accounts.models import EmailChange, User
from messervices.kernel.action import action
from messervices.kernel.errors import Refusal


@action
def ask_email_change(*, user: User, new_email: str, link: str, now: datetime) -> EmailChange:
    """Note the wish and write to both addresses; a wish made before is forgotten, and its links with it.

    ``link`` is the absolute address of the confirmation page, with ``TOKEN`` where the token goes. When the new
    address has an account already, its owner is told, and the change cannot come about: the asker learns nothing.
    """
    new_email = new_email.strip().lower()
    if new_email == user.email:
        raise Refusal("same_email", _("C’est déjà votre adresse."))
    taken = selectors.user_by_email(new_email)
    old_token, new_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    change, _made = EmailChange.objects.update_or_create(
        user=user,
        defaults={
            "new_email": new_email,
            "old_token_hash": rules.token_hash(old_token),
            "new_token_hash": None if taken else rules.token_hash(new_token),
            "confirmed_old_at": None,
            "confirmed_new_at": None,
            "asked_at": now,
            "expires_at": now + rules.EMAIL_CHANGE_LASTS,
        },
    )
    write(
        to=user.email, language=user.language, kind="change_old",
        context={"url": link.replace("TOKEN", old_token), "new_email": new_email}, now=now,
    )  # fmt: skip
    if taken:
        write(to=new_email, language=taken.language, kind="change_taken", context={}, now=now)
    else:
        url = link.replace("TOKEN", new_token)
        write(to=new_email, language=user.language, kind="change_new", context={"url": url}, now=now)
    return change


@action
def confirm_email_change(*, token: str, current: str, now: datetime) -> tuple[EmailChange, str, bool]:
    """One of the two links was followed: note it, and change the address once both were.

    Gives the change, the side (``old`` or ``new``), and whether the address has changed. Following a link twice does
    no harm. ``current`` is the key of the session to keep: the one that confirms, when it is the user's own; all
    others are ended. Raises ``Refusal`` when the link is none of ours, too old, or undone meanwhile.
    """
    found = selectors.email_change_by_token(token, now)
    if found is None:
        raise Refusal("link_dead", _("Ce lien ne marche plus : il a plus de 24 heures, ou il a été remplacé."))
    change = EmailChange.objects.select_for_update(of=("self",)).select_related("user").get(pk=found[0].pk)
    side = found[1]
    field = f"confirmed_{side}_at"
    if getattr(change, field) is None:
        setattr(change, field, now)
        change.save(update_fields=[field])
    if not (change.confirmed_old_at and change.confirmed_new_at):
        return change, side, False
    _change(change, current, now)
    return change, side, True


def _change(change: EmailChange, current: str, now: datetime) -> None:
    """Both said yes: the address moves in one go, everywhere it stands; both mailboxes are told."""
    user, old_email = User.objects.select_for_update().get(pk=change.user_id), change.user.email
    user.email = change.new_email
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError as taken:  # somebody confirmed an account with that address between the two links
        raise Refusal(
            "email_taken", _("Cette adresse ne peut plus être utilisée ici. La vôtre n’a pas changé.")
        ) from taken
    EmailAddress.objects.filter(user_id=user.pk).delete()
    EmailAddress.objects.create(user_id=user.pk, email=user.email, verified=True, primary=True)
    change.delete()
    end_other_sessions(user=user, current=current)
    note(user=user, verb="accounts.change_email", now=now)
    for address in (old_email, user.email):
        write(to=address, language=user.language, kind="changed_email", context={"at": now.isoformat()}, now=now)


@action
def drop_email_change(*, user: User) -> None:
    """Give up the change under way; its links die."""
    EmailChange.objects.filter(user=user).delete()
