"""Where allauth meets the house: its words, its limits, its mails, and what is written of what it does."""

import base64
from datetime import datetime
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress, get_emailconfirmation_model
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout as sign_out
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from messervices.foundations.accounts import actions, rules, selectors
from messervices.foundations.accounts.actions.end_sessions import end_other_sessions
from messervices.foundations.accounts.actions.note import note
from messervices.foundations.accounts.actions.write import write
from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.states import NOTICES, SAID
from messervices.kernel import clock

_KIND_OF_MAIL = {
    "account/email/email_confirmation": "confirm",
    "account/email/email_confirmation_signup": "confirm",
    "account/email/unknown_account": "unknown",
    "account/email/password_reset_key": "reset",
}


def _now(request: Any) -> datetime:
    """The instant of the request; commands have none."""
    return getattr(request, "now", None) or clock.now()


class Adapter(DefaultAccountAdapter):
    """allauth's account adapter."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("Ce compte est fermé."),
        "email_password_mismatch": _("L’adresse ou le mot de passe ne correspond pas. Vérifiez les deux."),
        "enter_current_password": _("Ce n’est pas votre mot de passe actuel."),
        "incorrect_password": _("Ce n’est pas votre mot de passe."),
        "incorrect_code": _("Ce code n’est pas le bon, ou il vient de changer. Tapez celui que vous voyez maintenant."),
        "invalid_password_reset": _("Ce lien ne marche plus."),
        "too_many_login_attempts": _("Trop d’essais en peu de temps. Réessayez dans quelques minutes."),
        "rate_limited": _("Trop d’essais en peu de temps. Réessayez dans quelques minutes."),
    }

    # What one sees ------------------------------------------------------------------------------------------------

    def is_ajax(self, request: HttpRequest) -> bool:
        """Pages only: none of allauth's JSON answers is offered."""
        return False

    def add_message(  # noqa: PLR0917 - allauth's signature
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Say our sentence for an event of allauth's; say nothing for those that the next page shows anyway."""
        sentence = message or SAID.get(message_template or "")
        if sentence:
            messages.add_message(request, level, sentence, extra_tags=extra_tags)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Where one lands: agents at the desk; who has no way back in yet, where a passkey is made."""
        user: Any = request.user
        if selectors.ways_of(user).is_bare:
            return reverse("mfa_add_webauthn")
        return str(settings.LOGIN_REDIRECT_BY_KIND.get(user.kind, settings.LOGIN_REDIRECT_URL))

    get_signup_redirect_url = get_login_redirect_url

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to the account."""
        return reverse("account_home")

    # Signing up and in --------------------------------------------------------------------------------------------

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - allauth's signature
        """Keep the language of the page on the account."""
        user.language = (get_language() or "fr")[:2]
        return super().save_user(request, user, form, commit)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try before the password is looked at, alike for addresses that have an account and others."""
        email, net = str(credentials.get("email", "")).lower(), selectors.network(request)
        now = _now(request)
        self._taken = (
            (rules.SIGN_IN_NETWORK, "sign_in", net),
            (rules.SIGN_IN_HERE, "sign_in", email, net),
            (rules.SIGN_IN_ACCOUNT, "sign_in", email),
        )
        for rate, *parts in self._taken:
            actions.insist(rate, now, *parts)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Check the password. A right one was no guess: gives back what this try used, not what others used before."""
        user = super().authenticate(request, **credentials)
        for taken in self._taken if user else ():
            actions.give_back(*taken)
        return user

    def login(self, request: HttpRequest, user: Any) -> None:
        """Open the session, and note on which device and when."""
        super().login(request, user)
        request.session["device"] = request.headers.get("User-Agent", "")[:200]
        request.session["opened_at"] = _now(request).isoformat()

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Count a sign-in as recent proof of who one is: nobody is asked for the same password twice in a minute."""
        records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY)
        if records:
            records[-1]["reauthenticated"] = True
            request.session.modified = True
        return super().post_login(request, user, **kwargs)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Ask for the strongest proof there is: who has a second factor proves it with that, not with the password."""
        words = {
            "reauthenticate": gettext("Avec mon mot de passe"),
            "mfa_reauthenticate": gettext("Avec un code"),
            "mfa_reauthenticate:webauthn": gettext("Avec ma clé d’accès"),
        }
        methods = [
            method | {"description": words[method["id"]]} for method in super().get_reauthentication_methods(user)
        ]
        strong = [method for method in methods if method["id"] != "reauthenticate"]
        return strong or methods

    # Mails --------------------------------------------------------------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write one of our mails in place of allauth's; an address gets few of a kind in a short time."""
        kind = _KIND_OF_MAIL[template_prefix]
        url = context.get("activate_url") or context.get("password_reset_url") or context.get("signup_url") or ""
        self._write(email, kind, {"url": url}, context.get("user"))

    def _write(self, email: str, kind: str, context: dict[str, Any], user: User | None) -> None:
        now = _now(self.request)
        if not actions.take_rate(rules.MAIL_KIND, now, "mail", kind, email):
            return
        if not actions.take_rate(rules.MAIL_ADDRESS, now, "mail", email):
            return
        language = user.language if user else (get_language() or "fr")[:2]
        write(to=email, language=language, kind=kind, context=context, now=now)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Somebody signs up with an address that has an account: tell its owner, and how to get in.

        An account that was never confirmed gets its link again; it opens with the password first chosen, or after a
        new one was asked for: whoever signed up first with somebody else's address holds nothing.
        """
        address = EmailAddress.objects.select_related("user").filter(email=email).first()
        context = {
            "sign_in_url": self.request.build_absolute_uri(reverse("account_login")),
            "reset_url": self.request.build_absolute_uri(reverse("account_reset_password")),
        }
        if address and not address.verified:
            link = get_emailconfirmation_model().create(address)
            context["confirm_url"] = self.get_email_confirmation_url(self.request, link)
        user = address.user if address else selectors.user_by_email(email)
        self._write(email, "exists", context, user)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: Any,
        context: dict[str, Any] | None = None,  # it may hold an address: not kept
        email: str | None = None,
    ) -> None:
        """Tell the owner that something about how they sign in has changed."""
        if template_prefix not in NOTICES:
            return
        now = _now(self.request)
        with translation.override(user.language):
            sentence = str(NOTICES[template_prefix])
        link = self.request.build_absolute_uri(reverse("account_home"))
        context = {"sentence": sentence, "at": now.isoformat(), "url": link}
        write(to=email or user.email, language=user.language, kind="notice", context=context, now=now)


def _ciphers() -> MultiFernet:
    """Keys made from the secret key, the present one first: secrets written under an older one can still be read."""
    keys = []
    for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"accounts.factors").derive(secret.encode())
        keys.append(Fernet(base64.urlsafe_b64encode(derived)))
    return MultiFernet(keys)


class Factors(DefaultMFAAdapter):
    """allauth's adapter of second factors."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": _("C’est votre dernier moyen : ajoutez-en un autre avant de retirer celui-ci."),
        "cannot_generate_recovery_codes": _("Activez d’abord un code ou une clé d’accès."),
        "incorrect_code": Adapter.error_messages["incorrect_code"],
        "unverified_email": _("Confirmez d’abord votre adresse e-mail."),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret before it is stored."""
        return _ciphers().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a sealed secret."""
        return _ciphers().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """An agent keeps a second factor; an account without password keeps a passkey."""
        return selectors.may_remove(authenticator.user, authenticator)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002 - allauth's signature
        """Name a passkey after the device one sits at; its owner may call it otherwise."""
        browser, system = rules.device_words(self.request.headers.get("User-Agent", "") if self.request else "")
        return " – ".join(word for word in (system, browser) if word) or gettext("Clé d’accès")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The site as the browser shows it when it asks for the passkey."""
        return super().get_public_key_credential_rp_entity() | {"name": settings.SITE_NAME}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        """The account as the browser shows it."""
        return super().get_public_key_credential_user_entity(user) | {"display_name": user.label or user.email}


# What is written of what allauth does: receivers, connected in ``apps``. They write deeds and end sessions, no more.


def on_sign_up(*, request: HttpRequest, user: Any, **_kwargs: Any) -> None:
    """An account was made."""
    note(user=user, verb="accounts.create_account", now=_now(request), details={"kind": user.kind})


def on_password(*, request: HttpRequest, user: Any, **_kwargs: Any) -> None:
    """The password was changed, or a first one set: other sessions end, this one goes on."""
    end_other_sessions(user=user, current=request.session.session_key or "")
    note(user=user, verb="accounts.change_password", now=_now(request))


def on_reset(*, request: HttpRequest, user: Any, **_kwargs: Any) -> None:
    """A new password was chosen by a mailed link: every session ends. The mailbox is proven to be the owner's."""
    if request.user.is_authenticated:
        sign_out(request)
    end_other_sessions(user=user)
    EmailAddress.objects.filter(user_id=user.pk, email=user.email).update(verified=True)
    note(user=user, verb="accounts.change_password", now=_now(request), details={"by": "link"})


def on_factor_added(*, request: HttpRequest, user: Any, authenticator: Any, **_kwargs: Any) -> None:
    """A factor was added; whoever just used it to set it up has shown it: a proof, and the session's second factor."""
    if authenticator.type != authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True)
    note(user=user, verb="accounts.add_factor", now=_now(request), details={"type": authenticator.type})


def on_factor_removed(*, request: HttpRequest, user: Any, authenticator: Any, **_kwargs: Any) -> None:
    """A factor was removed, perhaps because a device was lost: what other devices hold open ends."""
    end_other_sessions(user=user, current=request.session.session_key or "")
    note(user=user, verb="accounts.remove_factor", now=_now(request), details={"type": authenticator.type})


def on_codes_renewed(*, request: HttpRequest, user: Any, **_kwargs: Any) -> None:
    """The recovery codes were made anew."""
    note(user=user, verb="accounts.renew_codes", now=_now(request))


def on_proof(*, request: HttpRequest, **extra: Any) -> None:
    """Somebody signed in proved again who they are: the session takes a new key."""
    if extra.get("reauthenticated") and request.user.is_authenticated:
        request.session.cycle_key()
