"""The servers of the tests: an embedded PostgreSQL and Valkey of their own. A plugin named in pyproject.toml.

They start before Django reads its settings, in the only process or in the one that hands out the tests
(`-n`), whose workers inherit the address; and not at all where DATABASE_URL and REDIS_URL name others.
"""

import os
import shutil
from contextlib import ExitStack

import pytest

from readinglist import embedded

# So many runs can go on side by side. Each keeps its servers' files for the next run.
PLACES = 20


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config):
    if "PYTEST_XDIST_WORKER" not in os.environ:
        early_config.add_cleanup(start_servers().close)
    return (yield)


def start_servers():
    """Start what is needed in the first place that is free, and point READINGLIST_VAR there."""
    folder = embedded.state_dir() / "tests"
    for place in range(1, PLACES + 1):
        stack = ExitStack()
        var = folder / str(place)
        try:
            stack.enter_context(
                embedded.running(**embedded.wanted(), var=var, share=False, wait=False, durable=False)
            )
        except embedded.InUse:
            continue
        os.environ["READINGLIST_VAR"] = str(var)
        (var / "static").mkdir(exist_ok=True)  # whitenoise warns where it is not there
        return stack
    raise embedded.InUse(f"All {PLACES} places for the servers of the tests are in use: {folder}")


def remove_state(var):
    """Remove a state folder and what lies outside it: the folder of its sockets, and root's database."""
    for link in (var / "sockets", var / "postgres-files"):
        if link.is_symlink():
            shutil.rmtree(link.readlink())
    if var.exists():
        shutil.rmtree(var)
