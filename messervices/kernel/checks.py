"""Start-up checks of the house: a service that would silently vanish stops the start instead."""

from collections import Counter
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register

from messervices.kernel import manifest


@register()
def services_are_whole(**_kwargs: Any) -> list[CheckMessage]:
    """Every app under ``services`` is a ``ServiceConfig`` with a manifest; slugs and payment kinds are unique."""
    errors: list[CheckMessage] = [
        Error(f"{config.name} has no ServiceConfig in sight: import the module, not the class", id="kernel.E001")
        for config in apps.get_app_configs()
        if config.name.startswith("messervices.services.") and not isinstance(config, manifest.ServiceConfig)
    ]
    every = manifest.services()
    slugs = Counter(m.slug for m in every)
    kinds = Counter(kind for m in every for kind in m.on_paid)
    paid_out = Counter(kind for m in every for kind in m.on_payout)
    errors += [Error(f"two services are called {slug!r}", id="kernel.E002") for slug, n in slugs.items() if n > 1]
    errors += [Error(f"two services sell {kind!r}", id="kernel.E003") for kind, n in kinds.items() if n > 1]
    errors += [Error(f"two services pay out {kind!r}", id="kernel.E005") for kind, n in paid_out.items() if n > 1]
    errors += [
        Error(f"{m.slug}: unknown section {m.section!r}", id="kernel.E004")
        for m in every
        if m.section not in manifest.SECTIONS
    ]
    return errors
