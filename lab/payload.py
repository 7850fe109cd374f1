#!/usr/bin/python3
"""payload.py BYTES RATE_BIT_S [SEED]: writes that many random bytes, at that mean rate (0: as fast as it goes).

The pace is a program's own, not a clock's: pieces of varying size with varying pauses around the rate.
"""

from __future__ import annotations

import os
import random
import sys
import time


def write_paced(descriptor: int, size: int, rate_bit_s: float, rng: random.Random) -> None:
    stock = os.urandom(65536)
    started, sent = time.monotonic(), 0
    while sent < size:
        piece = min(size - sent, rng.choice([4096, 8192, 16384, 32768]))
        view = memoryview(stock)[:piece]
        while view:
            view = view[os.write(descriptor, view):]
        sent += piece
        if rate_bit_s > 0:
            ahead = sent * 8 / rate_bit_s - (time.monotonic() - started)
            if ahead > 0:
                time.sleep(ahead * rng.uniform(0.6, 1.4))


if __name__ == "__main__":
    numbers = [float(word) for word in sys.argv[1:]]
    try:
        write_paced(1, int(numbers[0]), numbers[1], random.Random(numbers[2] if len(numbers) > 2 else None))
    except BrokenPipeError:
        pass
