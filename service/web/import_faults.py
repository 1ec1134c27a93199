"""What can be wrong with a spreadsheet and its rows, for the person who downloaded it: what is so, and what to do.

The codes are those of `sources.sheet.faults`, `sources.sheet.problems` and of the import desk; a test compares them.
"""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString


class Words(NamedTuple):
    """What is so, and what to do about it. Gaps are filled with the facts that come with the code."""

    text: LazyString
    hint: LazyString


_SAVE_AGAIN = _l("Open it in a spreadsheet program, save it as .xlsx or as CSV (UTF-8), and upload that.")
_SPLIT = _l("Split it into smaller files, or export shorter periods from Hotmart.")
_SALES_HISTORY = _l("In Hotmart open Sales, Sales history, and export it: it has every charge of every subscription.")
_LOOK_AGAIN = _l("Open the import again to see where it stands.")

FAULTS = {
    "empty_file": Words(
        _l("The file is empty."), _l("Export it again from Hotmart and check its size before you upload it.")
    ),
    "unknown_container": Words(
        _l("This looks like %(looks_like)s, not a spreadsheet."), _l("Upload a CSV, XLSX, XLS or ODS file.")
    ),
    "password_protected": Words(
        _l("The file is protected by a password."), _l("Save a copy without the password and upload that.")
    ),
    "zip_bomb": Words(_l("The file expands to far more than a spreadsheet needs: %(what)s."), _SAVE_AGAIN),
    "far_cell": Words(
        _l("A cell far outside the table (%(cell)s) makes the sheet too large to read."),
        _l("Delete the empty rows below and the empty columns beside the table, save it, and upload it again."),
    ),
    "truncated": Words(
        _l("The file is damaged or was cut off: %(what)s."),
        _l("Download or export it again. Or open it in a spreadsheet program, save it as .xlsx, and upload that."),
    ),
    "unclosed_quote": Words(
        _l("The quotation mark opened in row %(row)s is never closed, so the rows after it cannot be told apart."),
        _l("Correct that row, or export the file again."),
    ),
    "too_many_columns": Words(
        _l("The table has %(columns)s columns; %(limit)s are the most."), _l("Delete the columns that are not needed.")
    ),
    "too_many_rows": Words(
        _l("The file has more than %(limit)s rows."), _l("Export a shorter period, or split the file.")
    ),
    "no_header": Words(
        _l("No row with column names was found among the first rows."),
        _l("Put the names of the columns (such as E-mail, Product, Status) in the first row, or say where they are."),
    ),
    "no_rows": Words(_l("The file has column names but no rows below them."), _l("Export a period with sales in it.")),
    "unreadable_encoding": Words(
        _l("The text cannot be read as %(encoding)s (line %(line)s)."),
        _l("Save the file again as CSV UTF-8, or choose the encoding by hand."),
    ),
    "unknown_choice": Words(_l("The file has no such %(what)s: %(value)s."), _l("What can be chosen: %(known)s.")),
    "too_slow": Words(_l("Reading the file took more than %(seconds)s seconds, so it was stopped."), _SPLIT),
    "too_much_memory": Words(_l("Reading the file needs more than %(megabytes)s MB of memory."), _SPLIT),
    "too_much_output": Words(_l("The rows of the file come to more than %(megabytes)s MB."), _SPLIT),
    "crashed": Words(_l("The file made the reader fail (%(what)s)."), _SAVE_AGAIN),
    "crashed_again": Words(_l("This file made its worker fail again and again."), _SPLIT),
    "subscriptions_report": Words(
        _l("This is Hotmart's subscriptions report, which does not list the sales."), _SALES_HISTORY
    ),
    "wallet_statement": Words(
        _l("This is a wallet statement: it lists withdrawals and advances beside sales."), _SALES_HISTORY
    ),
    "file_too_large": Words(
        _l("The file is larger than %(limit)s MB."), _l("Export a shorter period, or split the file.")
    ),
    "file_missing": Words(_l("No file came with this."), _l("Choose the spreadsheet you downloaded from Hotmart.")),
    "not_ready": Words(_l("This is not possible any more: the status of this import is “%(status)s”."), _LOOK_AGAIN),
    "not_running": Words(_l("There is nothing to cancel: the status of this import is “%(status)s”."), _LOOK_AGAIN),
    "not_completed": Words(
        _l("Only an import that ran can be undone; the status of this one is “%(status)s”."), _LOOK_AGAIN
    ),
    "not_undone": Words(_l("Sales of this import are counted already."), _l("Undo it first.")),
    "undo_crashed": Words(
        _l("%(rows)s rows could not be taken back (the first: row %(first)s): a fault of Marco's. All others were."),
        _l("Undo it again after the next update."),
    ),
    "file_deleted": Words(_l("Its file was deleted after the days it is kept."), _l("Upload the file again.")),
    "canceled": Words(_l("The import was canceled while its rows were being read."), _LOOK_AGAIN),
    "plan_limit": Words(
        _l("The plan “%(plan)s” allows %(limit)s imports a month, and all of them are used."),
        _l("The count begins anew on %(until)s."),
    ),
    "open_questions": Words(
        _l("Some questions about this file have no answer yet."), _l("Answer them, then confirm once more.")
    ),
    "missing_fields": Words(
        _l("No column gives the transaction code or the buyer's e-mail; one of them is needed."),
        _l("Choose the column that holds one of them."),
    ),
    "unknown_column": Words(
        _l("There is no column %(column)s; this file has %(columns)s."), _l("Load the page again and choose once more.")
    ),
    "unknown_field": Words(_l("There is no field “%(field)s”."), _l("Load the page again and choose once more.")),
    "field_twice": Words(_l("Two columns are mapped to “%(field)s”."), _l("Choose one of them.")),
    "unknown_format": Words(
        _l("“%(value)s” is no way of writing numbers or dates."),
        _l("Numbers have a decimal point or comma; dates begin with the day or the month."),
    ),
    "unknown_timezone": Words(_l("There is no time zone “%(value)s”."), _l("Choose one such as America/Sao_Paulo.")),
}
"""Why a file cannot be read, or an import not be moved on."""

PHRASES = {
    "pdf": _l("a PDF document"),
    "png": _l("a PNG picture"),
    "jpeg": _l("a JPEG picture"),
    "gif": _l("a GIF picture"),
    "riff": _l("a picture, sound or video"),
    "video": _l("a video"),
    "sound": _l("a sound file"),
    "rtf": _l("a Word document (RTF)"),
    "gzip": _l("a compressed file (gzip; unpack it first)"),
    "7zip": _l("a compressed file (7-Zip; unpack it first)"),
    "rar": _l("a compressed file (RAR; unpack it first)"),
    "bzip2": _l("a compressed file (bzip2; unpack it first)"),
    "xz": _l("a compressed file (xz; unpack it first)"),
    "database": _l("a database file"),
    "parquet": _l("a Parquet file"),
    "program": _l("a program"),
    "old_excel": _l("a workbook of Excel 2 to 4 (save it again as XLSX)"),
    "mhtml": _l("a web archive (MHTML; save it again as XLSX)"),
    "vcard": _l("a list of contacts (vCard)"),
    "calendar": _l("a calendar"),
    "binary": _l("a binary file of an unknown kind"),
    "json": _l("a JSON file"),
    "excel_xml": _l("a workbook in the XML form of Excel 2003 (save it as XLSX)"),
    "xml": _l("an XML file"),
    "word": _l("a Word document"),
    "presentation": _l("a presentation"),
    "numbers": _l("a Numbers or Pages document (export it as XLSX or CSV)"),
    "zip": _l("a zip archive (unpack it and upload the spreadsheet inside)"),
    "visio": _l("a Visio drawing"),
    "outlook": _l("an Outlook message"),
    "old_office": _l("an old Office file without a workbook"),
    "archive": _l("an archive of an unknown kind"),
    "odt": _l("a text document (ODT)"),
    "odp": _l("a presentation (ODP)"),
    "e_book": _l("an e-book"),
    "open_cell": _l("a table cell is never closed"),
    "zip_container": _l("the zip container (%(fault)s)"),
    "workbook_fault": _l("the workbook (%(fault)s)"),
    "workbook": _l("the workbook"),
    "ods_line": _l("content.xml, line %(line)s"),
    "ole_container": _l("the container of old Office files"),
    "parts": _l("%(count)s parts"),
    "expands": _l("more than %(expanded)s MB from %(kilobytes)s KB"),
    "xml_entity": _l("an XML entity, %(name)s"),
    "place": _l("row %(row)s, column %(column)s"),
    "two_cells": _l("%(first)s and %(second)s"),
    "endless_record": _l("it sent a record without end"),
    "closed_output": _l("it stopped answering"),
    "garbled_error": _l("its error cannot be read"),
    "exit_code": _l("exit code %(number)s"),
    "encoding": _l("encoding"),
    "delimiter": _l("delimiter"),
    "sheet": _l("sheet"),
    "header_row": _l("header row"),
    "rows_with_names": _l("a row with names, from 1 to %(last)s"),
}
"""Words of ours that stand in the gaps above."""

_DIGITS = _l("Write only digits and decimals, as in the rest of the column, such as 1497.50.")
_DATES = _l("Write it as 31/12/2026 or 31/12/2026 23:59:59.")

PROBLEMS = {
    "shifted_row": Words(
        _l("The row has %(surplus)s more cells than there are headers, so its values may be in the wrong columns."),
        _l("Put text that holds the delimiter into quotes."),
    ),
    "too_long": Words(_l("The value is longer than %(limit)s characters."), _l("Check that this is the right column.")),
    "missing_status": Words(_l("The row has no status."), _l("Choose a status for rows that have none.")),
    "unknown_status": Words(_l("Marco does not know this status."), _l("Say what this word means.")),
    "unknown_country": Words(
        _l("Marco does not know this country; it is kept as it is."), _l("Check how the name is written.")
    ),
    "not_an_email": Words(_l("This is not an e-mail address."), _l("Correct the address in the file.")),
    "no_identity": Words(
        _l("The row has neither transaction code nor e-mail, so it belongs to no sale."),
        _l("Give it one of the two. A line of totals needs nothing: it is rightly left out."),
    ),
    "not_a_whole_number": Words(
        _l("This is not a whole number of a usual size."), _l("Write digits only, such as 12.")
    ),
    "unknown_currency": Words(
        _l("Marco does not know this currency; its amounts count nowhere."), _l("Write a code such as BRL.")
    ),
    "not_a_number": Words(_l("This is not a number."), _DIGITS),
    "unclear_number": Words(
        _l("This number can be read in two ways: as thousands or with decimals."),
        _l("Write it with two decimals, such as 1234.00."),
    ),
    "other_number_format": Words(
        _l("The decimals are not written with a %(mark)s, as in the rest of the column."),
        _l("Write it like the other values of the column."),
    ),
    "number_out_of_range": Words(_l("This number is too large or too long for an amount."), _l("Check the number.")),
    "no_such_date": Words(
        _l("There is no such day in the calendar, in the order of day and month of this column."), _DATES
    ),
    "not_a_date": Words(_l("This is not a date."), _DATES),
    "number_for_date": Words(
        _l("This is a number where a date is expected."), _l("Give the cells of this column a date format.")
    ),
    "code_repeats": Words(
        _l("This transaction code already stands in %(limit)s rows of this file."),
        _l("Check that the column mapped to the transaction code holds one."),
    ),
    "crashed": Words(
        _l("This row could not be worked on: a fault of Marco's, not of the row."),
        _l("Import it again after the next update."),
    ),
}
"""Why a row was not taken, or one of its cells not read."""

MARKS = {"point": _l("point"), "comma": _l("comma")}
