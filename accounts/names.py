"""Names that people give themselves and their clubs: one line, and nothing that deceives the eye."""

import unicodedata

# Embeddings, overrides and isolates turn round the text that follows the name (Unicode UAX #9, section 2).
# The marks U+200E, U+200F and U+061C and the joiners do not, and names in some scripts need them.
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def clean_name(text: str) -> str:
    """Return a name on one line, in Unicode form NFC, without controls and characters that turn text round.

    A name without a letter or digit left is no name: the answer is then empty.
    """
    kept = (
        character
        for character in unicodedata.normalize("NFC", text)
        if character.isspace() or not (unicodedata.category(character) == "Cc" or ord(character) in _TURNING)
    )
    name = " ".join("".join(kept).split())
    return name if any(map(str.isalnum, name)) else ""
