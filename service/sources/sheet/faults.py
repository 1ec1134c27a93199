"""What can be wrong with an uploaded file as a whole: one stable code and one message each.

A message names the fault and the remedy. The codes are the contract (translations hang on them);
`facts` carries the values in the message, so that a translated message can hold them too.
"""

from __future__ import annotations

from typing import NamedTuple

from service.errors import Unprocessable

_SAVE_AGAIN = "Open it in a spreadsheet program and save it as .xlsx or as CSV (UTF-8), then upload that."

MESSAGES = {
    "empty_file": "The file is empty. Export it again and check its size before uploading.",
    "unknown_container": "This looks like {looks_like}, not a spreadsheet. Upload a CSV, XLSX, XLS or ODS file.",
    "password_protected": "The file is protected by a password. Save a copy without the password and upload that.",
    "zip_bomb": "The file expands to far more than a spreadsheet needs ({what}). " + _SAVE_AGAIN,
    "far_cell": (
        "A cell far outside the table ({cell}) makes the sheet too large to read. Delete the empty rows below "
        "and the empty columns beside the table, save, and upload again."
    ),
    "truncated": "The file is damaged or was cut off ({what}). Download or export it again. " + _SAVE_AGAIN,
    "unclosed_quote": (
        "The quotation mark opened in row {row} is never closed, so the rows after it cannot be told apart. "
        "Correct that row, or export the file again."
    ),
    "too_many_columns": "The table has {columns} columns; {limit} are the most. Delete those that are not needed.",
    "too_many_rows": "The file has more than {limit} rows. Export a shorter period, or split the file.",
    "no_header": (
        "No row with column names was found among the first rows. Put the names of the columns "
        "(such as E-mail, Product, Status) in the first row, or say which row holds them."
    ),
    "no_rows": "The file has column names but no rows below them. Export a period with sales in it.",
    "unreadable_encoding": (
        "The text cannot be read as {encoding} (line {line}). Save the file again as CSV UTF-8, or choose the "
        "encoding by hand."
    ),
    "unknown_choice": "The file has no such {what}: {value}. Choose one of: {known}.",
    "too_slow": "Reading the file took more than {seconds} seconds, so it was stopped. Split it into smaller files.",
    "too_much_memory": "Reading the file needs more than {megabytes} MB of memory. Split it into smaller files.",
    "too_much_output": "The rows of the file come to more than {megabytes} MB. Split it into smaller files.",
    "crashed": "The file made the reader fail ({what}). " + _SAVE_AGAIN,
    "crashed_again": "This file made its worker fail again and again. Split it.",
    "subscriptions_report": (
        "This is Hotmart's subscriptions report. Please export the sales history instead "
        "(Sales, Sales history, Export): it has every charge of every subscription."
    ),
    "wallet_statement": (
        "This is a wallet statement: it lists withdrawals and advances beside sales. Please export the "
        "sales history instead (Sales, Sales history, Export)."
    ),
}

PHRASES = {
    "pdf": "a PDF document",
    "png": "a PNG picture",
    "jpeg": "a JPEG picture",
    "gif": "a GIF picture",
    "riff": "a picture, sound or video",
    "video": "a video",
    "sound": "a sound file",
    "rtf": "a Word document (RTF)",
    "gzip": "a compressed file (gzip): unpack it first",
    "7zip": "a compressed file (7-Zip): unpack it first",
    "rar": "a compressed file (RAR): unpack it first",
    "bzip2": "a compressed file (bzip2): unpack it first",
    "xz": "a compressed file (xz): unpack it first",
    "database": "a database file",
    "parquet": "a Parquet file",
    "program": "a program",
    "old_excel": "a workbook of Excel 2 to 4: save it again as XLSX",
    "mhtml": "a web archive (MHTML): save it again as XLSX",
    "vcard": "a list of contacts (vCard)",
    "calendar": "a calendar",
    "binary": "a binary file of an unknown kind",
    "json": "a JSON file",
    "excel_xml": "a workbook in the XML form of Excel 2003: save it as XLSX",
    "xml": "an XML file",
    "word": "a Word document",
    "presentation": "a presentation",
    "numbers": "a Numbers or Pages document: export it as XLSX or CSV",
    "zip": "a zip archive: unpack it and upload the spreadsheet inside",
    "visio": "a Visio drawing",
    "outlook": "an Outlook message",
    "old_office": "an old Office file without a workbook",
    "archive": "an archive of an unknown kind",
    "odt": "a text document (ODT)",
    "odp": "a presentation (ODP)",
    "e_book": "an e-book",
    "open_cell": "a table cell is never closed",
    "zip_container": "the zip container: {fault}",
    "workbook_fault": "the workbook: {fault}",
    "workbook": "the workbook",
    "ods_line": "content.xml, line {line}",
    "ole_container": "the OLE container",
    "parts": "{count} parts",
    "expands": "more than {expanded} MB from {kilobytes} KB",
    "xml_entity": "an XML entity, {name}",
    "place": "row {row}, column {column}",
    "two_cells": "{first} and {second}",
    "endless_record": "an endless record",
    "closed_output": "it closed its output",
    "garbled_error": "an error that cannot be read",
    "exit_code": "exit code {number}",
    "encoding": "encoding",
    "delimiter": "delimiter",
    "sheet": "sheet",
    "header_row": "header row",
    "rows_with_names": "a row with names, from 1 to {last}",
}
"""What can stand in a gap of a message and is a word of ours, not of the file."""


class Phrase(NamedTuple):
    """One of `PHRASES` with its values, to fill a gap of a message."""

    code: str
    facts: dict[str, str]


def phrase(code: str, **facts: object) -> Phrase:
    """A phrase for a gap of a message."""
    return Phrase(code, {name: str(value) for name, value in facts.items()})


class UnreadableFile(Unprocessable):
    """An uploaded file cannot be read; `code` is a key of `MESSAGES`, `facts` the values in its message.

    A value that is a phrase of ours has its code beside it, under its name and `_code`, and the values in it.
    """

    code = "unreadable"


def unreadable(code: str, **facts: object) -> UnreadableFile:
    """The error for a code of `MESSAGES`, its message filled in; to be raised by the caller."""
    told: dict[str, str] = {}
    for name, value in facts.items():
        if isinstance(value, Phrase):
            told |= {name: PHRASES[value.code].format(**value.facts), f"{name}_code": value.code, **value.facts}
        else:
            told[name] = str(value)
    return UnreadableFile(MESSAGES[code].format(**told), code=code, facts=told)
