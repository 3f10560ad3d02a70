"""What a batch changes in the shared facts, gathered to its net effect: one upsert and one delete a table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, assert_never

from domain.effects import RETENTION, Count, Effect, Free, Hold, Rest, Wake
from domain.world import Holder, Key
from services.ledger.statements import (
    COUNT,
    FREE_KEYS,
    HOLD_KEYS,
    REST_ALARMS,
    SET_ALARMS,
    array,
    nullable_array,
    plain_array,
)
from services.ledger.wire import Statement


class Alarm(NamedTuple):
    """When the clock has something to tell, whose holding it is, and the event that set it."""

    at: datetime | None
    who: str | None
    position: int


@dataclass(slots=True)
class Changes:
    """`keys` and `alarms` are what holds afterwards (None: nothing); `counts` are differences."""

    keys: dict[Key, Holder | None] = field(default_factory=dict)
    counts: dict[Key, int] = field(default_factory=dict)
    alarms: dict[tuple[str, str], Alarm | None] = field(default_factory=dict)

    def add(self, stream: str, position: int, found: Iterable[Effect]) -> None:
        """Add the effects of one fact of a stream."""
        for effect in found:
            match effect:
                case Hold():
                    self.keys[effect.kind, effect.key] = Holder(stream, position)
                case Free():
                    self.keys[effect.kind, effect.key] = None
                case Count():
                    key = (effect.kind, effect.key)
                    self.counts[key] = self.counts.get(key, 0) + effect.n
                case Wake():
                    self.alarms[stream, effect.alarm] = Alarm(effect.at, effect.who, position)
                case Rest():
                    self.alarms[stream, effect.alarm] = None
                case _:
                    assert_never(effect)

    def overlaid(self, rep: str, alarms: Mapping[str, datetime]) -> dict[str, datetime]:
        """A rep's lapsing holdings as they are after these changes, given those before them."""
        found = dict(alarms)
        for (stream, alarm), after in self.alarms.items():
            if alarm != RETENTION:
                continue
            found.pop(stream, None)
            if after and after.who == rep and after.at is not None:
                found[stream] = after.at
        return found

    def statements(self) -> Iterator[Statement]:
        """What writes the changes; only the statements that have something to do."""
        if free := [key for key, holder in self.keys.items() if holder is None]:
            yield FREE_KEYS, (array(kind for kind, _ in free), array(key for _, key in free))
        if held := [(key, holder) for key, holder in self.keys.items() if holder]:
            yield (
                HOLD_KEYS,
                (
                    array(key[0] for key, _ in held),
                    array(key[1] for key, _ in held),
                    array(holder.stream for _, holder in held),
                    plain_array(holder.position for _, holder in held),
                ),
            )
        if counts := {key: n for key, n in self.counts.items() if n}:
            kinds, keys = array(kind for kind, _ in counts), array(key for _, key in counts)
            yield COUNT, (kinds, keys, plain_array(counts.values()))
        if rest := [key for key, alarm in self.alarms.items() if alarm is None]:
            yield REST_ALARMS, (array(stream for stream, _ in rest), array(alarm for _, alarm in rest))
        if wake := [(key, alarm) for key, alarm in self.alarms.items() if alarm]:
            yield (
                SET_ALARMS,
                (
                    array(key[0] for key, _ in wake),
                    array(key[1] for key, _ in wake),
                    plain_array(alarm.at.isoformat() if alarm.at else "NULL" for _, alarm in wake),
                    nullable_array(alarm.who for _, alarm in wake),
                    plain_array(alarm.position for _, alarm in wake),
                ),
            )
