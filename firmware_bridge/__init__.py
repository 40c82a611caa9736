"""From a port to a card read. Knows no members, shops or screens, and imports nothing of ours."""
