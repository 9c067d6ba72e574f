"""Count what the importers make of each file, for the tables of docs/formats.md: `make formats` writes them.

The files of other people and services lie beside the project, as most of them may not be given on; where they
are not, their table stays as it is.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from papers import importers
from papers.importers.text import TextReader
from papers.records import Deletion, Record, UnreadableInput

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs" / "formats.md"
REAL = PROJECT.parent / "shared" / "data"
OURS = PROJECT / "tests" / "data"

NOT_INPUT = ("README.md", "SHA256SUMS")  # text about the files
TODAY = date(2026, 1, 1)  # days without a year are counted from it; any day will do, but the same each time
HEADER = "| format | file | encoding | in | rejected | because |\n|---|---|---|---:|---:|---|\n"
LONGEST_REASON = 110


def find_files(folder: Path) -> list[Path]:
    """Return the files of a folder that are meant to be imported, in order."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in found if path.relative_to(folder).parts[0] not in NOT_INPUT]


def make_table(folder: Path) -> str:
    """Import every file below a folder; return the table of what came of it, by format and then by name."""
    order = list(importers.FORMATS)
    rows = [make_row(path, str(path.relative_to(folder))) for path in find_files(folder)]
    rows.sort(key=lambda row: (order.index(row[0]) if row[0] in order else len(order), row[1]))
    return HEADER + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def make_row(path: Path, name: str) -> list[str]:
    with path.open("rb") as stream:
        reader = TextReader(stream)
        for _piece in reader:
            pass
    with path.open("rb") as stream:
        format = importers.tell_format(stream)
    count, reasons = 0, Counter[str]()
    try:
        with path.open("rb") as stream:
            for found in importers.read(stream, today=TODAY):
                if isinstance(found, Record):
                    count += 1
                elif not isinstance(found, Deletion):
                    reasons[found.reason] += 1
    except importers.UnrecognisedInput:
        return [format, f"`{name}`", reader.encoding, "–", "–", "refused: in no known format"]
    except UnreadableInput as refusal:
        return [format, f"`{name}`", reader.encoding, "–", "–", f"refused: {escape(str(refusal))}"]
    return [format, f"`{name}`", reader.encoding, f"{count:,}", f"{reasons.total():,}", describe(reasons)]


def describe(reasons: Counter[str]) -> str:
    """Name the most frequent reason, and how many others there are."""
    if not reasons:
        return ""
    reason = min(reasons, key=lambda each: (-reasons[each], each))
    others = len(reasons) - 1
    return escape(reason) + (f" (and {others} other reason{'s' * (others > 1)})" if others else "")


def escape(text: str) -> str:
    """Fit a sentence from outside into a cell."""
    text = text if len(text) <= LONGEST_REASON else text[:LONGEST_REASON].rstrip() + " …"
    for mark in "\\|<>*_[]`$":
        text = text.replace(mark, f"\\{mark}")
    return text


def find_table(page: str, name: str) -> tuple[int, int]:
    """Return where a table begins and ends in the page: between two comments with its name."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    return page.index(start) + len(start), page.index(end)


def make_tables() -> Iterator[tuple[str, str]]:
    """Give the tables that can be counted here, by the names that the page has for them."""
    for name, folder in (("real files", REAL), ("files of the tests", OURS)):
        if folder.exists():
            yield name, make_table(folder)


def main() -> int:
    page = PAGE.read_text("utf-8")
    for name, table in make_tables():
        start, end = find_table(page, name)
        page = page[:start] + table + page[end:]
        print(f"{name}: {table.count(chr(10)) - 2} files")
    PAGE.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
