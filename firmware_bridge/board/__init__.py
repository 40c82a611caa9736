"""MicroPython firmware of the RP2040 reader board. Its files lie flat on the board and import nothing of the bridge."""
