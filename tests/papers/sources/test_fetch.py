"""Outgoing requests: what is not asked, where a connection really goes, and that everything ends."""

import gzip
import io
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from papers.sources import fetch as fetching
from papers.sources.fetch import Busy, Refused, TooLarge, TooSlow, Unfetched, check_address, fetch, is_public
from tests.services import answer


def get(url, *, is_trusted=True, **options):
    """Fetch as for an administrator, who may ask the test's own server; what is refused here is refused to all."""
    target = io.BytesIO()
    return fetch(url, target, is_trusted=is_trusted, **options), target.getvalue()


@pytest.fixture
def no_connections(monkeypatch):
    """Fail where a connection would be made at all."""

    def refuse(*_args):
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def names(monkeypatch):
    """A resolver of our own: what each name stands for, one list for each time it is asked."""
    told, look_up = {}, socket.getaddrinfo

    def resolve(host, port, **options):
        if host not in told:
            return look_up(host, port, **options)
        places = told[host].pop(0) if len(told[host]) > 1 else told[host][0]
        return [
            (socket.AF_INET6 if ":" in place else socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port))
            for place in places
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return told


PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "0.0.0.0", "0.1.2.3", "192.0.0.1", "192.0.2.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("192.88.99.1", "::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1"),
    *("3fff::1", "100::1", "5f00::1", "not an address", ""),
]
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "151.101.3.42",
    "172.32.0.1",
    "100.128.0.1",
    "2a00:1450:4001::200e",
    "2606:4700::1111",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
        ),
        *(
            "http://0251.0376.0251.0376/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[fd00:ec2::254]/",
            "http://[::]/",
        ),
        *("http://[2002:7f00:1::]/", "http://[2001::1]/", "http://[::127.0.0.1]/", "http://①②⑦.⓪.⓪.①/"),
        *("http://0x7f.1/", "http://0/", "http://017700000001/", "http://localhost/", "https://localhost/"),
        *("http://127.0.0.1./", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
        *("http://[0:0:0:0:0:ffff:127.0.0.1]/", "http://[64:ff9b::127.0.0.1]/", "http://[fe80::1]/"),
        *("http://169.254.169.254/latest/meta-data/", "http://127。0。0。1/", "http://１２７.0.0.1/"),
        *("http://ⓛocalhost/", "http://LOCALHOST/", "http://10.0.0.1:80/", "http://192.168.0.1:443/"),
    ],
)
def test_an_address_of_our_own_network_is_refused_however_it_is_written(url, no_connections):
    with pytest.raises(Refused, match="private network"):
        get(url)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc/passwd",
            "http://example.org/\ud800",
            "http://example.org/?\udfff",
            "http://[fe80::1%25eth0]/",
            "ftp://example.org/",
            "gopher://example.org/",
            "//example.org/",
            "example.org",
            "",
        ),
        *(
            "javascript:alert(1)",
            "data:text/plain,x",
            "http:///x",
            "http://",
            "https://?x",
            "http:example.org",
        ),
        *("http://name@example.org/", "http://name:password@example.org/", "http://example.org@127.0.0.1/"),
        *(
            "http://@example.org/",
            "http://example.org:22/",
            "http://example.org:6379/",
            "http://example.org:0/",
        ),
        *(
            "http://example.org:8000/",
            "http://example.org:99999/",
            "http://example.org:x/",
            "http://example.org\\@x/",
        ),
        *(
            "http://exa mple.org/",
            "http://example.org/a b",
            "http://example.org/\r\nHost: x",
            "http://example.org/\t",
        ),
        *("http://example.org/\x00", "http://[fe80::1%25eth0]/", "http://[::1", "http://-x/", "http://a..b/"),
        *("http://" + "a" * 64 + ".org/", "http://example.org/" + "x" * 5000, "http://%31%32%37.0.0.1/"),
    ],
)
def test_what_is_no_plain_address_of_the_web_is_refused(url, no_connections):
    with pytest.raises(Refused):
        get(url)


def test_names_in_all_scripts_are_asked_in_ascii():
    parts = check_address("HTTPS://Bücher.Example:443/Straße?q=ä b".replace(" ", "+") + "#part")
    assert parts.geturl() == "https://xn--bcher-kva.example/Stra%C3%9Fe?q=%C3%A4+b"
    assert check_address("http://example.org./%7Ex?a=%20").geturl() == "http://example.org/%7Ex?a=%20"


def test_a_name_of_which_one_address_is_private_is_refused(names, no_connections):
    names["both.example"] = [["93.184.216.34", "127.0.0.1"]]
    with pytest.raises(Refused, match="private network"):
        get("http://both.example/")


def test_the_connection_goes_to_the_address_that_was_checked(names, monkeypatch):
    """A name that means our own network when it is asked again gains nothing by it."""
    names["rebinding.example"] = [["93.184.216.34"], ["127.0.0.1"]]
    connected = []

    def note(_socket, place):
        connected.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", note)
    with pytest.raises(Unfetched, match="could not be reached"):
        get("http://rebinding.example/")
    assert connected == [("93.184.216.34", 80)]
    with pytest.raises(Refused):
        get("http://rebinding.example/")


def test_a_server_on_the_loopback_is_not_asked_unless_it_is_allowed(closed_server, settings):
    with pytest.raises(Refused):
        get(closed_server.address())
    settings.FETCH_ALLOWED_HOSTS = frozenset({"127.0.0.1"})  # at the usual ports only
    with pytest.raises(Refused):
        get(closed_server.address())
    settings.FETCH_ALLOWED_HOSTS = frozenset({f"localhost:{closed_server.port}"})
    with pytest.raises(Refused):
        get(closed_server.address())
    assert closed_server.asked == []


def test_what_is_allowed_is_for_what_an_administrator_chose(server):
    """FETCH_ALLOWED_HOSTS names it; a club's source may not ask it all the same."""
    server.answer("/", b"papers")
    with pytest.raises(Refused, match="is not asked, only 80 and 443"):
        get(server.address(), is_trusted=False)
    assert server.asked == []
    assert get(server.address())[1] == b"papers"


def test_at_the_usual_ports_what_is_allowed_is_private_to_others(settings, no_connections):
    settings.FETCH_ALLOWED_HOSTS = frozenset({"127.0.0.1", "localhost"})
    for host in settings.FETCH_ALLOWED_HOSTS:
        with pytest.raises(Refused, match="within a private network"):
            get(f"http://{host}/", is_trusted=False)
        with pytest.raises(AssertionError, match="a connection was made"):
            get(f"http://{host}/")


def test_a_server_outside_leads_to_nothing_that_is_allowed(server, settings, names, monkeypatch):
    """Else it would choose what of our own network is asked: by a DOI that leads anywhere, say."""
    monkeypatch.setitem(fetching.PORTS, "http", server.port)
    monkeypatch.setattr(fetching, "is_public", "127.0.0.1".__eq__)
    settings.FETCH_ALLOWED_HOSTS |= {f"inside.example:{server.port}"}
    names["outside.example"], names["inside.example"] = [["127.0.0.1"]], [["127.0.0.2"]]
    server.answer("/", status="302 Found", Location="http://inside.example/")
    with pytest.raises(Refused, match=r"“inside\.example” is an address within a private network"):
        get("http://outside.example/")
    for chosen in ("http://inside.example/", server.address()):  # one of ours may lead to another
        with pytest.raises(Unfetched, match=r"inside\.example could not be reached"):
            get(chosen)


def test_what_comes_is_written(server):
    server.answer(
        "/list?q=%C3%A4", b"papers" * 10_000, ETag='"abc"', Last_Modified="Tue, 24 Nov 2026 08:00:00 GMT"
    )
    got, body = get(server.address("/list?q=ä"))
    assert body == b"papers" * 10_000
    assert (got.status, got.size, got.etag) == (200, 60_000, '"abc"')
    assert got.last_modified == "Tue, 24 Nov 2026 08:00:00 GMT"
    assert got.url == server.address("/list?q=%C3%A4")


def test_we_say_who_asks(server, settings):
    settings.FETCH_CONTACT = "papers@example.org"
    server.answer("/")
    get(server.address())
    [asked] = server.asked
    assert asked.headers["User-Agent"] == "ReadingList/1 (+http://localhost:8000; mailto:papers@example.org)"
    assert asked.headers["Host"] == f"127.0.0.1:{server.port}"
    assert not {"Cookie", "Authorization"} & set(asked.headers)


def test_proxies_of_the_environment_are_not_used(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.answer("/", b"x")
    assert get(server.address())[1] == b"x"


def test_what_we_have_is_not_sent_again(server):
    server.answers["/"] = lambda asked: answer(
        status="304 Not Modified" if asked.headers.get("If-None-Match") == '"1"' else "200 OK", ETag='"2"'
    )
    assert get(server.address())[0].status == 200
    got, body = get(server.address(), etag='"1"', last_modified="Tue, 24 Nov 2026 08:00:00 GMT")
    assert (got.status, got.etag, body) == (304, '"1"', b"")
    assert server.asked[-1].headers["If-Modified-Since"] == "Tue, 24 Nov 2026 08:00:00 GMT"


def test_a_304_that_nobody_asked_for_is_a_failure(server):
    server.answer("/", status="304 Not Modified")
    with pytest.raises(Unfetched, match="304"):
        get(server.address())


# Redirects


def test_redirects_are_followed(server):
    server.answer("/old", status="301 Moved", Location="new?x=1")
    server.answer("/new?x=1", b"here")
    got, body = get(server.address("/old"))
    assert (got.url, body) == (server.address("/new?x=1"), b"here")


@pytest.mark.parametrize(
    "place",
    [
        *(
            "http://127.0.0.1/",
            "http://127.0.0.1:1/",
            "//127.0.0.1:22/",
            "http://localhost/",
            "http://2130706433/",
        ),
        *(
            "file:///etc/passwd",
            "http://[::1]/",
            "ftp://127.0.0.1/",
            "http://169.254.169.254/",
            "http://a@b/",
        ),
    ],
)
def test_a_redirect_is_checked_as_if_it_had_been_typed(server, place):
    server.answer("/", status="302 Found", Location=place)
    with pytest.raises(Refused):
        get(server.address())
    assert len(server.asked) == 1


def test_ten_thousand_redirects_are_not_followed(server):
    for number in range(10_000):
        server.answer(f"/{number}", status="307 Temporary Redirect", Location=f"/{number + 1}")
    with pytest.raises(Refused, match="more than 5 times"):
        get(server.address("/0"))
    assert len(server.asked) == 6


def test_each_request_takes_its_turn(server):
    hosts = []

    @contextmanager
    def turn(host):
        hosts.append(host)
        yield
        hosts.append("done")

    server.answer("/", status="302 Found", Location="/x")
    server.answer("/x", b"x")
    get(server.address(), turn=turn)
    assert hosts == ["127.0.0.1", "done"] * 2


# Refusals of the server


def test_a_busy_server_says_when_to_come_again(server):
    server.answer("/", status="503 Slow down", Retry_After="20")
    with pytest.raises(Busy) as error:
        get(server.address())
    assert (error.value.status, error.value.retry_after) == (503, 20)


NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120), (" 0 ", 0), ("99999999", 86_400), ("Tue, 24 Nov 2026 12:01:00 GMT", 60),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400), ("soon", None), ("-5", None),
        ("1.5", None), ("", None), (None, None), ("9" * 400, None), ("٣", None),
        ("Tue, 99 Nov 2026 12:01:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after(text, seconds):
    assert fetching.read_retry_after(text, NOW) == seconds


@pytest.mark.parametrize(
    "status", ["404 Not Found", "500 Oh", "204 No Content", "206 Partial Content", "403 No"]
)
def test_other_answers_are_failures_with_their_number(server, status):
    server.answer("/", b"<html>", status=status)
    with pytest.raises(Unfetched, match=status[:3]) as error:
        get(server.address())
    assert error.value.status == int(status[:3])


@pytest.mark.parametrize(
    "said",
    [
        b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"\x15\x03\x01\x00\x02\x02" * 10,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nthis is not gzip",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 5000)[:-9],
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nxx", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
    ids=range(11),
)  # fmt: skip
def test_broken_answers_are_failures_with_a_sentence(server, said):
    server.answers["/"] = said
    with pytest.raises(Unfetched) as error:
        get(server.address())
    assert str(error.value).endswith(".")


def test_nobody_there(server, settings):
    settings.FETCH_ALLOWED_HOSTS |= {"127.0.0.1:1"}
    with pytest.raises(Unfetched, match="could not be reached"):
        get("http://127.0.0.1:1/")
    with pytest.raises(Unfetched, match="There is no host"):
        get("http://no-such-host.invalid/")


# Bounds


def test_packed_answers_are_unpacked(server):
    content = b"paper " * 50_000
    packed = gzip.compress(content[:1000]) + gzip.compress(content[1000:]) + b"\0" * 100
    server.answer("/", packed, Content_Encoding="gzip")
    assert get(server.address())[1] == content
    assert server.asked[0].headers["Accept-Encoding"] == "gzip"


def test_size_is_bounded(server):
    server.answer("/", b"x" * 3_000_000)
    with pytest.raises(TooLarge, match="larger than 2 MB"):
        get(server.address(), limit=2**21)
    assert len(get(server.address(), limit=3_000_000)[1]) == 3_000_000


def test_a_bomb_does_not_go_off(server):
    bomb = gzip.compress(b"\0" * 300_000_000, 1)
    server.answer("/", bomb, Content_Encoding="gzip")
    with pytest.raises(TooLarge):
        get(server.address(), limit=2**20)


def endless(begin, piece, seconds=0.0):
    yield begin
    while True:
        time.sleep(seconds)
        yield piece


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (OK + b"\r\n", b"x" * 65_536),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"Trailer: x\r\n" * 5_000),
        (OK, b"X-More: and more\r\n" * 1_000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000),
        (OK + b"X: ", b"y" * 65_536),
        (b"", b"y" * 65_536),
        (OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 3_000),
    ],
    ids=["body", "chunks", "trailers", "headers", "continue", "header line", "status line", "empty members"],
)
def test_an_answer_that_never_ends_does(server, begin, piece):
    server.answers["/"] = lambda _asked: endless(begin, piece)
    began = time.monotonic()
    with pytest.raises(Unfetched):
        get(server.address(), limit=2**20, seconds=60)
    assert time.monotonic() - began < 20, "by what it weighs, long before its time is over"


@pytest.mark.parametrize(
    "begin",
    [
        OK + b"\r\n",
        OK,
        b"",
        OK + b"Transfer-Encoding: chunked\r\n\r\n",
        OK + b"Content-Encoding: gzip\r\n\r\n",
    ],
)
def test_a_server_that_trickles_is_left(server, begin):
    server.answers["/"] = lambda _asked: endless(begin, b"1", 0.1)
    began = time.monotonic()
    with pytest.raises(Unfetched):
        get(server.address(), seconds=0.7)
    assert time.monotonic() - began < 3


def test_a_server_that_says_nothing_is_left(server, monkeypatch):
    monkeypatch.setattr(fetching, "IDLE_SECONDS", 0.3)
    server.answers["/"] = lambda _asked: endless(b"", b"", 0.1)
    with pytest.raises(TooSlow, match="did not answer in time"):
        get(server.address())


def test_a_resolver_that_hangs_is_left(monkeypatch):
    monkeypatch.setattr(fetching, "RESOLVE_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: time.sleep(3) or [])
    with pytest.raises(TooSlow, match="could not be found out in time"):
        get("http://slow.example/")


def test_whoever_waits_hears_of_it_and_may_stop(server, monkeypatch):
    monkeypatch.setattr(fetching, "PROGRESS_SECONDS", 0.2)
    server.answers["/"] = lambda _asked: endless(OK + b"\r\n", b"1", 0.05)

    class Lost(Exception):
        pass

    def stop():
        raise Lost

    with pytest.raises(Lost):
        get(server.address(), on_progress=stop)


def test_waiting_for_ones_turn_takes_no_time_off(server):
    @contextmanager
    def turn(_host):
        time.sleep(0.4)
        yield

    server.answer("/", b"x")
    assert get(server.address(), turn=turn, seconds=0.3)[1] == b"x"


def test_a_header_that_could_not_be_sent_back_is_not_kept(server):
    server.answer("/", b"x", ETag='"' + "x" * 400 + '"', Last_Modified="\xe4")
    got, _body = get(server.address())
    assert (got.etag, got.last_modified) == ("", "")


def test_dates_of_retry_after_are_taken_as_now(server):
    moment = datetime.now(UTC) + timedelta(seconds=90)
    server.answer("/", status="429 Too Many", Retry_After=moment.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    with pytest.raises(Busy) as error:
        get(server.address())
    assert 80 < error.value.retry_after <= 90


# TLS


@pytest.fixture
def tls(tmp_path, settings):
    """A server on the loopback that speaks TLS as papers.example, and the file of its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "papers.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("papers.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    asked = []
    context.sni_callback = lambda _socket, host, _context: asked.append(host)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with suppress(OSError):
            while True:
                connection = listener.accept()[0]
                with suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(65_536)
                    secure.sendall(answer(b"secret"))

    threading.Thread(target=serve, daemon=True).start()
    port = listener.getsockname()[1]
    settings.FETCH_ALLOWED_HOSTS = frozenset({f"papers.example:{port}", f"other.example:{port}"})
    yield port, file, asked
    listener.close()


def test_a_server_must_prove_who_it_is(tls, names, monkeypatch):
    port, file, asked = tls
    names["papers.example"] = names["other.example"] = [["127.0.0.1"]]
    with pytest.raises(Unfetched, match="does not prove who it is"):
        get(f"https://papers.example:{port}/")
    monkeypatch.setattr(fetching, "_tls", lambda: ssl.create_default_context(cafile=file))
    assert get(f"https://papers.example:{port}/")[1] == b"secret"
    assert asked[-1] == "papers.example", "the name is proved, though the address was connected to"
    with pytest.raises(Unfetched, match="does not prove who it is"):
        get(f"https://other.example:{port}/")


def test_a_handshake_that_never_comes_ends(server, monkeypatch):
    monkeypatch.setattr(fetching, "CONNECT_SECONDS", 0.3)
    with pytest.raises(Unfetched):
        get(server.address().replace("http:", "https:"))
