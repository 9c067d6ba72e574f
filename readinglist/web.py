"""The web server's settings: `gunicorn readinglist.wsgi --config=python:readinglist.web`.

Lean, for a laptop. WEB_CONCURRENCY gives a larger machine more processes.
"""

import gc
import os
from typing import Any

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 4
graceful_timeout = 2
control_socket_disable = True
# Load the application once, and let the processes share its memory.
preload_app = True


def pre_fork(server: Any, worker: Any) -> None:
    """Keep the garbage collector from writing to, and so copying, what is shared."""
    gc.freeze()
