"""The HQ process: receives every store's facts once, keeps what they add up to, feeds the hubs, shows a console."""
