"""International bank account numbers: the form that the country has registered, and a remainder of 1."""

from collections.abc import Iterator

from pointsman.core.privacy.boundaries import is_inside_word
from pointsman.core.privacy.entities import Find
from pointsman.core.privacy.reading import Reading

_REGISTERED = (
    "AD 8n12c,AE 19n,AL 8n16c,AT 16n,AZ 4a20c,BA 16n,BE 12n,BG 4a6n8c,BH 4a14c,BI 23n,BR 23n1a1c,BY 4c4n16c,CH 5n12c,"
    "CR 18n,CY 8n16c,CZ 20n,DE 18n,DJ 23n,DK 14n,DO 4c20n,EE 16n,EG 25n,ES 20n,FI 14n,FK 2a12n,FO 14n,FR 10n11c2n,"
    "GB 4a14n,GE 2a16n,GI 4a15c,GL 14n,GR 7n16c,GT 24c,HN 4a20n,HR 17n,HU 24n,IE 4a14n,IL 19n,IQ 4a15n,IS 22n,"
    "IT 1a10n12c,JO 4a4n18c,KW 4a22c,KZ 3n13c,LB 4n20c,LC 4a24c,LI 5n12c,LT 16n,LU 3n13c,LV 4a13c,LY 21n,MC 10n11c2n,"
    "MD 20c,ME 18n,MK 3n10c2n,MN 16n,MR 23n,MT 4a5n18c,MU 4a19n3a,NI 4a20n,NL 4a10n,NO 11n,OM 3n16c,PK 4a16c,PL 24n,"
    "PS 4a21c,PT 21n,QA 4a21c,RO 4a16c,RS 18n,RU 14n15c,SA 2n18c,SC 4a20n3a,SD 14n,SE 20n,SI 15n,SK 20n,SM 1a10n12c,"
    "SO 19n,ST 21n,SV 4a20n,TL 19n,TN 20n,TR 6n16c,UA 6n19c,VA 18n,VG 4a16n,XK 16n,YE 4a4n18c"
)

_FORM_KINDS = {"n": str.isdigit, "a": str.isalpha, "c": str.isalnum}


def _read_form(form: str) -> tuple[tuple[int, str], ...]:
    """`4a14n` as `((4, "a"), (14, "n"))`."""
    parts: list[tuple[int, str]] = []
    count = 0
    for sign in form:
        if sign.isdigit():
            count = count * 10 + int(sign)
        else:
            parts.append((count, sign))
            count = 0
    return tuple(parts)


FORMS: dict[str, tuple[tuple[int, str], ...]] = {entry[:2]: _read_form(entry[3:]) for entry in _REGISTERED.split(",")}
"""What follows the check digits, country by country: runs of digits (n), letters (a) or both (c)."""

_SEPARATORS = " -"


def find_ibans(reading: Reading) -> Iterator[Find]:
    """Account numbers in the order of the text, in one piece or in groups, in large or small letters."""
    # Two letters, two digits: what each begins with, and what hardly any other text has.
    at = reading.classes.find(b"aa00")
    while at >= 0:
        end = _find_end(reading.raw, at)
        if end is not None and not is_inside_word(reading.raw, at):
            yield Find("iban", at, end)
        at = reading.classes.find(b"aa00", at + 1 if end is None else end)


def _find_end(raw: bytes, start: int) -> int | None:
    country = raw[start : start + 2].decode().upper()
    form = FORMS.get(country)
    if form is None:
        return None
    length = sum(count for count, _ in form)
    # One separator at most after each character.
    window = raw[start + 4 : start + 4 + 2 * length].decode()
    account, used = _collect(window, length)
    end = start + 4 + used
    if len(account) < length or raw[end : end + 1].isalnum() or not _has_form(account, form):
        return None
    return end if is_checked(country + raw[start + 2 : start + 4].decode() + account) else None


def _collect(window: str, length: int) -> tuple[str, int]:
    """The first letters and digits, at most `length`, and how far they reach."""
    signs: list[str] = []
    for used, sign in enumerate(window):
        if sign.isalnum():
            signs.append(sign)
            if len(signs) == length:
                return "".join(signs).upper(), used + 1
        elif sign not in _SEPARATORS or window[used - 1 : used] in (" ", "-"):
            break
    return "", 0


def _has_form(account: str, form: tuple[tuple[int, str], ...]) -> bool:
    at = 0
    for count, kind in form:
        if not _FORM_KINDS[kind](account[at : at + count]):
            return False
        at += count
    return True


def is_checked(iban: str) -> bool:
    """Whether an account number in large letters and without separators leaves the remainder 1, as ISO 7064 asks."""
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1
