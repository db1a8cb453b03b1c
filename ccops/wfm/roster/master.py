"""The master problem of column generation: one pattern per person, requirements met or paid for; a linear programme."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ccops.wfm.roster.core import Core, DirectCover, Reals, Roster

_ARTIFICIAL = 1e6


class MasterLost(ArithmeticError):
    """The linear programme could not be solved for numerical reasons."""


@dataclass(slots=True)
class Column:
    """A pattern of a person, its own cost, and its variable in the programme."""

    person: int
    pattern: Roster
    cost: float
    variable: Any = field(repr=False)


class Master:
    """Restricted master over the columns given so far; solved by GLOP, warm from the last answer."""

    def __init__(self, core: Core, cover: DirectCover, people: Sequence[int], others: Reals) -> None:
        """`people` may change; `others` is what everybody else contributes to each requirement."""
        from ortools.linear_solver import pywraplp

        self.core, self.cover, self.people = core, cover, list(people)
        self.required = cover.required - others
        self._solver = pywraplp.Solver.CreateSolver("GLOP")
        self._goal = self._solver.Objective()
        self._goal.SetMinimization()
        self._one = {person: self._solver.Constraint(1.0, 1.0) for person in self.people}
        self._rows = [self._requirement(row) for row in range(cover.rows)]
        self.columns: list[Column] = []
        self._known: set[tuple[int, bytes]] = set()
        self.fixed: dict[int, Column] = {}
        for constraint in self._one.values():
            # Lets the programme start, and go on when fixed columns leave someone without any.
            artificial = self._variable(_ARTIFICIAL)
            constraint.SetCoefficient(artificial, 1.0)

    def _variable(self, cost: float) -> Any:
        variable = self._solver.NumVar(0.0, self._solver.infinity(), "")
        self._goal.SetCoefficient(variable, cost)
        return variable

    def _requirement(self, row: int) -> Any:
        wanted = float(self.required[row])
        constraint = self._solver.Constraint(wanted, wanted)
        constraint.SetCoefficient(self._variable(float(self.cover.under[row])), 1.0)
        constraint.SetCoefficient(self._variable(float(self.cover.over[row])), -1.0)
        return constraint

    def add(self, person: int, pattern: Roster) -> bool:
        """Add a pattern as a column; False where it is there already."""
        key = (person, pattern.tobytes())
        if key in self._known:
            return False
        self._known.add(key)
        cost = self.core.personal_cost(person, pattern)
        variable = self._variable(cost)
        self._one[person].SetCoefficient(variable, 1.0)
        for row in self.cover.rows_of(pattern):
            self._rows[row].SetCoefficient(variable, 1.0)
        if person in self.fixed:
            variable.SetUb(0.0)
        self.columns.append(Column(person, pattern, cost, variable))
        return True

    def solve(self) -> tuple[float, dict[int, float], Reals]:
        """Return the value, the worth of each person's constraint, and that of each requirement."""
        if self._solver.Solve() != self._solver.OPTIMAL:
            # Warm starts run into numerical trouble now and then; from scratch the same programme is solved.
            self._solver.Reset()
            if self._solver.Solve() != self._solver.OPTIMAL:
                raise MasterLost
        persons = {person: float(constraint.dual_value()) for person, constraint in self._one.items()}
        rows = np.array([constraint.dual_value() for constraint in self._rows])
        return float(self._goal.Value()), persons, np.clip(rows, -self.cover.over, self.cover.under)

    def fix(self, chosen: Column) -> None:
        """Give a person this pattern for good."""
        self.fixed[chosen.person] = chosen
        for column in self.columns:
            if column.person == chosen.person:
                column.variable.SetBounds(0.0, 0.0)
        chosen.variable.SetBounds(1.0, 1.0)

    def release(self) -> None:
        """Take back everything that was fixed."""
        for column in self.columns:
            if column.person in self.fixed:
                column.variable.SetBounds(0.0, self._solver.infinity())
        self.fixed.clear()

    def open_people(self) -> list[int]:
        """Return who has no fixed pattern."""
        return [person for person in self.people if person not in self.fixed]

    def shares(self) -> Iterable[tuple[float, Column]]:
        """Return the columns of open people with their share in the last answer, largest first."""
        found = [
            (float(column.variable.solution_value()), column)
            for column in self.columns
            if column.person not in self.fixed
        ]
        return sorted(found, key=lambda pair: -pair[0])
