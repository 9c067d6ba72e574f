"""The worker killed, PostgreSQL restarted, the broker emptied in the middle of an import. Invariant 3.

With servers of its own, so in a process of its own: `make bench` runs the same for longer.
"""

import json
import subprocess
import sys

from django.conf import settings


def test_whatever_happens_in_between_the_catalogue_is_the_same():
    command = [sys.executable, "-m", "bench.survival", "--records", "14000", "--kills", "3"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:] + done.stdout[-1_000:]
    found = json.loads(done.stdout)
    assert (found["is_same"], found["state"], found["taken"], found["added"]) == (
        True,
        "done",
        14_000,
        14_000,
    )
    assert {"PostgreSQL was restarted", "the broker was emptied"} <= set(found["happened"])
    assert found["attempts"] >= 3
