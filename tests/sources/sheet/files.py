"""Building spreadsheets of every container, whole and broken, and what the tests call a known header."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

EXPORTS = Path(__file__).parents[2] / "reference" / "exports"
EXPECTED = json.loads((EXPORTS / "expected.json").read_text())

KNOWN = frozenset(
    (
        *("email", "email do(a) comprador(a)", "buyer email", "buyer e-mail", "email del comprador(a)"),
        *("status", "status da transação", "transaction status", "estatus", "estatus de la transacción"),
        *("transação", "código da transação", "transaction code", "transacción", "código de la transacción"),
        *("produto", "nome do produto", "product", "product name", "producto"),
        *("nome", "cliente", "name", "valor", "amount", "data", "date"),
    )
)


def score(headers: list[str]) -> float:
    """How many headers are known: the reading side only needs some judge, not the real one."""
    return float(sum(header.lower() in KNOWN for header in headers))


def nothing_known(headers: list[str]) -> float:
    return 0.0


def an_xlsx(path: Path, *sheets: str, names: tuple[str, ...] = (), **parts: str) -> Path:
    """A workbook from the XML between `<worksheet>` tags, as small as XLSX can be."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    numbered = list(enumerate(sheets, 1))
    labels = dict(enumerate(names, 1))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r" Type="{relations}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(f'<sheet name="{labels.get(n, f"S{n}")}" sheetId="{n}" r:id="r{n}"/>' for n, _ in numbered)
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{listed}</sheets></workbook>',
        )
        targets = "".join(
            f'<Relationship Id="r{n}" Type="{relations}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n, _ in numbered
        )
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}">{targets}</Relationships>')
        for n, sheet in numbered:
            archive.writestr(f"xl/worksheets/sheet{n}.xml", f'<worksheet xmlns="{main}">{sheet}</worksheet>')
        for name, content in parts.items():
            archive.writestr(f"xl/{name}.xml", content)
    return path


def text_cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def sheet_of(*rows: str, dimension: str = "A1") -> str:
    return f'<dimension ref="{dimension}"/><sheetData>{"".join(rows)}</sheetData>'


def a_row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def an_xls(path: Path, *rows: list[object]) -> Path:
    """A BIFF8 workbook."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet0")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    out = io.BytesIO()
    book.save(out)
    path.write_bytes(out.getvalue())
    return path


def an_ods(path: Path, *rows: list[str | float], filled_repeats: int = 1) -> Path:
    """An OpenDocument sheet, ending as office programs end them: in a million blank rows."""
    document = OpenDocumentSpreadsheet()
    table = Table(name="Vendas")
    for values in rows:
        row = TableRow(numberrowsrepeated=filled_repeats)
        for value in values:
            is_text = isinstance(value, str)
            cell = TableCell(valuetype="string") if is_text else TableCell(valuetype="float", value=value)
            cell.addElement(P(text=str(value)))
            row.addElement(cell)
        row.addElement(TableCell(numbercolumnsrepeated=16000))
        table.addElement(row)
    blank = TableRow(numberrowsrepeated=1_048_000)
    blank.addElement(TableCell(numbercolumnsrepeated=16_384))
    table.addElement(blank)
    document.spreadsheet.addElement(table)
    document.save(str(path))
    return path


def _record(kind: int, content: bytes = b"") -> bytes:
    """A record of a binary workbook: kind and length in sevens of bits, then the content."""
    return _sevens(kind) + _sevens(len(content)) + content


def _sevens(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + _sevens(number >> 7)


def _wide(text: str) -> bytes:
    written = text.encode("utf-16-le")
    return struct.pack("<I", len(written) // 2) + written


BinaryCell = str | float | datetime | bool | None


def _binary_cell(column: int, value: BinaryCell, texts: list[str]) -> bytes:
    style = 1 if isinstance(value, datetime) else 0
    head = struct.pack("<II", column, style)
    if value is None:
        return _record(1, head)
    if isinstance(value, bool):
        return _record(4, head + bytes([value]))
    if isinstance(value, str):
        texts.append(value)
        return _record(7, head + struct.pack("<I", len(texts) - 1))
    if isinstance(value, datetime):
        value = (value - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001  # cells have no zone
    return _record(5, head + struct.pack("<d", value))


def an_xlsb(path: Path, *rows: tuple[int, dict[int, BinaryCell]]) -> Path:
    """A binary workbook of one sheet after [MS-XLSB]: rows and columns from 0. A date gets a date format."""
    texts: list[str] = []
    data = b"".join(
        _record(0, struct.pack("<IIHHBI", row, 0, 300, 0, 0, 0))
        + b"".join(_binary_cell(column, value, texts) for column, value in cells.items())
        for row, cells in rows
    )
    extent = struct.pack("<IIII", 0, max(row for row, _ in rows), 0, max(max(cells) for _, cells in rows))
    sheet = b"".join((_record(129), _record(148, extent), _record(145), data, _record(146), _record(130)))
    listed = _record(156, struct.pack("<II", 0, 1) + _wide("r1") + _wide("Vendas"))
    book = b"".join((_record(131), _record(143), listed, _record(144), _record(132)))
    # Two formats of cells: none, and number 22, the built-in date with a time.
    formats = b"".join(_record(47, struct.pack("<HH", 0xFFFF, number) + bytes(12)) for number in (0, 22))
    styles = b"".join((_record(278), _record(617, struct.pack("<I", 2)), formats, _record(618), _record(279)))
    listing = b"".join(_record(19, b"\0" + _wide(text)) for text in texts)
    strings = _record(159, struct.pack("<II", len(texts), len(texts))) + listing + _record(160)
    parts = {"workbook": book, "worksheets/sheet1": sheet, "styles": styles, "sharedStrings": strings}
    return _packed(path, parts)


def _packed(path: Path, parts: dict[str, bytes]) -> Path:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="bin" '
            'ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" Type="{kinds}/officeDocument" '
            'Target="xl/workbook.bin"/></Relationships>',
        )
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="r1" Type="{kinds}/worksheet" Target="worksheets/sheet1.bin"/>'
            f'<Relationship Id="r2" Type="{kinds}/styles" Target="styles.bin"/>'
            f'<Relationship Id="r3" Type="{kinds}/sharedStrings" Target="sharedStrings.bin"/></Relationships>',
        )
        for name, content in parts.items():
            archive.writestr(f"xl/{name}.bin", content)
    return path
