#!/usr/bin/env python3
"""A hub takes mail for gateway domains, and sends it when it is asked for it.

usage: gateway.py --bin DIR --conf FILE --base PORT --folder DIR --results FILE

The hub is up and has the account ann, whose password is "secret".  Who asks are
fetchmail (proto ETRN), a second hub of ours that collects with ETRN, and ETRN as
it is typed; what comes then is counted by subject.
"""

import argparse
import collections
import os
import poplib
import shutil
import smtplib
import socketserver
import subprocess
import sys
import threading
import time
import traceback

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             os.pardir))

# pylint: disable=wrong-import-position
from ports import free_base, free_ports     # noqa: E402

GUARD = 60.0            # seconds; nothing honest comes near it
QUIET = 3.0             # in which nothing may come unasked
MESSAGES = 5


class Wrong(Exception):
    """What must not be, in words."""


def true(truth, *words):
    if not truth:
        raise Wrong(" ".join(str(word) for word in words))


class Session(socketserver.StreamRequestHandler):
    """As much of an SMTP server as a branch needs."""

    def say(self, words):
        self.wfile.write(words.encode() + b"\r\n")

    def handle(self):
        self.server.gate.wait(GUARD)
        self.say("220 branch")
        while True:
            line = self.rfile.readline()
            word = line[:4].upper()
            if not line:
                return
            if word == b"EHLO":
                self.say("250 branch")
            elif word == b"DATA":
                self.say("354 go on")
                self.message()
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def message(self):
        text = b""
        while True:
            line = self.rfile.readline()
            if line in (b".\r\n", b""):
                break
            text += line
        for line in text.splitlines():
            if line.startswith(b"Subject: "):
                self.server.came[line[9:].decode()] += 1
                break
        self.say("250 taken")


class Branch(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Session)
        self.came = collections.Counter()
        self.gate = threading.Event()       # until then it says nothing
        self.gate.set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def wait(self, count):
        until = time.monotonic() + GUARD
        while sum(self.came.values()) < count:
            true(time.monotonic() < until, "came:", dict(self.came))
            time.sleep(0.05)


class Hub:
    """One of the two, from its command line."""

    def __init__(self, bin_folder, conf, base):
        self.bin, self.conf, self.base = bin_folder, conf, base

    def ask(self, *words, check=True):
        done = subprocess.run(
            [os.path.join(self.bin, "postroom"), "-c", self.conf, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=GUARD, check=False)
        true(not check or done.returncode == 0, " ".join(words),
             done.stdout)
        return done.stdout.decode()

    def etrn(self, name):
        with smtplib.SMTP("127.0.0.1", self.base + 25,
                          timeout=GUARD) as client:
            client.ehlo("branch.test")
            return client.docmd("ETRN " + name)[0]

    def send(self, to, tag):
        with smtplib.SMTP("127.0.0.1", self.base + 25,
                          timeout=GUARD) as client:
            for number in range(MESSAGES):
                client.sendmail("joe@client.example", [to],
                                "From: joe@client.example\r\n"
                                "Subject: %s %d\r\n\r\nhello\r\n"
                                % (tag, number))


class Tests:
    def __init__(self, args):
        self.args = args
        self.hub = Hub(args.bin, args.conf, args.base)

    def test_mail_of_a_gateway_waits_for_etrn(self):
        port, = free_ports(1)
        self.hub.ask("gateway", "add", "one.test", "--host",
                     "127.0.0.1:%d" % port, "--etrn-from", "127.0.0.1")
        branch = Branch(port)
        self.hub.send("zoe@one.test", "one")
        time.sleep(QUIET)
        true(not branch.came, "unasked:", dict(branch.came))
        true(self.hub.etrn("one.test") == 253, "no 253")
        branch.wait(MESSAGES)
        true(set(branch.came.values()) == {1}, dict(branch.came))
        true(self.hub.etrn("one.test") == 251, "no 251")
        branch.shutdown()

    def test_one_run_is_under_way_at_a_time(self):
        port, = free_ports(1)
        self.hub.ask("gateway", "add", "busy.test", "--host",
                     "127.0.0.1:%d" % port, "--etrn-from", "127.0.0.1")
        branch = Branch(port)
        branch.gate.clear()
        self.hub.send("zoe@busy.test", "busy")
        true(self.hub.etrn("busy.test") == 253, "no 253")
        true(self.hub.etrn("busy.test") == 250, "no 250 while it runs")
        branch.gate.set()
        branch.wait(MESSAGES)
        until = time.monotonic() + GUARD
        while self.hub.etrn("busy.test") != 251:
            true(time.monotonic() < until, "it does not end")
            time.sleep(0.05)
        self.hub.send("zoe@busy.test", "later")
        true(self.hub.etrn("busy.test") == 458, "no 458 so soon after it")
        true(set(branch.came.values()) == {1}, dict(branch.came))
        branch.shutdown()

    def test_mail_that_its_host_was_not_there_for_stays(self):
        port, = free_ports(1)
        self.hub.ask("gateway", "add", "away.test", "--host",
                     "127.0.0.1:%d" % port, "--etrn-from", "127.0.0.1")
        self.hub.send("zoe@away.test", "away")
        true(self.hub.etrn("away.test") == 253, "no 253")
        time.sleep(QUIET)
        # another who asks need not wait
        self.hub.ask("gateway", "set", "away.test", "--waits", "no")
        branch = Branch(port)
        self.hub.ask("gateway", "set", "away.test", "--waits", "yes")
        self.hub.ask("gateway", "set", "away.test", "--waits", "no")
        branch.wait(MESSAGES)
        true(set(branch.came.values()) == {1}, dict(branch.came))
        branch.shutdown()

    def test_a_list_of_recipients_is_held_to(self):
        path = os.path.join(self.args.folder, "recipients")
        with open(path, "w", encoding="ascii") as file:
            file.write("# the branch\nzoe\nann@list.test\n")
        self.hub.ask("gateway", "add", "list.test", "--host", "127.0.0.1:9",
                     "--recipients-file", path, "--waits", "yes")
        with smtplib.SMTP("127.0.0.1", self.hub.base + 25,
                          timeout=GUARD) as client:
            client.ehlo("client.example")
            client.mail("joe@client.example")
            for name, code in (("zoe", 250), ("ann", 250), ("joe", 550),
                               ("postmaster", 250)):
                true(client.rcpt(name + "@list.test")[0] == code, name)
        self.hub.ask("gateway", "remove", "list.test")
        with smtplib.SMTP("127.0.0.1", self.hub.base + 25,
                          timeout=GUARD) as client:
            client.ehlo("client.example")
            client.mail("joe@client.example")
            true(client.rcpt("zoe@list.test")[0] == 550, "still taken")

    def test_what_waits_for_one_that_is_removed_is_held(self):
        port, = free_ports(1)
        words = ("gateway", "add", "gone.test", "--host",
                 "127.0.0.1:%d" % port, "--waits", "yes")
        self.hub.ask(*words)
        branch = Branch(port)
        self.hub.send("zoe@gone.test", "gone")
        self.hub.ask("gateway", "remove", "gone.test")
        until = time.monotonic() + GUARD
        said = ""
        while said.count("waits to leave, held") + said.count(
                "not a gateway's any more") < MESSAGES:
            true(time.monotonic() < until, "not held:", said)
            time.sleep(0.2)
            said = self.hub.ask("trace", "zoe@gone.test", check=False)
        true(not branch.came, "sent:", dict(branch.came))
        branch.shutdown()

    def test_fetchmail_starts_it_with_etrn(self):
        if shutil.which("fetchmail") is None:
            raise Wrong("fetchmail is not installed")
        port, = free_ports(1)
        self.hub.ask("gateway", "add", "two.test", "--host",
                     "127.0.0.1:%d" % port, "--etrn-from", "127.0.0.1")
        branch = Branch(port)
        self.hub.send("zoe@two.test", "two")
        path = os.path.join(self.args.folder, "fetchmailrc")
        with open(path, "w", encoding="ascii") as file:
            file.write("poll 127.0.0.1 proto ETRN service %d "
                       "fetchdomains two.test\n" % (self.hub.base + 25))
        os.chmod(path, 0o600)
        done = subprocess.run(
            ["fetchmail", "-v", "--nosyslog", "--nodetach", "-f", path, "--pidfile",
             os.path.join(self.args.folder, "fetchmail.pid")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=GUARD, check=False)
        true(done.returncode in (0, 1), done.returncode, done.stdout)
        try:
            branch.wait(MESSAGES)
        except Wrong as wrong:
            raise Wrong("%s; fetchmail: %r" % (wrong, done.stdout)) from wrong
        true(set(branch.came.values()) == {1}, dict(branch.came))
        branch.shutdown()

    def test_a_hub_collects_from_a_hub_with_etrn(self):
        folder = os.path.join(self.args.folder, "branch")
        base = free_base()
        conf = os.path.join(folder, "etc", "postroom.conf")
        branch = Hub(self.args.bin, conf, base)
        subprocess.run(
            [os.path.join(self.args.bin, "postroom"), "setup", "--dir",
             folder, "--domain", "hub.test", "--port-base", str(base),
             "--yes"], stdout=subprocess.DEVNULL, check=True,
            timeout=GUARD)
        with open(conf, encoding="utf-8") as file:
            text = file.read()
        with open(conf, "w", encoding="utf-8") as file:
            file.write("\n".join(
                'upstream_hosts = "127.0.0.0/8"'
                if line.startswith("upstream_hosts") else line
                for line in text.splitlines()) + "\n")
        branch.ask("account", "add", "zoe@hub.test", "--password-file",
                   os.path.join(self.args.folder, "password"))
        self.hub.ask("gateway", "add", "hub.test", "--host",
                     "127.0.0.1:%d" % (base + 25), "--etrn-from",
                     "127.0.0.1")
        self.hub.send("zoe@hub.test", "hub")
        with open(os.path.join(self.args.folder, "branch.log"),
                  "wb") as log:
            process = subprocess.Popen(
                [os.path.join(self.args.bin, "postroomd"), "-f", "-c",
                 conf], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.collect(branch)
        finally:
            process.terminate()
            process.wait(GUARD)

    def collect(self, branch):
        until = time.monotonic() + GUARD
        path = os.path.join(self.args.folder, "branch.log")
        while True:
            with open(path, encoding="utf-8") as log:
                if "parent: ready" in log.read():
                    break
            true(time.monotonic() < until, "the branch does not start")
            time.sleep(0.1)
        branch.ask("fetch", "add", "zoe@hub.test", "--label", "head",
                   "--protocol", "etrn", "--host", "127.0.0.1", "--port",
                   str(self.hub.base + 25), "--tls", "none", "--queue",
                   "hub.test", "--untested")
        branch.ask("fetch", "now", "zoe@hub.test", "--label", "head")
        count = 0
        while count < MESSAGES:
            true(time.monotonic() < until, "came:", count)
            time.sleep(0.2)
            pop = poplib.POP3("127.0.0.1", branch.base + 110, timeout=GUARD)
            pop.user("zoe@hub.test")
            pop.pass_("secret")
            count = pop.stat()[0]
            pop.quit()
        true(count == MESSAGES, "came:", count)


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "conf", "folder", "results"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--base", required=True, type=int)
    args = parser.parse_args()
    tests = Tests(args)
    failed = 0
    for name in sorted(dir(tests)):
        if not name.startswith("test_"):
            continue
        title = "gateway/" + name[5:].replace("_", "-")
        try:
            getattr(tests, name)()
            line = "pass " + title
        except Exception:       # pylint: disable=broad-except
            failed += 1
            line = "fail " + title
            print(title, traceback.format_exc(), sep="\n", flush=True)
        with open(args.results, "a", encoding="utf-8") as results:
            results.write(line + "\n")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
