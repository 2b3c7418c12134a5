"""The living page, the pages of errors and the shell."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import translation

from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.look import shell, views

BUDGET = 60_000
"""Bytes of style and script of a page, compressed."""


def page_of(request: HttpRequest) -> str:
    return views.design(request).content.decode()


@pytest.fixture
def request_of(rf: RequestFactory) -> HttpRequest:
    request = rf.get("/design/")
    request.actor = Actor.anonymous()  # type: ignore[attr-defined]
    return request


def test_the_living_page_shows_every_component(request_of: HttpRequest) -> None:
    html = page_of(request_of)
    pieces = "next tile alert steps field fold line badge empty drop pop pages chart ticket sheet choice facts crumbs"
    for piece in pieces.split():
        assert re.search(rf'class="([^"]* )?{piece}[ "]', html), piece


def test_the_living_page_is_translated(request_of: HttpRequest) -> None:
    with translation.override("en"):
        html = page_of(request_of)
    assert '<html lang="en"' in html
    assert "Components" in html
    assert "Composants" not in html


def test_a_page_has_no_inline_style_script_or_handler(request_of: HttpRequest) -> None:
    html = page_of(request_of)
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style", html)
    assert re.findall(r"<script[^>]*>(.*?)</script>", html) == [""]


def test_style_and_script_of_a_page_fit_the_budget(request_of: HttpRequest) -> None:
    names = re.findall(r'(?:href|src)="/static/(look/[^"#]+)"', page_of(request_of))
    files = {Path(str(finders.find(name))) for name in names}
    assert {file.suffix for file in files} >= {".css", ".js", ".svg"}
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < BUDGET / 2


def test_every_icon_of_the_list_is_in_the_drawing() -> None:
    drawn = re.findall(r'<symbol id="(\w+)"', Path(str(finders.find("look/icons.svg"))).read_text())
    assert sorted(views._ICONS) == sorted(drawn)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_of_the_cookie_is_on_the_page(rf: RequestFactory, theme: str) -> None:
    rf.cookies["theme"] = theme
    assert f'data-theme="{theme}"' in page_of(rf.get("/design/"))


def test_a_theme_nobody_knows_is_left_to_the_device(rf: RequestFactory) -> None:
    rf.cookies["theme"] = '"><script>'
    assert "data-theme" not in page_of(rf.get("/design/"))


def test_names_and_addresses_in_the_header_are_escaped(rf: RequestFactory) -> None:
    request = rf.get("/design/", {"a": '"><script>'})
    request.actor = Actor(kind="student", label='Zoé <b> @@nonce@@ "D’Arc"')  # type: ignore[attr-defined]
    html = shell.draw("header", request)
    assert "<script>" not in html
    assert "Zoé &lt;b&gt; @@nonce@@ &quot;D’Arc&quot;" in html


def test_the_longest_prefix_names_the_tab() -> None:
    tabs = (
        shell.Tab("home", "", "", "", ("/",)),
        shell.Tab("me", "", "", "", ("/me",)),
        shell.Tab("messages", "", "", "", ("/me/messages",)),
    )
    assert [shell.tab_of(tabs, path) for path in ("/", "/me/", "/me/messages/3", "/other")] == [
        "home",
        "me",
        "messages",
        "",
    ]


@pytest.mark.parametrize(
    ("name", "two"), [("Lina Benali", "LB"), ("d’Almeida", "D"), ("نور", "ن"), ("", ""), ("lina@x.fr", "LX")]
)
def test_initials_come_from_any_script(name: str, two: str) -> None:
    assert shell.initials(name) == two


def test_pages_of_errors_say_what_is_certain(rf: RequestFactory) -> None:
    request = rf.get("/nowhere")
    assert views.not_found(request).status_code == 404
    assert views.forbidden(request).status_code == 403
    assert "Rien n’a été changé" in views.forbidden(request).content.decode()
    crash = views.broken(request)
    assert crash.status_code == 500
    too_many = Refusal("x", "y")
    too_many.wait = 42  # type: ignore[attr-defined]
    answer = views.too_many(request, too_many)
    assert answer.status_code == 429
    assert "Attendez 1 minute" in answer.content.decode()


def test_the_example_that_searches_answers_in_json(client: Client) -> None:
    assert views.towns(RequestFactory().get("/", {"q": "vers"})).content.decode().count("Versailles") == 1
