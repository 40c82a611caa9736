"""Benchmarks: Shopbell beside what a user would build instead, in alternating blocks of one run."""
