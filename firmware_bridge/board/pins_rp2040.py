"""The pins of the RP2040 reader board: wire over USB, PN532 on UART 1, a ring of WS2812 lights, a buzzer, a button.

GPIO 4, 5   UART 1 to the PN532 (its switches on HSU), 115,200 baud
GPIO 16     data of the light ring, 12 lights
GPIO 18     buzzer (passive, through a transistor)
GPIO 20     button to ground
"""

import select
import sys
import time

import machine
import micropython
import neopixel

LIGHTS = 12
# The watchdog bites after this; a round takes some ms, writing a block of flash some 50.
WATCHDOG_MS = 8000
_MOST_READ = 1024
# Half of the duty cycle is as loud as it gets.
_LOUD = 32768


class Uart:
    """The line to the chip."""

    def __init__(self):
        self._uart = machine.UART(1, 115200, tx=machine.Pin(4), rx=machine.Pin(5), rxbuf=512)

    def read(self):
        """Bytes that have come."""
        return self._uart.read() or b""

    def write(self, data):
        """Send."""
        self._uart.write(data)


class Pins:
    """Everything the board is soldered to."""

    def __init__(self):
        micropython.kbd_intr(-1)  # a byte 03 in a frame is no Ctrl-C
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self.chip = Uart()
        self._ring = neopixel.NeoPixel(machine.Pin(16), LIGHTS)
        self._buzzer = machine.PWM(machine.Pin(18))
        self._buzzer.duty_u16(0)
        self._button = machine.Pin(20, machine.Pin.IN, machine.Pin.PULL_UP)
        self._watchdog = machine.WDT(timeout=WATCHDOG_MS)
        self._colour, self._hertz = None, 0

    def ticks(self):
        """Milliseconds that begin again from zero."""
        return time.ticks_ms()

    def since(self, new, old):
        """Milliseconds from one `ticks` to another."""
        return time.ticks_diff(new, old)

    def wait(self, milliseconds):
        """Until bytes come from the host, or so long."""
        self._poll.poll(milliseconds)

    def read_wire(self):
        """Bytes from the host that have come."""
        data = bytearray()
        while len(data) < _MOST_READ and self._poll.poll(0):
            data.extend(sys.stdin.buffer.read(1))
        return bytes(data)

    def write_wire(self, data):
        """Send to the host; without one USB drops it."""
        sys.stdout.buffer.write(data)

    def board_id(self):
        """Eight bytes, burnt into the flash chip."""
        return machine.unique_id()

    def button(self):
        """Whether it is pressed."""
        return self._button.value() == 0

    def light(self, colour):
        """(red, green, blue) for the whole ring."""
        if colour != self._colour:
            self._colour = colour
            self._ring.fill(colour)
            self._ring.write()

    def tone(self, hertz):
        """A tone, or silence with 0."""
        if hertz != self._hertz:
            self._hertz = hertz
            if hertz:
                self._buzzer.freq(hertz)
            self._buzzer.duty_u16(_LOUD if hertz else 0)

    def feed(self):
        """Tell the watchdog that the loop turns."""
        self._watchdog.feed()
