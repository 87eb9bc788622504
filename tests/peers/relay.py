#!/usr/bin/env python3
"""Mail for another host reaches smtp-sink once, whichever role is killed.

usage: relay.py --bin DIR --tool FILE --folder DIR --results FILE

The queue is filled before the hub starts (relay.c).  What the sink was given is
counted by subject: with the queue killed nothing comes twice, with the relay
killed only what was on its way.
"""

import argparse
import collections
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "fault"))

# pylint: disable=wrong-import-position
from hub import Fault, Hub, SMALL                       # noqa: E402
from ports import free_ports                            # noqa: E402

MESSAGES = 150
KILLS = 4
AT_A_TIME = 5           # outbound_per_host
GUARD = 240.0           # seconds; nothing honest comes near it


class Sink:
    """smtp-sink, which writes all it takes into one file."""

    def __init__(self, folder, *words):
        self.port, = free_ports(1)
        self.path = os.path.join(folder, "sink")
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        if user:
            os.chmod(folder, 0o777)
        self.process = subprocess.Popen(
            ["smtp-sink", *user, "-D", self.path, *words,
             "127.0.0.1:%d" % self.port, "100"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def counts(self):
        try:
            with open(self.path, "rb") as file:
                text = file.read()
        except FileNotFoundError:
            return collections.Counter()
        return collections.Counter(
            re.findall(rb"(?m)^Subject: (number \d+)\.", text))


def rows(hub):
    """How many recipients wait, by state."""
    path = os.path.join(hub.data, "queue", "queue.db")
    with sqlite3.connect("file:%s?mode=ro" % path, uri=True) as db:
        return dict(db.execute(
            "SELECT state, count(*) FROM outbound GROUP BY state"))


def make_hub(args, port):
    return Hub(args.bin, ("ann",), {
        "smarthost": '"127.0.0.1:%d"' % port, "smarthost_tls": '"none"',
        "outbound_first_seconds": '"1s"', "outbound_retry_seconds": '"1s"',
        "hosts_file": '""'})


def fill(args, hub, count, *recipients):
    size = SMALL["journal_segment_bytes"]
    subprocess.run([args.tool, hub.data, str(int(size[:-3]) * 1024), "16",
                    str(count), *recipients], check=True, timeout=GUARD)


def wait_gone(hub):
    hub.wait_for(lambda: not rows(hub), "mail stays in the queue", GUARD)


def all_once(sink, most=1):
    counts = sink.counts()
    missing = MESSAGES - len(counts)
    if missing:
        raise Fault("%d messages were lost" % missing)
    twice = {k: n for k, n in counts.items() if n > 1}
    if max(counts.values()) > most:
        raise Fault("more than once: %r" % twice)
    return len(twice)


def kill(args, folder, role):
    """`role` is killed while mail leaves; None: nobody is."""
    sink = Sink(folder)
    hub = make_hub(args, sink.port)
    try:
        fill(args, hub, MESSAGES, "zoe@far.test", "bob@other.test")
        hub.start()
        for _ in range(KILLS if role else 0):
            before = len(sink.counts())
            hub.wait_for(lambda: len(sink.counts()) > before
                         or not rows(hub), "nothing leaves")
            if rows(hub):
                hub.kill_role(role)
        wait_gone(hub)
        twice = all_once(sink, 1 if role != "relay" else 1 + KILLS)
        if twice > KILLS * AT_A_TIME:
            raise Fault("%d messages came twice" % twice)
        hub.stop()
        left = os.listdir(os.path.join(hub.data, "queue", "kept"))
        if left:
            raise Fault("files stay in kept: %r" % left[:5])
        hub.check()
    finally:
        hub.remove()
        sink.stop()


def refused(args, folder, words, state):
    """What the sink says at a step decides what becomes of the rows."""
    sink = Sink(folder, *words)
    hub = make_hub(args, sink.port)
    try:
        fill(args, hub, 3, "zoe@far.test")
        hub.start()
        hub.wait_for(lambda: rows(hub) == {state: 3},
                     "rows do not come to state %d" % state)
        # of a message that it refuses at its end it has all the bytes
        if words[1] != "." and sink.counts():
            raise Fault("what was refused was sent")
        hub.wait_for(lambda: "127.0.0.1" in hub.run(
            "-c", hub.conf, "trace", "zoe@far.test")[1],
                     "the trail does not say what the host said", 30)
        hub.stop()
        hub.check()
    finally:
        hub.remove()
        sink.stop()


# smtp-sink: -f says 5xx, -r 4xx, -q hangs up (see its manual)
TESTS = [
    ("all-arrive-once", kill, (None,)),
    ("killed-queue", kill, ("queue",)),
    ("killed-relay", kill, ("relay",)),
    ("killed-resolver", kill, ("resolver",)),
    ("soft-rcpt", refused, (("-r", "RCPT"), 0)),
    ("hard-rcpt", refused, (("-f", "RCPT"), 2)),
    ("hard-mail", refused, (("-f", "MAIL"), 2)),
    ("soft-end", refused, (("-r", "."), 0)),
    ("hard-end", refused, (("-f", "."), 2)),
    ("hang-up-data", refused, (("-q", "DATA"), 0)),
    ("hang-up-end", refused, (("-q", "."), 0)),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--results", required=True)
    args = parser.parse_args()
    worst = 0
    only = os.environ.get("ONLY", "")
    for name, test, words in TESTS:
        if not name.startswith(only):
            continue
        folder = os.path.join(args.folder, name)
        os.mkdir(folder)
        os.chmod(args.folder, 0o755)
        began = time.monotonic()
        try:
            test(args, folder, *words)
            line = "pass relay/" + name
        except (Fault, OSError, subprocess.SubprocessError,
                sqlite3.Error):
            traceback.print_exc()
            line = "fail relay/" + name
            worst = 1
        print("%s (%.1f s)" % (line, time.monotonic() - began))
        with open(args.results, "a", encoding="ascii") as file:
            file.write(line + "\n")
        shutil.rmtree(folder, ignore_errors=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
