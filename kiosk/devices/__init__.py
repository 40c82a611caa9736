"""What is at the door beside the reader: lights and sound, the camera, the line that resets a reader."""
