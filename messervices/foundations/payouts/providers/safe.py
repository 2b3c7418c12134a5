"""Secrets at rest: sealed with a key that has a name, found again by a keyed hash. The database never sees an IBAN.

A sealed value is ``<name of the key>|<nonce><cipher text>``; what it is about (table, row, column) is authenticated
with it, so that a value moved to another row no longer opens.
"""

import base64
import functools
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12


class Unsealed(Exception):  # noqa: N818 - read as a fact: it does not open
    """A sealed value was changed, moved, or sealed with a key that is no longer given."""


def keys_of(written: str) -> dict[str, bytes]:
    """Read ``name:key,name:key`` (32 bytes each, base 64), the one in use first. Raises ``ValueError`` otherwise."""
    found = {}
    for one in filter(None, written.split(",")):
        name, _, key = one.strip().partition(":")
        raw = base64.b64decode(key, validate=True)
        if not name.isalnum() or len(raw) != 32:  # noqa: PLR2004 - AES-256
            msg = "a key is name:32 bytes in base 64"
            raise ValueError(msg)
        found[name] = raw
    if not found:
        msg = "no key is given"
        raise ValueError(msg)
    return found


@functools.lru_cache(maxsize=4)
def _boxes(written: str) -> dict[str, AESGCM]:
    return {name: AESGCM(key) for name, key in keys_of(written).items()}


def about(table: str, key: object, column: str) -> bytes:
    """Name the place of a value: what it is authenticated with."""
    return f"{table}:{key}:{column}".encode()


def seal(plain: bytes, place: bytes) -> bytes:
    """Seal a value for its place, with the key in use."""
    name, box = next(iter(_boxes(settings.IBAN_KEYS).items()))
    nonce = os.urandom(_NONCE)
    return name.encode() + b"|" + nonce + box.encrypt(nonce, plain, place)


def unseal(sealed: bytes | memoryview, place: bytes) -> bytes:
    """Open a value at its place. Raises ``Unsealed``."""
    name, _, rest = bytes(sealed).partition(b"|")
    box = _boxes(settings.IBAN_KEYS).get(name.decode(errors="replace"))
    if box is None:
        raise Unsealed("the key is not given")
    try:
        return box.decrypt(rest[:_NONCE], rest[_NONCE:], place)
    except (InvalidTag, ValueError) as wrong:
        raise Unsealed("it was changed or moved") from wrong


def fingerprint(iban: str) -> bytes:
    """Give the keyed hash by which the same IBAN is found again, and nothing else is learnt."""
    return hmac.new(settings.IBAN_SEARCH_KEY.encode(), iban.encode(), hashlib.sha256).digest()
