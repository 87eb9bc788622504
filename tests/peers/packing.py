#!/usr/bin/env python3
"""IMAP with COMPRESS=DEFLATE: what a mail program says and hears is the same.

usage: packing.py --bin DIR --conf FILE --base PORT --folder DIR
           --results FILE

Python's imaplib, with zlib under it, and a hub that collects from this one.
One line of FILE for each: "pass packing-..." or "fail packing-...".
"""

import argparse
import imaplib
import json
import os
import sys
import traceback
import zlib

from imap import good, letter, login, run, true
from imapsource import Cutter


class Packed:
    """A connection from behind COMPRESS DEFLATE on (RFC 4978)."""

    def __init__(self, socket, window):
        self.socket = socket
        self.packer = zlib.compressobj(9, zlib.DEFLATED, -window)
        self.unpacker = zlib.decompressobj(-15)
        self.plain = b""
        self.packed_bytes = self.plain_bytes = 0

    def sendall(self, data):
        self.socket.sendall(self.packer.compress(bytes(data)) +
                            self.packer.flush(zlib.Z_SYNC_FLUSH))

    def more(self):
        packed = self.socket.recv(16384)
        true(packed, "the server has gone")
        fresh = self.unpacker.decompress(packed)
        true(not self.unpacker.unused_data, "behind the end")
        self.packed_bytes += len(packed)
        self.plain_bytes += len(fresh)
        self.plain += fresh

    def read(self, size):
        while len(self.plain) < size:
            self.more()
        data, self.plain = self.plain[:size], self.plain[size:]
        return data

    def readline(self, limit=-1):
        while b"\n" not in self.plain:
            self.more()
        end = self.plain.index(b"\n") + 1
        true(limit < 0 or end <= limit, "a line of", end)
        return self.read(end)

    def shutdown(self, how):
        self.socket.shutdown(how)
        self.socket.close()

    def close(self):
        """Python closes what it reads from before it ends the socket."""


def pack(box, window):
    """Agree on compression; both sides speak it from here on."""
    true(b"COMPRESS=DEFLATE" in good(box.capability())[0].split(),
         "not offered")
    imaplib.Commands.setdefault("COMPRESS", ("AUTH", "SELECTED"))
    good(box.xatom("COMPRESS", "DEFLATE"))
    packed = Packed(box.sock, window)
    box.sock, box._file = packed, packed
    box.file = packed
    true(b"COMPRESS=DEFLATE" not in good(box.capability())[0].split(),
         "offered twice")
    again = box.xatom("COMPRESS", "DEFLATE")
    true(again[0] == "NO" and b"[COMPRESSIONACTIVE]" in again[1][0], again)
    return packed


def by_imaplib(args):
    """Compressed, with mailboxes open before and after, and any window."""
    box = login(args)
    good(box.create("packed"))
    letters = [letter(number) for number in range(1, 501)]
    wide = pack(box, 15)
    for one in letters:
        good(box.append("packed", None, None, one))
    true(good(box.select("packed")) == [b"500"], "EXISTS")
    data = good(box.fetch("1:*", "(BODY.PEEK[])"))
    true([part[1] for part in data if isinstance(part, tuple)] == letters,
         "letters")
    before = wide.plain_bytes, wide.packed_bytes
    good(box.fetch("1:*", "(UID FLAGS RFC822.SIZE BODY.PEEK[HEADER])"))
    plain, packed = wide.plain_bytes - before[0], \
        wide.packed_bytes - before[1]
    true(packed * 3 < plain, "compressed to", packed, "of", plain)
    # what its own letters never were: nothing to be saved
    noise = b"Subject: noise\r\n\r\n" + b"\r\n".join(
        os.urandom(45).hex().encode() for _ in range(1000)) + b"\r\n"
    good(box.append("packed", None, None, noise))
    true(good(box.fetch("501", "BODY.PEEK[]"))[0][1] == noise, "noise")
    narrow = login(args)
    good(narrow.select("packed"))
    pack(narrow, 9)
    true(good(narrow.fetch("7", "BODY.PEEK[]"))[0][1] == letters[6], "7")
    # who idles is told, in time, what the other does
    narrow.send(b"i IDLE\r\n")
    true(narrow.readline().startswith(b"+"), "idling")
    good(box.store("7", "+FLAGS", r"(\Flagged)"))
    true(b"* 7 FETCH" in narrow.readline(), "news")
    narrow.send(b"DONE\r\n")
    true(narrow.readline().startswith(b"i OK"), "woken")
    true(narrow.logout()[0] == "BYE", "logout")
    good(box.unselect())
    good(box.delete("packed"))
    true(box.logout()[0] == "BYE", "logout")


def by_postroom(args):
    """A hub collects from a hub, and what it carries is compressed."""
    letters = [letter(number) for number in range(101, 201)]
    size = sum(len(one) for one in letters)
    box = login(args)
    for one in letters:
        good(box.append("INBOX", None, None, one))
    line = Cutter(args.base + 143)
    secret = os.path.join(args.folder, "password")
    command = (os.path.join(args.bin, "postroom"), "-c", args.conf)
    run(*command, "account", "add", "ben@office.test", "--password-file",
        secret)
    run(*command, "fetch", "add", "ben@office.test", "--label", "own",
        "--host", "127.0.0.1", "--port", str(line.port), "--protocol", "imap",
        "--tls", "none", "--user", "ann@office.test", "--password-file",
        secret, "--all")
    result = json.loads(run(*command, "fetch", "now", "ben@office.test",
                            "--label", "own", "--json"))["result"][0]
    true(result["result"] == "done" and result["taken"] == len(letters) and
         result["taken_bytes"] >= size, result)
    true(line.bytes * 2 < size, size, "bytes carried as", line.bytes)
    box.logout()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=int, required=True)
    for name in ("bin", "conf", "folder", "results"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    bad = 0
    with open(args.results, "a", encoding="utf-8") as file:
        for name, play in (("imaplib", by_imaplib),
                           ("postroom", by_postroom)):
            try:
                play(args)
                file.write("pass packing-%s\n" % name)
            except Exception:  # pylint: disable=broad-except
                file.write("fail packing-%s\n" % name)
                traceback.print_exc()
                bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
