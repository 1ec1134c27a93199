"""Files that leave the house: written row by row, in memory that does not grow."""
