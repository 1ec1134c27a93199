"""The parts of the benchmarks that can be wrong without anybody noticing."""

from __future__ import annotations

import csv

import orjson
import pytest

from service.samples.sheets import HEADERS
from tests.benchmarks import report
from tests.benchmarks.events import NUMBER, request_template, traffic
from tests.benchmarks.result import Line, Series
from tests.benchmarks.sheets import written_csv


def posted(number: int):
    request = (b"%012d" % number).join(request_template("a-key").split(NUMBER))
    head, _, body = request.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    return orjson.loads(body)


def test_every_post_of_a_load_is_another_event_sale_and_buyer():
    one, other = posted(7), posted(8)
    assert one["id"] != other["id"]
    assert one["data"]["purchase"]["transaction"] != other["data"]["purchase"]["transaction"]
    assert one["data"]["buyer"]["email"] != other["data"]["buyer"]["email"]


def test_drained_traffic_repeats_no_event_and_comes_in_the_order_it_happened():
    events = traffic(500)
    assert len({event["id"] for event in events}) == len(events) == 500
    moments = [event.get("creation_date") or event["creationDate"] for event in events]
    assert moments == sorted(moments)


def test_an_imported_file_has_the_detailed_models_columns_and_no_code_twice(tmp_path):
    with written_csv(tmp_path, 300).open(encoding="utf-8-sig", newline="") as reading:
        rows = list(csv.DictReader(reading, delimiter=";"))
    assert tuple(rows[0]) == HEADERS
    assert len(HEADERS) == 63
    assert len({row["Código da transação"] for row in rows}) == len(rows) == 300


def a_line(ours: float, theirs: float, **limits: float) -> Line:
    return Line(1, "ours over theirs", Series("a/s", [ours]), Series("b/s", [theirs]), **limits)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (a_line(5, 10, least=0.5), "yes"),
        (a_line(4, 10, least=0.5), "**no**"),
        (a_line(15, 10, most=1.5), "yes"),
        (a_line(16, 10, most=1.5), "**no**"),
        (a_line(15, 10, most=1.5, also_reached=False), "**no**"),
        (a_line(16, 10), "-"),
    ],
)
def test_a_line_says_whether_its_limit_was_reached(line, verdict):
    assert line.verdict == verdict


def test_a_ratio_is_that_of_the_medians():
    assert Line(1, "x", Series("", [1, 100, 30]), Series("", [3, 2, 90])).value == 10


def test_what_people_wrote_on_the_page_survives_the_next_run(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"# Ours\n{report.BEGIN}\nold\n{report.END}\n## Findings\nby hand\n", "utf-8")
    report.write("new", page)
    assert page.read_text("utf-8") == f"# Ours\n{report.BEGIN}\nnew\n{report.END}\n## Findings\nby hand\n"


def test_a_page_without_its_marks_is_left_as_it_is(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text("# Somebody else's\n", "utf-8")
    with pytest.raises(ValueError, match="lost its marks"):
        report.write("new", page)
    assert page.read_text("utf-8") == "# Somebody else's\n"
