"""What is allowed around an account. Pure: facts in, answer out."""

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from datetime import timedelta

EMAIL_CHANGE_LASTS = timedelta(hours=24)
UNCONFIRMED_KEPT = timedelta(days=7)
"""How long an account whose address was never confirmed is kept: it holds the address from nobody after that."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``limit`` times in ``per`` seconds, then again as time goes by (GCRA: no window to sit out)."""

    limit: int
    per: int


# A campus or a hall of residence is one network of thousands: what is counted by network is wide, what is counted by
# account is narrow. An account seen from one network has its own limit, so that a stranger far away cannot lock it.
SIGN_IN_HERE = Rate(10, 15 * 60)
SIGN_IN_ACCOUNT = Rate(60, 60 * 60)
SIGN_IN_NETWORK = Rate(600, 10 * 60)
CODE_SHORT = Rate(8, 10 * 60)
CODE_DAY = Rate(40, 24 * 3600)
SIGN_UP_NETWORK = Rate(300, 10 * 60)
RESET_NETWORK = Rate(200, 10 * 60)
LINK_NETWORK = Rate(600, 10 * 60)
MAIL_KIND = Rate(2, 3 * 60)
MAIL_ADDRESS = Rate(12, 24 * 3600)
EMAIL_CHANGE_ACCOUNT = Rate(5, 24 * 3600)
PASSWORD_ACCOUNT = Rate(10, 15 * 60)
CODE_ONCE = Rate(1, 120)


def network_of(address: str) -> str:
    """Give the network an address belongs to, as far as limits go: /24 in IPv4, /56 in IPv6 (one subscriber's).

    An address that cannot be read (a socket, a test) counts as one network of its own.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    length = 24 if found.version == 4 else 56  # noqa: PLR2004 - the version of the protocol
    return str(ipaddress.ip_network(f"{found}/{length}", strict=False))


def limit_key(*parts: object) -> str:
    """Give the key of a limit: a hash, so that the table of limits holds no address and no network."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:32]


def token_hash(token: str) -> str:
    """Give what is kept of the token of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def may_remove_factor(*, is_agent: bool, has_password: bool, passkeys_left: int, codes_left: int) -> bool:
    """Tell whether a factor may go, given how many passkeys and code applications would be left.

    An agent always keeps one: the second factor is compulsory. Without a password a passkey is the only way in.
    """
    if is_agent and passkeys_left + codes_left == 0:
        return False
    return has_password or passkeys_left > 0


_SYSTEMS = (
    ("iPhone", re.compile(r"iPhone")),
    ("iPad", re.compile(r"iPad")),
    ("Android", re.compile(r"Android")),
    ("Windows", re.compile(r"Windows")),
    ("Mac", re.compile(r"Macintosh")),
    ("ChromeOS", re.compile(r"CrOS")),
    ("Linux", re.compile(r"Linux|X11")),
)
_BROWSERS = (
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"OPR/|Opera")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/")),
    ("Firefox", re.compile(r"Firefox/|FxiOS/")),
    ("Chrome", re.compile(r"Chrome/|CriOS/|Chromium/")),
    ("Safari", re.compile(r"Safari/")),
)


def device_words(agent: str) -> tuple[str, str]:
    """Say which browser on which device, from what the browser calls itself; empty texts where it does not say."""
    browser = next((name for name, shape in _BROWSERS if shape.search(agent)), "")
    system = next((name for name, shape in _SYSTEMS if shape.search(agent)), "")
    return browser, system
