"""The edge of the store: contracts, hub, associates, HQ, and what every process needs."""
