"""Row 9: how soon an acknowledged postback can be read in the ledger while a spreadsheet pours in."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from service.queues import Lane
from tests.benchmarks.events import NUMBER, request_template
from tests.benchmarks.house import Failed, House, Program, Seller
from tests.benchmarks.office import Office, seconds_of
from tests.benchmarks.result import Line, Series, figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.sheets import written_csv

LOOK_SECONDS = 0.01
CALM_SECONDS = 5.0
LONGEST_IDLE = 5.0
VISIBLE = "SELECT transaction FROM purchases WHERE account_id = %s AND transaction = ANY(%s)"


@dataclass(slots=True)
class Journey:
    """One postback; moments of the monotonic clock. `due` is when the schedule wanted it sent, sent or not."""

    due: float
    acked: float = 0.0
    visible: float = 0.0


@dataclass(slots=True)
class Stream:
    """Postbacks at a fixed rate, whatever the door does: a slow answer delays no other post (open loop)."""

    port: int
    seller: Seller
    conninfo: str
    rate: int
    first: int
    journeys: dict[int, Journey] = field(default_factory=dict)
    refused: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = field(default_factory=list)

    def run(self) -> None:
        """Post until `ended`, then wait until all is visible."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        pieces = request_template(self.seller.key).split(NUMBER)
        looking = asyncio.create_task(self._look())
        posts: list[asyncio.Task[None]] = []
        begun = time.monotonic()
        while not self.ended.is_set():
            number = self.first + len(posts)
            due = begun + len(posts) / self.rate
            self.journeys[number] = Journey(due)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            posts.append(asyncio.create_task(self._post(number, (b"%012d" % number).join(pieces))))
        await asyncio.gather(*posts)
        await asyncio.wait_for(looking, 60)
        for _, writer, _ in self.idle:
            writer.close()

    async def _post(self, number: int, request: bytes) -> None:
        reader, writer = await self._connection()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        self.journeys[number].acked = time.monotonic()
        self.refused += head[9:12] != b"200"
        await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
        self.idle.append((reader, writer, time.monotonic()))

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The kept-alive connection used last; those idle for long are left: the door closes them after 15 s."""
        while self.idle:
            reader, writer, since = self.idle.pop()
            if time.monotonic() - since < LONGEST_IDLE:
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def _look(self) -> None:
        """Ask again and again which acknowledged purchases can be read, over a connection of its own."""
        async with await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True) as reading:
            while not (self.ended.is_set() and all(one.visible for one in self.journeys.values())):
                waiting = [f"HP1{number:012d}" for number, one in self.journeys.items() if not one.visible]
                cursor = await reading.execute(VISIBLE, (self.seller.id, waiting))
                found, now = await cursor.fetchall(), time.monotonic()
                for (transaction,) in found:
                    self.journeys[int(transaction.removeprefix("HP1"))].visible = now
                await asyncio.sleep(LOOK_SECONDS)

    def waits(self, since: float, until: float) -> list[float]:
        """Seconds from acknowledgement to visibility of what was due in that stretch, shortest first."""
        chosen = [one for one in self.journeys.values() if since <= one.due < until]
        return sorted(max(0.0, one.visible - one.acked) for one in chosen)

    def answers(self, since: float, until: float) -> list[float]:
        """Seconds from the scheduled moment to the acknowledgement, shortest first."""
        return sorted(one.acked - one.due for one in self.journeys.values() if since <= one.due < until)


def beside_an_import(house: House, scale: Scale, folder: Path) -> Line:
    """Row 9. The same account receives postbacks at a fixed rate and pours a large file, all workers running."""
    path = written_csv(folder, scale.rows_beside_postbacks)
    worst, calm, notes = [], [], []
    for place in range(scale.rounds):
        house.empty()
        busy, quiet, note = _round(house, scale, path, first=(place + 1) * 10**9)
        worst.append(busy)
        calm.append(quiet)
        notes.append(note)
    return Line(
        9,
        f"ack-to-visible p99 at {scale.postbacks_per_second} events/s while a "
        f"{scale.rows_beside_postbacks:,}-row import runs",
        Series("s", worst),
        reach="≤ 1 s",
        most=1.0,
        besides=(f"without the import: p99 {Series('s', calm)}", *notes[-1:]),
    )


def _round(house: House, scale: Scale, path: Path, first: int) -> tuple[float, float, str]:
    with _everything(house) as web:
        seller = house.seller()
        at_the_api = Office(web.port, seller)
        import_id = at_the_api.uploaded(path)
        stream = Stream(web.port, seller, house.conninfo, scale.postbacks_per_second, first)
        with _flowing(stream):
            began = time.monotonic() + 1.0
            time.sleep(1.0 + CALM_SECONDS)
            confirmed = time.monotonic()
            at_the_api.confirm(import_id)
            completed = at_the_api.completed(import_id)
            ended = time.monotonic()
    busy, calm = stream.waits(confirmed, ended), stream.waits(began, confirmed)
    acks = stream.answers(confirmed, ended)
    note = (
        f"{len(busy)} postbacks during {seconds_of(completed):.1f} s of import: visible after "
        f"{figure(_share(busy, 0.5) * 1000)} ms (p50), {figure(busy[-1] * 1000)} ms (worst); acknowledged after "
        f"{figure(_share(acks, 0.5) * 1000)} ms (p50), {figure(_share(acks, 0.99) * 1000)} ms (p99) of the moment "
        "they were due"
    )
    return _share(busy, 0.99), _share(calm, 0.99), note


@contextmanager
def _everything(house: House) -> Iterator[Program]:
    """Web and one worker per lane; the web."""
    with house.web() as web, house.worker(Lane.REALTIME), house.worker(Lane.FILES), house.worker(Lane.BULK):
        yield web


@contextmanager
def _flowing(stream: Stream) -> Iterator[None]:
    """The stream flows until the block ends. Raises Failed unless every postback was accepted and became visible."""
    posting = threading.Thread(target=stream.run, name="postbacks")
    posting.start()
    try:
        yield
    finally:
        stream.ended.set()
        posting.join()
    lost = sum(not one.visible for one in stream.journeys.values())
    if stream.refused or lost:
        raise Failed(f"{stream.refused} postbacks were refused, {lost} never became visible")


def _share(ordered: list[float], share: float) -> float:
    """The value below which that share lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
