"""What `import` prints: how a file was understood, and what became of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
from sqlalchemy import RowMapping

from service.commands import tables
from service.domain import fates

MOST_PROBLEMS = 10
SAMPLE_WIDTH = 28
EXPORT_TIMES = {
    "stated": "as you stated",
    "file_name": "from the file's name",
    "last_modified": "the file's last change: a guess",
    "newest_date": "the newest date inside: a guess",
    "received": "now: a guess",
}


def preview(shown: Mapping[str, Any], *, all_columns: bool) -> None:
    """The columns a person should look at (or all), and the moment the file speaks for."""
    layout = shown["layout"] or {}
    told = filter(None, [layout.get("container"), layout.get("encoding"), layout.get("sheet")])
    click.secho(f"\n{shown['file_name']}: {shown['rows']['total']:,} rows ({', '.join(map(str, told))})", bold=True)
    if shown["same_file_as"]:
        click.echo(f"This very file was uploaded before, as import {shown['same_file_as']}.")
    if (exported := shown["exported_at"]) and exported["value"]:
        source = EXPORT_TIMES.get(exported["from_"], exported["from_"])
        unless = "" if exported["from_"] == "stated" else "; --exported-at says otherwise"
        click.echo(f"It speaks for {exported['value']:%Y-%m-%d %H:%M} UTC ({source}{unless}).")
    taken = [column for column in shown["columns"] if column["field"]]
    looked_at = [column for column in taken if all_columns or column["confidence"] != "certain"]
    if len(looked_at) < len(taken):
        certain = tables.counted(len(taken) - len(looked_at), "column")
        click.echo(f"{certain} understood for certain by name (--columns shows them).")
    if looked_at:
        tables.show(
            ["#", "column", "taken for", "how sure", "why", "for example"], map(_column, looked_at), right=["#"]
        )
    left = [column["header"] for column in shown["columns"] if not column["field"] and column["header"]]
    if left:
        click.echo(f"Not used: {tables.shortened(', '.join(left), 200)}")
    click.echo()


def _column(column: Mapping[str, Any]) -> list[Any]:
    sample = next((str(sample) for sample in column["samples"] if sample not in (None, "")), "")
    return [
        column["position"],
        tables.shortened(column["header"], 44),
        column["field"],
        column["confidence"],
        tables.shortened(column["reason"], 40),
        tables.shortened(sample, SAMPLE_WIDTH),
    ]


def dry_run(shown: Mapping[str, Any]) -> None:
    """What an import would do."""
    _numbers(shown["dry_run"], "would be ")
    click.echo(
        f"\nNothing was changed. The numbers hold unless something else arrives. (Import {shown['id']} is ready.)"
    )


def result(shown: Mapping[str, Any], problems: Sequence[RowMapping]) -> None:
    """What an import did, and the first rows that could not be read."""
    _numbers(shown, "")
    if problems:
        _problems(problems, shown["rows"]["failed"])
    click.echo(f"\nImport {shown['id']} is {shown['status']}.")


def _numbers(counted: Mapping[str, Any], verb: str) -> None:
    rows, clients = counted["rows"], counted["clients"]
    sum_of = " + ".join(f"{rows[fate]:,} {verb}{fate}" for fate in fates.FATES)
    click.echo(f"\nRows      {rows['total']:,} = {sum_of}")
    click.echo(f"Clients   {clients['created']:,} {verb}new, {clients['updated']:,} {verb}changed")
    for one in counted["revenue"]:
        sums = [f"{column} {tables.money(one[column], one['currency'])}" for column in fates_of_money(one)]
        click.echo(f"Revenue   {', '.join(sums)}")


def fates_of_money(one: Mapping[str, Any]) -> list[str]:
    """The categories of revenue that have an amount."""
    return [column for column in ("active", "pending", "disputed", "lost") if float(one[column])]


def _problems(problems: Sequence[RowMapping], failed: int) -> None:
    click.echo("\nRows that could not be read:")
    for row in problems:
        for problem in row["notes"] or [{"reason": row["reason"]}]:
            where = f"{problem['header']}: " if problem.get("header") else ""
            value = f" ('{tables.shortened(str(problem['value']), SAMPLE_WIDTH)}')" if problem.get("value") else ""
            hint = f" {problem['hint']}." if problem.get("hint") else ""
            click.echo(f"  row {row['row_number']}  {where}{problem['reason']}{value}.{hint}")
    if failed > len(problems):
        click.echo(f"  … and {failed - len(problems)} more.")
