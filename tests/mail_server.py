"""A mail server of our own on the loopback: it breaks where a test says so, and counts copies (RFC 5321)."""

import re
import socket
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy

STEPS = ["banner", "ehlo", "mail", "rcpt", "data", "go", "body", "dot", "answered"]
"""In order: before the server greets; before it answers EHLO, MAIL, RCPT, DATA; after its 354; when some of the text is
in; when all of it is in, before it says so; when it has said so."""


class MailServer:
    """`at` maps a step to what happens there: a function, called once with the server's end of the connection.

    `answers` maps a step to a line said in place of the usual one. `taken` are the mails whose text came in whole: a
    server may keep those, whether or not the client heard of it.
    """

    def __init__(self, port):
        self.port = port
        self.at = {}
        self.answers = {}
        self.steps = []
        self.said = []
        self.taken = []
        self.connections = 0
        self._lock = threading.Lock()

    @property
    def url(self):
        return f"smtp+plain://127.0.0.1:{self.port}"

    def copies(self):
        """How many whole copies of each mail came in, by its Message-ID."""
        return Counter(message["Message-ID"] for message in self.taken)

    def _reach(self, step, connection):
        with self._lock:
            self.steps.append(step)
            act = self.at.pop(step, None)
        if act is not None:
            act(connection)

    def serve(self, connection):
        with connection, suppress(OSError, ConnectionError):
            connection.settimeout(20)
            lines = connection.makefile("rb")

            def answer(step, usual):
                connection.sendall(f"{self.answers.get(step, usual)}\r\n".encode())

            self._reach("banner", connection)
            answer("banner", "220 mail.example.org ready")
            for line in lines:
                command = line.split(b" ")[0].strip().upper().decode()
                if command in {"EHLO", "HELO"}:
                    self._reach("ehlo", connection)
                    answer("ehlo", "250 mail.example.org")
                elif command == "AUTH":
                    self.said.append(line.decode().strip())
                    answer("auth", "235 welcome")
                elif command == "MAIL":
                    self._reach("mail", connection)
                    answer("mail", "250 fine")
                elif command == "RCPT":
                    self._reach("rcpt", connection)
                    answer("rcpt", "250 fine")
                elif command == "DATA":
                    self._reach("data", connection)
                    answer("data", "354 go on")
                    if "data" not in self.answers:
                        self._take(connection, lines, answer)
                elif command == "STARTTLS":
                    answer("starttls", "454 no TLS today")
                elif command == "QUIT":
                    answer("quit", "221 bye")
                    return
                else:
                    answer("other", "250 fine")

    def _take(self, connection, lines, answer):
        self._reach("go", connection)
        text = []
        for line in lines:
            if not text:
                self._reach("body", connection)
            if line == b".\r\n":
                with self._lock:
                    if "dot" not in self.answers:
                        self.taken.append(message_from_bytes(b"".join(text), policy=policy.default))
                self._reach("dot", connection)
                answer("dot", "250 taken")
                self._reach("answered", connection)
                return
            text.append(re.sub(rb"^\.", b"", line))
        raise ConnectionError  # the client was gone before the end: there is no mail


def close(connection):
    """Break the connection off, with a reset, as a server that was killed."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionError


@contextmanager
def running():
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)
    server = MailServer(listener.getsockname()[1])

    def listen():
        with suppress(OSError):
            while True:
                connection = listener.accept()[0]
                server.connections += 1
                threading.Thread(target=server.serve, args=[connection], daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield server
    finally:
        listener.close()


def wait(seconds):
    """Keep silent for so long, then go on."""
    return lambda _connection: time.sleep(seconds)
