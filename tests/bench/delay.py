"""A longer line: connections pass through, each byte half a round trip late.

usage: delay.py PORT ROUND_TRIP_MS

Listens on a free port of 127.0.0.1, which it prints, and connects to PORT.  A
connection is made one round trip late, as a handshake would make it.  There is
no limit of bandwidth.  When its standard input ends it prints how many bytes
have come from the clients and from the server, and ends.
"""

import asyncio
import collections
import sys


class Half(asyncio.Protocol):
    """What comes in at one side and goes out at the other."""

    bytes = 0           # that all of a kind have heard

    def __init__(self, half_seconds):
        self.late = half_seconds
        self.loop = asyncio.get_running_loop()
        self.queue = collections.deque()    # None: the end
        self.waiting = []                   # until the other side is there
        self.other = None                   # the other side's transport
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        type(self).bytes += len(data)
        self.pass_on(data)

    def eof_received(self):
        self.pass_on(None)
        return True

    def connection_lost(self, _fault):
        self.pass_on(None)

    def pass_on(self, data):
        self.queue.append(data)
        if self.late:
            self.loop.call_later(self.late, self.arrive)
        else:
            self.arrive()

    def arrive(self):
        data = self.queue.popleft()
        if self.other is None:
            self.waiting.append(data)
        else:
            self.give(data)

    def give(self, data):
        if self.other.is_closing():
            return
        if data is None:
            self.other.close()
        else:
            self.other.write(data)

    def joined(self, other):
        self.other = other
        for data in self.waiting:
            self.give(data)


class Server(Half):
    """The side that talks to the server."""


def at_the_end(loop, tell):
    """tell() once standard input has ended."""
    def look():
        if not sys.stdin.buffer.read1(1):
            loop.remove_reader(sys.stdin)
            tell()
    loop.add_reader(sys.stdin, look)


async def serve(port, round_trip):
    loop = asyncio.get_running_loop()
    half = round_trip / 2
    over = loop.create_future()

    class Client(Half):
        def __init__(self):
            super().__init__(half)

        def connection_made(self, transport):
            super().connection_made(transport)
            loop.call_later(round_trip, lambda: loop.create_task(self.join()))

        async def join(self):
            try:
                transport, server = await loop.create_connection(
                    lambda: Server(half), "127.0.0.1", port)
            except OSError:
                self.transport.close()
                return
            server.joined(self.transport)
            self.joined(transport)

    at_the_end(loop, lambda: over.set_result(None))
    server = await loop.create_server(Client, "127.0.0.1", 0, backlog=200)
    print(server.sockets[0].getsockname()[1], flush=True)
    await over
    print(Client.bytes, Server.bytes, flush=True)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000))
