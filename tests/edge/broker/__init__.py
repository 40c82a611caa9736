"""Tests of edge.broker."""
