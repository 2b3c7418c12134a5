"""What stands around every page: head, header, navigation, footer.

The look knows no address of the floors above. They tell it theirs once, at start-up (``install``), as names of
URLs. Each fragment is drawn by a template once per (kind of visitor, language, theme, tab) and kept in memory with
holes for what changes at each request; filling the holes costs microseconds, where a header drawn anew costs more
than the rest of the page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import get_template
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_bidi

from messervices.look.icons import icon_html

THEMES = ("light", "dark")
_HOLE = re.compile(r"@@(\w+)@@")
_INDENT = re.compile(r"\n\s+")


@dataclass(frozen=True, slots=True)
class Tab:
    """One entry of the main navigation. ``prefixes`` are the paths it stands for; the longest one wins."""

    key: str
    label: str | Promise
    icon: str
    url_name: str
    prefixes: tuple[str, ...]
    counts_unread: bool = False
    right: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the footer or of the account menu."""

    label: str | Promise
    url_name: str


@dataclass(frozen=True, slots=True)
class Shell:
    """The addresses and names that the floors above gave. ``notice`` is a thin line above the header of every page."""

    tabs: tuple[Tab, ...] = ()
    desk_tabs: tuple[Tab, ...] = ()
    footer: tuple[Link, ...] = ()
    account: tuple[Link, ...] = ()
    notice: str | Promise = ""
    notice_links: tuple[Link, ...] = ()
    desk_account: tuple[Link, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)


_shell = Shell()


def install(**parts: object) -> None:
    """Add parts of the shell; called by the ``ready`` of portal, desk and config. ``urls`` are merged."""
    global _shell  # noqa: PLW0603 - one shell a process, filled at start-up
    if "urls" in parts:
        parts["urls"] = {**_shell.urls, **parts["urls"]}  # type: ignore[dict-item]  # parts are named as the fields of Shell
    _shell = replace(_shell, **parts)  # type: ignore[arg-type]  # the same
    forget_drawn()


def forget_drawn() -> None:
    """Drop the drawn fragments (tests, change of the shell)."""
    _drawn.cache_clear()


def address(name: str) -> str:
    """The path of a URL name, or ``/`` when the floor that owns it is not installed."""
    try:
        return reverse(name) if name else "/"
    except NoReverseMatch:
        return "/"


def theme_of(request: HttpRequest | None) -> str:
    """``light`` or ``dark`` as chosen, or an empty text: the device decides."""
    chosen = request.COOKIES.get("theme", "") if request is not None else ""
    return chosen if chosen in THEMES else ""


def tab_of(tabs: tuple[Tab, ...], path: str) -> str:
    """The key of the tab a path belongs to: the longest prefix wins, ``/`` stands for itself only."""
    best, length = "", -1
    for tab in tabs:
        for prefix in tab.prefixes:
            here = path == "/" if prefix == "/" else path.startswith(prefix)
            if here and len(prefix) > length:
                best, length = tab.key, len(prefix)
    return best


def initials(label: str) -> str:
    """Two letters for the round mark of an account; none for somebody who has not said their name yet."""
    words = [word for word in re.split(r"[\s@._-]+", label) if word[:1].isalpha()]
    return "".join(word[0] for word in words[:2]).upper()


@dataclass(frozen=True, slots=True)
class _Holes:
    """What fills the holes ``@@name@@`` of a drawn fragment, asked only where it stands."""

    request: HttpRequest | None
    name: str
    desk_office: str
    unread_count: int

    def path(self) -> str:
        """Where a change of language or theme comes back to."""
        return escape(self.request.get_full_path()) if self.request is not None else "/"

    def label(self) -> str:
        """The account's name."""
        return escape(self.name)

    def initials(self) -> str:
        """Its two letters, or a figure."""
        return escape(initials(self.name)) or icon_html("user", "s")

    def office(self) -> str:
        """The agent's office."""
        return escape(self.desk_office)

    def unread(self) -> str:
        """How many messages wait."""
        return str(self.unread_count)

    def nonce(self) -> str:
        """The page's nonce for the one script."""
        return str(getattr(self.request, "csp_nonce", ""))

    def csrf(self) -> str:
        """The token of the desk's search: a POST, for a name or a number must not be in an address."""
        if self.request is None:
            return ""
        return f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(self.request)}">'


@dataclass(frozen=True, slots=True)
class _Look:
    """All that changes a fragment, its holes apart: one drawing is kept for each."""

    part: str
    kind: str
    language: str
    theme: str
    tab: str
    bidi: bool
    unread: bool
    rights: frozenset[str]


@lru_cache(maxsize=256)
def _drawn(look: _Look) -> tuple[str, ...]:
    """Draw a fragment with holes, cut at its holes: texts at even places, names of holes at odd ones."""
    kind = look.kind
    tabs = _shell.desk_tabs if kind == "desk" else _shell.tabs if kind == "student" else ()
    menu = (*(_shell.desk_account if kind == "desk" else ()), *_shell.account)
    html = get_template(f"look/shell/{look.part}.html").render(
        {
            "kind": kind,
            "signed_in": kind != "anonymous",
            "language": look.language,
            "other": "en" if look.language == "fr" else "fr",
            "theme": look.theme,
            "unread": look.unread,
            "direction": "rtl" if look.bidi else "ltr",
            "tabs": [
                (one, address(one.url_name), one.key == look.tab)
                for one in tabs
                if not one.right or one.right in look.rights
            ],
            "footer": [(one.label, address(one.url_name)) for one in _shell.footer],
            "account": [(one.label, address(one.url_name)) for one in menu],
            "notice": _shell.notice,
            "notice_links": [(one.label, address(one.url_name)) for one in _shell.notice_links],
            "urls": {name: address(url_name) for name, url_name in _shell.urls.items()},
        }
    )
    return tuple(_HOLE.split(_INDENT.sub("\n", html)))


def draw(
    part: str, request: HttpRequest | None, *, desk: bool = False, unread: int = 0, office: str = ""
) -> SafeString:
    """One fragment of the shell for this request. Works without a request too (page of a crash)."""
    actor = getattr(request, "actor", None)
    kind = "desk" if desk else actor.kind if actor is not None else "anonymous"
    path = request.path_info if request is not None else "/"
    tabs = _shell.desk_tabs if desk else _shell.tabs
    look = _Look(
        part=part,
        kind=kind,
        language=(get_language() or "fr")[:2],
        theme=theme_of(request),
        tab=tab_of(tabs, path),
        bidi=get_language_bidi(),
        unread=unread > 0,
        rights=actor.rights if desk and actor is not None else frozenset(),
    )
    pieces = _drawn(look)
    if len(pieces) == 1:
        return mark_safe(pieces[0])  # noqa: S308 - drawn by our own template
    holes = _Holes(request, actor.label if actor is not None else "", office, unread)
    filled = (getattr(holes, piece)() if place % 2 else piece for place, piece in enumerate(pieces))
    return mark_safe("".join(filled))  # noqa: S308 - the holes are escaped by ``_Holes``
