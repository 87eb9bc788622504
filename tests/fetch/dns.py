"""A name server of a test: A, AAAA and TXT from a table, or a fault."""

import socket
import struct
import threading

HEADER = 12             # RFC 1035 4.1.1
IS_ANSWER = 0x8000      # QR
TXT = 16
TYPES = {1: socket.AF_INET, 28: socket.AF_INET6}


def read_question(packet):
    """
    (name, type, where it ends) of the one question; None: it is none, as an
    answer to whoever had this port before.
    """
    try:
        flags, count = struct.unpack_from(">HH", packet, 2)
        if flags & IS_ANSWER or count != 1:
            return None
        at, labels = HEADER, []
        while packet[at]:
            if packet[at] > 63:         # no label
                return None
            labels.append(packet[at + 1:at + 1 + packet[at]])
            at += 1 + packet[at]
        kind, _ = struct.unpack_from(">HH", packet, at + 1)
    except (IndexError, struct.error):
        return None
    return b".".join(labels).decode("latin-1").lower(), kind, at + 5


class Names:
    """
    `table`: name -> addresses and, as bytes, texts; or "servfail", "silence",
    "nonsense".
    """

    def __init__(self):
        self.table = {}
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.is_over = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while not self.is_over:
            try:
                question, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            answer = self.answer(question)
            try:
                if answer:
                    self.socket.sendto(answer, peer)
            except OSError:
                return

    def answer(self, question):
        read = read_question(question)
        if read is None:
            return None
        name, kind, end = read
        asked = question[HEADER:end]
        self.asked.append((name, kind))
        found = self.table.get(name, "nxdomain")
        if found == "silence":
            return None
        if found == "nonsense":
            return question[:2] + b"\xff" * 40

        def reply(code, rows=()):
            return question[:2] + struct.pack(
                ">HHHHH", 0x8180 | code, 1, len(rows), 0, 0) + asked + \
                b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0,
                                                   len(row)) + row
                         for row in rows)
        if found == "servfail":
            return reply(2)
        if found == "nxdomain":
            return reply(3)
        rows = []
        for address in found:
            if isinstance(address, bytes):
                if kind == TXT:
                    rows.append(b"".join(
                        bytes([len(address[i:i + 255])]) + address[i:i + 255]
                        for i in range(0, len(address), 255)))
            elif TYPES.get(kind) == (socket.AF_INET6 if ":" in address
                                   else socket.AF_INET):
                rows.append(socket.inet_pton(TYPES[kind], address))
        return reply(0, rows)

    def close(self):
        """
        Nobody may wait in a call then: when a signal interrupts it, be it the
        end of a command that another thread ran, the kernel begins it anew
        with the number of the descriptor, which is somebody else's by then.
        Readers of large letters have lost bytes that way.
        """
        self.is_over = True
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()
