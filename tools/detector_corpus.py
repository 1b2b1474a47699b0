"""Texts that hold private data, made up by chance: every kind in the forms that people and programs write.

Written from the standards and from how countries write, not from the detectors; forms that no detector knows are in it.
"""

import base64
import random
import string
from collections.abc import Callable
from dataclasses import dataclass

BASE62 = string.ascii_letters + string.digits
BASE64URL = BASE62 + "-_"

SURROUNDINGS = (
    "{x}", "{x}.", "({x})", "[{x}]", "<{x}>", '"{x}"', "'{x}'", "`{x}`", "* {x}", "| Anna | {x} | yes |", "a,{x},b",
    "a;{x};b", "a\t{x}\tb", "Thanks!\n{x}\nBest, Tom", "see below: {x}", "It is {x}, as I said.",
    "please use {x} from now on", '{{"id": 7, "value": "{x}", "ok": true}}',
    '{{"text": "first line\\n{x}\\nlast line"}}', "value={x}&next=1", "<td>{x}</td>", "<b>{x}</b>",
    "- old: none\n- new: {x}", "x = '{x}'  # do not lose it", "INFO 10:22:31 got {x} from form",
    "Bitte schicken Sie es an {x}, danke.", "Das ist {x}.", "Voici : {x}. Merci !", "C'est {x}, je crois",
    "Es {x}, gracias.", "Ecco: {x}", "Oto {x}, dziękuję", "Вот {x}, спасибо.", "请记住{x}。", "我的是 {x}，谢谢",
    "これは{x}です。",
    "여기 {x} 입니다", "هذا {x} شكرا", "यह {x} है", "Her er {x}.", "Tässä on {x}.", "Η τιμή είναι {x}.",
    "What does {x} mean?", "1. {x}\n2. none", "Customer 4 of 12: {x} (new)", "**{x}**", "# {x}", "/* {x} */",
    "// {x}", "<!-- {x} -->", "key: {x}", "TO {x} CC none",
)  # fmt: skip

WORDS = (
    "river",
    "stone",
    "cloud",
    "meadow",
    "signal",
    "harbour",
    "violet",
    "ember",
    "quartz",
    "lantern",
    "willow",
    "copper",
)
FIRST = (
    "anna", "tom", "maria", "li", "ahmed", "jürgen", "zoë", "olga", "søren", "françois", "o'brien", "иван", "王伟",
    "priya", "joão", "ngoc", "kofi", "Dmitri", "SARAH", "a",
)  # fmt: skip
LAST = (
    "smith",
    "meier",
    "garcia",
    "wang",
    "kowalski",
    "müller",
    "rossi",
    "silva",
    "ivanov",
    "tanaka",
    "okafor",
    "DUPONT",
)
DOMAINS = (
    "gmail.com", "acme.co.uk", "mail.example.org", "uni-köln.de", "firma.de", "web.de", "empresa.com.br",
    "студия.рф", "例子.中国", "xn--mnchen-3ya.de", "a-b-c.io", "startup.ai", "GOV.UK", "dept.city.gov", "x.company",
    "cloud9.dev", "t.co", "sub.sub2.host.net",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """A text, the kind of private data in it (`""` for none), and the form that it was made in."""

    text: str
    kind: str
    form: str


Maker = Callable[[random.Random], str]


def fill(dice: random.Random, pattern: str) -> str:
    """A pattern with `#` as any digit, `N` as 2 to 9, `A` as a large letter."""
    signs = {"#": string.digits, "N": "23456789", "A": string.ascii_uppercase}
    return "".join(dice.choice(signs[sign]) if sign in signs else sign for sign in pattern)


def draw(dice: random.Random, alphabet: str, count: int) -> str:
    """So many signs of an alphabet."""
    return "".join(dice.choice(alphabet) for _ in range(count))


def make_email(dice: random.Random) -> str:
    """First and last names in several alphabets at domains of several kinds."""
    first, last = dice.choice(FIRST), dice.choice(LAST)
    local = dice.choice(
        (first, f"{first}.{last}", f"{first[0]}_{last}", f"{first}{dice.randrange(1990, 2010)}", f"{last}+news")
    )
    return f"{local}@{dice.choice(DOMAINS)}"


def hide_in_signs(dice: random.Random, text: str) -> str:
    """The same to the eye: invisible signs between, wide digits, blanks that do not break."""
    way = dice.randrange(3)
    if way == 0:
        at = dice.randrange(1, len(text))
        return text[:at] + dice.choice("\u200b\u00ad\u2060\ufeff\u200d") + text[at:]
    if way == 1:
        return text.translate({ord(digit): 0xFF10 + int(digit) for digit in string.digits} | {ord("@"): "＠"})
    return text.replace(" ", "\u00a0").replace("-", dice.choice("\u2010\u2011\u2013"))


PHONE_PLANS = (
    # How a country writes its numbers at home, and what announces nothing.
    "(NN#) N##-####", "NN#-N##-####", "NN#.N##.####", "NN# N## ####", "1-NN#-N##-####", "1 (NN#) N##-####",
    "NN#-N##-#### ext. 12", "020 7### ####", "07### ######", "(0161) 496 0###", "01632 960###",
    "077########", "0171 #######", "030 ########", "(089) ######-#", "0221/#######",
    "0151-########", "06## ######", "01 ## ## ## ##", "06.##.##.##.##", "06 ## ## ## ##", "98### #####",
    "080-####-####", "03-####-####", "13# #### ####", "02 #### ####", "(02) 9### ####", "04## ### ###",
    "06 #### ####", "333 #######", "044 ### ## ##", "0##-### ## ##", "08-### ## ##", "(11) 9####-####",
    "8 (9##) ###-##-##", "020-#######", "0532 ### ## ##", "010-####-####", "021 ### ####", "61# ## ## ##",
)  # fmt: skip
RARE_PLANS = (
    "## ## ## ##",
    "4## ## ###",
    "60# ### ###",
    "9### ####",
    "N##-####",
    "61# ### ###",
    "NN#N######",
    "13#########",
)
INTERNATIONAL = (
    "+1 NN# N## ####", "+1NN#N######", "+1-NN#-N##-####", "+1 (NN#) N##-####", "+44 20 7### ####", "+447#########",
    "+44 (0)20 7### ####", "+49 30 ########", "+49 (0) 171 #######", "+4915########", "+33 6 ## ## ## ##",
    "+336########", "+91 98### #####", "+9198########", "+86 13# #### ####", "+81-90-####-####",
    "+55 11 9####-####", "+61 4## ### ###", "+39 333 #######", "+34 6## ### ###", "+7 9## ###-##-##",
    "+48 60# ### ###", "+45 ## ## ## ##", "+47 4## ## ###", "+41 44 ### ## ##", "+31 6 ########",
    "+353 87 ### ####", "+971 50 ### ####", "+65 9### ####", "+852 9### ####", "+27 82 ### ####",
    "+234 803 ### ####", "+52 55 #### ####", "+90 532 ### ## ##", "0049 171 #######", "0044 20 7### ####",
    "+380 67 ### ## ##", "+82 10-####-####", "+358 40 #######", "+420 60# ### ###",
)  # fmt: skip
ANNOUNCED_PHONES = (
    "Call me at {x}", "phone: {x}", '"phone": "{x}"', "Tel. {x}", "mobile {x}", "my cell is {x}", "Telefon: {x}",
    "Handy {x}", "Téléphone : {x}", "móvil {x}", "Telefono {x}", "Тел.: {x}", "电话：{x}", "手机{x}", "電話 {x}",
    "phone_number={x}", "fax {x}", "WhatsApp {x}", "text me on {x}", "Ring me: {x}",
)  # fmt: skip

CARDS = (
    ("4", 16), ("4", 16), ("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15),
    ("36", 14), ("305", 14), ("6011", 16), ("65", 16), ("3530", 16), ("62", 16), ("62", 19), ("6759", 18),
    ("2202", 16), ("4", 19), ("4", 13),
)  # fmt: skip


def add_luhn(digits: str) -> str:
    """Digits with the check digit that makes them right."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def make_card(dice: random.Random) -> str:
    """A number that an issuer might have handed out."""
    prefix, length = dice.choice(CARDS)
    return add_luhn(prefix + draw(dice, string.digits, length - len(prefix) - 1))


def group(text: str, sizes: tuple[int, ...], separator: str) -> str:
    """A text in groups; the last size repeats."""
    parts, at = [], 0
    while at < len(text):
        size = sizes[min(len(parts), len(sizes) - 1)]
        parts.append(text[at : at + size])
        at += size
    return separator.join(parts)


def print_card(dice: random.Random, separator: str) -> str:
    """A number as it is printed on the card."""
    number = make_card(dice)
    return group(number, (4, 6, 5) if len(number) in (14, 15) else (4,), separator)


ACCOUNTS = (
    "DE################", "GBAAAA##############", "FR#######################", "NLAAAA##########",
    "ES####################", "IT" + "A" + "#" * 22, "BE############", "AT################", "PL" + "#" * 24,
    "CH" + "#" * 17, "SE" + "#" * 20, "NO" + "#" * 11, "DK" + "#" * 14, "FI" + "#" * 14, "PT" + "#" * 21,
    "IEAAAA" + "#" * 14, "CZ" + "#" * 20, "GR" + "#" * 23, "HU" + "#" * 24, "ROAAAA" + "#" * 16, "TR" + "#" * 22,
    "AE" + "#" * 19, "SA" + "#" * 20, "UA" + "#" * 25, "MTAAAA" + "#" * 23, "LU" + "#" * 16, "BGAAAA" + "#" * 14,
    "HR" + "#" * 17, "EE" + "#" * 16, "LVAAAA" + "#" * 13, "LT" + "#" * 16, "CY" + "#" * 24, "SI" + "#" * 15,
    "SK" + "#" * 20, "BR" + "#" * 23 + "A#", "PKAAAA" + "#" * 16, "QAAAAA" + "#" * 21, "IL" + "#" * 19,
    "KZ" + "#" * 16, "IS" + "#" * 22,
)  # fmt: skip
"""Country and account without the check digits; FR and the like may hold letters, which is rare."""


def make_iban(dice: random.Random) -> str:
    """An account with its check digits."""
    pattern = dice.choice(ACCOUNTS)
    country, account = pattern[:2], fill(dice, pattern[2:])
    if country == "DE":
        account = draw(dice, string.digits, 18)
    elif country == "BE":
        account = draw(dice, string.digits, 12)
    rest = "".join(str(int(sign, 36)) for sign in f"{account}{country}00")
    return f"{country}{98 - int(rest) % 97:02d}{account}"


def make_ssn(dice: random.Random) -> str:
    """Nine digits that were or will be handed out."""
    area = dice.choice([area for area in range(1, 900) if area != 666])
    return f"{area:03d}{dice.randrange(1, 100):02d}{dice.randrange(1, 10_000):04d}"


def make_ipv4(dice: random.Random) -> str:
    """A public or private address that somebody may have."""
    first = dice.choice(
        (10, 192, 172, *(number for number in range(11, 223) if number not in (127, 169, 192, 198, 203)))
    )
    second = {192: 168, 172: dice.randrange(16, 32)}.get(first, dice.randrange(256))
    return f"{first}.{second}.{dice.randrange(256)}.{dice.randrange(1, 255)}"


def make_ipv6(dice: random.Random) -> str:
    """A global, site-local or link-local address, written out or shortened."""
    prefix = dice.choice(("2a00", "2003", "2600", "2401", "2806", "fd12", "fe80", "2A02"))
    parts = [f"{dice.randrange(1, 65536):x}" for _ in range(dice.randrange(2, 7))]
    if dice.random() < 0.3:
        return ":".join([prefix, *(f"{dice.randrange(65536):04x}" for _ in range(7))])
    at = dice.randrange(len(parts))
    return f"{prefix}:{':'.join(parts[:at])}::{':'.join(parts[at:])}".replace(":::", "::")


def make_jwt(dice: random.Random) -> str:
    """A signed token."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(f'{{"sub":"{dice.randrange(10**9)}"}}'.encode()).decode().rstrip("=")
    return f"{head}.{body}.{draw(dice, BASE64URL, 43)}"


KEY_PATTERNS: tuple[tuple[str, str, int], ...] = (
    ("sk-", BASE62, 48), ("sk-proj-", BASE64URL, 120), ("sk-ant-api03-", BASE64URL, 93),
    ("sk-or-v1-", "0123456789abcdef", 64), ("gsk_", BASE62, 52), ("xai-", BASE62, 80), ("hf_", BASE62, 34),
    ("r8_", BASE62, 37), ("AIza", BASE64URL, 35), ("AKIA", string.ascii_uppercase + "234567", 16),
    ("ASIA", string.ascii_uppercase + "234567", 16), ("ghp_", BASE62, 36), ("gho_", BASE62, 36),
    ("github_pat_", BASE62 + "_", 82), ("glpat-", BASE64URL, 20), ("xoxb-", string.digits, 11),
    ("xoxp-", string.digits + "-", 40), ("npm_", BASE62, 36), ("sk_live_", BASE62, 24), ("rk_live_", BASE62, 24),
    ("whsec_", BASE62, 32), ("shpat_", "0123456789abcdef", 32), ("dop_v1_", "0123456789abcdef", 64),
    ("pm_", BASE62, 49), ("nvapi-", BASE64URL, 64), ("dapi", "0123456789abcdef", 32),
    ("key-", "0123456789abcdef", 32), ("hvs.", BASE64URL, 90), ("GOCSPX-", BASE64URL, 28),
)  # fmt: skip

PASSWORDS = (
    "password={x}", 'password = "{x}"', "PASSWORD: {x}", '"password": "{x}"', "'pwd': '{x}'", "DB_PASSWORD={x}",
    "my password is {x}", "the passphrase: {x}", "Passwort: {x}", "mot de passe : {x}", "contraseña: {x}",
    "senha: {x}", "export MYSQL_PASSWORD='{x}'", "login anna / password {x}", "user=anna;password={x};",
    "password => '{x}'", "passwd: {x}", "-p password={x}", "PGPASSWORD={x} psql",
)  # fmt: skip
TOKENS = (
    "api_key={x}", 'apiKey: "{x}"', "API_KEY='{x}'", "token: {x}", '"access_token":"{x}"', "client_secret={x}",
    "SECRET_KEY = '{x}'", "Authorization: Bearer {x}", "curl -H 'Authorization: Bearer {x}'",
    "aws_secret_access_key = {x}", "auth_token={x}", "?token={x}&a=1", "x-api-key: {x}", "secret: {x}",
    "AccountKey={x};", "private_key: {x}",
)  # fmt: skip
CONNECTIONS = (
    "postgres://app:{x}@db.internal:5432/main", "mysql://root:{x}@mysql/shop", "redis://:{x}@cache:6379/0",
    "amqp://svc:{x}@mq.local", "mongodb+srv://u1:{x}@cluster0.abcde.mongodb.net/test",
    "https://anna:{x}@git.company.net/repo.git", "ftp://me:{x}@files/",
)  # fmt: skip


def make_password(dice: random.Random) -> str:
    """What people choose: words, digits and signs."""
    word, other = dice.choice(WORDS), dice.choice(WORDS)
    return dice.choice(
        (
            f"{word.title()}{dice.randrange(10, 9999)}",
            f"{word}{dice.randrange(100)}!{other}",
            f"{word[0].upper()}{word[1:]}#{dice.randrange(10, 99)}{other}",
            draw(dice, BASE62, 14) + "7a",
            f"{word}-{other}-{dice.randrange(1000)}",
            word.translate(str.maketrans("aeio", "4310")) + other + "9",
        )
    )
