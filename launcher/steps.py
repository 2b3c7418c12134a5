"""What is made ready before the processes start, each step only when something it depends on changed."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from launcher import say
from launcher.environment import DEMO_SETTINGS
from launcher.errors import LaunchError
from launcher.places import ROOT, Places
from launcher.processes import die_with_parent
from launcher.stamps import Stamps, digest, product_files
from launcher.translations import compile_all, stale

SIGN_INS = "sign-ins.txt"


@dataclass(frozen=True)
class Step:
    """One command: what it says, and whether it shows its own progress."""

    command: str
    words: tuple[str, ...]
    title: str
    own_output: bool = False


MIGRATE = Step("migrate", ("--verbosity", "0", "--no-input"), "Bringing the tables up to date")
REFERENCE = Step("load_reference", (), "Loading the reference data", own_output=True)
DEMO = Step("load_demo", (), "Loading the demonstration year", own_output=True)
STATIC = Step("collectstatic", ("--verbosity", "0", "--no-input", "--clear"), "Collecting styles, scripts and images")


def prepare(places: Places, environment: dict[str, str], identity: str) -> None:
    """Do what is not done yet. ``identity`` says which database this is: another one starts over."""
    stamps = Stamps(places.var / "stamps.json")
    if old := stale(ROOT):
        with say.step("Compiling the translations"):
            compile_all(old)
    product = product_files(ROOT)
    lock = (ROOT / "requirements" / "run.txt").read_text()
    schema = digest(ROOT, [f for f in product if f.parent.name in {"migrations", "sql"}], identity, lock)
    data = digest(ROOT, [f for f in product if f.suffix not in {".html", ".css", ".js", ".svg"}], identity, lock)
    static = digest(ROOT, [f for f in product if "static" in f.parts], lock, str(places.var))
    _do(MIGRATE, schema, stamps, environment)
    _do(REFERENCE, data, stamps, environment)
    if environment["DJANGO_SETTINGS_MODULE"] == DEMO_SETTINGS:
        # Another season of the demonstration is another demonstration year.
        season = digest(ROOT, [], data, environment.get("MESSERVICES_NOW", ""))
        if _is_there("load_demo"):
            _do(DEMO, season, stamps, environment)
        if _is_there("demo_signins") and not stamps.is_done("sign-ins", season):
            (places.var / SIGN_INS).write_text(_captured("demo_signins", environment))
            stamps.mark("sign-ins", season)
    _do(STATIC, static, stamps, environment)


def _do(step: Step, wanted: str, stamps: Stamps, environment: dict[str, str]) -> None:
    if stamps.is_done(step.command, wanted):
        return
    with say.step(step.title, own_output=step.own_output):
        done = subprocess.run(
            _command(step.command, *step.words), env=environment, check=False, text=True, stdin=subprocess.DEVNULL,
            capture_output=not step.own_output, preexec_fn=die_with_parent(os.getpid()), start_new_session=True,
        )  # fmt: skip
    if done.returncode:
        said = "" if step.own_output else f":\n{(done.stderr or done.stdout).strip()}"
        msg = f"{step.title} failed (bin/manage {step.command}){said}"
        raise LaunchError(msg)
    stamps.mark(step.command, wanted)


def _is_there(command: str) -> bool:
    """Say whether the product has a command: a demonstration may be shipped without people in it."""
    return any(ROOT.glob(f"messervices/*/management/commands/{command}.py"))


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "messervices.config.manage", *words]


def _captured(command: str, environment: dict[str, str]) -> str:
    done = subprocess.run(_command(command), env=environment, check=False, text=True, capture_output=True)
    if done.returncode:
        msg = f"bin/manage {command} failed:\n{done.stderr.strip()}"
        raise LaunchError(msg)
    return done.stdout


def sign_ins(places: Places) -> str:
    """Give the table of demonstration sign-ins as it was written when the demonstration year was loaded."""
    path: Path = places.var / SIGN_INS
    return path.read_text() if path.exists() else ""
