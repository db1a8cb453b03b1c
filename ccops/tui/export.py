"""What is listed as a file: CSV for a spreadsheet (guarded against formulas), Markdown for a note or a ticket."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.pbx.text import guarded
from ccops.tui.rowlist import RowList


def as_csv(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as CSV; numbers keep their sign, everything else that could be a formula is guarded."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([guarded(title) for title in titles])
    writer.writerows([[guarded(cell) for cell in row] for row in rows])
    return out.getvalue()


def as_markdown(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a Markdown table in which no cell can be more than text."""
    lines = ["| " + " | ".join(_cell(text) for text in titles) + " |", "|" + " --- |" * len(titles)]
    lines += ["| " + " | ".join(_cell(text) for text in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    escaped = text.replace("\\", "\\\\")
    for char in "|[]<>*_`":
        escaped = escaped.replace(char, "\\" + char)
    return escaped


def table_of(rows: RowList[Any]) -> tuple[list[str], list[list[str]]]:
    """Return titles and texts of a list as it is sorted and filtered, with all columns."""
    titles = [column.title or column.key for column in rows.arrangement.columns]
    return titles, [rows.texts(row) for row in rows.rows_in_order]


def written(path_text: str, rows: RowList[Any]) -> Path:
    """Write a list to a new file; the ending says the format. Raises `UsageProblem` naming what is wrong."""
    path = Path(path_text).expanduser()
    makers = {".csv": as_csv, ".md": as_markdown}
    maker = makers.get(path.suffix.casefold())
    if maker is None:
        raise UsageProblem(_("“{path}” must end in .csv or .md.").format(path=path_text))
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(maker(*table_of(rows)))
    except FileExistsError:
        raise UsageProblem(_("{path} exists already.").format(path=path), remedy=_("Choose another name.")) from None
    except OSError as error:
        raise UsageProblem(_("{path} cannot be written: {why}.").format(path=path, why=error.strerror)) from None
    return path
