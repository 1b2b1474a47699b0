"""Embeddings without a model: equal texts have equal vectors, and texts that share words point in similar directions.

Each vector is a little noise of the whole text and the sum of what its words say; then it is brought to length 1.
"""

import hashlib
import math
from array import array
from base64 import b64encode
from itertools import islice

from pointsman.simulator.answer import split_words

MOST_DIMENSIONS = 3072
MOST_WORDS = 512
"""Of one text; later words do not turn its vector any more."""

_PLACES_PER_WORD = 24
_NOISE = 0.02


def embed_text(text: str, dimensions: int, seed: int) -> "array[float]":
    """The vector of a text.

    Args:
        text: what to embed; the order of its words counts a little, its words themselves most.
        dimensions: how many numbers; at most `MOST_DIMENSIONS`.
        seed: the simulator's; another seed gives other vectors.

    Returns:
        32-bit floats whose squares sum to 1.
    """
    noise = hashlib.shake_256(f"{seed} {text}".encode()).digest(dimensions)
    values = [(byte - 127.5) / 127.5 * _NOISE for byte in noise]
    for word in islice(split_words(text), MOST_WORDS):
        _add_word(values, word, seed)
    length = math.sqrt(sum(value * value for value in values))
    return array("f", (value / length for value in values))


def _add_word(values: list[float], word: str, seed: int) -> None:
    """Move a few places, chosen by the word, one up or one down."""
    digest = hashlib.shake_128(f"{seed} {word}".encode()).digest(3 * _PLACES_PER_WORD)
    for start in range(0, len(digest), 3):
        place = int.from_bytes(digest[start : start + 2])
        values[place % len(values)] += 1.0 if digest[start + 2] & 1 else -1.0


def encode_base64(vector: "array[float]") -> str:
    """The vector as OpenAI and Cohere send it on request: little-endian 32-bit floats in base64."""
    packed = array("f", vector)
    if array("H", [1]).tobytes() != b"\x01\x00":
        packed.byteswap()
    return b64encode(packed.tobytes()).decode()


def quantise(vector: "array[float]", least: int, most: int) -> list[int]:
    """The vector in whole numbers from `least` to `most`, its largest value at the border."""
    largest = max(abs(value) for value in vector)
    middle, reach = (least + most) / 2, (most - least) / 2
    return [round(middle + value / largest * reach) for value in vector]


def pack_bits(vector: "array[float]", *, signed: bool) -> list[int]:
    """One bit for each value's sign, eight to a number; a signed number is 128 less."""
    bits = ["1" if value > 0 else "0" for value in vector]
    bits += ["0"] * (-len(bits) % 8)
    shift = 128 if signed else 0
    return [int("".join(bits[start : start + 8]), 2) - shift for start in range(0, len(bits), 8)]
