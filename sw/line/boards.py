"""Boards that are asked now and then: each port is opened once, and kept open."""

import threading
import time

from .client import Client
from .protocol import BAUDS, ProtocolError
from .serialport import SerialPort


class Boards:
    """Boards behind serial ports, virtual ones too. Threads may share them."""

    def __init__(self):
        self._open = {}
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
                start = time.perf_counter()
                labels, scores = client.classify(image[None])
            except (OSError, ValueError):
                self._open.pop(path).port.close()
                raise
        return {"by": client.info.board, "label": int(labels[0]), "scores": scores[0].tolist(),
                "milliseconds": round(1000 * (time.perf_counter() - start), 2)}

    def close(self, path):
        """Leave a port to others."""
        with self._lock:
            if client := self._open.pop(path, None):
                client.port.close()

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
