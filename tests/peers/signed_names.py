"""A name server of a test whose one zone is signed (RFC 4034, Ed25519).

What it says is made when it is asked, signatures and all; each name is there, if
only with nothing (RFC 4470).  Names outside of the zone are not signed.
"""

import base64
import os
import socket
import struct
import sys
import threading
import time

import nacl.signing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "fetch"))

# pylint: disable=wrong-import-position
from dns import HEADER, read_question                   # noqa: E402

A, CNAME, SOA, MX, TXT, TLSA = 1, 5, 6, 15, 16, 52
RRSIG, NSEC, DNSKEY = 46, 47, 48
ALGORITHM = 15          # RFC 8080
TTL = 1                 # what a test changes is seen at once
EDNS = b"\0\0\x29\x04\xd0\0\0\x80\0\0\0"


def wire(name):
    """In canonical form (RFC 4034 6.2)."""
    return b"".join(bytes([len(label)]) + label.lower().encode()
                    for label in name.split(".") if label) + b"\0"


def mx(name, preference=10):
    return struct.pack(">H", preference) + wire(name)


def txt(words):
    return b"".join(bytes([len(words[i:i + 255])]) + words[i:i + 255]
                    for i in range(0, len(words), 255))


def record(name, kind, data):
    return wire(name) + struct.pack(">HHIH", kind, 1, TTL, len(data)) + data


class SignedNames:
    """
    `table`: (name, type) -> list of record data, or "servfail"; `wrong`: those
    whose signature is of something else.  `strips`: as a router does that knows
    no DNSSEC.
    """

    def __init__(self, zone, folder):
        self.zone = zone
        self.key = nacl.signing.SigningKey.generate()
        self.public = struct.pack(">HBB", 257, 3, ALGORITHM) + \
            bytes(self.key.verify_key)
        self.table, self.wrong, self.strips = {}, set(), False
        self.asked = []
        self.anchor = os.path.join(folder, "anchor")
        with open(self.anchor, "w", encoding="ascii") as file:
            file.write("%s. IN DNSKEY 257 3 %d %s\n" % (
                zone, ALGORITHM, base64.b64encode(
                    self.public[4:]).decode()))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.is_over = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def tag(self):
        """RFC 4034 B"""
        total = sum(byte << (8 if i % 2 == 0 else 0)
                    for i, byte in enumerate(self.public))
        return (total + (total >> 16)) & 0xffff

    def signature(self, name, kind, rows):
        now = int(time.time())
        head = struct.pack(">HBBIIIH", kind, ALGORITHM,
                           len([x for x in name.split(".") if x]), TTL,
                           now + 86400, now - 86400, self.tag()) + \
            wire(self.zone)
        text = head + b"".join(record(name, kind, row)
                               for row in sorted(rows))
        if (name, kind) in self.wrong:
            text += b"!"
        return head + self.key.sign(text).signature

    def rrset(self, name, kind, rows):
        """The records, and how many they are with their signature."""
        made = [record(name, kind, row) for row in sorted(rows)]
        if self.is_signed(name) and not self.strips:
            made.append(record(name, RRSIG,
                               self.signature(name, kind, rows)))
        return made

    def is_signed(self, name):
        return name == self.zone or name.endswith("." + self.zone)

    def find(self, name, kind):
        if (name, kind) == (self.zone, DNSKEY):
            return [self.public]
        return self.table.get((name, kind), [])

    def nothing(self, name):
        if not self.is_signed(name):
            return []
        made = self.rrset(self.zone, SOA, [
            2 * wire(self.zone) + struct.pack(">5I", *(5 * [TTL]))])
        if not self.strips:
            # window 0, RRSIG and NSEC
            made += self.rrset(name, NSEC, [
                b"\1\0" + wire(name) + b"\0\6\0\0\0\0\0\3"])
        return made

    def answer(self, question):
        read = read_question(question)
        if read is None:
            return None
        name, kind, end = read
        self.asked.append((name, kind))
        answers, proofs = [], []
        alias = self.find(name, CNAME)
        if alias and kind != CNAME:
            answers = self.rrset(name, CNAME, [wire(alias[0])])
            name = alias[0]
        rows = self.find(name, kind)
        code = 2 if rows == "servfail" else 0
        if code:
            answers = []
        elif rows:
            answers += self.rrset(name, kind, rows)
        else:
            proofs = self.nothing(name)
        return question[:2] + struct.pack(
            ">HHHHH", 0x8180 | code, 1, len(answers), len(proofs), 1) + \
            question[HEADER:end] + b"".join(answers + proofs) + EDNS

    def serve(self):
        while not self.is_over:
            question, peer = self.socket.recvfrom(4096)
            answer = self.answer(question)
            if answer:
                self.socket.sendto(answer, peer)

    def close(self):
        """As Names has it: nobody may wait in a call then."""
        self.is_over = True
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()
