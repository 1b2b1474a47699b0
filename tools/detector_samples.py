"""Which forms the corpus has of each kind, and how often; a form is named after what is hard about it."""

import random

import detector_corpus as corpus
from detector_corpus import Maker, Sample, draw, fill, group, hide_in_signs

Form = tuple[str, int, Maker]
"""Name, weight, and what makes the text with its surroundings."""


def surround(make: Maker, surroundings: tuple[str, ...] = corpus.SURROUNDINGS) -> Maker:
    """The same within a sentence, a table, a program or another language."""
    return lambda dice: dice.choice(surroundings).format(x=make(dice))


def choose(patterns: tuple[str, ...]) -> Maker:
    """One of several patterns, filled."""
    return lambda dice: fill(dice, dice.choice(patterns))


def hide(make: Maker) -> Maker:
    """The same in signs that only look alike."""
    return lambda dice: hide_in_signs(dice, make(dice))


def announce(texts: tuple[str, ...], make: Maker) -> Maker:
    """The same after a word that says what it is."""
    return lambda dice: dice.choice(texts).format(x=make(dice))


def _group_by_chance(dice: random.Random) -> str:
    number = corpus.make_card(dice)
    cuts = sorted(dice.sample(range(1, len(number)), dice.randrange(2, 5)))
    separator = dice.choice(" -")
    return separator.join(number[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(number)], strict=True))


def _make_key(dice: random.Random) -> str:
    prefix, alphabet, length = dice.choice(corpus.KEY_PATTERNS)
    return prefix + draw(dice, alphabet, length) + ("-7Kq2mXb9ZpLw4Rt8" if prefix == "xoxb-" else "")


def _make_token(dice: random.Random) -> str:
    return draw(dice, corpus.BASE62, dice.randrange(20, 64))


def _make_pem(dice: random.Random) -> str:
    kind = dice.choice(("RSA ", "EC ", "", "OPENSSH ", "ENCRYPTED "))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{draw(dice, corpus.BASE62 + '+/', 64)}\n-----END {kind}PRIVATE KEY-----"


def _write_ssn(separator: str) -> Maker:
    return lambda dice: group(corpus.make_ssn(dice), (3, 2, 4), separator)


def _write_v4(pattern: str) -> Maker:
    return lambda dice: pattern.format(ip=corpus.make_ipv4(dice))


SOCIAL = (
    "SSN {x}", "SSN: {x}", "ssn={x}", '"ssn": "{x}"', "social security number {x}", "Social Security No. {x}",
    "her SSN is {x}", "taxpayer_ssn: {x}",
)  # fmt: skip
SERVERS = (
    "ssh root@{ip}", "http://{ip}:8080/health", "{ip}:5432", "{ip}/24", "ping {ip}", "client {ip} closed",
    "host={ip} port=22", '{ip} - - [21/Nov/2026:10:22:31 +0000] "GET / HTTP/1.1" 200 512',
    "Failed password for root from {ip} port 52144 ssh2", "listen {ip}:443;", "A record: www -> {ip}",
    "X-Forwarded-For: {ip}", "'remote_addr': '{ip}'",
)  # fmt: skip

FORMS: dict[str, tuple[Form, ...]] = {
    "email": (
        ("plain", 80, surround(corpus.make_email)),
        ("signs that look alike", 8, surround(hide(corpus.make_email))),
        ("percent-encoded", 3, lambda dice: f"https://a.net/?mail={corpus.make_email(dice).replace('@', '%40')}"),
        ("mailto", 4, lambda dice: f'<a href="mailto:{corpus.make_email(dice)}?subject=Hi">write</a>'),
        ("list with names", 4, lambda dice: f"To: Anna <{corpus.make_email(dice)}>, Tom <t@x.org>"),
        ("quoted local part", 1, surround(lambda dice: f'"{dice.choice(corpus.WORDS)} x"@firma.de')),
    ),
    "phone": (
        ("international", 38, surround(choose(corpus.INTERNATIONAL))),
        ("national, nothing announces it", 30, surround(choose(corpus.PHONE_PLANS))),
        ("national, announced", 18, announce(corpus.ANNOUNCED_PHONES, choose(corpus.PHONE_PLANS))),
        ("little grouped, announced", 9, announce(corpus.ANNOUNCED_PHONES, choose(corpus.RARE_PLANS))),
        ("little grouped, nothing announces it", 2, surround(choose(corpus.RARE_PLANS))),
        ("signs that look alike", 3, surround(hide(choose(corpus.INTERNATIONAL)))),
    ),
    "card": (
        ("in one piece", 35, surround(corpus.make_card)),
        ("as printed, blanks", 30, surround(lambda dice: corpus.print_card(dice, " "))),
        ("as printed, hyphens", 15, surround(lambda dice: corpus.print_card(dice, "-"))),
        ("signs that look alike", 8, surround(hide(lambda dice: corpus.print_card(dice, " ")))),
        ("with its date and code", 5, lambda dice: f"{corpus.print_card(dice, ' ')} 12/29 {fill(dice, '###')}"),
        ("among other numbers", 3, lambda dice: f"4 x 12.50, paid {corpus.make_card(dice)}, 2026-11-21"),
        ("grouped by chance", 4, surround(_group_by_chance)),
    ),
    "iban": (
        ("in one piece", 45, surround(corpus.make_iban)),
        ("as printed", 35, surround(lambda dice: group(corpus.make_iban(dice), (4,), " "))),
        ("small letters", 8, surround(lambda dice: corpus.make_iban(dice).lower())),
        ("hyphens", 4, surround(lambda dice: group(corpus.make_iban(dice), (4,), "-"))),
        ("signs that look alike", 7, surround(hide(lambda dice: group(corpus.make_iban(dice), (4,), " ")))),
        ("a blank after the country", 1, surround(lambda dice: group(corpus.make_iban(dice), (2, 2, 4), " "))),
    ),
    "us_ssn": (
        ("hyphens", 50, surround(_write_ssn("-"))),
        ("blanks", 15, surround(_write_ssn(" "))),
        ("hyphens, announced", 15, announce(SOCIAL, _write_ssn("-"))),
        ("in one piece, announced", 12, announce(SOCIAL, corpus.make_ssn)),
        ("signs that look alike", 7, surround(hide(_write_ssn("-")))),
        ("in one piece, nothing announces it", 1, surround(corpus.make_ssn)),
    ),
    "ip_address": (
        ("version 4", 40, surround(corpus.make_ipv4)),
        ("version 4 in a log or setting", 30, lambda dice: _write_v4(dice.choice(SERVERS))(dice)),
        ("version 6", 20, surround(corpus.make_ipv6)),
        ("version 6 in brackets", 5, lambda dice: f"http://[{corpus.make_ipv6(dice)}]:8080/"),
        ("version 4 within version 6", 3, surround(lambda dice: f"::ffff:{corpus.make_ipv4(dice)}")),
        ("signs that look alike", 2, surround(hide(corpus.make_ipv4))),
    ),
    "secret": (
        ("a service's key", 45, surround(_make_key)),
        ("JSON Web Token", 6, surround(corpus.make_jwt)),
        ("private key", 4, _make_pem),
        ("password, announced", 20, announce(corpus.PASSWORDS, corpus.make_password)),
        ("token, announced", 12, announce(corpus.TOKENS, _make_token)),
        ("hexadecimal token, announced", 4, announce(corpus.TOKENS, lambda dice: draw(dice, "0123456789abcdef", 40))),
        ("password of a URL", 7, announce(corpus.CONNECTIONS, corpus.make_password)),
        ("password of words only", 1, announce(corpus.PASSWORDS, lambda dice: " ".join(dice.sample(corpus.WORDS, 3)))),
        ("a random text, nothing announces it", 1, surround(lambda dice: draw(dice, corpus.BASE62, 32))),
    ),
}  # fmt: skip


def draw_samples(kind: str, forms: tuple[Form, ...], count: int, seed: str) -> list[Sample]:
    """So many samples, shared among the forms by weight; the same ones for the same seed."""
    dice = random.Random(f"{seed}/{kind}")
    total = sum(weight for _, weight, _ in forms)
    samples: list[Sample] = []
    for name, weight, make in forms:
        samples += [Sample(make(dice), kind, name) for _ in range(round(count * weight / total))]
    return samples
