"""Sales files of a point of sale: read, judge, store, account for every row."""
