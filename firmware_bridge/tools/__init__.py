"""What `shopbell reader` does for the person at the door."""
