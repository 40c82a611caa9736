"""A whole store on one machine: starts the real processes and imports none of them."""
