#!/usr/bin/env python3
"""Mail for another host reaches smtp-sink once, whichever role is killed.

usage: relay.py --bin DIR --tool FILE --folder DIR --results FILE

The queue is filled before the hub starts (relay.c).  What the sink was given is
counted by subject: with the queue killed nothing comes twice, with the relay
killed only what was on its way.  Who has sent what cannot be sent has one notice
of it, which Python's email package reads, whenever the queue is killed.
"""

import argparse
import collections
import email
import email.policy
import json
import os
import poplib
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
from hub import DOMAIN, Fault, Hub, PASSWORD, PORTS, SMALL  # noqa: E402
from ports import free_ports                            # noqa: E402

MESSAGES = 150
KILLS = 4
AT_A_TIME = 5           # outbound_per_host
SUCCESS = 2             # NOTIFY_SUCCESS
GUARD = 240.0           # seconds; nothing honest comes near it


class Sink:
    """smtp-sink, which writes all it takes into one file."""

    def __init__(self, folder, *words, port=None):
        self.port = port or free_ports(1)[0]
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


def make_hub(args, port, **options):
    return Hub(args.bin, ("ann",), dict({
        "smarthost": '"127.0.0.1:%d"' % port, "smarthost_tls": '"none"',
        "outbound_first_seconds": '"1s"', "outbound_retry_seconds": '"1s"',
        "hosts_file": '""'}, **options))


def letters(hub):
    """What ann has, read by Python's email package."""
    box = poplib.POP3("127.0.0.1", hub.base + PORTS["pop3"], timeout=60)
    try:
        box.user("ann@" + DOMAIN)
        box.pass_(PASSWORD)
        return [email.message_from_bytes(
            b"\r\n".join(box.retr(n + 1)[1]) + b"\r\n",
            policy=email.policy.default) for n in range(box.stat()[0])]
    finally:
        box.close()


def notice(letter, action):
    """The subject of the message that it tells of (RFC 3464, RFC 6522)."""
    if letter.get_content_type() != "multipart/report" or \
            letter["Content-Type"].params["report-type"] != \
            "delivery-status" or letter["Auto-Submitted"] != "auto-replied" \
            or letter["Return-Path"] != "<>":
        raise Fault("no report: %s" % letter.as_string())
    defects = [x.defects for x in letter.walk() if x.defects]
    words, status, original = letter.get_payload()
    if defects or words.get_content_type() != "text/plain" or \
            status.get_content_type() != "message/delivery-status":
        raise Fault("%r in %s" % (defects, letter.as_string()))
    about, *recipients = status.get_payload()
    if not about["Reporting-MTA"].startswith("dns; "):
        raise Fault("of nobody: %s" % letter.as_string())
    for one in recipients:
        address = one["Final-Recipient"].split("; ")[1]
        if one["Action"] != action or \
                address not in words.get_content() or \
                not re.fullmatch(r"[245](\.\d{1,3}){2}", one["Status"]):
            raise Fault("of %s: %s" % (address, letter.as_string()))
    text = original.get_payload()
    subject = text[0]["Subject"] if isinstance(text, list) else \
        email.message_from_string(text)["Subject"]
    return subject, len(recipients)


def told_once(hub, action, recipients, count=MESSAGES):
    """Each message has one notice, of all its recipients."""
    hub.wait_for(lambda: len(letters(hub)) >= count,
                 "a notice is missing", GUARD)
    found = [notice(letter, action) for letter in letters(hub)]
    if sorted(found) != sorted(("number %d." % n, recipients)
                               for n in range(count)):
        raise Fault("notices: %r" % sorted(found))


def fill(args, hub, count, *recipients, sender="ann", notify=0):
    size = SMALL["journal_segment_bytes"]
    subprocess.run([args.tool, hub.data, str(int(size[:-3]) * 1024), "16",
                    str(count), str(hub.accounts.get(sender, 0)),
                    str(notify), *recipients], check=True, timeout=GUARD)


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


def told(args, folder, kills):
    """A host takes none of them: one notice each, whoever is killed."""
    sink = Sink(folder, "-f", "RCPT")
    hub = make_hub(args, sink.port)
    try:
        fill(args, hub, MESSAGES, "zoe@far.test", "bob@far.test")
        hub.start()
        for _ in range(kills):
            before = len(letters(hub))
            hub.wait_for(lambda: len(letters(hub)) > before
                         or not rows(hub), "nobody is told")
            if rows(hub):
                hub.kill_role("queue")
        wait_gone(hub)
        told_once(hub, "failed", 2)
        hub.wait_for(lambda: "its sender was told" in hub.run(
            "-c", hub.conf, "trace", "zoe@far.test")[1],
                     "the trail does not say that ann knows", 30)
        hub.stop()
        left = os.listdir(os.path.join(hub.data, "queue", "kept"))
        if left:
            raise Fault("files stay in kept: %r" % left[:5])
        hub.check()
    finally:
        hub.remove()
        sink.stop()


def news(args, folder, words, action, notify):
    """What is not over, or went well, is told as it was asked for."""
    sink = Sink(folder, *words)
    hub = make_hub(args, sink.port, outbound_delay_seconds='"1s"')
    try:
        fill(args, hub, 3, "zoe@far.test", notify=notify)
        hub.start()
        told_once(hub, action, 1, 3)
        time.sleep(3)           # two tries more: nobody is told again
        told_once(hub, action, 1, 3)
        hub.stop()
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
        if state is None:
            told_once(hub, "failed", 1, 3)
            wait_gone(hub)
        else:
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


def queue(hub, *words):
    """What `postroom queue` says, as rows."""
    code, out = hub.run("-c", hub.conf, "--json", "queue", *words)[:2]
    if code != 0:
        raise Fault("queue %r: %d %s" % (words, code, out))
    return json.loads(out)["result"]


def moved(args, folder):
    """The postmaster holds, removes, reroutes, retries and releases."""
    port, = free_ports(1)
    hub = make_hub(args, port)
    sinks = []
    try:
        fill(args, hub, 4, "zoe@far.test", "bob@other.test")
        hub.start()
        hub.wait_for(lambda: all(row["last_try"] or row["words"]
                                 for row in queue(hub, "list")),
                     "not all are tried")
        listed = queue(hub, "list", "--domain", "far.test")
        if len(listed) != 4 or len(queue(hub, "list")) != 8 or \
                len(queue(hub, "list", "--limit", "3")) != 3:
            raise Fault("the list is not all: %r" % listed)
        if "127.0.0.1: it cannot be reached" not in listed[0]["reason"]:
            raise Fault("no reason: %r" % listed[0])
        if queue(hub, "hold", "--domain", "far.test")[0]["changed"] != 4:
            raise Fault("not all are held")
        ids = [row["id"] for row in listed]
        queue(hub, "remove", ids[0], "--to", "bob@other.test", "--yes")
        if len(queue(hub, "show", ids[0])) != 1:
            raise Fault("what was removed is there")
        elsewhere = os.path.join(folder, "elsewhere")
        os.mkdir(elsewhere)
        sinks.append(Sink(elsewhere))
        queue(hub, "reroute", ids[1], "--to", "127.0.0.1:%d" % sinks[0].port)
        hub.wait_for(lambda: len(sinks[0].counts()) == 1,
                     "what goes another way does not come there")
        code = hub.run("-c", hub.conf, "queue", "reroute", ids[2], "--to",
                       "127.0.0.1:%d" % (hub.base + 25), check=False)[0]
        if code != 1:
            raise Fault("mail may be sent to ourselves: %d" % code)
        sinks.append(Sink(folder, port=port))
        queue(hub, "retry", "--all")
        hub.wait_for(lambda: len(sinks[1].counts()) == 2,
                     "what is tried again does not come")
        # one of them is held on its new way
        queue(hub, "release", "--all")
        wait_gone(hub)
        if sum(sinks[0].counts().values()) != 2 or \
                sum(sinks[1].counts().values()) != 5:
            raise Fault("%r %r" % (sinks[0].counts(), sinks[1].counts()))
        words = ("held", "released", "deleted", "sent", "postmaster")
        hub.wait_for(lambda: all(word in hub.run(
            "-c", hub.conf, "trace", ids[0])[1] for word in words),
                     "the trail does not say what was done", 30)
        if hub.run("-c", hub.conf, "queue", "retry", "--all",
                   check=False)[0] != 3:
            raise Fault("a retry of nothing is done")
        hub.stop()
        hub.check()
    finally:
        hub.remove()
        for sink in sinks:
            sink.stop()


def is_sending(hub):
    listed = queue(hub, "list")
    return len(listed) == 1 and listed[0]["sending"] == "yes" and \
        "is being sent now" in listed[0]["reason"]


def said(hub, code, words, *command):
    """What a postmaster reads."""
    got = hub.run("-c", hub.conf, "queue", *command, check=False)
    if got[0] != code or words not in got[1]:
        raise Fault("queue %r: %r" % (command, got))


def sending(args, folder):
    """What a host may be about to take is not given up."""
    sink = Sink(folder, "-w", "600")
    hub = make_hub(args, sink.port)
    try:
        fill(args, hub, 1, "zoe@far.test")
        hub.start()
        hub.wait_for(lambda: is_sending(hub), "it is not being sent")
        ident = queue(hub, "list")[0]["id"]
        said(hub, 4, "1 recipients are being sent to right now and are not "
             "given up", "bounce", ident)
        said(hub, 0, "1 of them are being sent to right now", "hold", ident)
        said(hub, 0, "1 of them are being sent to right now", "remove",
             ident, "--yes")
        said(hub, 0, "Nothing waits to leave", "list")
        said(hub, 3, "No recipient waits", "remove", ident, "--yes")
        if letters(hub):
            raise Fault("somebody was told")
        hub.stop()
        hub.check()
    finally:
        hub.remove()
        sink.stop()


def given_up(args, _):
    """Its sender is told, once, and what the last host said."""
    port, = free_ports(1)
    hub = make_hub(args, port, outbound_first_seconds='"1h"')
    try:
        fill(args, hub, 1, "zoe@far.test", "bob@other.test")
        hub.start()
        hub.wait_for(lambda: all(row["words"] for row in queue(hub, "list")),
                     "not all are tried")
        ident = queue(hub, "list")[0]["id"]
        said(hub, 0, "1 recipients.", "bounce", ident, "--to",
             "ZOE@far.test")
        said(hub, 0, "1 recipients.", "bounce", ident)
        wait_gone(hub)
        told = {part["Final-Recipient"]: part["Diagnostic-Code"] or ""
                for letter in letters(hub)
                for part in letter.get_payload()[1].get_payload()[1:]}
        if sorted(told) != ["rfc822; bob@other.test", "rfc822; zoe@far.test"]:
            raise Fault("who was told of: %r" % told)
        said(hub, 3, "No such message", "show", ident)
        hub.stop()
        hub.check()
    finally:
        hub.remove()


# smtp-sink: -e speaks no ESMTP, -f says 5xx, -r 4xx, -q hangs up (see its manual)
TESTS = [
    ("all-arrive-once", kill, (None,)),
    ("killed-queue", kill, ("queue",)),
    ("killed-relay", kill, ("relay",)),
    ("killed-resolver", kill, ("resolver",)),
    ("soft-rcpt", refused, (("-r", "RCPT"), 0)),
    ("hard-rcpt", refused, (("-f", "RCPT"), None)),
    ("hard-mail", refused, (("-f", "MAIL"), None)),
    ("soft-end", refused, (("-r", "."), 0)),
    ("hard-end", refused, (("-f", "."), None)),
    ("hang-up-data", refused, (("-q", "DATA"), 0)),
    ("hang-up-end", refused, (("-q", "."), 0)),
    ("told", told, (0,)),
    ("told-killed-queue", told, (KILLS,)),
    ("late", news, (("-r", "RCPT"), "delayed", 0)),
    ("relayed", news, (("-e",), "relayed", SUCCESS)),
    ("moved", moved, ()),
    ("sending", sending, ()),
    ("given-up", given_up, ()),
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
