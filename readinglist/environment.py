"""Strict readers of environment variables: an odd value stops the start and says which and why."""

import os
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def read_bool(name: str, default: bool) -> bool:
    """Return a yes-or-no setting; anything but the usual six words is an error."""
    text = os.environ.get(name, "").strip().lower()
    if not text:
        return default
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={text!r} is neither yes nor no. Write {name}=1 or {name}=0.")


def read_int(name: str, default: int, *, least: int = 0) -> int:
    """Return a whole number of at least `least`."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise ImproperlyConfigured(f"{name}={text!r} is not a whole number of {least} or more.")
    return int(text)


def read_site_url(default: str) -> str:
    """Return SITE_URL as scheme://host[:port], without a slash at the end."""
    text = os.environ.get("SITE_URL", "").strip() or default
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ImproperlyConfigured(
            f"SITE_URL={text!r} must be the address people type, such as https://papers.example.org"
        )
    return f"{parts.scheme}://{parts.netloc}"


def read_contact(name: str) -> str:
    """Return an e-mail address that goes out in a header; empty where none is set."""
    text = os.environ.get(name, "").strip()
    if text and not re.fullmatch(r"[\w.+-]+@[\w.-]+", text, re.ASCII):
        raise ImproperlyConfigured(f"{name}={text!r} is not an e-mail address such as papers@example.org.")
    return text


def read_hosts(name: str) -> frozenset[str]:
    """Return hosts, parted by commas or blanks: a name or an IP address, with a port where it is not usual."""
    hosts = re.split(r"[,\s]+", os.environ.get(name, "").strip().lower())
    for host in filter(None, hosts):
        if not re.fullmatch(r"([\w.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", host, re.ASCII):
            raise ImproperlyConfigured(
                f"{name}: {host!r} is no host. Write names, with a port if need be: oai.example.org, [fd00::7]:8080"
            )
    return frozenset(filter(None, hosts))


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    user: str
    password: str
    use_tls: bool
    use_ssl: bool


def read_mail_server() -> MailServer | None:
    """Return the server that EMAIL_URL names; None without one.

    smtp://user:password@host:587 speaks STARTTLS, smtps://… TLS from the first byte (465),
    smtp+plain://… no encryption at all, for a relay on the same machine.
    """
    text = os.environ.get("EMAIL_URL", "").strip()
    if not text:
        return None
    parts = urlsplit(text)
    ports = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
    if parts.scheme not in ports or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp://user:password@mail.example.org:587")
    return MailServer(
        host=parts.hostname,
        port=parts.port or ports[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_tls=parts.scheme == "smtp",
        use_ssl=parts.scheme == "smtps",
    )
