"""Tests that need a device on the desk; run by `pytest -m hardware tests/hardware`, never by themselves."""
