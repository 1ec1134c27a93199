"""Spreadsheets: untrusted bytes to a clean grid of cells (reading), cells to facts (understanding)."""
