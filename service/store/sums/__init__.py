"""Figures of the Sales Management panel: defined once, kept by day, worked out anew where a day changed.

The decision behind it is `docs/decisions/0019-sums-by-day.md`.
"""
