"""Plays the script of an answer to a client, at its pace, and notes in the call what really went out."""

import asyncio
import time
from collections.abc import Callable

from pointsman.simulator.behaviour import Pace
from pointsman.simulator.calls import Call
from pointsman.simulator.connection import Reply
from pointsman.simulator.steps import Head, HeaderFields, Interruption, Piece, Raw, Script

LONGEST_SILENCE_S = 600.0
"""After this even an answer that never comes ends, by closing the connection."""

PIECES_PER_TURN = 64
"""After so many pieces without a pause the other connections get their turn."""


class Player:
    """Plays one script.

    The head waits for the first bytes behind it, as servers that flush late do; a disconnect of the client arrives as
    the cancellation of `play`.
    """

    def __init__(self, reply: Reply, pace: Pace, call: Call, stamp: Callable[[str, int], HeaderFields]) -> None:
        self._reply = reply
        self._pace = pace
        self._call = call
        self._stamp = stamp
        self._head: Head | None = None
        self._played_tokens = 0
        self._pieces = 0

    async def play(self, script: Script) -> None:
        """Play all steps; at the end the answer is closed properly, unless an interruption came first."""
        for step in script:
            match step:
                case Head():
                    self._head = step
                case Piece():
                    await self._play_piece(step)
                case Raw():
                    self._send_head()
                    self._reply.write_raw(step.data)
                case Interruption():
                    await self._interrupt(step)
                    return
        self._reply.end()

    async def _play_piece(self, piece: Piece) -> None:
        """A whole document takes the time of all its tokens, an event that of the tokens before it."""
        await self._wait_for(self._played_tokens + (piece.tokens if piece.kind == "document" else 0))
        self._send_head()
        self._reply.write(piece.data)
        self._played_tokens += piece.tokens
        self._call.completion_tokens = self._played_tokens
        await self._reply.drain()

    async def _wait_for(self, tokens: int) -> None:
        left_s = self._call.received_at_s + self._pace.due_s(tokens) - time.monotonic()
        self._pieces += 1
        if left_s > 0 or self._pieces % PIECES_PER_TURN == 0:
            await asyncio.sleep(max(0.0, left_s))

    async def _interrupt(self, interruption: Interruption) -> None:
        self._send_head()
        if interruption is Interruption.HANG:
            await asyncio.sleep(LONGEST_SILENCE_S)
        self._reply.cut()

    def _send_head(self) -> None:
        if self._head is None:
            return
        processing_ms = round((time.monotonic() - self._call.received_at_s) * 1000)
        stamps = self._stamp(self._call.id, processing_ms)
        self._reply.write_head(self._head.status, (*self._head.headers, *stamps), self._head.length)
        self._call.status = self._head.status
        self._head = None
