"""What was measured, as a table and as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    value: float | None
    """None where it cannot be measured here; the note says why."""
    unit: str = ""
    bound: float | None = None
    note: str = ""
    details: dict[str, float] = field(default_factory=dict)
    least: float | None = None

    @property
    def is_missed(self) -> bool:
        if self.value is None:
            return False
        is_over = self.bound is not None and self.value > self.bound
        return is_over or (self.least is not None and self.value < self.least)

    @property
    def demand(self) -> str:
        """What is asked of the value, in words; empty where it is measured to be known."""
        if self.least is not None:
            return f"at least {self.least:g}"
        return "" if self.bound is None else f"at most {self.bound:g}"


def describe_spread(values: Sequence[float], digits: int = 2) -> str:
    """Return the middle half of some values, such as “2.31 to 2.47”."""
    low, _middle, high = quantiles(values, n=4)
    return f"{low:.{digits}f} to {high:.{digits}f}"


def divide_rounds(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Return the ratio of each round: what disturbs the machine for longer than a round divides out."""
    return [a / b for a, b in zip(above, below, strict=True)]


def make_ratio(
    name: str, above: Sequence[float], below: Sequence[float], *, bound: float | None = None, note: str = ""
) -> Result:
    """Return the median ratio of two things measured in turns."""
    ratios = divide_rounds(above, below)
    milliseconds = f"{median(above) * 1e3:.1f} ms / {median(below) * 1e3:.1f} ms"
    note = "; ".join(
        part for part in (f"half of the rounds {describe_spread(ratios)}", milliseconds, note) if part
    )
    return Result(name, median(ratios), "×", bound, note, {"rounds": len(ratios)})


class Report:
    def __init__(self) -> None:
        self.results: list[Result] = []

    def add(self, *results: Result) -> None:
        """Take results in and print them, so that a long run shows how far it is."""
        self.results += results
        for result in results:
            print(f"  {show_line(result)}", flush=True)

    def title(self, text: str) -> None:
        print(f"\n{text}", flush=True)

    @property
    def missed(self) -> list[Result]:
        return [result for result in self.results if result.is_missed]

    def write(self, file: Path, **facts: object) -> None:
        about = {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "system": platform.platform(),
            "processors": os.cpu_count(),
            **facts,
        }
        results = [asdict(result) | {"is_missed": result.is_missed} for result in self.results]
        file.write_text(json.dumps(about | {"results": results}, indent=1) + "\n")


def show_number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def show_line(result: Result) -> str:
    value = "—" if result.value is None else f"{show_number(result.value)} {result.unit}".rstrip()
    verdict = "MISSED" if result.is_missed else "ok" if result.demand and result.value is not None else ""
    return f"{result.name:<58} {value:>16}  {result.demand:<14} {verdict:<6} {result.note}".rstrip()
