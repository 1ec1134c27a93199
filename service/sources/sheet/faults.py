"""What can be wrong with an uploaded file as a whole: one stable code and one message each.

A message names the fault and the remedy. The codes are the contract (translations hang on them);
`facts` carries the values in the message, so that a translated message can hold them too.
"""

from __future__ import annotations

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
}


class UnreadableFile(Unprocessable):
    """An uploaded file cannot be read; `code` is a key of `MESSAGES`, `facts` the values in its message."""

    code = "unreadable"

    def __init__(self, message: str, *, code: str | None = None, facts: dict[str, str] | None = None) -> None:
        super().__init__(message, code=code)
        self.facts = facts or {}


def unreadable(code: str, **facts: object) -> UnreadableFile:
    """The error for a code of `MESSAGES`, its message filled in; to be raised by the caller."""
    told = {name: str(value) for name, value in facts.items()}
    return UnreadableFile(MESSAGES[code].format(**told), code=code, facts=told)
