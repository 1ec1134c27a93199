"""PostgreSQL goes away under load and comes back: 503 meanwhile, then everything is there."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import psycopg
import pytest
from sqlalchemy import Connection, event, text

from service.store import clients
from tests.living import House
from tests.running.machine import ask, eventually, kill_all
from tests.stories.evidence import (
    EXPORTED_AT,
    an_export_of,
    assert_each_once,
    assert_every_row_has_a_fate,
    assert_nothing_private_was_said,
    postbacks,
    settles,
)
from tests.stories.running_house import Line, RunningHouse, a_request, door_of
from tests.stories.storm import Storm
from workers import uploads

pytestmark = pytest.mark.running

PAGES = ("/clients?page_size=5", "/purchases?page_size=5", "/deliveries?page_size=5", "/imports", "/balance")


def test_a_restarted_postgres_costs_only_503_and_nobody_has_to_help(running: RunningHouse) -> None:
    house, bodies = running.an_account(), postbacks(1200)
    import_id = running.uploads(house, "vendas.csv", an_export_of(1500), EXPORTED_AT)
    pages = [*PAGES, delivery_of(running, house)]
    programs = everybody(running)
    with (
        readers(running, house, pages) as read,
        Storm(running.port, [door_of(house)(body) for body in bodies], seconds=9) as storm,
    ):
        time.sleep(0.5)
        restart(running)
        running.imported(house, import_id, "ready")
        running.confirms(house, import_id)
        time.sleep(1)
        kill_all([running.postgres_server()])
        time.sleep(2)
        eventually(lambda: kill_a_backend(running), "no backend of a worker to kill")
        running.stops_postgres()
        eventually(lambda: storm.statuses[503], "the door waits for ever for a PostgreSQL that is away")
        running.revive()
    imported = running.imported(house, import_id, "completed")
    books = settles(running, house)
    assert set(storm.statuses) == {200, 503}, storm.statuses
    assert set(read) == {200, 503}, read
    assert not storm.unheard
    assert_each_once(house, [*bodies, FIRST])
    assert books["sheet"]["applied"] == 1500
    assert_every_row_has_a_fate(imported, 1500)
    assert everybody(running) == programs, "a process ended because PostgreSQL was away"
    assert_nothing_private_was_said(running)


def test_a_connection_cut_in_the_middle_of_a_page_is_a_503(running: RunningHouse) -> None:
    house = running.an_account()
    page = delivery_of(running, house)
    assert house.get(page)["state"]
    engine = running.app.extensions["marco"].engine

    def cut(connection: Connection, _cursor: object, statement: object, *_: object) -> None:
        """The delivery was read; the connection does not live to see its facts."""
        if "FROM deliveries" not in str(statement):
            return
        event.remove(engine, "after_cursor_execute", cut)
        pid = connection.connection.driver_connection.info.backend_pid
        ask(running.settings.database_url, f"SELECT pg_terminate_backend({pid}, 5000)")

    event.listen(engine, "after_cursor_execute", cut)
    answer = house.client.get(f"/api/v1{page}", headers=house.bearer)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "30"
    assert house.client.get(f"/api/v1{page}", headers=house.bearer).status_code == 200


@pytest.mark.parametrize("past_sqlalchemy", [False, True])
def test_a_question_that_takes_the_database_too_long_is_a_503(
    running: RunningHouse, monkeypatch: pytest.MonkeyPatch, past_sqlalchemy: bool
) -> None:
    house = running.an_account()

    def slow(tx: Connection, *_: object, **__: object) -> None:
        tx.execute(text("SET LOCAL statement_timeout = 20"))
        if past_sqlalchemy:
            tx.connection.driver_connection.execute("SELECT pg_sleep(60)")
        tx.execute(text("SELECT pg_sleep(60)"))

    monkeypatch.setattr(clients, "listed", slow)
    answer = house.client.get("/api/v1/clients", headers=house.bearer)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")


def test_a_file_is_never_given_up_because_the_database_was_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = house.upload_answer("sales-pt.csv")
    for _ in range(2 * uploads.MOST_ATTEMPTS):
        with monkeypatch.context() as patch:
            patch.setattr(uploads, "_do", the_connection_is_lost)
            with pytest.raises(psycopg.OperationalError):
                house.files()
    house.files()
    assert house.get(f"/imports/{answer.get_json()['id']}")["status"] == "ready"


def the_connection_is_lost(*_: object) -> None:
    raise psycopg.OperationalError("server closed the connection unexpectedly")


FIRST = postbacks(1201)[-1]


def delivery_of(running: RunningHouse, house: House) -> str:
    """The page of one delivery, which reads facts past SQLAlchemy."""
    assert Line(running.port).ask(door_of(house)(FIRST)).status == 200
    (found,) = running.api(house, "/deliveries").json()
    return f"/deliveries/{found['id']}"


def everybody(running: RunningHouse) -> set[int]:
    """The processes of web and workers."""
    return {one.pid for program in running.programs() for one in [program, *program.children()]}


def restart(running: RunningHouse) -> None:
    """What `pg_ctl restart` does: connections are cut, what was open is rolled back; the keeper starts it again."""
    old = running.postgres_server()
    old.send_signal(signal.SIGINT)
    old.wait(30)


def kill_a_backend(running: RunningHouse) -> bool:
    """`kill -9` of one server process, as an out-of-memory killer does: PostgreSQL then cuts off all the others."""
    try:
        found = ask(
            running.settings.database_url,
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'marco-worker' LIMIT 1",
        )
    except Exception as fault:  # noqa: BLE001  # it may be on its way back from the blow before
        print(type(fault).__name__)
        return False
    kill_all([psutil.Process(int(str(pid))) for (pid,) in found])
    return bool(found)


@contextmanager
def readers(running: RunningHouse, house: House, pages: list[str]) -> Iterator[Counter[int]]:
    """Somebody reads the API all the while; the statuses they got."""
    statuses: Counter[int] = Counter()
    ending = threading.Event()

    def read() -> None:
        line = Line(running.port)
        while not ending.wait(0.02):
            for page in pages:
                statuses[line.ask(a_request("GET", f"/api/v1{page}", house.bearer)).status] += 1
        line.close()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield statuses
    finally:
        ending.set()
        thread.join()
