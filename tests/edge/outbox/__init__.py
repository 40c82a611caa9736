"""Tests of edge.outbox."""
