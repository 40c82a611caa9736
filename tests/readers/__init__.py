"""Scanners and camera: photographs, the camera's process, figures, long fuzz."""
