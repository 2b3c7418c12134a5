"""Files that a stranger may hand in to do harm: name → (bytes, what may come of it).

What may come of it: the codes of a refusal, and ``CLEANED`` where the file is taken once everything harmful is gone.
"""

from collections.abc import Iterator
from functools import cache

from PIL import PngImagePlugin

from messervices.foundations.documents.tests.honest import CLEANED, EICAR, HTML, UNKNOWN, Case, archive, pdf, picture
from messervices.foundations.documents.tests.hostile_pdfs import active_pdfs, broken_pdfs, heavy_pdfs
from messervices.foundations.documents.tests.hostile_pictures import broken_pictures, huge_pictures


def two_in_one() -> Iterator[tuple[str, Case]]:
    """Files that are one thing for us and another for somebody else."""
    jar, page = archive(b"Main-Class: X", "META-INF/MANIFEST.MF"), pdf()
    yield "jpeg-and-jar", (picture("JPEG") + jar, {CLEANED})
    yield "jpeg-with-html-in-its-comment", (picture("JPEG", comment=HTML), {CLEANED})
    yield "png-with-html-in-its-text", (_png_with(HTML.decode()), {CLEANED})
    yield "png-and-zip", (picture("PNG") + jar, {CLEANED, "unknown_type"})
    yield "pdf-and-zip", (page + jar, {CLEANED, "unknown_type", "damaged"})
    yield "pdf-and-html", (page[:-6] + HTML + page[-6:], {CLEANED, "damaged"})
    yield "pdf-with-html-before", (HTML + page, UNKNOWN)
    yield "gif-and-jar", (b"GIF89a" + bytes(20) + jar, UNKNOWN)
    yield "webp-and-html", (picture("WEBP") + HTML, {CLEANED, "damaged"})
    yield "tiff-and-pdf", (picture("TIFF") + page, {CLEANED})
    yield "jpeg-and-virus", (picture("JPEG", comment=EICAR), {"infected"})
    yield "bmp-and-script", (b"BM/*" + bytes(60) + b"*/=1;alert(1)", UNKNOWN)


def _png_with(text: str) -> bytes:
    said = PngImagePlugin.PngInfo()
    said.add_text("Comment", text)
    return picture("PNG", pnginfo=said)


def not_papers() -> Iterator[tuple[str, Case]]:
    """What is no paper at all."""
    office = archive(b"<w:document/>", "word/document.xml")
    for name, made in (
        ("svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), ("html", HTML),
        ("xml-bomb", b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><a>&b;</a>'),
        ("exe", b"MZ\x90\0" + bytes(500)), ("elf", b"\x7fELF" + bytes(500)), ("script", b"#!/bin/sh\nrm -rf /\n"),
        ("zip", archive()), ("zip-bomb", archive(bytes(100 * 1024 * 1024))), ("docx", office),
        ("rtf", b"{\\rtf1\\object}"), ("gif", picture("GIF")), ("bmp", picture("BMP")), ("eicar", EICAR),
        ("eicar-in-zip", archive(EICAR, "eicar.com")), ("postscript", b"%!PS-Adobe-3.0\nsystemdict /quit get exec"),
        ("text", "Je soussignée…".encode()), ("zeros", bytes(4096)),
        ("avif-name-only", b"\0\0\0\x1cftypavif" + bytes(300)),
    ):  # fmt: skip
        yield name, (made, UNKNOWN)
    yield "nothing", (b"", {"empty"})
    yield "eleven-megabytes", (b"\xff\xd8\xff" + bytes(11 * 1024 * 1024) + b"\xff\xd9", {"too_big"})


@cache
def hostile() -> dict[str, Case]:
    """Every one, by its name."""
    kinds = (huge_pictures, broken_pictures, two_in_one, not_papers, active_pdfs, heavy_pdfs, broken_pdfs)
    return {name: case for kind in kinds for name, case in kind()}
