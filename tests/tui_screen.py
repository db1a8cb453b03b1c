"""What a terminal makes of the console's bytes: cells with their colours, from cursor moves and colour codes alone."""

import re
from dataclasses import dataclass

from rich.cells import cell_len

_CODE = re.compile(r"\x1b\[([\d;]*)([mH])")


@dataclass(frozen=True)
class Cell:
    """What a terminal shows in one cell."""

    char: str
    front: str
    back: str
    flags: frozenset[str]

    def seen(self) -> tuple[str, ...]:
        """What a person can tell: the colour of nothing is not seen."""
        marks = self.flags & {"4", "7"}
        if self.char != " " or marks:
            return (self.char, self.front, self.back, *sorted(self.flags))
        return (self.char, self.back)


def shown(output: str, cells: dict[tuple[int, int], Cell] | None = None) -> dict[tuple[int, int], Cell]:
    """Read what a terminal makes of the bytes: moves and colours are all that may be in them."""
    cells = {} if cells is None else cells
    x = y = 0
    front, back, flags = "39", "49", frozenset[str]()
    at = 0
    while at < len(output):
        code = _CODE.match(output, at)
        if code is None:
            if output[at] != "\n":
                cells[x, y] = Cell(output[at], front, back, flags)
                x += cell_len(output[at])
            at += 1
        else:
            at = code.end()
            if code.group(2) == "H":
                y, x = (int(part) - 1 for part in code.group(1).split(";"))
            else:
                front, back, flags = _pen(code.group(1), front, back, flags)
    return cells


def _pen(codes: str, front: str, back: str, flags: frozenset[str]) -> tuple[str, str, frozenset[str]]:
    parts = codes.split(";")
    while parts:
        part = parts.pop(0)
        if part in ("38", "48"):
            taken = 4 if parts[0] == "2" else 2
            value = ";".join([part, *parts[:taken]])
            del parts[:taken]
            front, back = (value, back) if part == "38" else (front, value)
        elif part in ("0", ""):
            front, back, flags = "39", "49", frozenset()
        elif part in ("1", "4", "7"):
            flags |= {part}
        elif part[0] in "39" and len(part) == 2:
            front = part
        else:
            back = part
    return front, back, flags
