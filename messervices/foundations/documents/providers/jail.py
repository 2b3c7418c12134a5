"""Having a stranger's file opened by the limited child process: bytes in by its input, bytes out by its output.

Both are files in memory, so that the kernel itself bounds what is written, and nothing touches the disk.
"""

import contextlib
import json
import os
import select
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from messervices.foundations.documents.providers.child import CANNOT_START, OVERWHELMED
from messervices.foundations.documents.providers.limits import Limits
from messervices.kernel.errors import ProviderUnavailable

_FONT = Path(__file__).parents[1] / "data" / "fonts" / "Inter-SemiBold.ttf"
_CHILD = "messervices.foundations.documents.providers.child"
_TOO_MUCH = {signal.SIGXCPU, signal.SIGXFSZ, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL}
"""How a file ends the child by itself. A ``SIGKILL`` comes from the machine, and says nothing of the file."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a file: the reason of its refusal, or its new bytes.

    ``seconds`` of processor and ``peak`` bytes of memory (0 where the kernel ended the child) are measures.
    """

    refused: str = ""
    media: str = ""
    content: bytes = b""
    pages: int = 0
    peak: int = 0
    seconds: float = 0.0


def anew(content: bytes, media: str) -> Answer:
    """Have a file decoded and encoded anew. Raises ``ProviderUnavailable`` when nothing can be said of it."""
    return _asked(content, {"media": media})


def marked(content: bytes, media: str, mark: str) -> bytes:
    """Have a mark written across a file of ours. Raises ``ProviderUnavailable`` when it could not be."""
    answer = _asked(content, {"media": media, "mark": mark, "font": str(_FONT)})
    if answer.refused:
        raise ProviderUnavailable("documents.jail", f"a mark could not be written: {answer.refused}")
    return answer.content


def _asked(content: bytes, order: dict[str, object]) -> Answer:
    limits = Limits(**settings.UPLOAD_LIMITS)
    with contextlib.ExitStack() as closing:
        came, goes = os.memfd_create("came"), os.memfd_create("goes")
        closing.callback(os.close, came)
        closing.callback(os.close, goes)
        _fill(came, content)
        status, seconds = _run(json.dumps(order | {"limits": asdict(limits)}), came, goes)
        said = _read(goes, limits.result)
    return _understood(status, said, seconds)


def _run(order: str, came: int, goes: int) -> tuple[int, float]:
    """Start the child, wait, end it if it lingers; give its status and its seconds of processor.

    ``posix_spawn`` copies no memory of ours, and the child's environment is one line.
    """
    words = [sys.executable, "-P", "-s", "-B", "-m", _CHILD, order]
    pid = os.posix_spawn(
        sys.executable,
        words,
        {"PYTHONPATH": str(settings.ROOT), "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, came, 0),
            (os.POSIX_SPAWN_DUP2, goes, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
        setsigdef=[signal.SIGPIPE, signal.SIGXFSZ, signal.SIGXCPU],
    )
    ready = False
    try:
        watched = os.pidfd_open(pid)
        try:
            poll = select.poll()
            poll.register(watched, select.POLLIN)
            ready = bool(poll.poll(settings.UPLOAD_PATIENCE_SECONDS * 1000))
        finally:
            os.close(watched)
    finally:
        if not ready:
            os.kill(pid, signal.SIGKILL)
        _pid, status, used = os.wait4(pid, 0)
    return status, used.ru_utime + used.ru_stime


def _understood(status: int, said: bytes, seconds: float) -> Answer:
    """Read what the child said, or how it ended. Raises ``ProviderUnavailable`` for an end that is not the file's."""
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) in _TOO_MUCH:
            return Answer(refused="too_heavy", seconds=seconds)
        raise ProviderUnavailable("documents.jail", f"the child was ended by signal {os.WTERMSIG(status)}")
    code = os.WEXITSTATUS(status)
    if code == OVERWHELMED:
        return Answer(refused="too_heavy", seconds=seconds)
    head, _, body = said.partition(b"\n")
    if code == CANNOT_START or not head:
        raise ProviderUnavailable("documents.jail", f"the child ended with status {code}")
    answer = json.loads(head)
    if refused := answer.get("refused"):
        return Answer(refused=refused, peak=answer["peak"], seconds=seconds)
    return Answer(media=answer["media"], content=body, pages=answer["pages"], peak=answer["peak"], seconds=seconds)


def _fill(place: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(place, left) :]
    os.lseek(place, 0, os.SEEK_SET)


def _read(place: int, most: int) -> bytes:
    """Read all that was written; the kernel let no more than ``most`` bytes be."""
    return os.pread(place, min(os.fstat(place).st_size, most), 0)
