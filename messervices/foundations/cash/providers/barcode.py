"""The bar code of a notice: Code 128, encoded by python-barcode, drawn by us as one path without any style."""

from barcode.codex import Code128

QUIET = 10
"""Modules left white on either side, without which no reader finds the beginning."""

HEIGHT = 48


def barcode_svg(text: str) -> tuple[str, str]:
    """Draw a text as a Code 128: the ``viewBox`` of an SVG, and the one ``path`` to put into it (modules wide)."""
    modules = Code128(text).build()[0]
    path, place = [], 0
    while place < len(modules):
        width = 1
        while place + width < len(modules) and modules[place + width] == modules[place]:
            width += 1
        if modules[place] == "1":
            path.append(f"M{QUIET + place} 0h{width}v{HEIGHT}h-{width}z")
        place += width
    return f"0 0 {len(modules) + 2 * QUIET} {HEIGHT}", "".join(path)
