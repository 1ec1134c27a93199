"""Automations, pure: what fires, whether it is wanted, what it says, and which lead it is about."""
