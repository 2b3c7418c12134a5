"""What the bank reads from the environment, once. The defaults are those of the platform's demo settings."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

DEFAULT_PORT = 8000


@dataclass(frozen=True, slots=True)
class Settings:
    """``hour_seconds``: how many real seconds an hour of waiting lasts (a notice "three hours late").

    ``clock_offset``: seconds between the bank's clock and the machine's, from ``MESSERVICES_NOW``.
    ``notice_url``: where Lyra's notices go when the form names no address of its own (``vads_url_check``);
    ``stripe_notice_url``: where Stripe's go, as set in its dashboard; ``return_url``: where the post office's files go;
    ``eficash_contract``: the card contract into whose account the post office pays.
    """

    folder: Path
    port: int
    site_id: str
    keys: tuple[str, ...]
    mode: str
    password: str
    notice_url: str
    stripe_key: str = "sk_test_demonstration"
    stripe_secret: str = "whsec_demonstration"  # noqa: S105 - the demonstration's
    stripe_notice_url: str = ""
    payfip_numcli: str = "006382"
    transfer_credentials: str = "crous:demonstration"
    eficash_creditor: str = "075019"
    eficash_secret: str = "demonstration only: of the demonstration post office"  # noqa: S105 - says so itself
    eficash_contract: str = "2000026"
    return_url: str = ""
    hour_seconds: float = 20.0
    clock_offset: float = 0.0

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> "Settings":
        """Read the environment. Raises ``ValueError`` on a port or a date that is none."""
        web = int(env.get("MESSERVICES_PORT") or DEFAULT_PORT)
        keys = (env.get("LYRA_KEY") or "1122334455667788", env.get("LYRA_KEY_PREVIOUS") or "")
        return cls(
            folder=Path(env.get("MESSERVICES_VAR") or "var").resolve(),
            port=int(env.get("BANK_PORT") or web + 2),
            site_id=env.get("LYRA_SITE_ID") or "12345678",
            keys=tuple(key for key in keys if key),
            mode=env.get("LYRA_CTX_MODE") or "TEST",
            password=env.get("LYRA_API_PASSWORD") or "testpassword_demonstration",
            notice_url=env.get("BANK_NOTICE_URL") or f"http://127.0.0.1:{web}/api/payments/lyra/notification",
            stripe_key=env.get("STRIPE_SECRET_KEY") or "sk_test_demonstration",
            stripe_secret=env.get("STRIPE_WEBHOOK_SECRET") or "whsec_demonstration",
            stripe_notice_url=env.get("BANK_STRIPE_NOTICE_URL")
            or f"http://127.0.0.1:{web}/api/payments/stripe/notification",
            payfip_numcli=env.get("PAYFIP_NUMCLI") or "006382",
            transfer_credentials=env.get("PAYOUT_BANK_CREDENTIALS") or "crous:demonstration",
            eficash_creditor=env.get("EFICASH_CREDITOR") or "075019",
            eficash_secret=env.get("EFICASH_SECRET") or "demonstration only: of the demonstration post office",
            eficash_contract=env.get("BANK_EFICASH_CONTRACT") or "2000026",
            return_url=env.get("BANK_RETURN_URL") or f"http://127.0.0.1:{web}/api/cash/return-file",
            hour_seconds=float(env.get("BANK_HOUR_SECONDS") or 20),
            clock_offset=_offset(env),
        )


def _offset(env: Mapping[str, str]) -> float:
    """Give how far the platform's clock stands from the machine's, in seconds (see ``MESSERVICES_NOW``)."""
    wanted = env.get("MESSERVICES_NOW", "")
    if not wanted:
        return 0.0
    instant = datetime.fromisoformat(wanted)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant.timestamp() - float(env.get("MESSERVICES_STARTED") or time.time())
