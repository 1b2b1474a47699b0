"""Payment cards: 13 to 19 digits whose prefix an issuer owns at that length, and whose check digit is right."""

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

ISSUERS: tuple[tuple[str, int, int, frozenset[int]], ...] = (
    ("Visa", 4, 4, frozenset({13, 16, 19})),
    ("Mastercard", 51, 55, frozenset({16})),
    ("Mastercard", 2221, 2720, frozenset({16})),
    ("American Express", 34, 34, frozenset({15})),
    ("American Express", 37, 37, frozenset({15})),
    ("Diners Club", 300, 305, frozenset(range(14, 20))),
    ("Diners Club", 3095, 3095, frozenset(range(14, 20))),
    ("Diners Club", 36, 36, frozenset(range(14, 20))),
    ("Diners Club", 38, 39, frozenset(range(14, 20))),
    ("Discover", 6011, 6011, frozenset(range(16, 20))),
    ("Discover", 644, 659, frozenset(range(16, 20))),
    ("JCB", 3528, 3589, frozenset(range(16, 20))),
    ("UnionPay", 62, 62, frozenset(range(16, 20))),
    ("UnionPay, RuPay", 81, 82, frozenset(range(16, 20))),
    ("Maestro", 5018, 5018, frozenset(range(13, 20))),
    ("Maestro", 5020, 5020, frozenset(range(13, 20))),
    ("Maestro", 5038, 5038, frozenset(range(13, 20))),
    ("Maestro", 5893, 5893, frozenset(range(13, 20))),
    ("Maestro", 6304, 6304, frozenset(range(13, 20))),
    ("Maestro", 6759, 6763, frozenset(range(13, 20))),
    ("RuPay", 508, 508, frozenset({16})),
    ("RuPay", 606, 608, frozenset({16})),
    ("Mir", 2200, 2204, frozenset(range(16, 20))),
    ("Troy", 9792, 9792, frozenset({16})),
)
"""Issuer, the first and the last prefix of its range (of as many digits as are written), and the lengths it uses."""


_BY_FIRST = {
    digit: tuple(
        (str(first), str(last), lengths)
        for _, first, last, lengths in ISSUERS
        if str(first)[0] <= digit <= str(last)[0]
    )
    for digit in "0123456789"
}


def is_card(digits: str) -> bool:
    """Whether a text of ASCII digits is the number of a card that may have been issued."""
    return has_issuer(digits) and has_right_check_digit(digits)


def has_issuer(digits: str) -> bool:
    """Whether an issuer numbers its cards so."""
    length = len(digits)
    return any(
        length in lengths and first <= digits[: len(first)] <= last for first, last, lengths in _BY_FIRST[digits[0]]
    )


def has_right_check_digit(digits: str) -> bool:
    """Whether the sum after Luhn is a multiple of ten."""
    total = sum(map(int, digits[-1::-2])) + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])
    return total % 10 == 0
