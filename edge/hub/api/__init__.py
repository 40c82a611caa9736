"""The hub's HTTP interface: routes that check who asks, act in one transaction and answer in the contract's words."""
