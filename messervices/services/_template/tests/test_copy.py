"""A service plugs in by one folder and one line: copied, registered, opened, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

TEMPLATE = Path(__file__).resolve().parents[1]
ROOT = TEMPLATE.parents[2]
NAME = "lost_property"

SETTINGS = f"""
from messervices.config.settings.test import *
INSTALLED_APPS = [*INSTALLED_APPS, "{NAME}"]  # the one line
DATABASES["default"]["NAME"] = "{{database}}"
DATABASES["default"]["OPTIONS"]["options"] = DATABASES["default"]["OPTIONS"]["options"].replace("msv_owner", "msv_app")
"""

OPEN = """
import json, django
django.setup()
from django.core.management import call_command
from django.test import Client
from messervices.kernel import manifest
call_command("check")
browser = Client()
pages = {path: browser.get(path) for path in ("/", "/services", "/lost-property/", "/lost-property/?wish=clefs")}
english = Client(headers={"cookie": "language=en"}).get("/lost-property/")
print(json.dumps({
    "slugs": [one.slug for one in manifest.services()],
    "statuses": {path: page.status_code for path, page in pages.items()},
    "linked": [path for path, page in pages.items() if 'href="/lost-property/"' in page.content.decode()],
    "wish": "clefs" in pages["/lost-property/?wish=clefs"].content.decode(),
    "english": "Template service" in english.content.decode(),
}))
"""


def copy_to(folder: Path) -> None:
    """Copy the template under another name, as docs/how-to-add-a-service.md says."""
    for source in TEMPLATE.rglob("*"):
        kept = source.relative_to(TEMPLATE)
        if source.is_dir() or "__pycache__" in kept.parts or "tests" in kept.parts:
            continue
        target = folder / NAME / Path(*(NAME if part == "_template" else part for part in kept.parts))
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".mo":
            target.write_bytes(source.read_bytes())
            continue
        text = source.read_text(encoding="utf-8")
        text = text.replace("messervices.services._template", NAME).replace("_template", NAME)
        target.write_text(text.replace('slug="template"', 'slug="lost-property"'), encoding="utf-8")


@pytest.mark.django_db
def test_one_folder_and_one_line_make_a_service(tmp_path: Path) -> None:
    copy_to(tmp_path)
    database = connection.settings_dict["NAME"]
    (tmp_path / "trial_settings.py").write_text(SETTINGS.format(database=database), encoding="utf-8")
    environment = os.environ | {
        "PYTHONPATH": f"{tmp_path}:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "trial_settings",
        "DATABASE_URL": settings.DATABASE_URL,
    }
    opened = subprocess.run(
        [sys.executable, "-c", OPEN], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert opened.returncode == 0, opened.stderr
    seen = json.loads(opened.stdout.splitlines()[-1])
    assert "lost-property" in seen["slugs"]
    assert set(seen["statuses"].values()) == {200}
    assert {"/", "/services"} & set(seen["linked"]), "the portal shows the service"
    assert seen["wish"]
    assert seen["english"]


def test_the_template_itself_is_not_installed() -> None:
    assert "messervices.services._template" not in settings.INSTALLED_APPS
