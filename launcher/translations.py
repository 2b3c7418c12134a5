"""Compiles the translations: each room's django.po into the django.mo that Django reads."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from launcher.errors import LaunchError


def stale(root: Path) -> list[Path]:
    """List the .po files whose .mo is missing or older."""
    found = sorted(root.glob("messervices/**/locale/*/LC_MESSAGES/*.po"))
    return [po for po in found if _age(po.with_suffix(".mo")) < po.stat().st_mtime]


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def compile_all(files: list[Path]) -> None:
    """Compile the files given; raise LaunchError naming the file and line that cannot be read."""
    for po in files:
        try:
            with po.open("rb") as source:
                catalogue = read_po(source, locale=po.parts[-3], abort_invalid=True)
        except PoFileError as error:
            msg = f"{po}, line {error.lineno}: {error}"
            raise LaunchError(msg) from error
        made = po.with_suffix(".mo.making")
        with made.open("wb") as target:
            write_mo(target, catalogue)
        made.replace(po.with_suffix(".mo"))
