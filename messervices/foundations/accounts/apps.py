"""Names the app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The room ``accounts``."""

    name = "messervices.foundations.accounts"
    label = "accounts"
