"""The tick of each minute: it does all that is due, whatever breaks."""

from datetime import datetime

from papers import tasks


def test_a_tick_gives_the_time_and_hands_on_what_is_found(monkeypatch):
    said, done = [], []

    class Task:
        delay = done.append

    monkeypatch.setattr(tasks, "list_due_work", lambda: [(said.append, None), (lambda now: [3, 5], Task)])
    tasks.tick()
    assert done == [3, 5]
    assert isinstance(said[0], datetime) and said[0].tzinfo is not None


def test_what_breaks_stops_nothing_else(monkeypatch, caplog):
    """A mail server that is away would keep all sources waiting."""
    done = []

    def break_off(now):
        raise ConnectionError("no broker")

    class Away:
        delay = break_off

    monkeypatch.setattr(
        tasks, "list_due_work", lambda: [(break_off, None), (lambda now: [1], Away), (done.append, None)]
    )
    tasks.tick()
    assert len(done) == 1
    assert "break_off broke off" in caplog.text and "no broker" in caplog.text


def test_sources_and_imports_have_their_lines_in_order():
    names = [f"{find.__module__}.{find.__name__}" for find, _task in tasks.list_due_work()]
    queued, taken = map(names.index, ("papers.sources.running.queue_due", "papers.importing.take_due"))
    assert queued < taken, "what is queued is found by the same tick"
    assert {"papers.sources.dry_run.take_due", "papers.sources.telling.tell_stalled"} < set(names)
