"""Solves a question in a process of its own, which ends with its answer: no worker keeps the solver's memory."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

from .presenters import Answer, Question, make_plan

PROJECT = Path(__file__).resolve().parents[2]
LIMIT = 60  # seconds; the largest club that was tried takes less than one


class Unsolved(Exception):
    """No answer within the limit, or none at all; the text is for the log."""


def solve(question: Question, *, limit: float = LIMIT) -> Answer:
    """Return the best plan for a question. Raises Unsolved."""
    command = [sys.executable, "-m", "papers.scheduling.apart"]
    try:
        done = subprocess.run(
            command,
            input=pickle.dumps(question),
            capture_output=True,
            timeout=limit,
            cwd=PROJECT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unsolved(f"not solved within {limit} s") from None
    if done.returncode:
        raise Unsolved(done.stderr.decode(errors="replace")[-2_000:])
    answer: Answer = pickle.loads(done.stdout)  # noqa: S301  # our own program wrote it
    return answer


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # HiGHS greets on the standard output
    with answers:
        answers.write(pickle.dumps(make_plan(pickle.load(sys.stdin.buffer))))  # noqa: S301


if __name__ == "__main__":
    main()
