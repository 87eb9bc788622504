"""A name server that knows a few texts: the keys of signatures."""

import socket
import struct
import threading

TXT = 16
STRING = 255            # bytes of one string of a text


class Keys:
    """`table`: name -> text; what is not in it does not exist."""

    def __init__(self):
        self.table = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.is_over = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while not self.is_over:
            question, peer = self.socket.recvfrom(4096)
            if question:
                self.socket.sendto(self.answer(question), peer)

    def answer(self, question):
        at, labels = 12, []
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]])
            at += 1 + question[at]
        name = b".".join(labels).decode("latin-1").lower()
        kind, = struct.unpack(">H", question[at + 1:at + 3])
        text = self.table.get(name)
        # 0x8180: a recursive answer; 3: there is no such name
        code, rows = (0x8180, 1) if text and kind == TXT else (
            0x8180 if text else 0x8183, 0)
        head = question[:2] + struct.pack(">HHHHH", code, 1, rows, 0, 0) + \
            question[12:at + 5]
        if not rows:
            return head
        strings = b"".join(bytes([len(piece)]) + piece for piece in (
            text[i:i + STRING] for i in range(0, len(text), STRING)))
        return head + b"\xc0\x0c" + struct.pack(
            ">HHIH", TXT, 1, 3600, len(strings)) + strings

    def close(self):
        """Nobody may wait in it then: see tests/fetch/dns.py."""
        self.is_over = True
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()
