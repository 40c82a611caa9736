"""Pure. From a card read to a decision, words and the arrival to record."""
