"""Pure: what to send to a reader next, and what its answers mean over time. Time is an argument."""
