"""What is measured: one module for each station of a tap."""
