"""How much of a rate limit is used: counted over the last minute, and as the provider's headers say."""

from pointsman.relay.limit_headers import SaidUse

PIECE_S = 5
PIECES = 13
"""Of `PIECE_S` each: the last 60 seconds are always covered, and at most five more."""

WATCHED_FROM = 0.8
"""A share of a limit well below the one from which it counts as nearly used up."""


class Minute:
    """A sum over the last minute, in integers. It never misses what came within 60 s, nor counts what is older than 65.

    Times are of the monotonic clock, in seconds.

    Attributes:
        total: the sum when something was last added or taken back.
    """

    __slots__ = ("_newest", "_pieces", "total")

    def __init__(self) -> None:
        self._pieces = [0] * PIECES
        self._newest = 0
        self.total = 0

    def add(self, at_s: float, amount: int) -> None:
        """Count something; a time before the latest one counts as the latest."""
        piece = int(at_s // PIECE_S)
        passed = piece - self._newest
        if passed > 0:
            for offset in range(1, min(passed, PIECES) + 1):
                place = (self._newest + offset) % PIECES
                self.total -= self._pieces[place]
                self._pieces[place] = 0
            self._newest = piece
        self._pieces[self._newest % PIECES] += amount
        self.total += amount

    def take_back(self, at_s: float, amount: int) -> None:
        """Undo an `add` of that time, as far as it still counts."""
        piece = int(at_s // PIECE_S)
        if self._newest - PIECES < piece <= self._newest:
            taken = min(amount, self._pieces[piece % PIECES])
            self._pieces[piece % PIECES] -= taken
            self.total -= taken

    def read(self, now_s: float) -> int:
        """The sum; changes nothing."""
        passed = int(now_s // PIECE_S) - self._newest
        if passed <= 0:
            return self.total
        if passed >= PIECES:
            return 0
        return self.total - sum(self._pieces[(self._newest + offset) % PIECES] for offset in range(1, passed + 1))


class RateUse:
    """The rate limits of one deployment or provider, and what is used of them.

    Attributes:
        is_limited: whether somebody stated a limit; without one nothing is counted.
    """

    __slots__ = ("_most_requests", "_most_tokens", "_requests", "_said", "_said_until_s", "_tokens", "is_limited")

    def __init__(self) -> None:
        self._most_requests: int | None = None
        self._most_tokens: int | None = None
        self._requests = Minute()
        self._tokens = Minute()
        self._said = 0.0
        self._said_until_s = float("-inf")
        self.is_limited = False

    def limit(self, requests_per_minute: int | None, tokens_per_minute: int | None) -> None:
        """Set the limits; `None` where nobody stated one. What was counted so far stays."""
        self._most_requests, self._most_tokens = requests_per_minute, tokens_per_minute
        self.is_limited = requests_per_minute is not None or tokens_per_minute is not None

    def add_request(self, now_s: float) -> None:
        """A request goes out."""
        self._requests.add(now_s, 1)

    def take_back_request(self, at_s: float) -> None:
        """That request never reached the provider."""
        self._requests.take_back(at_s, 1)

    def add_tokens(self, now_s: float, tokens: int) -> None:
        """A call has used tokens."""
        self._tokens.add(now_s, tokens)

    def note(self, said: SaidUse, now_s: float) -> None:
        """Remember what a provider's headers say, until they are out of date."""
        self._said, self._said_until_s = said.used, now_s + said.valid_s

    def may_be_near(self) -> bool:
        """Whether what was just counted could be close to a limit; quicker to tell than the share."""
        requests, tokens = self._most_requests, self._most_tokens
        return (requests is not None and self._requests.total >= WATCHED_FROM * requests) or (
            tokens is not None and self._tokens.total >= WATCHED_FROM * tokens
        )

    def share(self, now_s: float) -> float:
        """The share of the limits that is used, by whichever count is nearest to its limit; may be above 1."""
        share = self._said if now_s < self._said_until_s else 0.0
        if self._most_requests is not None:
            share = max(share, self._requests.read(now_s) / self._most_requests)
        if self._most_tokens is not None:
            share = max(share, self._tokens.read(now_s) / self._most_tokens)
        return share
