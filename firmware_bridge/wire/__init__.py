"""Pure: bytes to frames, frames to what a reader understood, and back."""
