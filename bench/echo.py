"""A bare echo: one frame to each of N TCP connections on loopback until the last has come back, with nothing around it. Imports nothing of the product.

usage: echo.py COUNT        stdin: a frame's length a line; stdout: the seconds it took
"""

from __future__ import annotations

import os
import resource
import selectors
import socket
import sys
import time


def echoing(port: int, count: int) -> None:
    """The child: COUNT clients that send back what they get."""
    waits = selectors.DefaultSelector()
    for _ in range(count):
        one = socket.create_connection(("127.0.0.1", port))
        one.setblocking(False)
        waits.register(one, selectors.EVENT_READ)
    while True:
        for key, _ in waits.select():
            data = key.fileobj.recv(65_536)
            if not data:
                os._exit(0)
            key.fileobj.send(data)


def one_round(links: list[socket.socket], waits: selectors.BaseSelector, frame: bytes) -> float:
    """Seconds until every link has had its frame back."""
    begun = time.perf_counter()
    for link in links:
        link.send(frame)
    left = dict.fromkeys(links, len(frame))
    while left:
        for key, _ in waits.select():
            left[key.fileobj] -= len(key.fileobj.recv(65_536))
            if not left[key.fileobj]:
                del left[key.fileobj]
    return time.perf_counter() - begun


def main() -> int:
    """Until stdin ends."""
    count = int(sys.argv[1])
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = socket.create_server(("127.0.0.1", 0), backlog=4096)
    if not os.fork():
        echoing(server.getsockname()[1], count)
    waits = selectors.DefaultSelector()
    links = []
    for _ in range(count):
        link, _ = server.accept()
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.setblocking(False)
        waits.register(link, selectors.EVENT_READ)
        links.append(link)
    print("ready", flush=True)
    for line in sys.stdin:
        print(one_round(links, waits, bytes(int(line))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
