"""HQ's HTTP interface: facts in, feed out, members, health, metrics, OpenAPI."""
