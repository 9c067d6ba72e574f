import pytest

from accounts.names import clean_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("  Ada \t Lovelace\n", "Ada Lovelace", id="white space"),
        pytest.param("Ada\u202egnp.exe", "Adagnp.exe", id="override"),
        pytest.param("\u2067Ada\u2069", "Ada", id="isolate"),
        pytest.param("A\x00d\x1ba", "Ada", id="controls"),
        pytest.param(
            "\u0646\u06cc\u0645\u200c\u0641\u0627", "\u0646\u06cc\u0645\u200c\u0641\u0627", id="joiner stays"
        ),
        pytest.param("e\u0301va", "\u00e9va", id="composed"),
        pytest.param("\u202e", "", id="nothing left"),
        pytest.param(" - ", "", id="no letter"),
        pytest.param("机器学习", "机器学习", id="Chinese"),
    ],
)
def test_names_are_one_honest_line(text, name):
    assert clean_name(text) == name
