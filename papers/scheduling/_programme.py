"""A mixed-integer programme with one aim after the other, solved by HiGHS; used by `presenters` alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNBOUNDED = float("inf")
NOTHING = (
    1e-6  # what is nearer to zero is taken for it: all that is given, and most of what comes out, is whole
)


class Unsolvable(Exception):
    """HiGHS ended without a proven optimum; a bug, since each aim leaves at least the assignment before it."""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The value of an aim without whole numbers, and what each bound and each row then costs."""

    bound: float
    prices: list[float]
    row_prices: list[float]


class Programme:
    """Columns, rows between them, and sums to be brought down in turn. All of it is in whole numbers.

    The same columns, rows and aims in the same order end with the same choice: one thread, one seed, no time limit.
    """

    def __init__(self) -> None:
        import highspy  # 40 MB with numpy, which neither web nor worker keep

        self.chosen: list[int] = []
        self._highs = highs = highspy.Highs()
        self._kinds = highspy.HighsVarType
        self._optimal = highspy.HighsModelStatus.kOptimal
        self._infeasible = highspy.HighsModelStatus.kInfeasible
        for name, value in {
            "output_flag": False,
            "threads": 1,
            "random_seed": 0,
            "mip_rel_gap": 0.0,
            "mip_abs_gap": 0.5,  # aims are whole numbers: what is nearer than one is the same
        }.items():
            highs.setOptionValue(name, value)
        self._columns: list[tuple[int, int]] = []
        self._rows: list[tuple[float, float]] = []
        self._whole: list[int] = []
        self._aim: dict[int, int] = {}

    def add_column(self, least: int, most: int, *, is_whole: bool = True) -> int:
        number = len(self._columns)
        self._highs.addVar(least, most)
        self._columns.append((least, most))
        self.chosen.append(least)
        if is_whole:
            self._highs.changeColIntegrality(number, self._kinds.kInteger)
            self._whole.append(number)
        return number

    def add_row(self, terms: Mapping[int, int], *, least: float = -UNBOUNDED, most: float = UNBOUNDED) -> int:
        columns = sorted(terms)
        self._highs.addRow(least, most, len(columns), columns, [terms[column] for column in columns])
        self._rows.append((least, most))
        return len(self._rows) - 1

    def set_column(self, number: int, least: int, most: int) -> None:
        self._highs.changeColBounds(number, least, most)
        self._columns[number] = least, most

    def set_row(self, number: int, least: float, most: float) -> None:
        self._highs.changeRowBounds(number, least, most)
        self._rows[number] = least, most

    def is_solvable(self) -> bool:
        """Whether anything can be chosen at all. Raises Unsolvable where that cannot be said."""
        self._set_aim({})
        return self._choose() is not None

    def minimise(self, terms: Mapping[int, int]) -> int:
        """Return the least value that a sum can have, and keep it to that from now on. Raises Unsolvable."""
        self._set_aim(terms)
        relaxed = self._choose()
        if relaxed is None:
            raise Unsolvable("Infeasible")
        best = sum(cost * self.chosen[column] for column, cost in terms.items())
        if best - relaxed.bound < NOTHING * max(1, abs(best)):
            self._keep_to_face(relaxed)
        else:
            self.add_row(terms, most=best)
        return best

    def _set_aim(self, terms: Mapping[int, int]) -> None:
        for column, cost in {**dict.fromkeys(self._aim, 0), **terms}.items():
            self._highs.changeColCost(column, cost)
        self._aim = dict(terms)

    def _choose(self) -> Relaxed | None:
        """Take the best choice there is; return what is so without whole numbers, None if nothing can be chosen.

        Most programmes of this kind have whole numbers in their corners anyway, and the simplex method goes on from
        the corner it was in, so that this comes first.
        """
        highs = self._highs
        solution = self._run(is_relaxed=True)
        if solution is None:
            return None
        bound = highs.getInfo().objective_function_value
        relaxed = Relaxed(bound, list(solution.col_dual), list(solution.row_dual))
        values = list(solution.col_value)
        if any(abs(values[column] - round(values[column])) > NOTHING for column in self._whole):
            solution = self._run(is_relaxed=False)
            if solution is None:
                return None
            values = list(solution.col_value)
        self.chosen = [round(value) for value in values]
        return relaxed

    def _run(self, *, is_relaxed: bool) -> Any:
        highs = self._highs
        highs.setOptionValue("solve_relaxation", is_relaxed)
        highs.run()
        status = highs.getModelStatus()
        if status == self._infeasible:
            return None
        if status != self._optimal:
            raise Unsolvable(highs.modelStatusToString(status))
        return highs.getSolution()

    def _keep_to_face(self, relaxed: Relaxed) -> None:
        """Hold what complementary slackness demands of every optimum: a bound or a row that has a price is met.

        Where whole numbers cost nothing, this says the same as a row which holds the aim, and leaves less to choose
        from for the aims that follow (Schrijver, "Theory of Linear and Integer Programming", 1986, 7.9).
        """
        for column, price in enumerate(relaxed.prices):
            least, most = self._columns[column]
            if abs(price) > NOTHING and least != most:
                met = least if price > 0 else most
                self.set_column(column, met, met)
        for row, price in enumerate(relaxed.row_prices):
            low, high = self._rows[row]
            if abs(price) > NOTHING and low != high:
                met_at = low if price > 0 else high
                self.set_row(row, met_at, met_at)
