"""How each deployment is doing, from the calls of this process alone; it orders candidates and never takes one away.

What is known hangs on a deployment's id and outlives a change of the configuration, unless its address or key changes.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pointsman.core.chat.failures import FailureKind
from pointsman.core.chat.usage import MOST_TOKENS, Usage
from pointsman.core.config.snapshot import Deployment, Model, Snapshot
from pointsman.core.ports import Headers
from pointsman.core.routing.facts import NEAR_LIMIT, NOTHING_SEEN, UNSEEN, Facts, LiveTarget, LiveView
from pointsman.core.routing.find_target import AUTO
from pointsman.relay.cooling import REACTIONS
from pointsman.relay.limit_headers import read_limit_headers
from pointsman.relay.standing import Standing, Track, origin_of

Limits = tuple[int | None, int | None]
"""Requests and tokens per minute; `None` where nobody stated a limit."""

NO_LIMITS: Mapping[str, Limits] = MappingProxyType({})

LOOK_OVER_EVERY_S = 1.0


class LiveState:
    """What this process has seen of the deployments; belongs to the event loop. All times are monotonic, in seconds.

    Memory is bounded by the deployments of the newest snapshot and the calls under way.
    """

    def __init__(self) -> None:
        self._tracks: dict[str, Track] = {}
        self._providers: dict[str, Standing] = {}
        self._noteworthy: set[Standing] = set()
        self._look_over_s = float("-inf")

    def follow(self, snapshot: Snapshot, provider_limits: Mapping[str, Limits] = NO_LIMITS) -> None:
        """Keep what is known of the deployments of a snapshot, and forget the others.

        Args:
            snapshot: just in force.
            provider_limits: by provider, what it lets us send over all its models.
        """
        former, self._tracks = self._tracks, {}
        former_providers, self._providers = self._providers, {}
        for deployment, limits in _list_limits(snapshot.models.values()).items():
            name, origin = deployment.provider, origin_of(deployment)
            if name not in self._providers:
                provider = former_providers.get(name)
                self._providers[name] = provider if provider and provider.origin == origin else Standing(origin)
                self._providers[name].use.limit(*provider_limits.get(name, (None, None)))
            known = former.pop(deployment.id, None)
            track = known if known is not None and known.origin == origin else Track(origin)
            track.provider, track.is_named = self._providers[name], True
            track.in_flight = known.in_flight if known is not None else 0
            track.has_calls = track.has_calls or track.in_flight > 0
            track.use.limit(*limits)
            self._tracks[deployment.id] = track
        for track_id, track in former.items():
            if track.in_flight:
                track.is_named = False
                self._tracks[track_id] = track
        self._note_limits()

    def begin(self, deployment: Deployment, now_s: float) -> None:
        """A call begins; each is followed by one `end`, with `started_s` the `now_s` of here."""
        track = self._tracks.get(deployment.id)
        if track is None:
            track = self._tracks[deployment.id] = Track(origin_of(deployment))
        track.in_flight += 1
        if not track.is_about(deployment):
            return
        track.has_calls = True
        for standing in (track, track.provider):
            use, cooling = standing.use, standing.cooling
            if use.is_limited:
                use.add_request(now_s)
                if use.may_be_near():
                    self._noteworthy.add(standing)
            if not cooling.is_calm:
                cooling.begin(now_s)
                self._noteworthy.add(standing)

    def end(
        self,
        deployment: Deployment,
        now_s: float,
        *,
        started_s: float,
        failure: FailureKind | None,
        sent: bool = True,
        retry_after_s: float | None = None,
        usage: Usage | None = None,
        first_content_s: float | None = None,
        headers: Headers | None = None,
        aborted: bool = False,
    ) -> None:
        """A call has ended.

        Args:
            deployment: that was called.
            now_s: when it ended.
            started_s: when it began.
            failure: what went wrong, or `None`.
            sent: whether a byte of the request may have reached the provider.
            retry_after_s: how long the provider asks to wait, or `None`.
            usage: tokens, as far as they are known.
            first_content_s: when the first content of a stream came, or `None`.
            headers: of the answer, if there was one.
            aborted: we ended it ourselves, because the client has gone or another call was faster: whatever it looks
                like, that says nothing of the deployment.
        """
        track = self._tracks.get(deployment.id)
        if track is None:
            return
        track.in_flight = max(0, track.in_flight - 1)
        if not track.is_about(deployment):
            if not track.is_named and not track.in_flight:
                del self._tracks[deployment.id]
            return
        provider = track.provider
        if track.use.is_limited or provider.use.is_limited:
            self._count(track, started_s, now_s, usage, sent=sent)
        if headers:
            self._note_headers(track, headers, now_s)
        if not (track.cooling.is_calm and provider.cooling.is_calm):
            track.cooling.end(started_s, now_s)
            provider.cooling.end(started_s, now_s)
        if failure is not None and not aborted:
            self._note_failure(track, failure, started_s, now_s, retry_after_s)
        elif not aborted:
            track.note_success(started_s, now_s, usage, first_content_s)
        if self._noteworthy and now_s >= self._look_over_s:
            self._look_over(now_s)

    def note_content(self, deployment: Deployment, now_s: float, *, started_s: float) -> None:
        """The first content of a stream has come: one need not wait for its end to know that a rest is over."""
        track = self._tracks.get(deployment.id)
        if track is not None and track.is_about(deployment):
            track.note_recovery(started_s, now_s)

    def view(self, models: Iterable[Model], now_s: float, *, weighs: bool = True) -> LiveView:
        """What a decision may know of these models; changes nothing.

        Where nothing compares how fast, busy and reliable deployments are (`compares_live` says so), a decision reads
        only whether one rests and whether a rate limit is nearly used up. All others are left out then: they would
        read the same. That is why the usual view is empty and costs nothing.

        Args:
            models: the possible candidates.
            now_s: the time.
            weighs: whether the decision may compare speed, load and health; else only what is noteworthy is told.
        """
        noteworthy = self._noteworthy
        if not noteworthy and not weighs:
            return NOTHING_SEEN
        view: dict[str, LiveTarget] = {}
        for model in models:
            track = self._tracks.get(model.deployment.id)
            if track is None or not (
                (weighs and track.has_calls) or track in noteworthy or track.provider in noteworthy
            ):
                continue
            target = track.look(now_s)
            if (target.cooling_ms or target.used >= NEAR_LIMIT) if not weighs else target != UNSEEN:
                view[model.deployment.id] = target
        return view or NOTHING_SEEN

    def _count(self, track: Track, started_s: float, now_s: float, usage: Usage | None, *, sent: bool) -> None:
        """Count what a call has taken of the rate limits."""
        tokens = min(usage.input_tokens + usage.output_tokens, MOST_TOKENS) if usage is not None else 0
        for standing in (track, track.provider):
            if standing.use.is_limited:
                if tokens:
                    standing.use.add_tokens(now_s, tokens)
                if not sent:
                    standing.use.take_back_request(started_s)
                if standing.use.may_be_near():
                    self._noteworthy.add(standing)

    def _note_headers(self, track: Track, headers: Headers, now_s: float) -> None:
        """Remember what the provider says of its rate limits; it speaks of the deployment that was called."""
        said = read_limit_headers(headers)
        if said is not None:
            track.use.note(said, now_s)
            if said.used >= NEAR_LIMIT:
                self._noteworthy.add(track)

    def _note_failure(
        self, track: Track, failure: FailureKind, started_s: float, now_s: float, retry_after_s: float | None
    ) -> None:
        reaction = REACTIONS.get(failure)
        if reaction is None:
            return
        track.health.add(now_s, is_good=False)
        standing = track.provider if reaction.whole_provider else track
        standing.cooling.fail(reaction, started_s, now_s, retry_after_s)
        if standing.cooling.until_s > now_s:
            self._noteworthy.add(standing)

    def _note_limits(self) -> None:
        """A narrower limit may be nearly used up from the start; what is not is forgotten at the next look."""
        standings: set[Standing] = {*self._tracks.values(), *self._providers.values()}
        self._noteworthy &= standings
        self._noteworthy |= {standing for standing in standings if standing.use.is_limited}

    def _look_over(self, now_s: float) -> None:
        """Forget, once a second, what is no longer noteworthy."""
        self._look_over_s = now_s + LOOK_OVER_EVERY_S
        self._noteworthy = {standing for standing in self._noteworthy if standing.is_noteworthy(now_s)}


def compares_live(snapshot: Snapshot, facts: Facts) -> bool:
    """Whether a decision may compare how fast, busy and reliable deployments are: a strategy or a deadline does."""
    return (
        snapshot.routing.strategy is not None
        or facts.strategy is not None
        or facts.timeout_ms is not None
        or snapshot.aliases.get(facts.target, facts.target) == AUTO
    )


def _list_limits(models: Iterable[Model]) -> dict[Deployment, Limits]:
    """Each deployment once; where two models of ours are served by the same one, the narrower limit holds."""
    by_id: dict[str, tuple[Deployment, Limits]] = {}
    for model in models:
        deployment, limits = by_id.get(model.deployment.id, (model.deployment, (None, None)))
        narrower = _narrower(limits[0], model.requests_per_minute), _narrower(limits[1], model.tokens_per_minute)
        by_id[deployment.id] = deployment, narrower
    return dict(by_id.values())


def _narrower(one: int | None, other: int | None) -> int | None:
    return one if other is None or (one is not None and one <= other) else other
