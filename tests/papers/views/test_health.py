import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from redis.exceptions import ConnectionError as NoConnection


class Broken:
    def __enter__(self):
        raise OperationalError("gone")

    def __exit__(self, *error):
        return False


def test_healthz_needs_nothing(client):
    """No database: the test has no permission to ask it."""
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-cache" in response["Cache-Control"]


@pytest.mark.django_db
def test_readyz_asks_database_and_cache(client):
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "failing": []})


@pytest.mark.django_db
def test_readyz_names_what_fails(client, monkeypatch):
    def fail(*_):
        raise NoConnection("gone")

    monkeypatch.setattr(connection, "cursor", Broken)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["failing"]) == (503, ["database"])
    monkeypatch.setattr(cache, "get", fail)
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (
        503,
        {"status": "failing", "failing": ["database", "cache"]},
    )
    assert "gone" not in response.content.decode()
