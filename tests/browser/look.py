"""What is looked at on every page: accessibility, width, the console, the network, what a document must have."""

from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
import brotli
from playwright.sync_api import Page, Response

WIDTHS = (1280, 390, 320)
THEMES = ("light", "dark")
LIMIT_BYTES = 60_000
"""CSS and JavaScript of a page, compressed."""

JUDGED: dict[str, str] = {}
"""Best practices of axe that we do not follow, each with the reason. WCAG has no exception."""

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
_COLOURS = "color-contrast"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_ASK = """async ([tags, rules, off]) => {
  const only = rules.length ? {type: "rule", values: rules} : {type: "tag", values: tags};
  const found = await axe.run(document, {
    runOnly: only, rules: Object.fromEntries(off.map((id) => [id, {enabled: false}])), resultTypes: ["violations"],
    preload: false,
  });
  const where = (node) => `${node.target.join(" ")} ${node.any[0]?.data?.contrastRatio ?? ""}`.trim();
  return found.violations.map((v) => `${v.id} (${v.impact}): ${v.nodes.slice(0, 3).map(where).join(" | ")}`);
}"""
_SHAPE = """() => ({
  lang: document.documentElement.lang, title: document.title, h1: document.querySelectorAll("h1").length,
  main: document.querySelectorAll("main").length, wide: document.documentElement.scrollWidth - innerWidth,
  thin: [...document.querySelectorAll("main *")].filter((one) => {
    const said = [...one.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent.trim()).join("");
    const box = one.getBoundingClientRect(), size = parseFloat(getComputedStyle(one).fontSize);
    return said.length > 4 && box.width < 2.5 * size && box.height > 4.5 * size;
  }).map((one) => one.textContent.trim().slice(0, 30)),
})"""


class Watch:
    """Listens to one page: what its console says, what fails, what it loads."""

    def __init__(self, page: Page) -> None:
        """Begin to listen."""
        self.page = page
        self.said: list[str] = []
        self.loaded: dict[str, Response] = {}
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.said.append(f"script: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _console(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and "Failed to load resource" not in text:
            self.said.append(f"console: {text}")

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # a page left before its answer came
            self.said.append(f"request: {urlsplit(request.url).path} {request.failure}")

    def _response(self, response: Response) -> None:
        kind = response.request.resource_type
        if kind != "document" and response.status >= 400:
            self.said.append(f"request: {urlsplit(response.url).path} {response.status}")
        if kind in {"stylesheet", "script"}:
            self.loaded[response.url] = response

    def weight(self) -> int:
        """Bytes of CSS and JavaScript of the page as it stands, compressed as they are served."""
        inline = self.page.evaluate(
            "[...document.querySelectorAll('script:not([src]), style')].map((s) => s.textContent)"
        )
        return sum(_compressed(url, self.loaded) for url in self.loaded) + sum(
            len(brotli.compress(text.encode())) for text in inline
        )


_sizes: dict[str, int] = {}


def _compressed(url: str, loaded: dict[str, Response]) -> int:
    path = urlsplit(url).path
    if path not in _sizes:
        _sizes[path] = len(brotli.compress(loaded[url].body()))
    return _sizes[path]


def theme(page: Page, name: str) -> None:
    """Switch the theme as the button does, without loading the page anew."""
    page.evaluate("(name) => { document.documentElement.dataset.theme = name; }", name)


def axe(page: Page, *, rules: tuple[str, ...] = (), off: tuple[str, ...] = ()) -> list[str]:
    """Ask axe about the page as it stands; give what it finds wrong. ``rules``: these alone; ``off``: all but these."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(_AXE)
    return list(page.evaluate(_ASK, [_TAGS, list(rules), [*JUDGED, *off]]))


def faults(page: Page, language: str, *, colours: bool = True) -> list[str]:
    """Look at the page at each width and in both themes; give every fault with where it was seen.

    Two things do not change together, and are not asked twice: what is no matter of colours is the same in both themes,
    and colours (half the time of a look) are the same in both languages: ``colours=False`` leaves them out.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        shape = page.evaluate(_SHAPE)
        if shape["wide"] > 0:
            found[f"{shape['wide']} px wider than the screen"].append(f"{width}")
        for words in shape["thin"]:
            found[f"a letter a line: {words}"].append(f"{width}")
        if width == WIDTHS[-1]:
            continue
        for name in THEMES if colours else THEMES[:1]:
            theme(page, name)
            only = () if name == THEMES[0] else (_COLOURS,)
            for fault in axe(page, rules=only, off=() if colours else (_COLOURS,)):
                found[fault].append(f"{width} {name}")
    wanted = {"lang": language, "h1": 1, "main": 1}
    for what, value in wanted.items():
        if shape[what] != value:
            found[f"{what} is {shape[what]}"].append("the document")
    if len(shape["title"].removesuffix("– MesServices").strip()) < 3:
        found[f"title {shape['title']!r}"].append("the document")
    return [f"{fault} [{', '.join(where)}]" for fault, where in found.items()]
