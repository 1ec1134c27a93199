"""Files made to hurt, or broken beyond reading: each is refused by name, without hurting."""

from __future__ import annotations

import io
import os
import random
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from service.sources.sheet.child import run_in_child
from service.sources.sheet.containers import container_of, open_grid
from service.sources.sheet.faults import MESSAGES, UnreadableFile
from service.sources.sheet.grid import Bounds, Choices
from tests.sources.sheet.files import EXPORTS, a_row, an_ods, an_xls, an_xlsb, an_xlsx, score, sheet_of, text_cell

HEAD = a_row(1, text_cell("A1", "Email"), text_cell("B1", "Status"))


def refusal(path: Path, bounds: Bounds | None = None) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as refused:
        list(open_grid(path, Choices(), score, bounds).rows())
    assert refused.value.code in MESSAGES
    return refused.value


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
        (b"GIF89a" + bytes(50), "GIF"),
        (b"{\\rtf1\\ansi}", "Word"),
        (b"\x1f\x8b\x08" + bytes(50), "gzip"),
        (b"Rar!\x1a\x07\x00", "RAR"),
        (b"SQLite format 3\x00", "database"),
        (b"\x7fELF\x02\x01", "program"),
        (b'{"transaction": "HP1"}', "JSON"),
        (b'\xef\xbb\xbf [\n {"a": 1}]', "JSON"),
        (b'<?xml version="1.0"?><feed/>', "XML"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "Excel 2003"),
        (b"MIME-Version: 1.0\nX-Document-Type: Workbook\n", "MHTML"),
        (b"\x09\x04\x06\x00" + bytes(50), "Excel 2 to 4"),
        (bytes(9_000), "binary"),
        (random.Random(2).randbytes(5000), "binary"),
    ],
)
def test_a_file_that_is_no_spreadsheet_is_told_what_it_looks_like(tmp_path: Path, content: bytes, named: str):
    fault = refusal(written(tmp_path, content))
    assert fault.code == "unknown_container"
    assert named in fault.message


@pytest.mark.parametrize(
    ("part", "content", "named"),
    [
        ("word/document.xml", "<w/>", "Word"),
        ("ppt/presentation.xml", "<p/>", "presentation"),
        ("Index/Document.iwa", "x", "Numbers"),
        ("mimetype", "application/vnd.oasis.opendocument.text", "ODT"),
        ("mimetype", "application/epub+zip", "e-book"),
        ("vendas.csv", "Email\na\n", "zip archive"),
    ],
)
def test_an_archive_that_is_no_workbook_is_told_what_it_looks_like(tmp_path: Path, part: str, content: str, named: str):
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        archive.writestr(part, content)
    fault = refusal(tmp_path / "a")
    assert fault.code == "unknown_container"
    assert named in fault.message


def test_an_old_office_file_without_a_workbook_is_told_what_it_looks_like(tmp_path: Path):
    fault = refusal(renamed_stream(tmp_path, "WordDocument"))
    assert (fault.code, fault.facts["looks_like"]) == ("unknown_container", "a Word document")


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"PK\x05\x06" + bytes(18)])
def test_nothing_at_all_is_an_empty_file(tmp_path: Path, content: bytes):
    assert refusal(written(tmp_path, content)).code == "empty_file"


def test_one_cell_in_the_last_corner_of_a_sheet_is_refused_with_its_place(tmp_path: Path):
    path = an_xlsx(tmp_path / "a", sheet_of(HEAD, a_row(1_048_576, '<c r="XFD1048576"><v>1</v></c>')))
    assert path.stat().st_size < 2_000
    fault = refusal(path)
    assert (fault.code, fault.facts) == ("far_cell", {"cell": "XFD1048576"})


@pytest.mark.parametrize(
    "far",
    [
        "<row><c r='XFD1048576'><v>1</v></c></row>",
        '<row r="1"><c s="1" r="XFD1048576"><v>1</v></c></row>',
        '<row r="2"><c r="XFD2"><v>1</v></c></row><row r="999999"><c r="A999999"><v>1</v></c></row>',
    ],
)
def test_a_far_cell_is_found_however_its_row_is_written(tmp_path: Path, far: str):
    assert refusal(an_xlsx(tmp_path / "a", sheet_of(HEAD, far))).code == "far_cell"


@pytest.mark.parametrize("sheet", [0, 1, 2])
def test_a_far_cell_is_found_on_any_sheet(tmp_path: Path, sheet: int):
    sheets = [sheet_of(HEAD)] * 3
    sheets[sheet] = sheet_of(HEAD, '<row r="9"><c r="XFD1048576"><v>1</v></c></row>')
    assert refusal(an_xlsx(tmp_path / "a", *sheets)).code == "far_cell"


@pytest.mark.parametrize("padding", range(0, 120, 7))
def test_a_far_cell_is_found_where_two_pieces_of_the_part_meet(tmp_path: Path, padding: int):
    filler = "<!--" + "x" * ((1 << 20) - 300 - padding) + "-->"
    far = '<row r="9"><c r="XFD1048576"><v>1</v></c></row>'
    assert refusal(an_xlsx(tmp_path / "a", sheet_of(HEAD, filler, far * 3))).code == "far_cell"


@pytest.mark.parametrize("rows", [1, 3_000, 52_428, 52_429, 52_430, 60_000])
def test_a_far_cell_of_a_binary_workbook_is_refused_wherever_its_pieces_meet(tmp_path: Path, rows: int):
    many = [(row, {0: "a@example.com", 1: row * 0.5}) for row in range(rows)]
    whole = an_xlsb(tmp_path / "a", (0, {0: "Email", 1: "Valor"}), *many, (1_000_000, {5: 1.5}))
    assert container_of(whole, Bounds()) == "xlsb"
    fault = refusal(an_xlsb(tmp_path / "b", (0, {0: "Email", 1: "Valor"}), *many, (1_048_575, {16_383: 1.5})))
    assert (fault.code, fault.facts["cell"]) == ("far_cell", "row 1048576, column 16384")


def test_a_binary_workbook_with_flipped_bytes_is_read_or_refused_but_never_breaks_us(tmp_path: Path):
    chance = random.Random(8)
    sheet = [(row, {0: f"a{row}@example.com", 1: row * 0.5}) for row in range(1, 40)]
    with zipfile.ZipFile(an_xlsb(tmp_path / "whole", (0, {0: "Email", 1: "Valor"}), *sheet)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for turn in range(12):
        broken = bytearray(parts["xl/worksheets/sheet1.bin"])
        for _ in range(12):
            broken[chance.randrange(3, len(broken))] = chance.randrange(256)
        path = tmp_path / f"broken{turn}"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in {**parts, "xl/worksheets/sheet1.bin": bytes(broken)}.items():
                archive.writestr(name, content)
        arguments = {"path": str(path), "choices": {}, "identity": {}}
        try:
            rows = list(run_in_child("service.sources.sheet.entry.stage", arguments))
        except UnreadableFile as refused:
            code = refused.code
        else:
            code = "none" if rows else "neither read nor refused"
        assert code in (*MESSAGES, "none")


def test_a_filled_row_repeated_a_million_times_is_refused(tmp_path: Path):
    path = an_ods(tmp_path / "a", ["Email"] * 40, filled_repeats=1_000_000)
    assert refusal(path).code == "far_cell"


def test_an_opendocument_sheet_with_an_entity_is_refused(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    assert refusal(tmp_path / "a").code == "zip_bomb"


def test_a_cell_of_hundreds_of_megabytes_is_refused_in_little_memory(tmp_path: Path):
    path = tmp_path / "a"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(200):
                part.write(b"a" * (1 << 20))
    tracemalloc.start()
    fault = refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fault.code == "zip_bomb"
    assert peak < 16 << 20


def test_a_part_that_lies_about_its_size_is_measured_all_the_same(tmp_path: Path):
    path = an_xlsx(tmp_path / "a", sheet_of(HEAD, "<!--" + " " * (5 << 20) + "-->"))
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"xl/worksheets/sheet1.xml") - 46  # its line in the directory at the end
    content[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    fault = refusal(written(tmp_path, bytes(content)), Bounds(ratio_from=1 << 20))
    assert fault.code == "zip_bomb"


def test_an_archive_of_thousands_of_parts_is_refused(tmp_path: Path):
    parts = {f"p{n}": "x" for n in range(2_100)}
    assert refusal(an_xlsx(tmp_path / "a", sheet_of(HEAD), **parts)).code == "zip_bomb"


def test_an_encrypted_archive_is_password_protected(tmp_path: Path):
    content = bytearray(an_xlsx(tmp_path / "a", sheet_of(HEAD)).read_bytes())
    entry = content.rindex(b"xl/worksheets/sheet1.xml") - 46
    content[entry + 8] |= 1
    assert refusal(written(tmp_path, bytes(content))).code == "password_protected"


def renamed_stream(tmp_path: Path, name: str) -> Path:
    """An OLE file whose only stream has another name."""
    content = an_xls(tmp_path / "plain", *([["Email", "Status"]] * 300)).read_bytes()

    def entry(name: str) -> bytes:
        return name.encode("utf-16-le").ljust(64, b"\0") + (2 * len(name) + 2).to_bytes(2, "little")

    assert entry("Workbook") in content
    return written(tmp_path, content.replace(entry("Workbook"), entry(name)))


def test_a_password_protected_xlsx_is_refused_by_name(tmp_path: Path):
    assert refusal(renamed_stream(tmp_path, "EncryptedPackage")).code == "password_protected"


def test_a_password_protected_xls_is_refused_by_name(tmp_path: Path):
    content = bytearray(an_xls(tmp_path / "plain", *([["Email", "Status"]] * 300)).read_bytes())
    second_record = content.index(b"\x09\x08\x10\x00") + 20
    content[second_record : second_record + 2] = b"\x2f\x00"
    assert refusal(written(tmp_path, bytes(content))).code == "password_protected"


@pytest.mark.parametrize("name", ["sales-pt.xlsx", "sales-pt-legacy-ooxml.xls", "sales-pt-legacy.xls"])
@pytest.mark.parametrize("tenths", range(1, 10))
def test_a_workbook_that_was_cut_off_anywhere_is_refused(tmp_path: Path, name: str, tenths: int):
    content = (EXPORTS / name).read_bytes()
    assert refusal(written(tmp_path, content[: len(content) * tenths // 10])).code == "truncated"


def test_a_long_xls_that_was_cut_off_near_its_end_is_refused(tmp_path: Path):
    content = an_xls(tmp_path / "plain", *([["Email", "Status", n] for n in range(3_000)])).read_bytes()
    for missing in (1_000, 5_000, 50_000):
        assert refusal(written(tmp_path, content[:-missing])).code == "truncated"


def test_an_opendocument_sheet_that_was_cut_off_is_refused(tmp_path: Path):
    content = an_ods(tmp_path / "whole", ["Email"], ["a"]).read_bytes()
    assert refusal(written(tmp_path, content[: len(content) // 2])).code == "truncated"


def test_a_workbook_with_flipped_bytes_is_read_or_refused_but_never_breaks_the_reader(tmp_path: Path):
    chance = random.Random(7)
    for name in ("sales-pt.xlsx", "sales-pt-legacy-html.xls", "sales-pt.csv"):
        whole = (EXPORTS / name).read_bytes()
        for _ in range(60):
            content = bytearray(whole)
            for _ in range(chance.choice((1, 3, 30))):
                content[chance.randrange(len(content))] = chance.randrange(256)
            read_or_refused(written(tmp_path, bytes(content)))


def test_an_old_workbook_with_flipped_bytes_is_read_or_refused_but_never_breaks_us(tmp_path: Path):
    chance = random.Random(8)
    whole = (EXPORTS / "sales-pt-legacy.xls").read_bytes()
    for _ in range(12):
        content = bytearray(whole)
        for _ in range(30):
            content[chance.randrange(len(content))] = chance.randrange(256)
        arguments = {"path": str(written(tmp_path, bytes(content))), "choices": {}, "identity": {}}
        try:
            rows = list(run_in_child("service.sources.sheet.entry.stage", arguments))
        except UnreadableFile as refused:
            code = refused.code
        else:
            code = "none" if rows else "neither read nor refused"
        assert code in (*MESSAGES, "none")


def test_a_far_cell_of_an_old_workbook_is_refused_with_its_place(tmp_path: Path):
    content = an_xls(tmp_path / "plain", *([["Email", n] for n in range(300)])).read_bytes()
    number = struct.pack("<HHHH", 0x027E, 10, 299, 1)  # the head of the last cell: an RK number
    assert content.count(number) == 1
    far = struct.pack("<HHHH", 0x027E, 10, 65_535, 65_535)
    fault = refusal(written(tmp_path, content.replace(number, far)))
    assert (fault.code, fault.facts["cell"]) == ("far_cell", "row 65536, column 65536")


def read_or_refused(path: Path) -> None:
    try:
        rows = list(open_grid(path, Choices(), score).rows())
    except UnreadableFile as refused:
        code = refused.code
    else:
        code = "none" if rows else "neither read nor refused"
    assert code in (*MESSAGES, "none")


@pytest.mark.parametrize(
    "tag", ["<div>", "<table><tr><td>", "<b ", "<b a='", "<!--", "<![CDATA[", "<?", "<script>", "<", "&#"]
)
def test_deep_or_endless_mark_up_is_refused(tmp_path: Path, tag: str):
    assert refusal(written(tmp_path, b"<html>" + tag.encode() * 20_000)).code in ("no_header", "truncated")


def test_an_endless_character_number_is_no_character(tmp_path: Path):
    page = f"<table><tr><th>Email<tr><td>a&#{'9' * 100_000};b&#233;</table>"
    assert next(open_grid(written(tmp_path, page.encode()), Choices(), score).rows())[1] == ["a\ufffd;bé"]


def test_a_page_with_a_deep_table_is_still_read(tmp_path: Path):
    page = "<div>" * 50_000 + "<table><tr><td>Email<tr><td>a@example.com</table>"
    assert len(list(open_grid(written(tmp_path, page.encode()), Choices(), score).rows())) == 1


def test_random_bytes_behind_every_known_beginning_are_refused(tmp_path: Path):
    chance = random.Random(3)
    for start in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<html><table>", b"<table><tr><td>"):
        for size in (0, 10, 600, 5_000):
            refusal(written(tmp_path, start + chance.randbytes(size)))


def test_a_message_can_be_filled_in_for_every_code():
    for code, message in MESSAGES.items():
        assert message.count("{") == message.count("}"), code
        assert message.endswith("."), code


def test_the_path_of_the_file_is_in_no_message(tmp_path: Path):
    for content in (b"%PDF", b"PK\x03\x04xx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", io.BytesIO(b"a;b").getvalue()):
        assert os.fspath(tmp_path) not in refusal(written(tmp_path, content)).message
