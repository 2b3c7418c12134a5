"""Names the app."""

from django.apps import AppConfig


class StudentsConfig(AppConfig):
    """The room ``students``."""

    name = "messervices.foundations.students"
    label = "students"
