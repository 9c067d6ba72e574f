"""Handing one mail to the mail server, so that it is known at each moment whether it may have arrived.

The moment that matters is the server's answer 354 to DATA (RFC 5321, 4.1.1.4): before it the server has nothing of
the mail, so that a second attempt makes no second copy; after it nobody can tell but the server. `begin` is called
between the two: it writes down, and commits, that the text goes out.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, Final, Protocol

from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

from papers.records import clean_line

ANSWER_SECONDS: Final = 120
"""How long the server may take to accept the text: it then has the mail, and to give up leaves it uncertain."""


class NotSent(Exception):
    """The server has not taken the mail, and this is certain; the text says why.

    `is_final` where it said that it never will. `is_away` where there is no talking to it at all, so that other
    mails need not be tried now.
    """

    def __init__(self, text: str, *, is_final: bool = False, is_away: bool = False) -> None:
        super().__init__(text)
        self.is_final, self.is_away = is_final, is_away


class Uncertain(Exception):
    """The connection broke after the server had asked for the text: it may have the mail or not."""


class Transport(Protocol):
    def send(self, message: EmailMessage, begin: Callable[[], None]) -> None:
        """Hand over one mail. Raises NotSent, Uncertain, and what `begin` raises, after which nothing was sent."""

    def close(self) -> None: ...


def open_transport() -> Transport:
    """Return the way out that the settings name: a mail server, or the files of a laptop. Nothing is asked yet."""
    backend = mail.get_connection(fail_silently=False)
    return Smtp(backend) if isinstance(backend, SmtpBackend) else Files(backend)


class Smtp:
    """One connection to the mail server for several mails, made when the first one goes out.

    Django's backend connects, as the settings say; the commands for a mail are ours, since smtplib's own function
    for them does not tell which answer it was at when it failed.
    """

    def __init__(self, backend: SmtpBackend) -> None:
        self._backend = backend

    def send(self, message: EmailMessage, begin: Callable[[], None]) -> None:
        server = self._connect()
        sender, address = (parseaddr(str(message[name]))[1] for name in ("From", "To"))
        try:
            _expect(250, server.mail(sender))
            _expect(250, server.rcpt(address))
            _expect(354, server.docmd("DATA"))
        except NotSent:
            raise
        except (OSError, ValueError) as error:  # smtplib's errors are OSErrors; ValueError: an odd answer
            self._break_off()
            raise NotSent(describe(error), is_away=True) from error
        try:
            begin()
        except BaseException:
            # Without the dot at its end there is no mail. A QUIT would be its first line.
            self._break_off()
            raise
        try:
            assert server.sock is not None
            server.sock.settimeout(ANSWER_SECONDS)
            server.send(stuff_dots(message.as_bytes()) + b".\r\n")
            answer = server.getreply()
            server.sock.settimeout(self._backend.timeout)
        except (OSError, ValueError) as error:
            self._break_off()
            raise Uncertain(describe(error)) from error
        if answer[0] // 100 not in (2, 4, 5):
            self._break_off()
            raise Uncertain(_describe_answer(*answer))
        _expect(250, answer)

    def close(self) -> None:
        self._backend.close()

    def _break_off(self) -> None:
        """Drop the connection without a word, as what the server would take a word for is not known."""
        if self._backend.connection is not None:
            self._backend.connection.close()
            self._backend.connection = None

    def _connect(self) -> smtplib.SMTP:
        """Return a connection on which no mail is under way. Raises NotSent."""
        if self._backend.connection is not None:
            try:
                if self._backend.connection.rset()[0] == 250:
                    return self._backend.connection
            except OSError:
                pass  # the server has closed it meanwhile
            self._break_off()
        try:
            self._backend.open()
            server: smtplib.SMTP | None = self._backend.connection
            assert server is not None
            server.ehlo_or_helo_if_needed()
        except (OSError, ValueError) as error:
            self._break_off()
            raise NotSent(describe(error), is_away=True) from error
        return server


class Files:
    """Where no mail server is set: a folder of the laptop, or what else Django's settings name."""

    def __init__(self, backend: BaseEmailBackend) -> None:
        self._backend = backend

    def send(self, message: EmailMessage, begin: Callable[[], None]) -> None:
        try:
            self._backend.open()
        except OSError as error:
            raise NotSent(describe(error), is_away=True) from error
        begin()
        try:
            self._backend.send_messages([_Finished(message)])
        except OSError as error:
            raise Uncertain(describe(error)) from error

    def close(self) -> None:
        self._backend.close()


class _Finished(mail.EmailMessage):
    """A message of the standard library in the shape in which Django's backends take one."""

    def __init__(self, message: EmailMessage) -> None:
        super().__init__(
            subject=str(message["Subject"]),
            body=_read_text(message),
            from_email=str(message["From"]),
            to=[str(message["To"])],
        )
        self._finished = message

    def message(self, **_options: Any) -> Any:
        return self._finished


def _read_text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    return str(part.get_content()) if part else ""


def stuff_dots(content: bytes) -> bytes:
    """Double the dot that a line begins with, since one alone ends the text (RFC 5321, 4.5.2); end with a line."""
    content = re.sub(rb"(?m)^\.", b"..", content)
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def describe(error: Exception) -> str:
    """Say in one line what a mail server answered, or how the network failed."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _describe_answer(error.smtp_code, error.smtp_error)
    return clean_line(f"{type(error).__name__}: {error}")[:500]


def _describe_answer(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return clean_line(f"{code} {said}")[:500]


def _expect(code: int, answer: tuple[int, bytes]) -> None:
    """Raise NotSent unless an answer is of the class of `code` (RFC 5321, 4.2.1): 4xx may be tried again, 5xx not."""
    if answer[0] // 100 != code // 100:
        raise NotSent(_describe_answer(*answer), is_final=answer[0] // 100 == 5, is_away=answer[0] == 421)
