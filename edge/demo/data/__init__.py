"""The made-up store of the demo: nobody and nothing in it is real."""

from edge.demo.data.pack import store_pack

__all__ = ["store_pack"]
