"""Kommo (formerly amoCRM), API v4: one account reached by its address and a long-lived token."""
