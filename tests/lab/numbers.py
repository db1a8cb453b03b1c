"""Who can be called in the lab, how each phone behaves, and the tone by which each party is known.

| number | phone |
|---|---|
| 1001-1020, 9001-9004 | answers at once |
| 1101-1110, 9101-9103 | answers after as many seconds as its last two digits say |
| 1201-1210, 9201-9203 | answers at once and hangs up after that many seconds |
| 1401-1402, 9401 | busy |
| 1501-1502, 9501 | rejects the call |
| 1601-1604 | answers at once, but has to register first (Phones.register) |
| 1801-1803, 9801 | rings and never answers |

1xxx are agents, 9xxx supervisors. What a phone does can be changed for one test with Phones.behave.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CALLER_TONE = 350
SECOND_CALLER_TONE = 450
AGENT_TONE = 700  # 1001 and every odd number
SECOND_AGENT_TONE = 1000  # 1002 and every even number
SUPERVISOR_TONE = 1400  # 9001 and every odd number
SECOND_SUPERVISOR_TONE = 2100
OUTSIDE_TONE = 550  # whoever the PBX calls through its trunk


@dataclass(frozen=True)
class Phone:
    """A phone of the lab; ``seconds`` is the ringing time of ``answer`` and the talking time of ``drop``."""

    number: str
    behaviour: str
    seconds: int
    tone: int

    @property
    def registers(self) -> bool:
        """Whether the PBX learns this phone's address by a REGISTER instead of knowing it."""
        return self.number[1] == "6"


_RANGES = (
    ("10", 20, "answer"), ("11", 10, "answer"), ("12", 10, "drop"), ("14", 2, "busy"), ("15", 2, "reject"),
    ("16", 4, "answer"), ("18", 3, "silent"), ("90", 4, "answer"), ("91", 3, "answer"), ("92", 3, "drop"),
    ("94", 1, "busy"), ("95", 1, "reject"), ("98", 1, "silent"),
)  # fmt: skip


def phones() -> Iterator[Phone]:
    """Every phone of the lab."""
    for prefix, count, behaviour in _RANGES:
        for index in range(1, count + 1):
            number = f"{prefix}{index:02d}"
            yield Phone(number, behaviour, index if prefix[1] in "12" else 0, tone_of(number))


def tone_of(number: str) -> int:
    """The frequency in Hz that the phone of this number plays."""
    odd = int(number) % 2 == 1
    if number.startswith("9"):
        return SUPERVISOR_TONE if odd else SECOND_SUPERVISOR_TONE
    return AGENT_TONE if odd else SECOND_AGENT_TONE
