"""MQTT and HTTP, one behaviour each: bounded, with codes, never blocking for long."""
