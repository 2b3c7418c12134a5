"""Names the app, has what allauth does written down, and warns of a proxy that nobody counted."""

from typing import Any

from allauth.account import signals as account
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as Doubt


@register(Tags.security, deploy=True)
def proxies_are_counted(**_kwargs: Any) -> list[CheckMessage]:
    """Behind a proxy that is not counted, everybody comes from its address, and shares its limits."""
    if not settings.SECURE_PROXY_SSL_HEADER or settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        return []
    return [Doubt("TRUSTED_PROXIES is 0 behind a proxy: all share its limits", id="accounts.TRUSTED_PROXIES")]


class AccountsConfig(AppConfig):
    """The room ``accounts``."""

    name = "messervices.foundations.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Connect the receivers of ``adapter`` to allauth's signals."""
        from allauth.mfa import signals as mfa  # noqa: PLC0415 - it imports models, which are there only now

        from messervices.foundations.accounts import adapter  # noqa: PLC0415 - as above

        for signal, receiver in (
            (account.user_signed_up, adapter.on_sign_up),
            (account.password_changed, adapter.on_password),
            (account.password_set, adapter.on_password),
            (account.password_reset, adapter.on_reset),
            (account.authentication_step_completed, adapter.on_proof),
            (mfa.authenticator_added, adapter.on_factor_added),
            (mfa.authenticator_removed, adapter.on_factor_removed),
            (mfa.authenticator_reset, adapter.on_codes_renewed),
        ):
            signal.connect(receiver)
