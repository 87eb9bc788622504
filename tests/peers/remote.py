#!/usr/bin/env python3
"""A remote host that cuts, stalls and lies at every step, and the mail for it.

usage: remote.py --bin DIR --tool FILE --folder DIR --results FILE [--every N]

The hub's smarthost is a script.  Who a message is for says what the host does the
first time: data-N@far.test, it hangs up after N bytes of the message; reply-N, it
takes the message and hangs up after N bytes of the word for that; and so on (see
FIRST).  The second time it behaves.  Each message must come, and twice only where
the host's word for it was cut.  N runs in steps of --every.
"""

import argparse
import collections
import json
import os
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import traceback

for folder_name in ("fault", "fetch"):
    sys.path.insert(0, os.path.join(os.path.dirname(
        os.path.abspath(__file__)), os.pardir, folder_name))

# pylint: disable=wrong-import-position
from dns import Names                                   # noqa: E402
from hub import Fault, Hub, SMALL                       # noqa: E402
from ports import free_ports                            # noqa: E402

TAKEN = b"250 2.0.0 taken as 4711\r\n"
DATA_MOST = 330         # bytes of one of these messages, at the most
GUARD = 60.0

# By the first word of a recipient: the step, and what is said there instead of the
# right thing; None: it hangs up.
FIRST = {
    "mail4": ("MAIL", b"451 4.3.0 not now\r\n"),
    "mail421": ("MAIL", b"421 4.3.2 bye\r\n"),
    "rcpt4": ("RCPT", b"450 4.2.0 greylisted, come again\r\n"),
    "rcpt421": ("RCPT", b"421 4.3.2 bye\r\n"),
    "rcptcut": ("RCPT", None),
    "begin4": ("DATA", b"451 4.3.0 not now\r\n"),
    "begin421": ("DATA", b"421 4.3.2 bye\r\n"),
    "begincut": ("DATA", None),
    "end4": ("END", b"451 4.3.0 disk full\r\n"),
    "end421": ("END", b"421 4.3.2 bye\r\n"),
    # HARDENING A08
    "lines": ("RCPT", b"250-and so on\r\n" * 10000 + b"250 ok\r\n"),
    "long": ("RCPT", b"250 " + b"x" * (1 << 20) + b"\r\n"),
    "nul": ("RCPT", b"250 a\0b\0\r\n"),
    "barelf": ("RCPT", b"250-one\n250 two\n"),
    "barecr": ("RCPT", b"250 one\r250 two\r\n"),
    "binary": ("RCPT", bytes(range(256)) * 8 + b"\r\n"),
    "codes": ("RCPT", b"250-one\r\n550 two\r\n"),
    "nonsense": ("END", b"HTTP/1.1 200 OK\r\n"),
    # more than was asked: it would pass for the word for the message
    "early": ("DATA", b"354 go\r\n250 2.0.0 taken\r\n"),
    "bytewise": ("END", None),
}
FINE = {"barelf", "bytewise"}   # the first time is good enough


class Cut(Exception):
    """The host hangs up."""


class Host:
    """It is told what to offer; notes who was given what, and what it said."""

    def __init__(self, offers, context=None, injects=False):
        self.offers = offers
        self.context = context
        self.injects = injects
        self.lock = threading.Lock()
        self.tries = collections.Counter()
        self.got = collections.defaultdict(list)
        self.acknowledged = collections.Counter()
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(peer,),
                             daemon=True).start()

    def serve(self, peer):
        lines = peer.makefile("rb")
        try:
            peer.settimeout(GUARD)
            self.converse(peer, lines)
        except (Cut, OSError, ValueError):
            pass
        lines.close()
        peer.close()

    def converse(self, peer, lines):
        peer.sendall(b"220 far.test\r\n")
        rcpt = step = None
        while True:
            line = lines.readline(4096)
            if not line or line.upper().startswith(b"QUIT"):
                return
            word = line[:4].upper()
            if word == b"EHLO":
                peer.sendall(b"".join(b"250-%s\r\n" % x for x in
                                      [b"far.test"] + self.offers) +
                             b"250 HELP\r\n")
            elif word == b"STAR":
                # A21: what was said in clear is not to be believed in TLS
                peer.sendall(b"220 go\r\n" + (
                    b"250-far.test\r\n250 AUTH PLAIN\r\n"
                    if self.injects else b""))
                peer = self.context.wrap_socket(peer, server_side=True)
                lines = peer.makefile("rb")
            elif word == b"MAIL":
                rcpt = None
                if b"PIPELINING" not in self.offers:
                    peer.sendall(b"250 ok\r\n")
            elif word == b"RCPT":
                rcpt, step = self.begin(line)
                self.envelope(peer, step)
            elif word == b"DATA":
                self.say(peer, step, "DATA", b"354 go\r\n")
                self.data(peer, lines, rcpt, step)
                step = None
            elif word == b"BDAT":
                self.chunk(peer, lines, rcpt, step, line)
                step = None
            elif word == b"RSET":
                peer.sendall(b"250 ok\r\n")
            else:
                peer.sendall(b"500 what\r\n")

    def begin(self, line):
        """Who it is for, and what is to be done about it."""
        rcpt = re.search(rb"<([^>]*)@", line).group(1).decode()
        with self.lock:
            self.tries[rcpt] += 1
            first = self.tries[rcpt] == 1
        return rcpt, rcpt if first else None

    def envelope(self, peer, step):
        """Of two that came at once MAIL is answered when both are known."""
        if b"PIPELINING" in self.offers:
            self.say(peer, step, "MAIL", b"250 ok\r\n")
        self.say(peer, step, "RCPT", b"250 ok\r\n")

    @staticmethod
    def say(peer, step, now, right):
        where, words = FIRST.get((step or "").split("-")[0], (None, b""))
        if where != now:
            peer.sendall(right)
        elif step.startswith("bytewise"):
            for byte in right:
                peer.sendall(bytes([byte]))
                time.sleep(0.02)
        elif words is None:
            raise Cut
        else:
            peer.sendall(words)
            if words[:3] == b"421":
                raise Cut

    @staticmethod
    def most(step, kind):
        """So many bytes, then it hangs up; or None."""
        found = re.fullmatch(kind + r"-(\d+)", step or "")
        return None if found is None else int(found.group(1))

    def data(self, peer, lines, rcpt, step):
        message = b""
        most = self.most(step, "data")
        while True:
            byte = lines.read(1) if most is not None else lines.readline()
            if not byte:
                raise Cut
            message += byte
            if most is not None and len(message) >= most:
                raise Cut
            if message == b".\r\n":
                # RFC 2920 3.1: nobody of it was taken
                peer.sendall(b"554 5.5.1 for whom?\r\n")
                return
            if message.endswith(b"\r\n.\r\n"):
                break
        self.take(peer, rcpt, step, message[:-3])

    def chunk(self, peer, lines, rcpt, step, line):
        size = int(line.split()[1])
        most = self.most(step, "data")
        message = lines.read(size if most is None else min(most, size))
        if most is not None or len(message) < size:
            raise Cut
        if not line.upper().strip().endswith(b"LAST"):
            raise ValueError("more than one chunk for so little")
        self.take(peer, rcpt, step, message)

    def take(self, peer, rcpt, step, message):
        where, words = FIRST.get((step or "").split("-")[0], (None, b""))
        if where == "END" and words is not None:
            self.say(peer, step, "END", TAKEN)
            return
        with self.lock:
            self.got[rcpt].append(message)
        most = self.most(step, "reply")
        if most is not None and most < len(TAKEN):
            peer.sendall(TAKEN[:most])
            raise Cut
        self.say(peer, step, "END", TAKEN)
        with self.lock:
            self.acknowledged[rcpt] += 1

    def stop(self):
        self.listener.close()


def rows(hub):
    path = os.path.join(hub.data, "queue", "queue.db")
    if not os.path.exists(path):
        return {0: 0}
    with sqlite3.connect("file:%s?mode=ro" % path, uri=True) as db:
        return dict(db.execute(
            "SELECT state, count(*) FROM outbound GROUP BY state"))


def fill(args, hub, names):
    """A message for each of them."""
    size = SMALL["journal_segment_bytes"]
    subprocess.run([args.tool, hub.data, str(int(size[:-3]) * 1024), "16",
                    "-", "0", "0", *[name + "@far.test" for name in names]],
                   check=True, timeout=GUARD)


def make_hub(args, port, tls):
    return Hub(args.bin, ("ann",), {
        "smarthost": '"127.0.0.1:%d"' % port, "smarthost_tls": '"%s"' % tls,
        "outbound_first_seconds": '"1s"', "outbound_retry_seconds": '"1s"',
        "outbound_per_host": '"20"', "hosts_file": '""'})


def judge(host, names):
    bad = []
    for name in names:
        got, kind = host.got[name], name.split("-")[0]
        if not got:
            bad.append("%s was lost" % name)
        cut = host.most(name, "reply")
        most = 2 if cut is not None and cut < len(TAKEN) else 1
        if len(got) > most:
            bad.append("%s came %d times" % (name, len(got)))
        if host.acknowledged[name] != 1:
            bad.append("%s was acknowledged %d times" %
                       (name, host.acknowledged[name]))
        if host.tries[name] > (1 if kind in FINE else 2):
            bad.append("%s was tried %d times" % (name, host.tries[name]))
        for message in got:
            if not re.search(rb"(?s)\AReceived: .*Subject: number \d+\.\r\n"
                             rb"\r\n\.+hello\r\n\Z", message):
                bad.append("%s came as %r" % (name, message))
    if bad:
        raise Fault("; ".join(bad[:20]))


def play(args, offers):
    names = ["data-%d" % n for n in range(0, DATA_MOST, args.every)]
    names += ["reply-%d" % n for n in range(0, len(TAKEN) + 1,
                                           1 if args.every == 1 else 6)]
    names += [kind + "-0" for kind in FIRST]
    if b"PIPELINING" not in offers:
        names = [x for x in names if not x.startswith("mail")]
    if b"CHUNKING" in offers:
        names = [x for x in names if not x.startswith("begin") and
                 not x.startswith("early")]
    host = Host(offers)
    hub = make_hub(args, host.port, "none")
    try:
        fill(args, hub, names)
        hub.start()
        relay = hub.pids("relay")
        hub.wait_for(lambda: not rows(hub), "mail stays in the queue", GUARD)
        if hub.pids("relay") != relay:
            raise Fault("the relay has ended meanwhile")
        judge(host, names)
        if host.connections >= sum(host.tries.values()):
            raise Fault("no connection was used again")
        hub.stop()
        hub.check()
    except Fault:
        for name in names:
            if host.acknowledged[name] != 1:
                print(name, host.tries[name], len(host.got[name]),
                      hub.run("-c", hub.conf, "trace",
                              name + "@far.test")[1][-300:])
        raise
    finally:
        hub.remove()
        host.stop()


def make_context(folder):
    pem = os.path.join(folder, "pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-keyout", pem, "-out", pem + ".crt", "-days", "2",
                    "-subj", "/CN=far.test"], check=True, timeout=60,
                   stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem + ".crt", pem)
    return context


def injected(args, folder):
    """What a host says in clear behind its word for STARTTLS ends it."""
    context = make_context(folder)
    host = Host([b"STARTTLS", b"PIPELINING"], context, injects=True)
    hub = make_hub(args, host.port, "starttls")
    try:
        fill(args, hub, ["fine-0"])
        hub.start()
        hub.wait_for(lambda: host.connections > 0 and "next try" in
                     hub.run("-c", hub.conf, "trace", "fine-0@far.test")[1],
                     "the trail does not say that it waits", 30)
        if host.tries or rows(hub) != {0: 1}:
            raise Fault("it was believed")
        hub.stop()
    finally:
        hub.remove()
        host.stop()


def queue(hub, *words):
    """What `postroom queue` says, as rows."""
    return json.loads(hub.run("-c", hub.conf, "--json", "queue",
                              *words)[1])["result"]


def rerouted(args, folder):
    """A host that the postmaster names is called by its own name and port."""
    called, context, names = [], make_context(folder), Names()
    context.sni_callback = lambda _peer, name, _context: called.append(name)
    host = Host([b"STARTTLS", b"PIPELINING"], context)
    other = Host([b"PIPELINING"])
    names.table["mx.third.test"] = ["127.0.0.1"]
    hub = Hub(args.bin, ("ann",), {
        "smarthost": '"127.0.0.1:%d"' % free_ports(1)[0],
        "smarthost_tls": '"none"', "outbound_first_seconds": '"1h"',
        "dns_forward": '"127.0.0.1@%d"' % names.port, "hosts_file": '""'})
    wanted = ["fine-%d" % n for n in range(4)]
    try:
        fill(args, hub, wanted)
        hub.start()
        hub.wait_for(lambda: all(row["words"] for row in queue(hub, "list")),
                     "not all are tried")
        ids = {row["recipient"].split("@")[0]: row["id"]
               for row in queue(hub, "list")}
        # DNS does not know it: that is the postmaster's to mend, not ann's
        queue(hub, "reroute", ids["fine-0"], "--to", "mx.nowhere.test")
        hub.wait_for(lambda: "DNS does not know the host" in
                     queue(hub, "show", ids["fine-0"])[0]["reason"],
                     "it is not said that the host is not known")
        if rows(hub) != {0: len(wanted)}:
            raise Fault("mail has failed that may have another way")
        queue(hub, "reroute", ids["fine-0"], "--to",
              "mx.third.test:%d" % host.port)
        hub.wait_for(lambda: host.acknowledged["fine-0"], "it is not sent")
        # the same name with another port is another host
        queue(hub, "reroute", ids["fine-1"], "--to",
              "mx.third.test:%d" % other.port)
        hub.wait_for(lambda: other.acknowledged["fine-1"], "it is not sent")
        queue(hub, "reroute", ids["fine-2"], "--to",
              "[127.0.0.1]:%d" % other.port)
        hub.wait_for(lambda: other.acknowledged["fine-2"], "it is not sent")
        queue(hub, "reroute", "--domain", "far.test", "--to",
              "mx.third.test:%d" % host.port)
        hub.wait_for(lambda: not rows(hub), "mail stays in the queue")
        if queue(hub, "reroute", "--domain", "far.test", "--as-ever"):
            raise Fault("something was there to go its usual way")
        if sorted(host.got) != ["fine-0", "fine-3"] or \
                sorted(other.got) != ["fine-1", "fine-2"]:
            raise Fault("%r %r" % (sorted(host.got), sorted(other.got)))
        if set(called) != {"mx.third.test"}:
            raise Fault("it was called %r" % called)
        hub.stop()
        hub.check()
    finally:
        hub.remove()
        names.close()
        host.stop()
        other.stop()


TESTS = [
    ("plain", lambda args, _: play(args, [])),
    ("pipelining", lambda args, _: play(args, [b"PIPELINING", b"8BITMIME",
                                               b"SIZE 1000000", b"DSN"])),
    ("chunking", lambda args, _: play(args, [b"PIPELINING", b"CHUNKING"])),
    ("starttls-injected", injected),
    ("rerouted", rerouted),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--results", required=True)
    parser.add_argument("--every", type=int, default=30)
    args = parser.parse_args()
    worst = 0
    for name, test in TESTS:
        if not name.startswith(os.environ.get("ONLY", "")):
            continue
        folder = os.path.join(args.folder, name)
        os.mkdir(folder)
        began = time.monotonic()
        try:
            test(args, folder)
            line = "pass remote/" + name
        except (Fault, OSError, subprocess.SubprocessError, sqlite3.Error):
            traceback.print_exc()
            line = "fail remote/" + name
            worst = 1
        print("%s (%.1f s)" % (line, time.monotonic() - began))
        with open(args.results, "a", encoding="ascii") as file:
            file.write(line + "\n")
        shutil.rmtree(folder, ignore_errors=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
