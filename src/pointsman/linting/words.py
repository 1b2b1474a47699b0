"""Tables of words are written as running text, which people can read and sort; this makes them a tuple."""


def list_words(text: str) -> tuple[str, ...]:
    """The words of a text, between blanks."""
    return tuple(text.split())
