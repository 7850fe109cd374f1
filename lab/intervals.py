"""Exact intervals and reliability figures, with the standard library alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable


def _solve(rising: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def poisson_at_least(count: int, mean: float) -> float:
    """P(N >= count) for a Poisson N."""
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    below = [k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(count)]
    top = max(below)
    return max(0.0, 1 - math.exp(top) * sum(math.exp(x - top) for x in below))


def poisson_interval(count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Garwood's exact interval for the mean behind a count."""
    alpha = (1 - confidence) / 2
    most = count + 10 * math.sqrt(count + 1) + 20
    low = _solve(lambda mean: poisson_at_least(count, mean) - alpha, 0, most) if count else 0.0
    high = _solve(lambda mean: poisson_at_least(count + 1, mean) - (1 - alpha), 0, most)
    return low, high


class Reliability:
    """Stated chances beside what came true, in bins of equal width."""

    def __init__(self, stated: Iterable[tuple[float, bool]], bins: int = 10) -> None:
        self.bins = [[0, 0.0, 0] for _ in range(bins)]  # how many, sum of the chances, how many came true
        for chance, true in stated:
            cell = self.bins[min(int(chance * bins), bins - 1)]
            cell[0] += 1
            cell[1] += chance
            cell[2] += true
        self.total = sum(cell[0] for cell in self.bins)

    @property
    def ece(self) -> float:
        """Expected calibration error: mean distance between the stated and the realised, weighted by how often it was stated."""
        return sum(abs(cell[1] - cell[2]) for cell in self.bins) / max(1, self.total)

    def markdown(self) -> str:
        lines = ["| stated | how often | mean stated | came true | 95 % interval |", "|---|---|---|---|---|"]
        for index, (count, chances, true) in enumerate(self.bins):
            if count:
                low, high = wilson(true, count)
                lines.append(f"| {index / len(self.bins):.1f} to {(index + 1) / len(self.bins):.1f} | {count} | {chances / count:.3f} "
                             f"| {true / count:.3f} | {low:.3f} to {high:.3f} |")
        return "\n".join([*lines, "", f"ECE {self.ece:.4f} over {self.total}."]) + "\n"

    def svg(self, title: str) -> str:
        """The diagram: a perfect forecaster's dots lie on the diagonal; the size of a dot is how often it was said."""
        side, edge = 320, 46
        at = lambda share: edge + share * side
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side + 2 * edge} {side + 2 * edge + 14}" font-family="sans-serif" font-size="11">',
                 f'<rect width="100%" height="100%" fill="#fff"/><text x="{edge}" y="20" font-size="13">{title}</text>',
                 f'<rect x="{edge}" y="{edge}" width="{side}" height="{side}" fill="none" stroke="#888"/>',
                 f'<line x1="{at(0)}" y1="{at(1)}" x2="{at(1)}" y2="{at(0)}" stroke="#bbb" stroke-dasharray="4 3"/>']
        for tick in range(0, 11, 2):
            share = tick / 10
            parts.append(f'<text x="{at(share)}" y="{at(1) + 16}" text-anchor="middle">{share:.1f}</text>'
                         f'<text x="{edge - 6}" y="{at(1 - share) + 4}" text-anchor="end">{share:.1f}</text>')
        parts.append(f'<text x="{at(0.5)}" y="{at(1) + 34}" text-anchor="middle">stated</text>'
                     f'<text x="12" y="{at(0.5)}" text-anchor="middle" transform="rotate(-90 12 {at(0.5)})">came true</text>')
        for count, chances, true in self.bins:
            if not count:
                continue
            low, high = wilson(true, count)
            x, y = at(chances / count), at(1 - true / count)
            radius = 3 + 5 * math.sqrt(count / self.total)
            parts.append(f'<line x1="{x:.1f}" y1="{at(1 - low):.1f}" x2="{x:.1f}" y2="{at(1 - high):.1f}" stroke="#2a6f97"/>'
                         f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#2a6f97" fill-opacity="0.7"><title>{count} stated, {true} came true</title></circle>')
        parts.append(f'<text x="{edge}" y="36" fill="#555">{self.total} stated, ECE {self.ece:.4f}</text></svg>')
        return "\n".join(parts) + "\n"


def wilson(true: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval for a share."""
    share = true / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - half), min(1.0, middle + half)
