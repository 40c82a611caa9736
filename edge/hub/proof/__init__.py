"""Proof that a card is no copy: SUN messages of NTAG 424 DNA tags, members' rotating codes, the keys for both, the counters."""
