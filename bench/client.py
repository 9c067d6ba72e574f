"""A browser's share of HTTP: one connection that is kept, cookies, compressed answers left as they came."""

import gzip
import http.client
import re
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import brotli

_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    """As it came over the wire: compressed, where the server compressed it."""

    @property
    def content(self) -> bytes:
        match self.headers.get("content-encoding"):
            case "gzip":
                return gzip.decompress(self.body)
            case "br":
                return brotli.decompress(self.body)
        return self.body


class Client:
    def __init__(self, port: int, *, cookies: dict[str, str] | None = None, token: str = "") -> None:
        self.port = port
        self.cookies = dict(cookies or {})
        self.token = token
        self.connection = http.client.HTTPConnection("localhost", port, timeout=60)

    def get(self, path: str, *, encoding: str = "gzip", cookies: bool = True) -> Answer:
        return self._ask("GET", path, {"Accept-Encoding": encoding}, None, cookies=cookies)

    def post(self, path: str, body: bytes, *, content_type: str) -> Answer:
        headers = {"Content-Type": content_type, "Origin": f"http://localhost:{self.port}"}
        return self._ask("POST", path, headers, body)

    def time(self, path: str, *, cookies: bool = True) -> float:
        """Get a page; return the seconds from sending the request to the last byte. Raises for anything but 200."""
        start = time.perf_counter()
        answer = self.get(path, cookies=cookies)
        seconds = time.perf_counter() - start
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        return seconds

    def wake(self) -> None:
        """Connect again where the server closed the connection meanwhile, so that no measured request has to."""
        self.get("/healthz")

    def sign_in(self, email: str, password: str) -> None:
        """Sign in by the page that people use."""
        found = _TOKEN.search(self.get("/accounts/login/").content)
        if found is None:
            raise RuntimeError("The sign-in page has no form.")
        form = {"csrfmiddlewaretoken": found[1].decode(), "login": email, "password": password}
        answer = self.post(
            "/accounts/login/", urlencode(form).encode(), content_type="application/x-www-form-urlencoded"
        )
        if answer.status != 302:
            raise RuntimeError(f"Signing in as {email} was answered with {answer.status}.")

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, *, cookies: bool = True
    ) -> Answer:
        if cookies and self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            response = self._send(method, path, headers, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.connection.close()
            response = self._send(method, path, headers, body)
        content = response.read()
        if cookies:
            for line in response.msg.get_all("Set-Cookie", []):
                name, _, value = line.partition(";")[0].partition("=")
                self.cookies[name] = value
        return Answer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, content
        )

    def _send(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> http.client.HTTPResponse:
        self.connection.request(method, path, body, headers)
        return self.connection.getresponse()
