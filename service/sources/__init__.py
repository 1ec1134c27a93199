"""Translators: a body comes in, facts in our words go out."""
