"""What a measurement gives: one line of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Series:
    """The rounds of one number; `what` names it and its unit."""

    what: str
    rounds: Sequence[float]

    @property
    def median(self) -> float:
        """The middle round."""
        return median(self.rounds)

    def __str__(self) -> str:
        shown = figure(self.median)
        if len(self.rounds) > 1:
            shown += f" ({figure(min(self.rounds))} to {figure(max(self.rounds))})"
        return f"{shown} {self.what}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: ours over theirs where `over` is given, else ours alone.

    `least` and `most` are what the issue asks for, `also_reached` whether anything else it asks for holds; a line
    without limits is only reported.
    """

    number: int
    name: str
    ours: Series
    over: Series | None = None
    reach: str = "report"
    least: float | None = None
    most: float | None = None
    besides: tuple[str, ...] = ()
    also_reached: bool = True

    @property
    def value(self) -> float:
        """The ratio of the medians, or the median itself."""
        return self.ours.median / self.over.median if self.over else self.ours.median

    @property
    def verdict(self) -> str:
        """Whether it was reached."""
        if self.least is None and self.most is None:
            return "-"
        enough = self.also_reached and (self.least is None or self.value >= self.least)
        return "yes" if enough and (self.most is None or self.value <= self.most) else "**no**"


def figure(number: float) -> str:
    """A number as a table shows it: three significant digits, thousands in groups."""
    if abs(number) >= 1000:
        return f"{number:,.0f}"
    return f"{number:.0f}" if abs(number) >= 100 else f"{number:.3g}"
