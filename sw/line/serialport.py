"""A serial port for octets, with a one-line error if the port is missing, taken or gone."""

import time

import serial
from serial.tools import list_ports

from .protocol import ProtocolError


POLL = 0.02  # s, longest wait inside one read


class SerialPort:
    """An open serial port, or a pseudo-terminal that looks like one.

    Parameters
    ----------
    path : str
        Device: ``/dev/ttyUSB0``, or the port that ``make virtual`` prints.
    baud : int
        Bits per second.

    Raises
    ------
    ProtocolError
        If the port is missing, may not be opened, or another program holds it.
    """

    def __init__(self, path, baud):
        self.path = path = str(path)
        try:
            self._serial = serial.Serial(path, baud, timeout=POLL, write_timeout=60,
                                         exclusive=True)
        except (OSError, ValueError) as error:
            raise ProtocolError(_explain(path, baud, error)) from None
        try:  # USB adapters wait 16 ms for more octets otherwise
            self._serial.set_low_latency_mode(True)
        except (OSError, ValueError, AttributeError, NotImplementedError):
            pass

    def write(self, octets):
        """Send octets."""
        try:
            self._serial.write(octets)
        except serial.SerialTimeoutException:
            raise ProtocolError(f"Port {self.path} must take what is sent: nothing moves for "
                                f"60 s (is the board, or the virtual board, stopped?)") from None
        except (OSError, TypeError) as error:
            raise self._gone(error) from None

    def read(self, seconds):
        """Return the octets that have come; wait ``seconds`` for the first one."""
        end = time.monotonic() + seconds
        try:
            while True:
                octets = self._serial.read(max(1, self._serial.in_waiting))
                if octets or time.monotonic() >= end:
                    return octets
        except (OSError, TypeError) as error:  # TypeError: the port was closed
            raise self._gone(error) from None

    def close(self):
        """Close the port."""
        self._serial.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _gone(self, error):
        return ProtocolError(f"Port {self.path} must stay connected: {_reason(error)} (was the "
                             f"cable unplugged, or the virtual board stopped?)")


def _explain(path, baud, error):
    reason = _reason(error)
    lowered = reason.lower()
    if "exclusively lock" in lowered or "busy" in lowered:
        return (f"Port {path} must be free: another program has it open (close the terminal or "
                f"host program that uses it)")
    if "permission" in lowered:
        return (f"Port {path} must be yours to open: permission denied (add yourself to its "
                f"group: 'sudo usermod -aG dialout $USER', then log in again)")
    if "no such file" in lowered:
        found = ", ".join(sorted(port.device for port in list_ports.comports())) or "none"
        return (f"Port {path} must exist: no such file (ports found: {found}; plug the board in, "
                f"or start one with 'make virtual')")
    return (f"Port {path} must be a serial port for {baud} baud: {reason} (see 'ls "
            f"/dev/serial/by-id', or start a virtual board with 'make virtual')")


def _reason(error):
    """Return the operating system's message, without pyserial's words around it."""
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()) or type(error).__name__
