"""OAI-PMH: everything that has changed since a day, by resumption tokens.

http://www.openarchives.org/OAI/openarchivesprotocol.html, version 2.0. Days are those of the repository, and both ends
of an interval belong to it; so each walk begins with the day on which the one before began.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from html import unescape
from typing import Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from papers.sources.fetch import Refused, check_address

from . import Ask, AskAgain, BadQuery, Page, Position, Query, StartAgain, Step, Trouble, Watermark

# Bounded at each step: an answer made to be looked through again from each of its bytes is looked through once.
_PREFIX: Final = rb"(?:[\w.-]{1,50}:)?"
_TOKEN: Final = re.compile(
    rb"<" + _PREFIX + rb"resumptionToken\b(?:[^<>]{0,500}/>"
    rb"|[^<>]{0,500}>([^<]{0,10000})</" + _PREFIX + rb"resumptionToken\s{0,9}>)"
)  # fmt: skip
_ERROR: Final = re.compile(
    rb"<"
    + _PREFIX
    + rb"error\b[^<>]{0,200}\bcode\s{0,9}=\s{0,9}[\"'](\w{1,50})[\"'][^<>]{0,200}>([^<]{0,500})"
)
_END: Final = re.compile(rb"</" + _PREFIX + rb"OAI-PMH\s{0,9}>")
_RESPONSE_DATE: Final = re.compile(rb"responseDate\s*>\s*([0-9]{4}-[0-9]{2}-[0-9]{2})")
_RECORDS: Final = re.compile(rb"<" + _PREFIX + rb"(?:ListRecords|record)\b")
MOST_TOKEN: Final = 2_000


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository, or with an empty `address` the one that the query names."""

    prefix: str
    address: str = ""
    needs_set: bool = False

    def check(self, query: Query) -> None:
        if self.needs_set and not query.text:
            raise BadQuery("query", _("Which set? For example cs, or physics:hep-ex"))
        if not re.fullmatch(r"[\w:.!~*'()-]*", query.text, re.ASCII):
            raise BadQuery(
                "query", _("A set's name has letters, digits, hyphens and colons, such as physics:hep-ex")
            )
        if not self.address:
            try:
                parts = check_address(query.address, is_trusted=query.is_trusted)
            except Refused as refusal:
                raise BadQuery("address", str(refusal)) from None
            if parts.query:
                raise BadQuery(
                    "address", _("Give the address of the repository without what follows the “?”.")
                )

    def begin(self, query: Query, watermark: Watermark, now: datetime) -> Position:
        return {"from": watermark.get("day") or query.since.isoformat(), "token": "", "day": ""}

    def ask(self, query: Query, position: Position) -> Ask:
        asked = {"verb": "ListRecords"}
        if position["token"]:
            asked["resumptionToken"] = position["token"]
        else:
            asked |= {"metadataPrefix": self.prefix, "from": position["from"]}
            if query.text:
                asked["set"] = query.text
        return Ask(f"{self.address or query.address}?{urlencode(asked)}", format="oai")

    def look(self, page: Page, position: Position) -> bool:
        begins = _RECORDS.search(page.head)
        error = _ERROR.search(page.head, 0, begins.start() if begins else len(page.head))
        if error is None:
            if b"OAI-PMH" in page.head and not _END.search(page.tail):
                # Without its end there is no token either, and the walk would seem to be over.
                raise AskAgain(_("The answer was cut off before its end."))
            return True
        code, said = (
            error[1].decode("ascii", "replace"),
            unescape(error[2].decode("utf-8", "replace")).strip(),
        )
        if code == "noRecordsMatch":
            return False
        if code == "badResumptionToken" and position["token"]:
            raise StartAgain(_("The repository no longer knows where we were."))
        raise Trouble(
            _("The repository refuses: %(said)s (%(code)s).")
            % {"said": said.rstrip(".") or code, "code": code}
        )

    def move(self, query: Query, position: Position, watermark: Watermark, page: Page) -> Step:
        day = position["day"] or _read_day(page.head) or position["from"]
        found = list(_TOKEN.finditer(page.tail))
        token = unescape((found[-1][1] or b"").decode("utf-8", "replace")).strip() if found else ""
        if not token:
            return Step(None, {"day": max(day, watermark.get("day", ""))})
        if token == position["token"]:
            raise Trouble(_("The repository leads back to the page that it just gave, for ever."))
        if len(token) > MOST_TOKEN or not token.isprintable():
            raise Trouble(
                _("The repository gives a token of more than %(most)d characters, or of such as none has.")
                % {"most": MOST_TOKEN}
            )
        return Step({"from": position["from"], "token": token, "day": day}, watermark)


def _read_day(head: bytes) -> str:
    """Return the day on which the repository answered, as its clock has it; empty where it says none."""
    said = _RESPONSE_DATE.search(head)
    if not said:
        return ""
    try:
        return date.fromisoformat(said[1].decode("ascii")).isoformat()
    except ValueError:
        return ""
