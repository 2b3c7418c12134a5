"""Opens an agent's account and gives it a role: ``bin/manage open_agent EMAIL --label … --role … --reason …``.

The first national administrator of an installation comes from here; the others from the desk. The account has no
password: the person sets one by the link for a forgotten password, then a second factor. Safe to run twice.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from messervices.foundations.accounts.actions.open_account import open_account
from messervices.foundations.accounts.states import Kind
from messervices.foundations.crous import actions, selectors
from messervices.kernel import clock
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import EVERY, Scope, acting_as


class Command(BaseCommand):
    """Opens the account when there is none, then grants the role."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, which role, where, and why: the reason is kept in the audit."""
        parser.add_argument("email")
        parser.add_argument("--label", required=True, help="name and office, as students read it")
        parser.add_argument("--role", required=True, help="code of the role, such as national_administrator")
        parser.add_argument(
            "--crous", default="", help="slug of the Crous, such as versailles; none for a national role"
        )
        parser.add_argument("--reason", required=True)

    def handle(self, *, email: str, label: str, role: str, crous: str, reason: str, **_options: Any) -> None:
        """Say what was done, or why it was not."""
        now = clock.now()
        at = next((one for one in selectors.crous_list() if one.slug == crous), None)
        if crous and at is None:
            raise CommandError(f"No Crous is called {crous!r}: {', '.join(one.slug for one in selectors.crous_list())}")
        try:
            with acting_as(Scope("open_agent", crous=EVERY)):
                user = open_account(email=email, password=None, now=now, kind=Kind.AGENT, label=label)
                by, crous_id = Actor.system("open_agent"), at and at.pk
                actions.grant_role(by=by, user=user, role_code=role, crous_id=crous_id, reason=reason, now=now)
        except Refusal as refusal:
            raise CommandError(str(refusal.sentence)) from refusal
        self.stdout.write(
            f"Account {user.pk} holds the role {role} {f'at {at.slug}' if at else 'for the whole network'}."
        )
