"""Templates of a made-up room, so that these tests lean on no service."""

import copy
from typing import Any

import pytest

TEMPLATES = {
    "room/mail/ready.subject": "Votre document{% if year %} {{ year }}{% endif %}\n",
    "room/mail/ready.txt": (
        "{% load i18n %}Il est prêt, <b>{{ who }}</b> & les autres.\nSuite de la phrase.\n\n"
        "{% get_current_language as l %}Langue : {{ l }}.\n"
    ),
    "room/mail/rich.subject": "Riche",
    "room/mail/rich.txt": "Texte.",
    "room/mail/rich.html": "<ul><li>{{ who }}</li></ul>",
    "room/message/rich.html": "<ol><li>{{ who }}</li></ol>",
    "room/mail/pay.subject": "Payer pour quelqu’un\nBcc: x@y.example",
    "room/mail/pay.txt": "Payez ici : {{ url }}",
}


@pytest.fixture(autouse=True)
def _room(settings: Any) -> None:
    """Put the room's templates before those of the apps."""
    templates = copy.deepcopy(settings.TEMPLATES)
    (cached,) = templates[0]["OPTIONS"]["loaders"]
    cached[1].insert(0, ("django.template.loaders.locmem.Loader", TEMPLATES))
    settings.TEMPLATES = templates
