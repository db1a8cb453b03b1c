"""A linear programme written row by row, and HiGHS (through scipy) to solve it, with whole numbers or without.

HiGHS runs outside the interpreter's lock, so two programmes use two cores from two threads. scipy carries a HiGHS of
its own that gets along with ortools in one process, which highspy does not.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Terms = list[tuple[int, float]]
_EDGE = 1e-9


@dataclass(frozen=True, slots=True)
class Optimum:
    """An answer: the value, each variable, and what each row is worth."""

    value: float
    variables: Reals
    worths: Reals


@dataclass(frozen=True, slots=True)
class WholeOptimum:
    """An answer in whole numbers: its value, what none can be below, and each variable."""

    value: float
    bound: float
    variables: Reals


class Programme:
    """Variables from 0 to a top, rows between bounds; cost to be least."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.top: list[float] = []
        self.whole: list[int] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self._rows: list[int] = []
        self._columns: list[int] = []
        self._values: list[float] = []

    def variable(self, cost: float = 0.0, top: float = np.inf, *, whole: bool = False) -> int:
        """Add a variable; return its number."""
        self.cost.append(cost)
        self.top.append(top)
        self.whole.append(int(whole))
        return len(self.cost) - 1

    def always(self, cost: float) -> None:
        """Add a cost that nothing changes."""
        if cost:
            self.row([(self.variable(cost), 1.0)], 1.0, 1.0)

    def row(self, terms: Terms, low: float, high: float) -> int:
        """Add a row; return its number."""
        number = len(self.low)
        self._rows.extend([number] * len(terms))
        self._columns.extend([column for column, _value in terms])
        self._values.extend([value for _column, value in terms])
        self.low.append(low)
        self.high.append(high)
        return number

    @property
    def size(self) -> int:
        """How many numbers stand in its rows."""
        return len(self._values)

    def _matrix(self) -> tuple[Any, Reals, Reals]:
        from scipy import sparse

        shape = (len(self.low), len(self.cost))
        matrix = sparse.csr_matrix((self._values, (self._rows, self._columns)), shape=shape)
        return matrix, np.array(self.low), np.array(self.high)

    def relaxed(self, seconds: float | None) -> Optimum | None:
        """Solve without whole numbers, by the interior point method; None where time was too short."""
        from scipy import optimize, sparse

        matrix, low, high = self._matrix()
        same = high - low < _EDGE
        above, below = ~same & np.isfinite(high), ~same & np.isfinite(low)
        found = optimize.linprog(
            np.array(self.cost),
            sparse.vstack([matrix[above], -matrix[below]]),
            np.concatenate([high[above], -low[below]]),
            matrix[same],
            low[same],
            bounds=np.stack([np.zeros(len(self.top)), np.array(self.top)], axis=1),
            method="highs-ipm",
            options={} if seconds is None else {"time_limit": max(0.1, seconds)},
        )
        if found.status != 0:
            return None
        worths = np.zeros(len(low))
        count = int(above.sum())
        worths[same] = found.eqlin.marginals
        worths[above] += found.ineqlin.marginals[:count]
        worths[below] -= found.ineqlin.marginals[count:]
        return Optimum(float(found.fun), found.x, worths)

    def into(self, solver: Any) -> tuple[list[Any], list[Any]]:
        """Write it into a solver of ortools' linear_solver; return its variables and rows."""
        goal = solver.Objective()
        goal.SetMinimization()
        variables = [solver.NumVar(0.0, top, "") for top in self.top]
        for variable, cost in zip(variables, self.cost, strict=True):
            goal.SetCoefficient(variable, cost)
        rows = [solver.Constraint(low, high) for low, high in zip(self.low, self.high, strict=True)]
        # What stands twice in a row (a duty and a break of it) adds up.
        summed: dict[tuple[int, int], float] = defaultdict(float)
        for row, column, value in zip(self._rows, self._columns, self._values, strict=True):
            summed[row, column] += value
        for (row, column), value in summed.items():
            rows[row].SetCoefficient(variables[column], value)
        return variables, rows

    def solved_by_scip(self, seconds: float | None, gap: float) -> WholeOptimum | None:
        """Do the same as `solved` with SCIP, for rows of many sizes: HiGHS now and then prints about those."""
        from ortools.linear_solver import pywraplp

        solver: Any = pywraplp.Solver.CreateSolver("SCIP")
        variables, _rows = self.into(solver)
        for variable, whole in zip(variables, self.whole, strict=True):
            variable.SetInteger(bool(whole))
        if seconds is None:
            solver.SetSolverSpecificParametersAsString("limits/nodes = 100\n")
        else:
            solver.SetTimeLimit(max(100, int(seconds * 1000)))
        how = pywraplp.MPSolverParameters()
        how.SetDoubleParam(how.RELATIVE_MIP_GAP, gap)
        if solver.Solve(how) not in (solver.OPTIMAL, solver.FEASIBLE):
            return None
        goal = solver.Objective()
        values = np.array([variable.solution_value() for variable in variables])
        return WholeOptimum(float(goal.Value()), float(goal.BestBound()), values)

    def solved(self, seconds: float | None, gap: float) -> WholeOptimum | None:
        """Solve with whole numbers to a relative gap; None of `seconds`: within a number of nodes instead."""
        from scipy import optimize

        matrix, low, high = self._matrix()
        limit: dict[str, float] = {"node_limit": 20} if seconds is None else {"time_limit": max(0.1, seconds)}
        found = optimize.milp(
            np.array(self.cost),
            integrality=np.array(self.whole),
            bounds=optimize.Bounds(np.zeros(len(self.top)), np.array(self.top)),
            constraints=optimize.LinearConstraint(matrix, low, high),
            options={**limit, "mip_rel_gap": gap},
        )
        if found.x is None:
            return None
        bound = found.mip_dual_bound
        return WholeOptimum(float(found.fun), -np.inf if bound is None else float(bound), found.x)
