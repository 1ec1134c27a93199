"""Building spreadsheets of every container, whole and broken, and what the tests call a known header."""

from __future__ import annotations

import io
import json
import zipfile
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
