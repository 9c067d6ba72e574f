"""Slides, recordings and other files of a session or an item: attach, take away.

A file lies below FILES_DIR under a random name. The name that it came with is only ever shown, and never a path.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from papers import stored_inputs
from papers.models import AgendaItem, Assignment, Attachment, Session
from papers.records import clean_address, clean_line
from papers.stored_inputs import Upload
from papers.verbs import verb
from papers.versions import stamp

from .refusals import Refused
from .sessions import lock_row

LONGEST_NAME: Final = 200
MOST: Final = 100
"""Files and links of one session."""
_ENDING = re.compile(r"\.\w{1,10}$")


class BadAttachment(Refused):
    """Neither a file nor an address, or one that cannot be kept."""

    field = "link"


class NothingToAttachTo(Refused):
    """A session that is a draft, or cancelled."""


def attach(
    session: Session,
    *,
    by: User,
    item: AgendaItem | None = None,
    kind: str = Attachment.Kind.SLIDES,
    name: str = "",
    link: str = "",
    upload: Upload | None = None,
    size: int | None = None,
    now: datetime | None = None,
) -> Attachment:
    """Attach a file or a link to a session, or to one of its items.

    `size` is what an upload is known to have, in bytes. Without a name it gets that of its file, or its address.
    Raises BadAttachment, NothingToAttachTo, and `stored_inputs.Refused` for what is too large or finds no room.
    """
    if kind not in Attachment.Kind.values:
        raise ValueError(f"An attachment is one of {Attachment.Kind.values}, not {kind!r}.")
    if upload is not None and link:
        raise BadAttachment(_("Choose a file, or give a link; each is an attachment of its own."))
    if upload is None:
        address = clean_address(link)
        if not address:
            raise BadAttachment(_("Choose a file, or give an address that begins with https:// or http://."))
        if len(address) > 1_000:
            raise BadAttachment(_("An address has at most 1,000 characters."))
        return _attach(
            session,
            item,
            kind,
            clean_line(name)[:LONGEST_NAME] or address[:LONGEST_NAME],
            by,
            now,
            link=address,
        )
    stored_inputs.make_room(session.club, size or 0)
    stored_as = stored_inputs.keep_file(upload, "attachments")
    try:
        file_name = name_file(name, getattr(upload, "name", "") or "")
        return _attach(session, item, kind, file_name, by, now, stored_as=stored_as)
    except BaseException:
        stored_inputs.forget(stored_as)
        raise


@verb
def _attach(
    session: Session,
    item: AgendaItem | None,
    kind: str,
    name: str,
    by: User,
    now: datetime | None,
    *,
    link: str = "",
    stored_as: str = "",
) -> Attachment:
    session = lock_row(session)
    if session.state in {Session.State.DRAFT, Session.State.CANCELLED}:
        raise NothingToAttachTo(_("Nobody meets here: this session is a draft, or cancelled."))
    if session.attachments.count() >= MOST:
        raise BadAttachment(_("A session has at most %(most)d files and links.") % {"most": MOST})
    attachment = Attachment.objects.create(
        session=session,
        item=item,
        kind=kind,
        name=name,
        link=link,
        stored_as=stored_as,
        size=stored_inputs.find_path(stored_as).stat().st_size if stored_as else 0,
        added_by=by,
        added_at=now or timezone.now(),
    )
    stamp(session.club, [attachment])
    return attachment


@verb
def detach(attachment: Attachment, *, by: User) -> None:
    """Take an attachment away; its file goes when that is committed."""
    rows = Attachment.objects.select_for_update(of=("self",)).select_related("session__club")
    found = rows.filter(pk=attachment.pk).first()
    if found is None:
        return
    attachment = found
    gone, club, stored_as = (Attachment, attachment.pk), attachment.session.club, attachment.stored_as
    attachment.delete()
    if stored_as:
        transaction.on_commit(lambda: stored_inputs.forget(stored_as), robust=True)
    stamp(club, deleted=[gone])


def name_file(name: str, original: str) -> str:
    """Return how a file is called, here and where it is saved: one line without folders, with its ending."""
    name, original = _clean_file_name(name), _clean_file_name(original)
    ending = _ENDING.search(original)
    if not name:
        name = original or _("file")
    elif ending and not name.lower().endswith(ending[0].lower()):
        name += ending[0]
    ending = _ENDING.search(name)
    if len(name) > LONGEST_NAME and ending:
        return name[: LONGEST_NAME - len(ending[0])] + ending[0]
    return name[:LONGEST_NAME]


def _clean_file_name(name: str) -> str:
    # What a file system or a header would take for something else.
    last = re.split(r"[/\\]", clean_line(name))[-1]
    return re.sub(r'[<>:"|?*]', "_", last).strip(". ")


def takes_part(item: AgendaItem, user: User) -> bool:
    """Return whether somebody has a part in an item, or was asked to take one; one query."""
    return Assignment.objects.live().filter(item=item, member=user).exists()
