"""Store and forward, for kiosk and hub: `plan` (pure) decides, `box` keeps the rows."""
