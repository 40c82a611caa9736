"""Firmware images of the reader board: what is in them, who signed them, how they are made."""
