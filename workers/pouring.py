"""Pouring spreadsheet rows (being written)."""
def step(shop): return 0
def waits(shop): return False
