#!/usr/bin/env python3
"""Postfix holds mail for the hub and sends it on ETRN (RFC 1985).

usage: etrn.py --bin DIR --conf FILE --base PORT --folder DIR --results FILE

The hub is up and has the account ann, whose password is "secret".
"""

import argparse
import json
import os
import poplib
import smtplib
import socket
import subprocess
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             os.pardir))

# pylint: disable=wrong-import-position
from ports import free_ports                # noqa: E402
from postfix import POSTFIX, write_postfix  # noqa: E402

GUARD = 180.0           # seconds; nothing honest comes near it
QUIET = 3.0             # in which nothing may come unasked
MESSAGES = 3

MAIN_CF = """
relay_domains = office.test
transport_maps = inline:{ office.test=ondemand:[127.0.0.1]:%d }
fast_flush_domains = office.test
defer_transports = ondemand
"""
MASTER_CF = "ondemand unix - - n - - smtp\n"


class Wrong(Exception):
    """What must not be, in words."""


class Postfix:
    def __init__(self, folder, hub):
        self.folder = os.path.join(folder, "postfix")
        self.smtp, = free_ports(1)
        self.config = os.path.join(self.folder, "etc")
        os.chmod(folder, 0o755)
        write_postfix(self.config, self.folder, "mail.provider.test",
                      self.smtp, MAIN_CF % hub, MASTER_CF)

    def command(self, *words):
        return subprocess.run(
            [POSTFIX, "-c", self.config, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=GUARD, check=False)

    def start(self):
        done = self.command("start")
        if done.returncode != 0:
            raise Wrong("Postfix: %r" % done.stdout)

    def stop(self):
        self.command("stop")


class Office:
    """The hub, from its command line and as ann sees it."""

    def __init__(self, args):
        self.args = args

    def ask(self, *words, may_fail=False):
        done = subprocess.run(
            [os.path.join(self.args.bin, "postroom"), "-c", self.args.conf,
             *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=GUARD, check=False)
        if done.returncode != 0 and not may_fail:
            raise Wrong("postroom %s: %r %r" % (
                " ".join(words), done.stdout, done.stderr))
        return done.stdout

    def fetch(self, verb, label):
        text = self.ask("fetch", verb, "ann@office.test", "--label", label,
                        "--json", may_fail=True)
        return json.loads(text)["result"][0]

    def add(self, label, port, queue):
        self.ask("fetch", "add", "ann@office.test", "--label", label,
                 "--protocol", "etrn", "--host", "127.0.0.1", "--port",
                 str(port), "--tls", "none", "--queue", queue, "--untested")

    def subjects(self):
        pop = poplib.POP3("127.0.0.1", self.args.base + 110, timeout=GUARD)
        try:
            pop.user("ann@office.test")
            pop.pass_("secret")
            count = pop.stat()[0]
            return sorted(line for number in range(1, count + 1)
                          for line in pop.top(number, 0)[1]
                          if line.startswith(b"Subject: "))
        finally:
            pop.quit()


def true(truth, *words):
    if not truth:
        raise Wrong(" ".join(str(word) for word in words))


# another of the provider's hosts had it from a client
HOP = ("Received: from joe.client.example (joe.client.example [192.0.2.7])\r\n"
       "\tby mx.provider.test with ESMTP; Sun, 22 Nov 2026 10:00:00 +0700\r\n")


def send(port):
    with smtplib.SMTP("127.0.0.1", port, timeout=GUARD) as client:
        for number in range(MESSAGES):
            client.sendmail("joe@client.example", ["ann@office.test"],
                            HOP + "From: joe@client.example\r\n"
                            "Subject: held %d\r\n\r\nhello\r\n" % number)


def wait_port(port):
    until = time.monotonic() + GUARD
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def run(args, postfix):
    office = Office(args)
    wait_port(postfix.smtp)
    send(postfix.smtp)
    time.sleep(QUIET)
    true(office.subjects() == [], "it came unasked")
    # what waits is deferred by now, and known to flush(8)
    office.add("held", postfix.smtp, "office.test")
    row = office.fetch("test", "held")
    true(row["result"] == "done" and row["asked"] == 1, row)
    time.sleep(QUIET)
    true(office.subjects() == [], "a test has asked for it")
    row = office.fetch("now", "held")
    true(row["result"] == "done" and row["asked"] == 1, row)
    until = time.monotonic() + GUARD
    while len(office.subjects()) < MESSAGES and time.monotonic() < until:
        time.sleep(0.2)
    true(office.subjects() == [b"Subject: held %d" % i
                               for i in range(MESSAGES)], office.subjects())
    hop = "handed to our provider by joe.client.example [192.0.2.7]"
    until = time.monotonic() + GUARD
    story = ""
    # the trail is written by the second
    while story.count(hop) < MESSAGES and time.monotonic() < until:
        time.sleep(0.2)
        story = office.ask("trace", "ann@office.test", may_fail=True).decode()
    true(story.count(hop) == MESSAGES, "no hop:", story)
    office.add("foreign", postfix.smtp, "foreign.test")
    row = office.fetch("now", "foreign")
    true(row["result"] == "not-allowed", row)


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "conf", "folder", "results"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--base", type=int, required=True)
    args = parser.parse_args()
    postfix = Postfix(args.folder, args.base + 25)
    word, why = "pass", ""
    try:
        postfix.start()
        run(args, postfix)
    except (Wrong, OSError, poplib.error_proto, subprocess.SubprocessError,
            smtplib.SMTPException) as fault:
        word, why = "fail", ": %s" % fault
        print(fault)
    finally:
        postfix.stop()
    with open(args.results, "a", encoding="utf-8") as file:
        file.write("%s etrn Postfix sends what it is asked for%s\n" % (
            word, why.splitlines()[0] if why else ""))
    return word != "pass"


if __name__ == "__main__":
    sys.exit(main())
