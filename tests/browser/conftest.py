"""Chromium, and a site for it to open."""

import os
import shutil
from collections.abc import Iterator
from unittest import mock

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import live
from tests.browser.people import Visitors
from tests.browser.scene import Scene, all_is_well
from tests.browser.walk import Worker, bank_running, free_port
from tests.live import aside

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian’s Chromium. Playwright runs a loop in our thread meanwhile: Django is told not to mind."""
    where = os.environ.get("MESSERVICES_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    with mock.patch.dict(os.environ, DJANGO_ALLOW_ASYNC_UNSAFE="true"), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker) -> Iterator[live.Site]:
    """A site with a world in it, and no bank."""
    with django_db_blocker.unblock(), live.running(tmp_path_factory.mktemp("mail")) as running:
        yield running


@pytest.fixture(scope="module")
def visitors(site: live.Site, chromium: Browser) -> Iterator[Visitors]:
    """Everybody who may open a page, each in a browser of their own."""
    found = Visitors(site, chromium)
    yield found
    found.leave()


@pytest.fixture(scope="module")
def stage(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker, chromium
) -> Iterator[Scene]:
    """Raise the curtain."""
    folder, port = tmp_path_factory.mktemp("bank"), free_port()
    site = live.running(folder / "mail", f"http://127.0.0.1:{port}")
    with django_db_blocker.unblock(), site as answering, bank_running(folder, port, answering.url):
        worker = Worker()
        worker.start()
        yield Scene(answering, chromium)
        worker.stop()


@pytest.fixture
def scene(stage: Scene) -> Iterator[Scene]:
    """A scene that ends with closed browsers, balanced books, and nothing that must not be."""
    yield stage
    for page in stage.pages:
        page.context.close()
    stage.pages.clear()
    aside(all_is_well)
