"""A 64-bit hash of what a picture shows: alike pictures have hashes that differ in few bits."""

COLUMNS, ROWS = 9, 8
"""The picture's size in grey that the hash is made of."""


def difference_hash(levels: bytes) -> str:
    """16 hexadecimal digits: for each of 8 x 8 fields, whether it is brighter than its right neighbour.

    `levels`: `COLUMNS` x `ROWS` bytes of grey, row by row. Survives scaling and new compression; up to 8 different bits
    is the same picture. Raises `ValueError` for another number of levels.
    """
    if len(levels) != COLUMNS * ROWS:
        raise ValueError(f"{len(levels)} levels are not {COLUMNS} x {ROWS}")
    bits = 0
    for row in range(ROWS):
        for at in range(row * COLUMNS, row * COLUMNS + COLUMNS - 1):
            bits = bits << 1 | (levels[at] > levels[at + 1])
    return f"{bits:016x}"
