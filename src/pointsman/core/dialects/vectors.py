"""Vectors as numbers and as base64 of little-endian 32-bit floats; the one becomes the other without a rounding."""

import binascii
import struct

MOST_DIMENSIONS = 65_536


def pack_vector(vector: list[float]) -> str:
    """A vector in base64.

    Raises:
        ValueError: when a number is beyond what 32 bits hold.
    """
    try:
        packed = struct.pack(f"<{len(vector)}f", *vector)
    except OverflowError:
        raise ValueError("a number of a vector is beyond what 32 bits hold") from None
    return binascii.b2a_base64(packed, newline=False).decode("ascii")


def unpack_vector(text: str) -> list[float]:
    """A vector out of base64.

    Raises:
        ValueError: when that is no base64, or not of whole numbers.
    """
    packed = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    if not packed or len(packed) % 4 or len(packed) > 4 * MOST_DIMENSIONS:
        raise ValueError("the base64 of a vector does not hold whole 32-bit numbers")
    return list(struct.unpack(f"<{len(packed) // 4}f", packed))
