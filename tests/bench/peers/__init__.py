"""The peers: what a good engineer would build or install instead, and the bare floors."""
