#!/usr/bin/env python3
"""Chains of ARC that others sealed, checked by ours and by theirs.

usage: arc_sealed.py --checker PROGRAM --scratch DIR [--most N] FOLDER...

Every message below the folders (line feeds become CRLF) is sealed by dkimpy for
one hand after another, each with a domain and a key name of its own.  PROGRAM
(arc.c) must find each chain right, and wrong once something in it is another.
dkimpy is asked the same, and must say the same.

dkimpy takes cv= from the one Authentication-Results field of its srv_id; of
several it makes one, and from two "arc=" in it cv=fail.  So each hand here has a
name of its own, as hands have.  Of a chain that its newest seal calls broken
dkimpy says nothing, ours that it fails (RFC 8617 5.2 step 2).  Ends with
'arc: N checked' and status 0, or says what differs and ends with 1."""
import argparse, os, re, subprocess, sys, time

import dkim

from dkim_signed import HEADER, Keys, files_of, has_header, message_of

HANDS = 4
AUTHOR = b"example.com"


class Zone(Keys):
    """The key of each hand, all of them the same RSA key."""

    def __init__(self, scratch):
        super().__init__(scratch)
        record = self.records[b"rsa._domainkey." + AUTHOR + b"."]
        for hand in range(1, HANDS + 1):
            self.records[b"s%d._domainkey.l%d.example." % (hand, hand)] = \
                record
        with open(self.path, "wb") as file:
            for name, record in self.records.items():
                file.write(name.rstrip(b".") + b" " + record + b"\n")


def sealed(zone, message, hand, found=None, host=None):
    """What hand number `hand` passes on, who found `found` of the chain."""
    host = host or b"hub.l%d.example" % hand
    found = found or (b"none" if hand == 1 else b"pass")
    message = b"Authentication-Results: %s; arc=%s; dmarc=pass " \
        b"header.from=%s\r\n" % (host, found, AUTHOR) + message
    fields = dkim.arc_sign(message, b"s%d" % hand, b"l%d.example" % hand,
                           zone.pem, host)
    if len(fields) != 3:
        sys.exit("arc: dkimpy did not seal for hand %d" % hand)
    return b"".join(fields) + message


def spoilt(field, of):
    """One base64 letter of that field's b= is another."""
    def other(match):
        return match[1] + (b"B" if match[2] == b"A" else b"A")
    pattern = rb"(?s)(%s: i=%d;.*?\sb=..)(.)" % (field, of)
    return lambda message: re.sub(pattern, other, message, count=1)


def without(field, of):
    pattern = rb"(?m)^%s: i=%d;" % (field, of)
    return lambda message: re.sub(pattern, b"X-Was: i=%d;" % of, message,
                                  count=1)


CHANGES = {
    "a line more": lambda message: message + b"more\r\n",
    "another subject": lambda message: re.sub(
        rb"(?mi)^subject:", b"Subject: not", message, count=1),
    "another result": lambda message: message.replace(
        b"i=1; hub.l1.example", b"i=1; hub.l9.example", 1),
    "a seal spoilt": spoilt(b"ARC-Seal", 1),
    "a signature spoilt": spoilt(b"ARC-Message-Signature", 1),
    "a key that is not there": lambda message: re.sub(
        rb"(?s)(ARC-Seal: i=1;.*?s=)s1", rb"\1s0", message, count=1),
    "a seal less": without(b"ARC-Seal", 1),
    "a signature less": without(b"ARC-Message-Signature", 1),
    "a result less": without(b"ARC-Authentication-Results", 1),
}


class Bench:
    def __init__(self, checker, scratch, zone):
        self.checker, self.scratch, self.zone = checker, scratch, zone
        self.cases, self.faults = [], 0

    def put(self, message, ours, theirs, what):
        """`ours` is how the line of PROGRAM begins, behind the file."""
        path = os.path.join(self.scratch, "%06d.eml" % len(self.cases))
        with open(path, "wb") as file:
            file.write(message)
        self.cases.append((path, ours, theirs, what))

    def judge(self):
        paths = [case[0] for case in self.cases]
        out = subprocess.run([self.checker, self.zone.path,
                              str(int(time.time())), AUTHOR.decode()] + paths,
                             capture_output=True, text=True)
        if out.returncode != 0:
            sys.exit("arc: the checker ended with %d: %s" % (
                out.returncode, out.stderr))
        lines = dict(line.split(" ", 1) for line in out.stdout.splitlines())
        for path, ours, theirs, what in self.cases:
            if not lines.get(path, "").startswith(ours):
                self.fault("%s: here it is %s" % (what, lines.get(path)))
            with open(path, "rb") as file:
                found = dkim.arc_verify(file.read(), dnsfunc=self.zone.dns)
            if found[0] != theirs:
                self.fault("%s: dkimpy says %s (%s)" % (what, found[0],
                                                        found[2]))

    def fault(self, words):
        self.faults += 1
        if self.faults < 20:
            print("arc: " + words)


def add_message(bench, zone, message, name):
    """Its chains of one hand and more, and what is wrong with each."""
    bench.put(message, "none - -", b"none", name)
    for hand in range(1, HANDS + 1):
        message = sealed(zone, message, hand)
        what = "%s, %d hands" % (name, hand)
        bench.put(message, "pass l%d.example vouches" % hand, b"pass", what)
        for change, function in CHANGES.items():
            other = function(message)
            if other == message:
                bench.fault("%s: %s changes nothing" % (what, change))
            bench.put(other, "fail ", b"fail", "%s, %s" % (what, change))


def add_broken(bench, zone, message):
    """A hand that had found the chain broken; and the same name twice."""
    once = sealed(zone, message, 1)
    bench.put(sealed(zone, once, 2, b"fail"), "fail ", None,
              "a broken chain")
    bench.put(sealed(zone, once, 2, b"pass", b"hub.l1.example"), "fail ",
              None, "a chain of two hands with one name")


def main():
    args = argparse.ArgumentParser(usage=__doc__)
    args.add_argument("--checker", required=True)
    args.add_argument("--scratch", required=True)
    args.add_argument("--most", type=int, default=10 ** 9)
    args.add_argument("folders", nargs="+")
    args = args.parse_args()
    zone = Zone(args.scratch)
    bench = Bench(args.checker, args.scratch, zone)
    messages = [message_of(path) for path in files_of(args.folders)]
    messages = [message for message in messages if has_header(message) and
                re.search(rb"(?mi)^subject:", message) and
                not re.search(rb"[^\r]\n|\r[^\n]|\0", message)][:args.most]
    messages.append(HEADER + b"\r\ntext  here \r\n\r\nmore\r\n\r\n")
    for n, message in enumerate(messages):
        add_message(bench, zone, message, "message %d" % n)
    add_broken(bench, zone, messages[-1])
    bench.judge()
    print("arc: %d messages, %d checked" % (len(messages),
                                            len(bench.cases)))
    sys.exit(1 if bench.faults else 0)


if __name__ == "__main__":
    main()
