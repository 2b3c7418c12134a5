"""Who opens the pages: everybody of the world, signed in, at the point of their journey that a page needs."""

from dataclasses import dataclass

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext

from messervices.demo.mailbox import newest
from messervices.foundations.accounts.actions.change_email import ask_email_change
from messervices.foundations.accounts.actions.open_account import add_code_factor, open_account
from messervices.foundations.accounts.models import User
from messervices.foundations.notifications.models import OutgoingMail
from messervices.foundations.notifications.providers.letter import Frame, Item, compose_items
from messervices.foundations.payments.tests.links import make_link, token_of
from messervices.kernel import clock
from tests import world as worlds
from tests.browser.look import Watch
from tests.live import Site, aside


@dataclass(frozen=True)
class Secrets:
    """What stands in addresses that only a mail knows."""

    confirm: str
    change: str
    reset: tuple[str, str]
    mail: str
    link: str


class Visitors:
    """A browser context for each, kept for the module; ``world`` and ``secrets`` say what addresses name."""

    def __init__(self, site: Site, chromium: Browser) -> None:
        """Make the world."""
        self.site, self.chromium = site, chromium
        self.contexts: dict[tuple[str, str], BrowserContext] = {}
        self.watches: dict[tuple[str, str], Watch] = {}
        aside(self._prepare)

    def _prepare(self) -> bool:
        self.world = worlds.build()
        self.coded = self._coded()
        self.secrets = self._secrets()
        self.clients = {name: self._client(name) for name in NAMES}
        return True

    def of(self, name: str, language: str) -> BrowserContext:
        """The browser of somebody who reads this language."""
        if (name, language) not in self.contexts:
            context = self.chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
            cookies = {key: morsel.value for key, morsel in self.clients[name].cookies.items()}
            cookies[settings.LANGUAGE_COOKIE_NAME] = language
            context.add_cookies([{"name": key, "value": value, "url": self.site.url} for key, value in cookies.items()])
            context.set_default_timeout(15_000)
            self.contexts[name, language] = context
        return self.contexts[name, language]

    def watched(self, name: str, language: str) -> Watch:
        """A page of theirs that is listened to, kept from one test to the next."""
        if (name, language) not in self.watches:
            self.watches[name, language] = Watch(self.of(name, language).new_page())
        watch = self.watches[name, language]
        watch.said.clear()
        watch.loaded.clear()
        return watch

    def leave(self) -> None:
        """Close every browser."""
        for context in self.contexts.values():
            context.close()

    def _client(self, name: str) -> Client:
        client = Client(SERVER_NAME="localhost")
        side = self.world.versailles
        accounts: dict[str, User] = {
            "newcomer": self.world.newcomer,
            "trainee": self.world.bare_agent,
            "agent": side.agent,
            "national": self.world.national,
            "referent": self.world.referent,
            "keyholder": self.world.keyholder,
            "coded": self.coded,
        }
        for one in ("paid", "payer", "refused", "doubtful", "scholar", "claimant"):
            accounts[one] = worlds.user_of(getattr(side, one))
        if name in accounts:
            worlds.enter(client, accounts[name])
        if name == "agent":
            client.post(reverse("desk:open", args=[side.paid.uuid]), {"reason": "payment"})
            client.post(reverse("desk:search"), {"q": side.mark})
        if name == "half":
            client.post(reverse("account_login"), {"login": side.agent.email, "password": worlds.PASSWORD})
        return client

    def _coded(self) -> User:
        """A student with a code application and recovery codes."""
        user = open_account(email="nina@etudiant.example", password=worlds.PASSWORD, now=worlds.NOW)
        add_code_factor(user=user, secret=worlds.SECRET, now=worlds.NOW)
        RecoveryCodes.activate(user)
        return user

    def _secrets(self) -> Secrets:
        """The addresses that were mailed."""
        fresh = get_user_model().objects.create_user("presque@etudiant.example", worlds.PASSWORD)
        address = EmailAddress.objects.create(user=fresh, email=fresh.email, primary=True, verified=False)
        ask_email_change(
            user=self.world.newcomer, new_email="autre@etudiant.example", link=f"{self.site.url}/TOKEN", now=worlds.NOW
        )
        asked = OutgoingMail.objects.filter(template="accounts/mail/change_new").get()
        worlds.work_off()
        letter = EmailMultiAlternatives(
            "Votre attestation", "Bonjour\nhttps://example.org", "a@b.example", ["c@d.example"]
        )
        letter.attach_alternative(
            compose_items([Item("desk.ine_kept", {}, "/me/")], language="fr", frame=Frame()).html, "text/html"
        )
        letter.attach("attestation.pdf", b"%PDF-1.7", "application/pdf")
        letter.send()
        user = worlds.user_of(self.world.versailles.paid)
        return Secrets(
            confirm=EmailConfirmationHMAC(address).key,
            change=asked.params["url"].rpartition("/")[2],
            reset=(user_pk_to_url_str(user), default_token_generator.make_token(user)),
            mail=newest(1)[0].name,
            link=self._payer_link(),
        )

    def _payer_link(self) -> str:
        """The secret of a payer's link, of somebody whose own card was refused."""
        order = self.world.versailles.refused.orders.get(status="open")
        return token_of(make_link(order, clock.now()))


NAMES = (
    "anonymous", "newcomer", "paid", "payer", "refused", "doubtful", "scholar", "claimant", "keyholder", "coded",
    "trainee", "half", "agent", "national", "referent",
)  # fmt: skip
