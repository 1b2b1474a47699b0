"""Strategies for private data, and texts that are known to hold some or none."""

from hypothesis import strategies as st

from pointsman.core.privacy.cards import ISSUERS, has_right_check_digit
from pointsman.core.privacy.ibans import FORMS

SIGNS = {"n": "0123456789", "a": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "c": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A number of any issuer, of any length that it uses, with its check digit."""
    _, first, last, lengths = draw(st.sampled_from(ISSUERS))
    prefix = str(draw(st.integers(first, last)))
    length = draw(st.sampled_from(sorted(lengths)))
    rest = draw(st.text("0123456789", min_size=length - len(prefix) - 1, max_size=length - len(prefix) - 1))
    return next(number for digit in "0123456789" if has_right_check_digit(number := prefix + rest + digit))


@st.composite
def ibans(draw: st.DrawFn, country: str | None = None) -> str:
    """An account of a country in its registered form; the check digits are worked out apart from the detector."""
    country = country or draw(st.sampled_from(sorted(FORMS)))
    account = "".join(draw(st.text(SIGNS[kind], min_size=count, max_size=count)) for count, kind in FORMS[country])
    remainder = 0
    for sign in f"{account}{country}00":
        value = int(sign, 36)
        remainder = (remainder * (100 if value > 9 else 10) + value) % 97
    return f"{country}{98 - remainder:02d}{account}"


@st.composite
def grouped(draw: st.DrawFn, text: str) -> str:
    """The same in groups of any size, with one separator."""
    cuts = sorted(draw(st.sets(st.integers(1, len(text) - 1), max_size=5)))
    separator = draw(st.sampled_from([" ", "-", "\u00a0", "\u2011"]))
    return separator.join(text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True))


PRINTED_IBANS = (
    "DE89 3704 0044 0532 0130 00", "GB29 NWBK 6016 1331 9268 19", "FR14 2004 1010 0505 0001 3M02 606",
    "NL91 ABNA 0417 1643 00", "ES91 2100 0418 4502 0005 1332", "IT60 X054 2811 1010 0000 0123 456",
    "BE68 5390 0754 7034", "AT61 1904 3002 3457 3201", "CH93 0076 2011 6238 5295 7",
    "SE45 5000 0000 0583 9825 7466", "NO93 8601 1117 947", "DK50 0040 0440 1162 43", "FI21 1234 5600 0007 85",
    "PT50 0002 0123 1234 5678 9015 4", "IE29 AIBK 9311 5212 3456 78", "PL61 1090 1014 0000 0712 1981 2874",
    "MT84 MALT 0110 0001 2345 MTLC AST0 01S", "TR33 0006 1005 1978 6457 8413 26",
    "BR18 0036 0305 0000 1000 9795 493C 1", "SA03 8000 0000 6080 1016 7519",
)  # fmt: skip
"""The examples that the registry prints for these countries."""

HELD = {
    "email": (
        "jane.doe@acme.com", "Jane+news@mail.acme.co.uk", "müller@uni-köln.de", "иван@студия.рф", "王伟@例子.中国",
        "<o'brien@firma.ie>", "mailto:a@b.org?x=1", "q=jane%40acme.com", "邮箱jane@acme.com请联系",
        "\\njane@acme.com\\n", "jane＠acme．com", "ja\u200bne@acme.com",
    ),
    "phone": (
        "+1 555 234 5678", "+14155550123", "(555) 234-5678", "555-234-5678", "1-800-234-5678",
        "+44 (0)20 7946 0958", "020 7946 0958", "07700 900123", "07700900123", "+49 30 12345678",
        "(089) 123456-0", "0171/1234567", "01 23 45 67 89", "01.23.45.67.89", "98765 43210", "+91 98765 43210",
        "138 1234 5678", "电话13812345678", "phone: 5552345678", '"phone_number": "60 12 34 56"',
        "8 (912) 345-67-89", "(11) 91234-5678", "0049 171 1234567", "＋49 171 1234567", "\\n+4915112345678\\n",
        "tel:+15552345678",
    ),
    "card": (
        "4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111", "3782 822463 10005",
        "4111 1111 1111 1111 12/29 123", "４１１１ １１１１ １１１１ １１１１", "4111\u00a01111\u00a01111\u00a01111",
        "41\u00ad11111111\u200b111111", "\\n4111111111111111\\n", "4111 1111 1111 1111 5500 0000 0000 0004",
        "٤١١١١١١١١١١١١١١١",
    ),
    "iban": (
        *PRINTED_IBANS, "gb29nwbk60161331926819", "DE89-3704-0044-0532-0130-00", "\\nDE89370400440532013000\\n",
    ),
    "us_ssn": (
        "123-45-6789", "123 45 6789", "SSN: 123456789", "social security number is 123456789",
        "123\u201145\u20116789",
    ),
    "ip_address": (
        "93.184.216.34", "10.1.2.3", "http://93.184.216.34:80/", "from 4.3.2.1 port 22", "root@10.0.0.7",
        "host=10.2.3.4", "172.16.0.0/12", "2a00:1450:4001:81b::200e", "[2003::1]:443",
        "fe80::1ff:fe23:4567:890a", "FD12:3456:789A:1::1", "::ffff:93.184.216.34",
    ),
    "secret": (
        "sk-proj-a1B2c3D4e5F6g7H8i9J0", "sk-ant-api03-a1B2c3D4e5F6g7H8i9J0", "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1B2c3" * 6, "glpat-a1B2c3D4e5F6g7H8i9J0", "xoxb-123456789012-a1B2c3D4",
        "AIza" + "a1B2c3D" * 5, "SG." + "a1B2c3D4e5F6g7H8i9J0." * 2 + "x", "hvs." + "a1B2c3D4" * 4,
        "pm_" + "a1B2c3D" * 7, "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl", "password = hunter22",
        'password="correcthorsebattery"', "DB_PASSWORD: Tr0ub4dor&3", "my password is hunter22",
        "api_key: a1B2c3D4e5F6g7H8", "Authorization: Bearer a1B2c3D4e5F6g7H8i9",
        "postgres://app:s3cr3t!@db/main",
        "https://hooks.slack.com/services/TA1B2C3D4/BA1B2C3D4/a1B2c3D4e5F6g7H8",
        "\\nsk-ant-api03-a1B2c3D4e5F6g7H8i9J0\\n", "Authorization: Basic amFuZTpzZWNyZXQxMjM=",
        '{\\"password\\": \\"hunter22\\"}',
    ),
}  # fmt: skip
"""Texts by the kind that each of them holds."""

NOTHING_HELD = (
    "The meeting is at 10:30 on 21 November 2026.", "2026-11-21T10:22:31.123Z", "2024-01-15 10:22",
    "01.02.2024 10:30", "v1.2.3.4", "version 10.1.2.3", "Chrome/120.0.0.0", "package==10.2.3.4", "1.2.3.4",
    "see section 10.2.3.4", "127.0.0.1", "0.0.0.0:80", "192.0.2.1", "2001:db8::1", "::1", "std::vector<int>",
    "x[1::2]", "12:30:45", "aa:bb:cc:dd:ee:ff", "255.255.255.0", "2.5.29.35",
    "550e8400-e29b-41d4-a716-446655440000", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "4111 1111 1111 1112",
    "0.4111111111111111", "DE88 3704 0044 0532 0130 00", "XX89370400440532013000", "000-12-3456", "666-12-3456",
    "900-12-3456", "123-00-4567", "123-45-0000", "123456789", "order no. 555-234-5678", "1795256551",
    "1795256551123", "$1,234,567.89", "Boston, MA 02110-1301", "01 02 03 04 05", "1 2 3 4 5 6 7 8 9 10",
    "3.14159265358979", "git@github.com:acme/tool.git", "icon@2x.png", "@dataclass", "lodash@4.17.21",
    "w@x.grad", "password: str", "password = get_password()", 'password="changeme"', "password=${DB_PASSWORD}",
    "token = os.environ['TOKEN']", "max_tokens=4096", "next_page_token: a1B2c3D4e5F6g7H8",
    "sk-learn-pipeline-step-number", "pm_notification_settings_table", "cache_key = 'user_12345678_page'", "",
    "\ud800", "?" * 40,
)  # fmt: skip
"""Texts that hold nothing private."""

HELD_TEXTS = tuple(text for texts in HELD.values() for text in texts)
