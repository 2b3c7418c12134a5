"""The launcher: ports, stamps, the second run, what survives a kill."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from launcher import run
from launcher.checks import Check, perform, read_verdicts, summary, write_verdicts
from launcher.cluster import SUPERUSER, THROW_AWAY, Cluster, kept_running
from launcher.environment import for_programs, running_platform
from launcher.errors import LaunchError
from launcher.places import LONGEST_SOCKET_FOLDER, ROOT, Places, check_clock, read_places, socket_folder
from launcher.processes import MARK, Program, Supervisor, end_leftovers, read_procfile
from launcher.prose import english_of
from launcher.roles import ROLES, prepare_embedded
from launcher.stamps import Stamps, digest
from launcher.translations import compile_all, stale

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(var=tmp_path / "var", port=8000)


def wait_until(is_so, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while not (found := is_so()) and time.monotonic() < until:
        time.sleep(0.02)
    return bool(found)


@pytest.mark.parametrize("port", ["eight", "80", "65534", "-1", "8000.5"])
def test_a_port_without_sense_is_refused_with_a_sentence(port: str) -> None:
    with pytest.raises(LaunchError, match="MESSERVICES_PORT"):
        read_places({"MESSERVICES_PORT": port})


def test_the_state_folder_and_ports_come_from_the_environment(tmp_path: Path) -> None:
    places = read_places({"MESSERVICES_VAR": str(tmp_path), "MESSERVICES_PORT": "9200"})
    assert (places.var, places.port, places.bank_port) == (tmp_path, 9200, 9202)
    assert read_places({}).var == ROOT / "var"


def test_an_instant_without_sense_is_refused() -> None:
    check_clock({"MESSERVICES_NOW": "2026-09-01T10:00:00+02:00"})
    with pytest.raises(LaunchError, match="MESSERVICES_NOW"):
        check_clock({"MESSERVICES_NOW": "next Tuesday"})


def test_a_taken_port_is_named_with_who_holds_it() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(LaunchError, match=rf"Port {port} is taken by process {os.getpid()}"):
            run.need_ports(Places(var=Path("unused"), port=port))


def test_a_second_run_on_the_same_folder_is_told_where_the_first_answers(places: Places) -> None:
    with run.only_one(places) as lock:
        run.write_about(lock, places)
        with pytest.raises(LaunchError, match=f"already runs.*{places.address}"), run.only_one(places):
            pytest.fail("two launchers hold one folder")
        assert running_platform(places)["pid"] == str(os.getpid())
    assert running_platform(places) == {}
    with run.only_one(places):
        pass


def test_a_command_beside_the_platform_shares_its_clock(places: Places, monkeypatch) -> None:
    monkeypatch.setenv("MESSERVICES_NOW", "2026-09-01T10:00:00+02:00")
    monkeypatch.setenv("MESSERVICES_STARTED", "1")
    with run.only_one(places) as lock:
        run.write_about(lock, places)
        monkeypatch.delenv("MESSERVICES_NOW")
        monkeypatch.delenv("MESSERVICES_STARTED")
        environment = for_programs(places, "postgresql:///x")
    assert environment["MESSERVICES_NOW"] == "2026-09-01T10:00:00+02:00"
    assert environment["MESSERVICES_STARTED"] == "1"


def test_fresh_empties_the_state_folder_but_for_the_locks(places: Places) -> None:
    with run.only_one(places):
        (places.var / "log").mkdir()
        (places.var / "log" / "web.log").write_text("x")
        (places.var / "stamps.json").write_text("{}")
        run.wipe(places)
        assert {path.name for path in places.var.iterdir()} == {".messervices", "run.lock"}


def test_a_folder_where_other_things_lie_is_never_taken_as_state_folder(places: Places) -> None:
    places.var.mkdir()
    (places.var / "holiday.jpg").write_text("x")
    with pytest.raises(LaunchError, match="other things lie"), run.only_one(places):
        pytest.fail("it would be emptied by --fresh")
    (places.var / "holiday.jpg").unlink()
    with run.only_one(places):
        pass


def test_a_step_is_done_again_only_when_what_it_depends_on_changed(tmp_path: Path) -> None:
    source = tmp_path / "0001.py"
    source.write_text("one")
    first = digest(tmp_path, [source], "database A")
    Stamps(tmp_path / "stamps.json").mark("migrate", first)
    kept = Stamps(tmp_path / "stamps.json")
    assert kept.is_done("migrate", digest(tmp_path, [source], "database A"))
    assert not kept.is_done("migrate", digest(tmp_path, [source], "database B"))
    source.write_text("two")
    assert not kept.is_done("migrate", digest(tmp_path, [source], "database A"))


def test_a_stamp_file_that_was_cut_means_that_nothing_is_done(tmp_path: Path) -> None:
    (tmp_path / "stamps.json").write_text('{"migrate": "abc')
    assert not Stamps(tmp_path / "stamps.json").is_done("migrate", "abc")


def test_the_procfile_gives_each_program_its_words_and_its_variables(tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text("# why\n\nweb: ROLE=app python -m web --port $PORT\n")
    assert read_procfile(file, {"PORT": "9"}) == [
        ("web", ["python", "-m", "web", "--port", "9"], {"PORT": "9", "ROLE": "app"})
    ]


def test_the_procfile_of_the_product_names_web_worker_and_bank() -> None:
    programs = {name: own for name, _, own in read_procfile(ROOT / "Procfile", {"MESSERVICES_PORT": "8000"})}
    assert set(programs) == {"web", "worker", "bank"}
    assert programs["worker"]["MESSERVICES_DB_ROLE"] == "msv_worker"
    assert programs["web"]["MESSERVICES_DB_ROLE"] == "msv_app"


def test_a_program_that_dies_is_started_again_and_given_up_after_five_deaths_in_a_minute(tmp_path: Path) -> None:
    program = Program(
        "web", [sys.executable, "-c", "print('last words'); raise SystemExit(3)"], {}, tmp_path / "web.log"
    )
    supervisor = Supervisor([program])
    program.start()

    def look_again_and_again() -> None:
        for now in range(5, 100, 5):
            if program.process:
                program.process.wait()
            supervisor.look(float(now))

    with pytest.raises(LaunchError, match=r"5th time within a minute(.|\n)*last words"):
        look_again_and_again()
    assert program.log.read_text().count("last words") == 5


def test_stopping_ends_the_programs_and_what_they_started(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    source = (
        "import pathlib, subprocess\n"
        f"started = subprocess.Popen({SLEEPER!r})\n"
        f"pathlib.Path({str(started)!r}).write_text(str(started.pid))\n"
        "started.wait()\n"
    )
    program = Program("web", [sys.executable, "-c", source], dict(os.environ), tmp_path / "web.log")
    supervisor = Supervisor([program])
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        program.start()
        assert wait_until(lambda: started.exists() and started.read_text())
        supervisor.stop()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert not program.is_alive
    assert wait_until(lambda: _is_gone(int(started.read_text())))


def _is_gone(pid: int) -> bool:
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True


def test_programs_end_when_the_launcher_is_killed(tmp_path: Path) -> None:
    launcher = (
        "import os, signal, sys, pathlib\n"
        "from launcher.processes import Program\n"
        f"program = Program('web', {SLEEPER!r}, dict(os.environ), pathlib.Path({str(tmp_path / 'web.log')!r}))\n"
        "program.start()\n"
        "print(program.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", launcher], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert wait_until(lambda: _is_gone(int(done.stdout)))


def test_what_a_killed_launcher_left_is_ended_by_its_mark() -> None:
    mark = f"test-{os.getpid()}"
    left = subprocess.Popen(SLEEPER, env=os.environ | {MARK: mark}, start_new_session=True)
    wait_until(lambda: mark.encode() in Path(f"/proc/{left.pid}/environ").read_bytes())
    assert end_leftovers("another mark") == 0
    assert left.poll() is None
    assert end_leftovers(mark) == 1
    assert left.wait() == -signal.SIGTERM


def test_the_socket_folder_is_short_and_steady(monkeypatch, tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    folder = socket_folder("0123456789ab")
    assert len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER
    assert folder == socket_folder("0123456789ab")


def test_a_lock_file_with_the_number_of_a_stranger_is_no_running_server(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "data", tmp_path / "s", tmp_path / "log")
    cluster.data.mkdir()
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n")
    assert cluster.pid() is None
    (cluster.data / "postmaster.pid").write_text("")
    assert cluster.pid() is None


def test_a_killed_server_starts_again_with_its_data_and_a_running_one_is_adopted(tmp_path: Path) -> None:
    sockets = socket_folder(f"t{os.getpid()}")
    cluster = Cluster(tmp_path / "data", sockets, tmp_path / "log", settings=THROW_AWAY | {"fsync": "off"})
    url = cluster.url_as(SUPERUSER, "postgres")
    with kept_running(cluster, tmp_path / "users") as how:
        assert how == "started"
        identity = prepare_embedded(url, "messervices")
        assert prepare_embedded(url, "messervices") == identity
        with kept_running(cluster, tmp_path / "users") as again:
            assert again == "adopted"
        assert cluster.pid(), "the first user still needs it"
        with psycopg.connect(cluster.url) as connection:
            assert connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (
                False,
            )
            for role in ROLES:
                connection.execute(f"set role {role}")
        os.kill(cluster.pid() or 0, signal.SIGKILL)
        assert wait_until(lambda: cluster.pid() is None)
        assert cluster.start() == "started"
        assert prepare_embedded(url, "messervices") == identity
    assert cluster.pid() is None
    assert not sockets.exists()


def test_translations_are_compiled_when_older_and_a_broken_one_is_named(tmp_path: Path) -> None:
    po = tmp_path / "messervices" / "room" / "locale" / "en" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Bonjour"\nmsgstr "Hello"\n')
    assert stale(tmp_path) == [po]
    compile_all([po])
    assert po.with_suffix(".mo").exists()
    assert stale(tmp_path) == []
    po.write_text(po.read_text() + "msgid nonsense\n")
    with pytest.raises(LaunchError, match=r"django\.po, line"):
        compile_all([po])


def test_the_spelling_check_reads_comments_and_docstrings_alone() -> None:
    source = '"""Why."""\nx = "adresse"  # because\n\ndef f():\n    """Say\n    it."""\n    return "reste"\n'
    assert english_of(source).splitlines()[:6] == ['"""Why."""', "# because", "", "", '    """Say', '    it."""']
    assert "reste" not in english_of(source)


def test_the_verdicts_of_the_checks_reach_the_summary(tmp_path: Path) -> None:
    good = perform(Check("good", ("-c", "pass")), dict(os.environ))
    bad = perform(Check("bad", ("-c", "print('broken here'); raise SystemExit(1)")), dict(os.environ))
    write_verdicts([good, bad], tmp_path / "verdicts.json")
    found = read_verdicts(tmp_path / "verdicts.json")
    assert found is not None
    assert [verdict.passed for verdict in found] == [True, False]
    lines = summary(found)
    assert "broken here" in lines
    assert lines[-1] == "checks: 1 ok, 1 failed"
