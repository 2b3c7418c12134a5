"""Names the app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The room ``audit``."""

    name = "messervices.foundations.audit"
    label = "audit"
