"""The one way out: GET an address that somebody else chose, without being turned against the lab's own network.

Only http and https, ports 80 and 443, no names or passwords in the address. Every address that the host's name
stands for must be a public one, and the connection goes to the very address that was checked, so a name that means
something else a moment later leads nowhere. Redirects are followed by hand, each as if somebody had typed it. The
answer is bounded in size, also unpacked, and in time, however slowly it trickles. `FETCH_ALLOWED_HOSTS` names the
hosts for which the network and the port do not matter, where an administrator chose the address (`is_trusted`). What
else was looked at: docs/decisions/0014.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import BinaryIO, Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

SECONDS: Final = 300.0
"""For all of one fetch, redirects included; what is waited for one's turn comes on top."""
IDLE_SECONDS: Final = 30.0
RESOLVE_SECONDS: Final = 20.0
CONNECT_SECONDS: Final = 15.0
PROGRESS_SECONDS: Final = 10.0
MOST_REDIRECTS: Final = 5
MOST_HEADERS: Final = 65_536  # bytes
MOST_RETRY_AFTER: Final = 86_400.0  # seconds
MOST_ADDRESS: Final = 4_000  # characters of a URL
# Frames of a body cut into small chunks weigh more than the body; beyond this it is no honest answer.
FRAMING: Final = 2
CHUNK: Final = 65_536
PORTS: Final = {"http": 80, "https": 443}
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
BUSY: Final = frozenset({429, 503})

# All but what the registries of IANA list as global unicast; written out, since the answers of the ipaddress
# module differ between releases of Python. https://www.iana.org/assignments/iana-ipv4-special-registry and
# …/iana-ipv6-special-registry; the last three of IPv4 are multicast, reserved and broadcast.
_NOT_PUBLIC_4: Final = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
# Of IPv6 only this is public at all: so no ::1, no link-local or unique local address, and no IPv4 address in
# disguise (::ffff:0:0/96, ::/96, 64:ff9b::/96).
_GLOBAL_6: Final = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6: Final = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocols, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?|[0-9a-f:.]*:[0-9a-f:.]*")
_ODD: Final = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")
_SAFE: Final = "/%:@!$&'()*+,;=~-._?[]"


class Unfetched(Exception):
    """Nothing came; the text is a sentence. `retry_after` is how many seconds the server asks us to wait."""

    def __init__(self, text: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after = retry_after


class Refused(Unfetched):
    """An address that is not asked, wherever it came from."""


class TooLarge(Unfetched):
    pass


class TooSlow(Unfetched):
    pass


class Busy(Unfetched):
    """The server asks us to come later (429, 503)."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    """200, or 304 where the server says that what we have is what there is."""
    url: str
    """Where it came from in the end."""
    size: int
    etag: str = ""
    last_modified: str = ""


Turn = Callable[[str], AbstractContextManager[None]]


def fetch(
    url: str,
    target: BinaryIO,
    *,
    is_trusted: bool = False,
    etag: str = "",
    last_modified: str = "",
    accept: str = "",
    limit: int | None = None,
    seconds: float = SECONDS,
    turn: Turn = nullcontext,  # type: ignore[assignment]
    on_progress: Callable[[], None] | None = None,
) -> Answer:
    """Write what an address answers to `target`, unpacked, at most `limit` bytes (default: UPLOAD_LIMIT).

    `is_trusted` says that an administrator chose the address, which may then be that of a host in FETCH_ALLOWED_HOSTS;
    so may those that such a host redirects to, but not those that others do.

    With `etag` or `last_modified` of an earlier answer, one with status 304 may come instead, and nothing is
    written. `accept` is the media type to ask for. `turn(host)` is entered for each request, and may wait.
    `on_progress` is called at least once in IDLE_SECONDS while anything happens, and may raise.

    Raises Unfetched, or one of its kinds: Refused, TooLarge, TooSlow, Busy.
    """
    clock = _Clock(seconds, on_progress)
    conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified, "Accept": accept}
    limit = settings.UPLOAD_LIMIT if limit is None else limit
    for _hop in range(MOST_REDIRECTS + 1):
        parts = check_address(url, is_trusted=is_trusted)
        begun = time.monotonic()
        with turn(parts.hostname or ""):
            clock.extend(time.monotonic() - begun)
            try:
                found = _ask(parts, conditions, target, limit, clock, is_trusted)
            except Unfetched:
                raise
            except (http.client.HTTPException, OSError, zlib.error) as error:
                raise _explain(error, parts) from error
        if isinstance(found, Answer):
            return found
        url = urljoin(url, found)
        # An administrator trusts hosts of ours, not those that others lead to.
        is_trusted = is_trusted and is_allowed(*_host_and_port(parts))
    raise Refused(
        _("It leads from one address to the next, more than %(most)d times.") % {"most": MOST_REDIRECTS}
    )


def check_address(url: str, *, is_trusted: bool = False) -> SplitResult:
    """Take an address apart, host in lower case and all in ASCII; asks nobody. Raises Refused."""
    if len(url) > MOST_ADDRESS:
        raise Refused(_("The address is longer than %(most)d characters.") % {"most": MOST_ADDRESS})
    if _ODD.search(url):
        raise Refused(_("The address has blanks or signs in it that no address has."))
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii").lower().rstrip(".")
    except ValueError:  # UnicodeError is one
        raise Refused(_("This is no address of the web.")) from None
    if parts.scheme not in PORTS:
        raise Refused(_("Only addresses that begin with http:// or https:// are fetched."))
    if "@" in parts.netloc:
        raise Refused(_("The address holds a name or a password. Such addresses are not fetched."))
    if not _HOST.fullmatch(host):
        raise Refused(_("The address names no host that could be asked."))
    port = PORTS[parts.scheme] if port is None else port
    if port not in PORTS.values() and not (is_trusted and is_allowed(host, port)):
        raise Refused(
            _("Port %(port)d is not asked, only 80 and 443. An administrator may allow it to sources of the "
              "installation that name it themselves (FETCH_ALLOWED_HOSTS).") % {"port": port}
        )  # fmt: skip
    netloc = f"[{host}]" if ":" in host else host
    if port != PORTS[parts.scheme]:
        netloc = f"{netloc}:{port}"
    return SplitResult(parts.scheme, netloc, quote(parts.path or "/", _SAFE), quote(parts.query, _SAFE), "")


def is_allowed(host: str, port: int) -> bool:
    """Say whether FETCH_ALLOWED_HOSTS names this host, at this port or at the usual ones.

    It holds for what an administrator chose, and for nobody else.
    """
    allowed: frozenset[str] = settings.FETCH_ALLOWED_HOSTS
    name = f"[{host}]" if ":" in host else host
    return f"{name}:{port}" in allowed or (name in allowed and port in PORTS.values())


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the open network."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # with a zone, as fe80::1%eth0, on old releases
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_4)
    # The zone of an address names one of our own networks.
    return ip.scope_id is None and ip in _GLOBAL_6 and not any(ip in network for network in _NOT_PUBLIC_6)


def read_retry_after(text: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, at most MOST_RETRY_AFTER; None where it says nothing.

    RFC 9110, 10.2.3: a number of seconds, or a date.
    """
    text = (text or "").strip()
    if re.fullmatch(r"[0-9]{1,10}", text):
        return min(float(text), MOST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)
        return min(max((moment - now).total_seconds(), 0.0), MOST_RETRY_AFTER)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


class _Clock:
    """How much time is left of a fetch; and a sign of life for whoever waits for it."""

    def __init__(self, seconds: float, on_progress: Callable[[], None] | None) -> None:
        self._end = time.monotonic() + seconds
        self._seconds = seconds
        self._on_progress = on_progress
        self._signed = time.monotonic()

    def extend(self, seconds: float) -> None:
        self._end += seconds

    def left(self) -> float:
        """Return the seconds that are left, more than none. Raises TooSlow."""
        now = time.monotonic()
        if self._on_progress and now - self._signed >= PROGRESS_SECONDS:
            self._signed = now
            self._on_progress()
        if now >= self._end:
            raise TooSlow(_("It took longer than %(seconds)d seconds.") % {"seconds": self._seconds})
        return self._end - now


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    """Return the host and the port that an address names."""
    return parts.hostname or "", parts.port or PORTS[parts.scheme]


def _ask(
    parts: SplitResult,
    conditions: dict[str, str],
    target: BinaryIO,
    limit: int,
    clock: _Clock,
    is_trusted: bool,
) -> Answer | str:
    """Make one request; return the answer, whose body is in `target`, or where it redirects to."""
    host, port = _host_and_port(parts)
    sock = _connect(_find_addresses(host, port, clock, is_trusted), clock)
    with closing(sock):
        if parts.scheme == "https":
            sock.settimeout(min(CONNECT_SECONDS, clock.left()))  # for all of the handshake
            sock = _tls().wrap_socket(sock, server_hostname=host)
        with closing(sock):
            wire = _Wire(sock, clock, most=FRAMING * limit + MOST_HEADERS)
            response = _send(wire, parts, conditions)
            if response.status in REDIRECTS and (place := response.getheader("Location")):
                # http.client takes headers for Latin-1, which they seldom are.
                return place.encode("latin-1").decode("utf-8", "replace")
            return _receive(response, parts, conditions, target, limit, clock)


def _find_addresses(
    host: str, port: int, clock: _Clock, is_trusted: bool
) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    """Return what a host's name stands for; all of it must be public, unless the host is allowed. Raises Refused.

    The system's resolver cannot be told how long it may take, so it is asked in a thread that we need not wait for.
    """
    found: list[tuple[socket.AddressFamily, tuple[object, ...]]] = []
    failures: list[Exception] = []

    def resolve() -> None:
        try:
            for family, _type, _proto, _name, place in socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
            ):
                found.append((family, place))
        except (OSError, ValueError) as error:
            failures.append(error)

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(min(RESOLVE_SECONDS, clock.left()))
    if thread.is_alive():
        raise TooSlow(_("What address “%(host)s” has could not be found out in time.") % {"host": host})
    if failures or not found:
        raise Unfetched(
            _("There is no host “%(host)s”, or its name cannot be looked up now.") % {"host": host}
        )
    may_be_private = is_trusted and is_allowed(host, port)
    if not may_be_private and not all(is_public(str(place[0])) for _family, place in found):
        raise Refused(
            _("“%(host)s” is an address within a private network, which is not asked. An administrator may allow it "
              "to sources of the installation that name it themselves (FETCH_ALLOWED_HOSTS).") % {"host": host}
        )  # fmt: skip
    return found


def _connect(
    addresses: list[tuple[socket.AddressFamily, tuple[object, ...]]], clock: _Clock
) -> socket.socket:
    """Connect to the first of these that answers, and to no other."""
    last: OSError | None = None
    for family, place in addresses:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(min(CONNECT_SECONDS, clock.left()))
            sock.connect(place)
        except OSError as error:
            sock.close()
            last = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    assert last is not None
    raise last


@cache
def _tls() -> ssl.SSLContext:
    """The system's authorities, read once and only by a process that fetches."""
    return ssl.create_default_context()


class _Wire(io.RawIOBase):
    """A socket as http.client takes it, in which every wait ends with the clock, and all bytes are counted."""

    def __init__(self, sock: socket.socket, clock: _Clock, *, most: int) -> None:
        self._sock = sock
        self._clock = clock
        self._most = most
        self._count = 0
        self.in_headers = True

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(min(IDLE_SECONDS, self._clock.left()))
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, CHUNK // 4)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        self._sock.settimeout(min(IDLE_SECONDS, self._clock.left()))
        count = self._sock.recv_into(buffer)
        self._count += count
        if self.in_headers and self._count > MOST_HEADERS:
            raise TooLarge(
                _("The answer begins with more than %(most)d kB of headers.") % {"most": MOST_HEADERS // 1024}
            )
        if self._count > self._most:
            raise TooLarge(_("The answer does not end."))
        return count

    def close(self) -> None:
        """http.client closes what it has while the answer is still read; the socket is closed by its owner."""


def _send(wire: _Wire, parts: SplitResult, conditions: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(parts.hostname or "")
    connection.sock = wire
    address = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection.putrequest("GET", address, skip_host=True, skip_accept_encoding=True)
    for name, value in {
        "Host": parts.netloc,
        "User-Agent": make_user_agent(),
        "Accept": "*/*",
        "Accept-Encoding": "gzip",
        "Connection": "close",
        **{name: value for name, value in conditions.items() if value},
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    wire.in_headers = False
    return response


def make_user_agent() -> str:
    """Say who asks: the site, and whom to write to where FETCH_CONTACT tells."""
    contact = f"; mailto:{settings.FETCH_CONTACT}" if settings.FETCH_CONTACT else ""
    return f"ReadingList/1 (+{settings.SITE_URL}{contact})"


def _receive(
    response: http.client.HTTPResponse,
    parts: SplitResult,
    conditions: dict[str, str],
    target: BinaryIO,
    limit: int,
    clock: _Clock,
) -> Answer:
    status = response.status
    if status == 304 and (conditions["If-None-Match"] or conditions["If-Modified-Since"]):
        return Answer(304, parts.geturl(), 0, conditions["If-None-Match"], conditions["If-Modified-Since"])
    if status in BUSY:
        retry_after = read_retry_after(response.getheader("Retry-After"), datetime.now(UTC))
        raise Busy(
            _("%(host)s asks us to come later (%(status)d).") % {"host": parts.hostname, "status": status},
            status=status,
            retry_after=retry_after,
        )
    if status != 200:
        phrase = http.client.responses.get(status, "")
        raise Unfetched(
            _("%(host)s answered %(status)s.")
            % {"host": parts.hostname, "status": f"{status} {phrase}".strip()},
            status=status,
        )
    size = 0
    for piece in _unpack(response, clock):
        size += len(piece)
        if size > limit:
            raise TooLarge(_("It is larger than %(most)d MB.") % {"most": max(limit // 2**20, 1)})
        target.write(piece)
    if response.length:
        raise Unfetched(_("The connection broke off before the end."))
    return Answer(
        200, parts.geturl(), size, _one_line(response, "ETag"), _one_line(response, "Last-Modified")
    )


def _one_line(response: http.client.HTTPResponse, name: str) -> str:
    """Return a header that we send back one day; one that could not be sent is none."""
    text = response.getheader(name) or ""
    return text if len(text) <= 300 and text.isascii() and text.isprintable() else ""


def _unpack(response: http.client.HTTPResponse, clock: _Clock) -> Iterator[bytes]:
    """Give the body piece by piece, none larger than CHUNK whatever it was packed from."""
    encoding = (response.getheader("Content-Encoding") or "identity").strip().lower()
    if encoding == "identity":
        while piece := response.read(CHUNK):
            yield piece
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise Unfetched(
            _("The answer is packed as “%(how)s”, which nobody asked for.") % {"how": encoding[:20]}
        )
    member = zlib.decompressobj(31)  # 16 for gzip, 15 for the largest window
    is_padding = False
    while data := response.read(CHUNK):
        while data and not is_padding:
            if member.eof:  # members may follow each other, RFC 1952, 2.2; some fill up with zeros instead
                is_padding = not data.startswith(b"\x1f")
                member = member if is_padding else zlib.decompressobj(31)
                continue
            yield member.decompress(data, CHUNK)
            data = member.unused_data if member.eof else member.unconsumed_tail
            clock.left()
    if not member.eof:
        raise Unfetched(_("The connection broke off before the end."))


def _explain(error: Exception, parts: SplitResult) -> Unfetched:
    host = {"host": parts.hostname}
    if isinstance(error, ssl.SSLCertVerificationError):
        why = {**host, "why": error.verify_message}
        return Unfetched(_("%(host)s does not prove who it is: %(why)s.") % why)
    if isinstance(error, TimeoutError):
        return TooSlow(_("%(host)s did not answer in time.") % host)
    if isinstance(error, http.client.IncompleteRead | ConnectionResetError | http.client.RemoteDisconnected):
        return Unfetched(_("The connection broke off before the end."))
    if isinstance(error, http.client.HTTPException | zlib.error | ssl.SSLError):
        return Unfetched(_("What %(host)s answered could not be understood.") % host)
    return Unfetched(_("%(host)s could not be reached.") % host)
