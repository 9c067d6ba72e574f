import pytest

from papers.models import Catalogue

pytestmark = pytest.mark.django_db


def test_list(script, listing):
    answer = script.get("/api/v1/papers/")
    assert answer.status_code == 200, answer.content
    print(answer.content, answer.headers)
