"""Names the app, and has what allauth does written down."""

from allauth.account import signals as account
from django.apps import AppConfig


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
