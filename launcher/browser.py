"""Finds the Chromium that the browser tests drive, and installs Debian's when it may."""

import os
import shutil
import subprocess

from launcher import say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str:
    """Give the path of a Chromium, or nothing. MESSERVICES_CHROMIUM names one outright."""
    return os.environ.get("MESSERVICES_CHROMIUM") or next(
        (found for name in NAMES if (found := shutil.which(name))), ""
    )


def ensure() -> str:
    """Give a Chromium, installed from Debian if we are root and there is none; else say what to do."""
    if found := find():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with say.step("Installing Chromium for the browser tests"):
            _apt("update", "-q")
            _apt("install", "-q", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core")
    if not (found := find()):
        say.trouble("No Chromium on this machine: the browser tests will fail. sudo apt-get install chromium")
    return found


def _apt(*words: str) -> None:
    calm = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", *words], check=False, env=calm, stdin=subprocess.DEVNULL, capture_output=True)
