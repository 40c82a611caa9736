"""Lights and sound at the door."""
