"""The doors and windows: the only place that knows Flask."""
