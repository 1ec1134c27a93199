"""Shapes at the edges: what comes in and what goes out."""
