"""A real camera: set SHOPBELL_CAMERA to its device, then hold a QR code or a barcode before it within 20 seconds."""

from __future__ import annotations

import os

import pytest

from edge.process.clock import SystemClock
from firmware_bridge.card_read import CardRead
from kiosk.devices.camera import Camera
from tests.support.reader import running


@pytest.mark.hardware
def test_a_code_before_the_camera_is_read() -> None:
    device = os.environ.get("SHOPBELL_CAMERA")
    if device is None:
        pytest.skip("set SHOPBELL_CAMERA to the camera, such as /dev/video0")
    with running(Camera("cam-1", device, SystemClock().monotonic, print)) as thread:
        thread.wait_up()
        events = thread.wait_for(lambda events: any(isinstance(event, CardRead) for event in events))
    assert any(isinstance(event, CardRead) and event.value for event in events)
