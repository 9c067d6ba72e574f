#!/usr/bin/env python
"""Django's commands, with the embedded servers where they are needed and no others are named."""

import os
import sys
from contextlib import nullcontext

# These touch neither the database nor the broker.
WITHOUT_SERVERS = {
    *("", "check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages"),
    *("spectacular", "startapp", "version"),
}


def main(arguments: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readinglist.settings")
    from django.core.management import execute_from_command_line

    from readinglist import embedded

    command = arguments[1] if len(arguments) > 1 else ""
    needs_none = command in WITHOUT_SERVERS or command.startswith("-") or {"-h", "--help"} & set(arguments)
    try:
        with nullcontext() if needs_none else embedded.running(**embedded.wanted()):
            execute_from_command_line(arguments)
    except embedded.Unable as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main(sys.argv)
