"""Texts that hold nothing private and look as if: code, logs, versions, hashes, prices, orders, wrong checksums."""

import base64
import random
import string
import uuid

import detector_corpus as corpus
from detector_corpus import draw, group
from detector_samples import Form, choose, surround

HEX = "0123456789abcdef"

CODE = (
    "for i in range({a}, {b}):\n    total += values[i] * {f}", "const timeout = {a} * 60 * 1000; // ms",
    "@dataclass(frozen=True)\nclass Point{a}:", "matrix = a@b + c[{a}:{b}]", "std::vector<int> v{a}({b}, 0);",
    "x[1::{a}] = y[::{b}]", "@app.route('/v{a}/items')\ndef list_items():", "password = get_password(user_{a})",
    "password: str | None = None", 'token = os.environ["API_TOKEN_{a}"]', "api_key: ${{API_KEY_{a}}}",
    "max_tokens={a}, temperature=0.{b}", "primary_key = 'user_{a}'",
    "password = Column(String({a}), nullable=False)", "git@github.com:acme/repo{a}.git",
    "sk-learn-pipeline-step-number-{a}", "def test_token_expires_after_{a}_seconds():",
    'raise ValueError("password must have {a} signs")', "assert secret_name == 'db-credentials'",
    "SELECT id FROM t{a} WHERE n BETWEEN {a} AND {b};", "rgba({a}, {b}, 12, 0.5)", "#define SIZE_{a} 0x{h}",
    "margin: 0 {a}px 0 {b}px;", "array([[{a}, {b}], [{b}, {a}]])", "eos_token: 'end{a}'",
    "pm_notification_settings_table_{a}", "next_page_token='Ab{h}'", "import x from '@scope/pkg{a}';",
    "npm i lodash@4.17.{a}", "<img src='icon@2x.png' width={a}>", "w@x.grad + {f}", "printf(\"%0{a}d\", {b});",
    "password: ********", 'password="changeme"', '"password": "string"',
    "secretKeyRef: {{name: db, key: password}}", "{a}::{b}", "fe::be::{a}",
)  # fmt: skip
LOGS = (
    "2026-11-21T10:22:31.{a}Z INFO took {b} ms", "[{a}] 10:22:31,{b} WARN retry 3/5",
    "21/Nov/2026 10:22 +0100 done {a}", "pid={a} rss={b}kB cpu={f}%", "commit {h}{h}", "at 0x7ff{h} in main.c:{a}",
    "seq {a}{b} ack {b}{a} win 65535", "ETA 00:12:{a}, {b} of 99999", "span_id={h} trace_id={h}{h}",
    "2026-11-21 10:22:31 2026-11-21 10:22:32", "epoch 1795256551 next 17952565{a}", "1795256551{a} ns",
    "worker-{a}-{b}: ok", "GET /v1/items/{a}/{b}?page=2 200 {b}", "sha256:{h}{h}{h}{h}",
    "127.0.0.1:{a} -> 127.0.0.1:8080", "bound to 0.0.0.0:{a}", "listening on [::1]:{a}", "netmask 255.255.255.0",
    "example net 192.0.2.{b} and 2001:db8::{a}", "DNS 8.8.8.8",
)  # fmt: skip
VERSIONS = (
    "v{a}.{b}.3", "version 1.2.3.4", "release 10.4.{c}.{d}", "Chrome/120.0.{c}.{d} Safari/537.36",
    "package==1.{c}.{d}.1", "build 4.18.{c}.{d}", "firmware v2.{c}.{d}.7", "see section 3.2.1.{d}",
    "openssl 1.1.1w", "python 3.11.{c}", "image:1.27.{c}-alpine", "lib>=2.{c},<3", "app-10.2.{c}.{d}.tar.gz",
    "1.3.6.1.4.1.{a}", "upgraded to 10.1.{c}.{d}", "driver version: 31.0.{c}.{d}", "v10.0.{c}.{d}", "4.{c}.{d}",
)  # fmt: skip
NUMBERS = (
    "order 555-{b}-{a}{a}", "order no. 112-#######-#######", "invoice INV-2026-######",
    "tracking 1Z999AA1##########", "ISBN 978-3-16-14841#-#", "ticket #############", "EAN 590##########",
    "SKU ###-##-#####", "parcel 00##################", "ref. #### #### ####", "case 26-cv-#####",
    "total $1,###,###.##", "1 ### ### ### EUR", "€ ##.###,##", "price: #.####### BTC", "3.14159265358979",
    "0.########## 0.##########", "1.#e-10", "2^64 = 18446744073709551616", "f(#) = ##x + ####",
    "12 + 34 = 46; 555 + 123 = 678", "40.7128, -74.0060", "N 52° 31' 12.0288\"", "2024-01-15", "01.02.2024 10:30",
    "2026/11/21 - 2026/12/24", "1990-2026", "10:00-18:30", "#### - ####", "01 02 03 04 05",
    "1 2 3 4 5 6 7 8 9 10 11 12", "#### #### ####", "## ### ### ###", "0.1.2.3.4.5", "score ##:## (##:##)",
    "id=##########", "user_id: 1#########", "row 1######## of 2########", "ZIP 9####-####", "line ####, column ##",
    "Room 2.1##, floor #", "serial SN########", "9##-##-####", "000-##-####", "###-00-####", "###-##-0000",
    "12-345-67", "DE#########", "PO 45########", "batch 2026-###-####-##", "IMEI 35#############",
    "width 1920 height 1080 depth 24", "1024 2048 4096 8192 16384", "+1 for that, +2 for this",
    "x + 12345678 - 87654321", "A1B2-C3D4-E5F6", "chapter 12-34-56", "temperature -12.5 to +38.2",
    "100000000000000", "1e10 + 1234567890.5", "5,551,234,567 people", "0x########", "7###### bytes", "0000012345",
    "build-20261121.####",
)  # fmt: skip
PROSE = (
    "The meeting is at 10:30 on 21 November 2026 in room 204.",
    "Chapter 3 says that passwords must be kept secret, and tokens too.",
    "Der Umsatz stieg 2025 um 12,5 % auf 1.234.567 Euro.", "Please reset my password: I forgot it.",
    "La contraseña debe tener 8 letras.", "What is an API key, and is it the same as a token?",
    "该模型在2024年的准确率为95.3%。", "His token of friendship: a bottle of wine.",
    "She paid 1,250 dollars for 3 nights, that is 416.67 each.", "Use an IBAN such as DE00 0000 0000 0000 0000 00.",
    "The key: practice, every day.", "Call the function twice, then 3 more times.",
    "My phone has 128 GB and a 6.1 inch screen, bought in 2023.", "Follow us @pointsman, and @home is fine.",
    "Ring 3 of 9; the cell grew by 40 percent in 2025.", "The secret is: patience.",
    "Tel Aviv has 460 000 people (2020).", "an email address has an @ in it",
)  # fmt: skip


def _fill_code(texts: tuple[str, ...]) -> corpus.Maker:
    def make(dice: random.Random) -> str:
        values = {
            "a": dice.randrange(1000),
            "b": dice.randrange(10, 999),
            "c": dice.randrange(10, 250),
            "d": dice.randrange(1, 250),
        }
        lines = (
            dice.choice(texts).format(**values, f=round(dice.random(), 6), h=draw(dice, HEX, 16)) for _ in range(3)
        )
        return "\n".join(lines)

    return make


def _break_card(dice: random.Random) -> str:
    number = corpus.make_card(dice)
    wrong = number[:-1] + str((int(number[-1]) + dice.randrange(1, 10)) % 10)
    return group(wrong, (4,), dice.choice(("", " ", "-")))


def _break_iban(dice: random.Random) -> str:
    iban = corpus.make_iban(dice)
    wrong = iban[:-1] + str((int(iban[-1]) + dice.randrange(1, 10)) % 10)
    return group(wrong, (4,), dice.choice(("", " ")))


def _make_uuids(dice: random.Random) -> str:
    return " ".join(str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in range(3))


def _make_digit_table(dice: random.Random) -> str:
    size = dice.choice((3, 4, 5, 6, 8))
    return "\n".join(" ".join(draw(dice, string.digits, size) for _ in range(6)) for _ in range(3))


def _make_base64(dice: random.Random) -> str:
    return base64.b64encode(dice.randbytes(90)).decode()


FORMS: tuple[Form, ...] = (
    ("code", 20, _fill_code(CODE)),
    ("logs", 15, _fill_code(LOGS)),
    ("versions", 8, surround(_fill_code(VERSIONS))),
    ("numbers of other things", 25, surround(choose(NUMBERS))),
    ("prose", 5, lambda dice: " ".join(dice.sample(PROSE, 4))),
    ("UUIDs", 4, _make_uuids),
    ("hashes", 4, lambda dice: " ".join(draw(dice, HEX, size) for size in (32, 40, 64))),
    ("tables of digits", 3, _make_digit_table),
    ("base64", 3, surround(_make_base64)),
    ("long digits", 3, surround(lambda dice: draw(dice, string.digits, dice.randrange(10, 30)))),
    ("cards with a wrong check digit", 5, surround(_break_card)),
    ("IBANs with a wrong checksum", 5, surround(_break_iban)),
)  # fmt: skip
