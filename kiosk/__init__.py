"""From a card read to a greeting and a recorded arrival."""
