"""Every mail as its reader sees it: in both languages, on a desk and a phone, light and dark, alone and together."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from messervices.foundations.notifications.providers.letter import Frame, Item, compose_items
from messervices.kernel.messages import message_kinds
from tests.browser.look import axe

pytestmark = [pytest.mark.browser]
WIDTHS = (1280, 390, 320)
FRAME = Frame(first_name="Lina", crous="Crous de Versailles", answers=True, stop_url="https://messervices.example/s/a")
KINDS = sorted(message_kinds())


def faults(chromium: Browser, html: str) -> list[str]:
    """Look at a mail at each width, in both themes."""
    found = []
    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme, java_script_enabled=True)
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.set_content(html, wait_until="load")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                found.append(f"{width}: wider than the screen")
        found += [f"{scheme}: {fault}" for fault in axe(page)]
        found += [f"{scheme}: asks for {url}" for url in asked]
        context.close()
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_mail(kind: str, language: str, chromium: Browser) -> None:
    params: Any = message_kinds()[kind].samples[-1]
    html = compose_items([Item(kind, params, "/me/")], language=language, frame=FRAME).html
    assert faults(chromium, html) == []


def test_several_messages_in_one_mail(chromium: Browser) -> None:
    items = [Item(kind, message_kinds()[kind].samples[0], "/me/") for kind in KINDS[:4]]
    assert faults(chromium, compose_items(items, language="fr", frame=FRAME).html) == []
