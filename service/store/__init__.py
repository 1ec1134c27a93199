"""The shelves: all SQL lives here. Functions take the open transaction first and return plain values."""
