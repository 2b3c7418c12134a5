"""Names the app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The room ``notifications``."""

    name = "messervices.foundations.notifications"
    label = "notifications"
