"""Signed messages to any address a user names, by the Standard Webhooks specification."""
