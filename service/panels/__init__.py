"""The panels of Sales Management: what each shows, in figures of the ledger and without words.

A panel is made of values, and every value names the list whose rows it counts or adds up. Pages and API show the
same panels. Definitions: `docs/decisions/0019-sums-by-day.md`.
"""
