"""Boards that are asked now and then: a port stays open from one question to the next."""

import threading
import time

from .client import Client
from .protocol import BAUDS, ProtocolError
from .serialport import SerialPort


IDLE = 10.0  # s without a question until a port is left to other programs


class Boards:
    """Boards behind serial ports, virtual ones too. Threads may share them."""

    def __init__(self):
        self._open, self._asked = {}, {}
        self._lock = threading.Lock()

    def ask(self, path, identity, image):
        """Return what the board at a port says of one input, for JSON.

        Parameters
        ----------
        path : str
            The port.
        identity : str
            Identity of the network that the board must hold.
        image : ndarray
            An input of the network.

        Raises
        ------
        ProtocolError
            If no board with that network answers.
        """
        with self._lock:
            client = self._open.get(path) or self._connect(path)
            try:
                if client.info.identity != identity:
                    raise ProtocolError(f"Board at {path} must hold the network {identity[:12]}: "
                                        f"it holds {client.info.identity[:12]} (load the "
                                        f"network's bitstream)")
                self._asked[path] = start = time.perf_counter()
                labels, scores = client.classify(image[None])
            except (OSError, ValueError):
                self._open.pop(path).port.close()
                raise
        return {"by": client.info.board, "label": int(labels[0]), "scores": scores[0].tolist(),
                "milliseconds": round(1000 * (time.perf_counter() - start), 2)}

    def close(self, path=None):
        """Leave a port to others, or all ports."""
        with self._lock:
            for name in list(self._open) if path is None else [path]:
                if client := self._open.pop(name, None):
                    client.port.close()

    def close_idle(self):
        """Leave the ports to others whose boards nobody has asked for :data:`IDLE` seconds."""
        now = time.perf_counter()
        for path, asked in list(self._asked.items()):
            if path in self._open and now - asked > IDLE:
                self.close(path)

    def _connect(self, path):
        for rate in BAUDS:
            port = SerialPort(path, rate)
            try:
                self._open[path] = Client(port)
                return self._open[path]
            except ProtocolError as error:
                port.close()
                failure = error
        raise failure
