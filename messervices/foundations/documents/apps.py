"""Names the app, and refuses to start a real installation without seal, key for its numbers, or antivirus."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from messervices.foundations.documents.providers.scanner import DEMO


@register(Tags.security, deploy=True)
def seal_is_given(**_kwargs: Any) -> list[CheckMessage]:
    """Outside the demonstration, papers need a real seal and numbers that nobody can guess."""
    if settings.DEMO:
        return []
    wanted = {"SEAL_PKCS12": "the seal's key and certificate", "DOCUMENT_NUMBER_KEY": "the key of the numbers"}
    return [
        Error(f"{name} is not set: {meaning} of the papers", id=f"documents.{name}")
        for name, meaning in wanted.items()
        if not getattr(settings, name)
    ]


@register(Tags.security, deploy=True)
def scanner_is_given(**_kwargs: Any) -> list[CheckMessage]:
    """Outside the demonstration, files handed in meet a real antivirus; without one they would wait for ever."""
    if settings.DEMO or settings.CLAMAV not in {"", DEMO}:
        return []
    return [Error("CLAMAV names no antivirus: nothing handed in could ever be read", id="documents.CLAMAV")]


class DocumentsConfig(AppConfig):
    """The room ``documents``."""

    name = "messervices.foundations.documents"
    label = "documents"
