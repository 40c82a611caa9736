"""Readers that do not exist, on real ptys. Ships with the product: demonstrations, training and tests use it."""
