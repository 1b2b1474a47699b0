"""Texts with the tokens that two public vocabularies, cl100k_base and o200k_base, make of them."""

import base64
import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """A text and its measured tokens.

    Attributes:
        cl100k: tokens in cl100k_base.
        o200k: tokens in o200k_base.
    """

    kind: str
    text: str
    cl100k: int
    o200k: int


_PROSE = """\
The signal box at the junction is the last of its kind on the line. Every morning before five a signalman climbs
the wooden stairs, lights the stove and reads the book in which the night shift has written down what happened: a late
goods train, a swan on the track, a lamp that would not burn. Nothing in it is ever crossed out. When the company
offered to replace the levers by a screen, the village collected signatures, not because anyone believed that the old
way was safer, but because they liked to know that somebody was awake."""

_CODE = '''def settle(orders: list[Order], *, day: date) -> Settlement:
    """Book every open order of a day, oldest first."""
    booked: list[Order] = []
    for order in sorted(orders, key=lambda item: item.created_at):
        if order.state != "open" or order.created_at.date() != day:
            continue
        if (balance := accounts.get(order.account_id)) is None:
            raise UnknownAccount(f"account {order.account_id} does not exist")
        balance.amount -= order.amount
        booked.append(order)
    return Settlement(day=day, orders=tuple(booked), total=sum(item.amount for item in booked))
'''

_TYPESCRIPT = """export function useDebounced<T>(value: T, delayMs: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), delayMs);
    return () => window.clearTimeout(timer);
  }, [value, delayMs]);
  return settled;
}
"""

_CHINESE = (
    "车站旁边的小书店每天早上八点开门。老板会先烧一壶水,再把昨天晚上退回来的书一本一本放回书架。"
    "下雨的时候,很多人进来只是为了躲雨,可是他们离开时常常带着一本没有打算买的书。老板说,天气是最好的推销员。"
)

_JAPANESE = "駅前の本屋は毎朝八時に開きます。店主はまずお湯を沸かし、前の晩に戻ってきた本を一冊ずつ棚に返します。"

_GERMAN = (
    "Die Buchhandlung neben dem Bahnhof öffnet jeden Morgen um acht Uhr. Zuerst kocht der Inhaber Wasser, dann stellt"
    " er die Bücher zurück, die am Abend zuvor zurückgegeben wurden. Bei Regen kommen viele Leute nur herein, um nicht"
    " nass zu werden, und gehen doch mit einem Buch nach Hause, das sie gar nicht kaufen wollten."
)

_RUSSIAN = (
    "Книжный магазин у вокзала открывается каждое утро в восемь часов. Сначала хозяин кипятит воду, потом ставит на"
    " полки книги, которые вернули накануне вечером."
)

_JSON = (
    '{"order_id":48213,"customer":{"name":"Ada Brook","tier":"gold","since":"2021-04-09"},"items":[{"sku":"LAMP-220",'
    '"quantity":2,"price":"34.90"},{"sku":"CORD-015","quantity":1,"price":"7.25"}],"shipping":{"method":"standard",'
    '"address":{"street":"12 Mill Lane","city":"Otley","country":"GB"}},"paid":true,"notes":null}'
)

_BYTES = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(20))

_TABLE = "\n".join(
    f"2026-11-{day:02},shop-{day % 4},{day * 137 % 991},{day * 7919 % 10007 / 100:.2f}" for day in range(1, 31)
)

SAMPLES = (
    Sample("English prose", _PROSE, 118, 118),
    Sample("Python", _CODE, 139, 139),
    Sample("TypeScript", _TYPESCRIPT, 78, 78),
    Sample("Chinese", _CHINESE, 120, 81),
    Sample("Japanese", _JAPANESE, 61, 48),
    Sample("German", _GERMAN, 84, 69),
    Sample("Russian", _RUSSIAN, 77, 46),
    Sample("JSON", _JSON, 95, 97),
    Sample("base64", base64.b64encode(_BYTES).decode(), 609, 583),
    Sample("hexadecimal", _BYTES.hex(), 719, 723),
    Sample("a table", _TABLE, 509, 509),
)
