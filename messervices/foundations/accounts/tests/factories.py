"""Accounts in situations, and a queue that keeps the mails."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import factory
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.template import Context
from django.template.loader import get_template
from django.utils import translation

from messervices.foundations.accounts.models import User

PASSWORD = "une phrase assez longue"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass(frozen=True)
class Written:
    """A mail that would have been queued."""

    to: str
    language: str
    kind: str
    params: dict[str, Any]

    def _text(self, end: str) -> str:
        with translation.override(self.language):
            template = get_template(f"accounts/mail/{self.kind}.{end}").template
            return template.render(Context(self.params, autoescape=False))

    @property
    def subject(self) -> str:
        return self._text("subject").strip()

    @property
    def text(self) -> str:
        return self._text("txt")


OUTBOX: list[Written] = []


def keep(*, to: str, language: str, template: str, params: dict[str, Any], now: datetime) -> None:
    """Stand in for ``MAIL_QUEUE``."""
    assert now.tzinfo
    OUTBOX.append(Written(to, language, template.removeprefix("accounts/mail/"), params))


class UserFactory(factory.django.DjangoModelFactory):
    """A student with a confirmed address and a password."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"etudiant{n}@etudiant.example")
    language = "fr"

    class Params:
        unconfirmed = factory.Trait()
        agent = factory.Trait(
            kind="agent", label="Camille Roux, Crous de Versailles", crous_ids=[24], rights=["desk:student:read"]
        )

    @factory.post_generation
    def password(self, create: bool, extracted: str | None, **_kwargs: Any) -> None:
        """``password=None`` leaves the account without; nothing said gives ``PASSWORD``."""
        self.set_password(PASSWORD if extracted is None else extracted)
        self.save()

    @factory.post_generation
    def confirmed(self, create: bool, extracted: bool | None, **_kwargs: Any) -> None:
        """``confirmed=False`` leaves the address to be proven."""
        EmailAddress.objects.create(user=self, email=self.email, primary=True, verified=extracted is not False)

    @factory.post_generation
    def code(self, create: bool, extracted: bool | None, **_kwargs: Any) -> None:
        """``code=True`` gives a code application whose secret is ``SECRET``."""
        if extracted:
            Authenticator.objects.create(user=self, type="totp", data={"secret": encrypt(SECRET)})
