"""The shipped reference data, brought into the tables: idempotent, and silent when nothing changed.

Places (Crous, départements, communes, establishments, states) are brought level with the files. Dates, amounts and
roles follow the files only as long as nobody set them at the desk: what the desk decided is kept.
"""

import csv
import gzip
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from typing import Any

from django.db import connection, models

from messervices.foundations.audit import actions as audit
from messervices.foundations.crous import rules
from messervices.foundations.crous.actions.amend import forget_now_and_then
from messervices.foundations.crous.actions.authorise import spread_authority
from messervices.foundations.crous.models import (
    Agent,
    Amount,
    CertificateState,
    Commune,
    CommuneKey,
    Crous,
    Departement,
    Establishment,
    Role,
    Window,
)
from messervices.foundations.crous.selectors import Kept
from messervices.foundations.crous.states import CommuneKind
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.text import search_key

_BY = Actor.system("load_reference")
_COMMUNES_SOURCE = ("Insee, code officiel géographique 2026", "sourced", "2026-03-31")
_NOT_SAID = ("id", "shipped", "set_at", "set_by_id", "set_by_label", "superseded_at")
_ESTABLISHMENTS_SOURCE = ("MESR, principaux établissements d’enseignement supérieur", "sourced", "2025-04-28")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one step did: rows in the file, added, changed, and those left as the desk set them."""

    rows: int
    added: int = 0
    changed: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the loading: its name for people, and what runs it (one transaction)."""

    name: str
    run: Callable[[datetime], Loaded]


def rows_of(package: str, name: str) -> list[dict[str, str]]:
    """Read a CSV file shipped in the ``data`` folder of a room (``.gz``: compressed)."""
    raw = resources.files(package).joinpath("data", name).read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def _rows(name: str) -> list[dict[str, str]]:
    return rows_of("messervices.foundations.crous", name)


@inside_action
def note_loading(name: str, done: Loaded, now: datetime) -> Loaded:
    """Write the deed of a step that changed something, and read the small tables again."""
    if done.added or done.changed:
        details = {"rows": done.rows, "added": done.added, "changed": done.changed, "kept": done.kept}
        audit.record(by=_BY, verb="crous.load_reference", subject=f"reference:{name}", now=now, details=details)
        forget_now_and_then(Kept.forget_all)
    return done


@inside_action
def bring_level(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> list[tuple[Any, bool]]:
    """Make a table hold these rows, by COPY and one statement; the first column is the primary key.

    Gives (key, was it new) of the rows that were added or changed. Rows that left the file stay: others refer to them.
    """
    table, temporary = model._meta.db_table, f"incoming_{model._meta.model_name}"  # noqa: SLF001 - the documented door
    names = ", ".join(columns)
    mine, theirs = (", ".join(f"{letter}.{column}" for column in columns) for letter in "ti")
    updates = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
    key = columns[0]
    with connection.cursor() as cursor:
        cursor.execute(f"create temp table {temporary} on commit drop as select {names} from {table} with no data")  # noqa: S608 - our own tables and columns
        with cursor.copy(f"copy {temporary} ({names}) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            f"insert into {table} ({names}) select {theirs} from {temporary} i"  # noqa: S608 - as above
            f" left join {table} t on t.{key} = i.{key} where t.{key} is null or ({mine}) is distinct from ({theirs})"
            f" on conflict ({key}) do update set {updates} returning {key}, xmax = 0"
        )
        done = list(cursor.fetchall())
        cursor.execute(f"drop table {temporary}")
    return done


def _counted(rows: int, done: list[tuple[Any, bool]]) -> Loaded:
    added = sum(fresh for _key, fresh in done)
    return Loaded(rows=rows, added=added, changed=len(done) - added)


def _level_with_file(name: str, model: type[models.Model], file: str) -> Step:
    """Make the step of a file whose columns are the table's; an empty cell of a number or a key is no value."""

    @action
    def run(now: datetime) -> Loaded:
        rows = _rows(file)
        nullable = {field.attname for field in model._meta.concrete_fields if field.null}  # noqa: SLF001 - as above
        columns = list(rows[0])
        values = ([row[c] or None if c in nullable else row[c] for c in columns] for row in rows)
        return note_loading(name, _counted(len(rows), bring_level(model, columns, values)), now)

    return Step(name, run)


def _numbers(row: dict[str, str]) -> tuple[float | None, float | None]:
    return (float(row["latitude"]), float(row["longitude"])) if row["latitude"] else (None, None)


@action
def _load_communes(now: datetime) -> Loaded:
    columns = (
        "code", "name", "search_key", "kind", "parent_id", "departement_id", "postcodes", "population", "latitude",
        "longitude", "former_codes", "source", "certainty", "known_on",
    )  # fmt: skip
    rows = _rows("communes.csv.gz")
    done = bring_level(
        Commune,
        columns,
        (
            (
                row["code"], row["name"], search_key(row["name"]), row["kind"], row["parent"] or None,
                row["departement"], row["postcodes"].split("|") if row["postcodes"] else [],
                int(row["population"] or 0), *_numbers(row),
                row["former_codes"].split("|") if row["former_codes"] else [], *_COMMUNES_SOURCE,
            )
            for row in rows
        ),
    )  # fmt: skip
    _make_keys([code for code, _fresh in done])
    return note_loading("communes", _counted(len(rows), done), now)


def _make_keys(codes: Sequence[str]) -> None:
    """Make again the search keys of these communes, and of any that has none."""
    CommuneKey.objects.filter(commune__in=codes).delete()
    without = Commune.objects.filter(~models.Exists(CommuneKey.objects.filter(commune=models.OuterRef("pk"))))
    divided = set(Commune.objects.filter(kind=CommuneKind.ARRONDISSEMENT).values_list("parent_id", flat=True))
    keys: set[tuple[str, str, int, bool, bool, bool]] = set()
    for code, name, kind, postcodes, size in without.values_list("code", "name", "kind", "postcodes", "population"):
        part = kind == CommuneKind.ARRONDISSEMENT
        whole, *inner = rules.name_keys(name)
        keys.add((whole, code, size, True, part, False))
        keys.update((key, code, size, False, part, False) for key in inner)
        keys.update((postcode, code, size, False, part, code in divided) for postcode in postcodes)
    with connection.cursor() as cursor:
        columns = "key, commune_id, population, whole, arrondissement, divided"
        with cursor.copy(f"copy crous_communekey ({columns}) from stdin") as copy:
            for key in sorted(keys):  # in the order of the index: neighbours share a page
                copy.write_row(key)


def _words_of(row: dict[str, str], city: str) -> str:
    """Give the words by which an establishment is looked for."""
    return search_key(" ".join((row["name"], row["short_name"], row["acronym"], row["city"], city)))


@action
def _load_establishments(now: datetime) -> Loaded:
    rows = _rows("establishments.csv")
    plain = (
        "uai", "name", "short_name", "acronym", "kind", "sector", "address", "postcode", "city", "website", "domain",
        "siret", "pic",
    )  # fmt: skip
    columns = (
        *plain, "search_key", "commune_id", "former_uais", "enrolled", "latitude", "longitude", "source", "certainty",
        "known_on",
    )  # fmt: skip
    cities = dict(Commune.objects.filter(pk__in={row["commune"] for row in rows}).values_list("code", "name"))
    done = bring_level(
        Establishment,
        columns,
        (
            (
                *(row[column] for column in plain),
                _words_of(row, cities.get(row["commune"], "")), row["commune"] or None,
                row["former_uais"].split("|") if row["former_uais"] else [], int(row["enrolled"] or 0) or None,
                *_numbers(row), *_ESTABLISHMENTS_SOURCE,
            )
            for row in rows
        ),
    )  # fmt: skip
    return note_loading("establishments", _counted(len(rows), done), now)


@inside_action
def follow_file(
    name: str, model: Any, wanted: dict[tuple[Any, ...], Any], key_fields: Sequence[str], now: datetime
) -> Loaded:
    """Add dated rows where the file says something new, supersede those of an earlier file, keep those of the desk.

    ``wanted`` maps a key (values of ``key_fields``) to an unsaved row. What the desk withdrew does not come back.
    """
    in_force: dict[tuple[Any, ...], list[Any]] = {}
    for row in model.objects.order_by("pk"):
        current = in_force.setdefault(tuple(getattr(row, field) for field in key_fields), [])
        if row.superseded_at is None:
            current.append(row)
    said = [field.attname for field in model._meta.concrete_fields if field.name not in _NOT_SAID]  # noqa: SLF001 - the documented door
    new, old, kept = [], [], 0
    for key, row in wanted.items():
        current = in_force.get(key, [])
        if (key in in_force and not current) or not all(one.shipped for one in current):
            kept += 1
        elif [[getattr(one, field) for field in said] for one in current] != [[getattr(row, field) for field in said]]:
            row.shipped, row.set_at = True, now
            new.append(row)
            old += [one.pk for one in current]
    model.objects.filter(pk__in=old).update(superseded_at=now)
    model.objects.bulk_create(new)
    return note_loading(name, Loaded(len(wanted), added=len(new) - len(old), changed=len(old), kept=kept), now)


def said_of(row: dict[str, str]) -> dict[str, Any]:
    """Read the three columns that every dated row of a file carries."""
    return {"source": row["source"], "certainty": row["certainty"], "known_on": date.fromisoformat(row["known_on"])}


@action
def _load_windows(now: datetime) -> Loaded:
    wanted = {}
    for row in _rows("windows.csv"):
        first, last = (date.fromisoformat(row[c]) if row[c] else None for c in ("opens_on", "closes_on"))
        period = rules.days_included(first, last)
        key = (row["service"], AcademicYear(int(row["year"])), int(row["crous_id"]) if row["crous_id"] else None)
        wanted[key] = Window(
            service=key[0], year=key[1], crous_id=key[2], opens_at=period.opens_at, closes_at=period.closes_at,
            **said_of(row),
        )  # fmt: skip
    return follow_file("windows", Window, wanted, ("service", "year", "crous_id"), now)


@action
def _load_amounts(now: datetime) -> Loaded:
    wanted = {}
    for row in _rows("amounts.csv"):
        key = (row["kind"], AcademicYear(int(row["year"])))
        wanted[key] = Amount(kind=key[0], year=key[1], amount_cents=int(row["amount_cents"]), **said_of(row))
    return follow_file("amounts", Amount, wanted, ("kind", "year"), now)


@action
def _load_roles(now: datetime) -> Loaded:
    rows = _rows("roles.csv")
    known = {role.code: role for role in Role.objects.select_for_update().order_by("pk")}
    added = changed = kept = 0
    for row in rows:
        role = known.get(row["code"], Role(code=row["code"], shipped=True))
        said = {
            "label_fr": row["label_fr"],
            "label_en": row["label_en"],
            "national": row["national"] == "true",
            "rights": sorted(row["rights"].split("|")),
        }
        if not role.shipped:
            kept += 1
        elif role.pk is None or said != {field: getattr(role, field) for field in said}:
            for field, value in (said | said_of(row)).items():
                setattr(role, field, value)
            added, changed = (added + 1, changed) if role.pk is None else (added, changed + 1)
            role.save()
            spread_authority(Agent.objects.filter(role=role, until=None).values_list("user_id", flat=True))
    return note_loading("roles", Loaded(len(rows), added=added, changed=changed, kept=kept), now)


def reference_steps() -> list[Step]:
    """List the steps of this room, in the order in which they lean on each other."""
    return [
        _level_with_file("crous", Crous, "crous.csv"),
        _level_with_file("departements", Departement, "departements.csv"),
        Step("communes", _load_communes),
        Step("establishments", _load_establishments),
        _level_with_file("certificate_states", CertificateState, "certificate_states.csv"),
        Step("windows", _load_windows),
        Step("amounts", _load_amounts),
        Step("roles", _load_roles),
    ]
