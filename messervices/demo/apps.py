"""Names the app. Only the settings of the demonstration install it."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """What a newcomer needs to look round: a mailbox, sign-ins, a year of data."""

    name = "messervices.demo"
    label = "demo"
