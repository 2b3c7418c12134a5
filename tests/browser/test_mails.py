"""Every mail as its reader sees it: in both languages, on a desk and a phone, light and dark, alone and together."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request

from messervices.foundations.notifications.providers.letter import Frame, Item, compose_items
from messervices.kernel.messages import message_kinds
from tests.browser.look import axe

pytestmark = [pytest.mark.browser]
WIDTHS = (1280, 390, 320)
FRAME = Frame(first_name="Lina", crous="Crous de Versailles", answers=True, stop_url="https://messervices.example/s/a")
KINDS = sorted(message_kinds())


@pytest.fixture(scope="module")
def reader(chromium: Browser) -> Iterator[Page]:
    """A mail program: a browser without network."""
    context = chromium.new_context(offline=True)
    yield context.new_page()
    context.close()


def faults(reader: Page, html: str, *, colours: bool = True) -> list[str]:
    """Look at a mail at each width, and at its colours in both themes."""
    found: list[str] = []
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    reader.on("request", note)
    reader.set_content(html, wait_until="load")
    for width in WIDTHS:
        reader.set_viewport_size({"width": width, "height": 900})
        if reader.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
            found.append(f"{width}: wider than the screen")
    found += axe(reader, off=("color-contrast",))
    for scheme in ("light", "dark") if colours else ():
        reader.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {fault}" for fault in axe(reader, rules=("color-contrast",))]
    reader.remove_listener("request", note)
    return found + [f"asks for {url}" for url in asked]


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail(kind: str, reader: Page) -> None:
    found = []
    for language in ("fr", "en"):
        item = Item(kind, message_kinds()[kind].samples[-1], "/me/")
        html = compose_items([item], language=language, frame=FRAME).html
        found += [f"{language}: {fault}" for fault in faults(reader, html, colours=language == "fr")]
    assert found == []


def test_several_messages_in_one_mail(reader: Page) -> None:
    items = [Item(kind, message_kinds()[kind].samples[0], "/me/") for kind in KINDS[:4]]
    assert faults(reader, compose_items(items, language="fr", frame=FRAME).html) == []
