"""Ports. The only folder that imports pyserial."""
