"""When a provider says that it made an answer; a moment that no calendar has is not believed."""

_LAST_MOMENT_S = 253_402_300_799
"""The end of the year 9999, which is as far as formats with written dates go."""


def read_moment(value: object) -> int:
    """Seconds since the Unix epoch, or 0 where nobody tells or what is told cannot be."""
    if type(value) is float and 0 <= value <= _LAST_MOMENT_S:
        return int(value)
    return value if type(value) is int and 0 <= value <= _LAST_MOMENT_S else 0
