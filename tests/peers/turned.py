#!/usr/bin/env python3
"""Hosts take the mail of their gateway domains with ATRN (RFC 2645).

usage: turned.py --bin DIR --folder DIR --results FILE

Who takes it: fetchmail (proto ODMR), a second hub of ours over TLS, and a host
that counts what it has said 250 to while roles of the hub are killed.
"""

import argparse
import base64
import collections
import hashlib
import os
import random
import re
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "fault"))

# pylint: disable=wrong-import-position
from gateway import Branch, Wrong, true                 # noqa: E402
from hub import Hub, PASSWORD                           # noqa: E402
from ports import free_ports                            # noqa: E402

GUARD = 120.0           # seconds; nothing honest comes near it
MESSAGES = 40
KILLS = 6
PLAIN = base64.b64encode(b"\0ann\0" + PASSWORD.encode()).decode()


def send(hub, to, tag, count):
    with smtplib.SMTP("127.0.0.1", hub.base + 25, timeout=GUARD) as client:
        for number in range(count):
            client.sendmail("joe@client.example", [to],
                            "From: joe@client.example\r\nSubject: %s %d\r\n"
                            "\r\nhello\r\n" % (tag, number))


def gateway(hub, *words):
    hub.run("-c", hub.conf, "gateway", *words)


class Line:
    """Lines of one connection."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), GUARD)
        self.file = self.sock.makefile("rb")

    def close(self):
        self.file.close()
        self.sock.close()

    def say(self, words):
        self.sock.sendall(words.encode() + b"\r\n")

    def hear(self):
        line = self.file.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("it hung up")
        return line.rstrip(b"\r\n").decode()

    def reply(self):
        """The last line of a reply."""
        while True:
            line = self.hear()
            if line[3:4] != "-":
                return line

    def ask(self, words):
        self.say(words)
        return self.reply()


class Taker:
    """A host that takes all there is, connection after connection."""

    def __init__(self, port):
        self.port = port
        self.came = collections.Counter()
        self.unsure = set()     # 250 was said, and nothing heard behind it
        self.has_none = False

    def run(self):
        """One connection; the code of ATRN."""
        line = Line(self.port)
        try:
            line.reply()
            line.ask("EHLO branch.test")
            code = line.ask("AUTH PLAIN " + PLAIN)[:3]
            if code == "235":
                code = line.ask("ATRN")[:3]
            if code == "250":
                self.serve(line)
            self.has_none = code == "453"
            return code
        finally:
            line.close()

    def serve(self, line):
        last = None
        line.say("220 branch.test")
        try:
            while True:
                words = line.hear().upper()
                last = None
                if words.startswith("EHLO"):
                    line.say("250 branch.test")
                elif words == "DATA":
                    line.say("354 go on")
                    last = self.message(line)
                elif words == "QUIT":
                    line.say("221 bye")
                    return
                else:
                    line.say("250 ok")
        finally:
            if last is not None:
                self.unsure.add(last)

    def message(self, line):
        subject, words = None, line.hear()
        while words != ".":
            if words.startswith("Subject: "):
                subject = words[9:]
            words = line.hear()
        self.came[subject] += 1
        try:
            line.say("250 taken")
        except OSError:
            self.unsure.add(subject)
            raise
        return subject

    def run_all(self):
        until = time.monotonic() + GUARD
        while not self.has_none:
            true(time.monotonic() < until, "no end:", len(self.came))
            try:
                self.run()
            except OSError:
                time.sleep(0.05)


def check(taker, kills):
    missing = MESSAGES - len(taker.came)
    true(missing == 0, missing, "were lost")
    twice = {s for s, n in taker.came.items() if n > 1}
    true(twice <= taker.unsure, "twice, though its 250 was heard:",
         twice - taker.unsure)
    true(len(twice) <= kills, "twice:", twice)


def killed(args, role):
    """`role` is killed again and again while its host takes its mail."""
    rng = random.Random(role)
    hub = Hub(args.bin, ("ann",))
    try:
        gateway(hub, "add", "branch.test", "--atrn-account", "ann")
        hub.start()
        send(hub, "zoe@branch.test", "number", MESSAGES)
        taker = Taker(hub.base + 366)
        thread = threading.Thread(target=taker.run_all, daemon=True)
        thread.start()
        for _ in range(KILLS):
            before = sum(taker.came.values())
            hub.wait_for(lambda n=before: sum(taker.came.values()) > n or
                         taker.has_none, "nothing comes any more")
            time.sleep(rng.uniform(0, 0.02))
            hub.kill_role(role)
        thread.join(GUARD)
        true(not thread.is_alive(), "it does not end")
        check(taker, KILLS)
        hub.stop()
    finally:
        hub.remove()


def cut(args, _):
    """Its host hangs up in the middle, at any place."""
    hub = Hub(args.bin, ("ann",))
    try:
        gateway(hub, "add", "branch.test", "--atrn-account", "ann")
        hub.start()
        send(hub, "zoe@branch.test", "number", 3)
        for lines in range(1, 24):
            line = Line(hub.base + 366)
            line.reply()
            line.ask("EHLO branch.test")
            line.ask("AUTH PLAIN " + PLAIN)
            until = time.monotonic() + GUARD
            while True:
                said = line.ask("ATRN")[:3]
                if said != "451":       # the last one has just hung up
                    break
                true(time.monotonic() < until, "it never ends")
                time.sleep(0.05)
            true(said == "250", said)
            line.say("220 branch.test")
            for _ in range(lines):
                words = line.hear().upper()
                if words.startswith(("EHLO", "MAIL", "RCPT")):
                    line.say("250 ok")
                elif words == "DATA":
                    line.say("354 go on")
                elif words == ".":
                    break
            line.close()
        taker = Taker(hub.base + 366)
        until = time.monotonic() + GUARD
        while len(taker.came) < 3:
            taker.run()
            true(time.monotonic() < until, "came:", dict(taker.came))
            time.sleep(0.05)
        true(set(taker.came.values()) == {1}, dict(taker.came))
        hub.stop()
    finally:
        hub.remove()


def second_hub(args, _):
    """A hub of ours collects from it over TLS, and knows its certificate."""
    hub = Hub(args.bin, ("ann",))
    branch = Hub(args.bin, ("zoe",))
    try:
        with open(hub.conf, encoding="utf-8") as file:
            path = re.search(r'(?m)^tls_certificate = "?([^"\n]+)',
                             file.read()).group(1)
        with open(path, encoding="ascii") as file:
            pem = file.read()
        pin = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
        gateway(hub, "add", "branch.test", "--atrn-account", "ann")
        gateway(hub, "add", "shop.test", "--atrn-account", "ann")
        hub.start()
        branch.run("-c", branch.conf, "domain", "add", "branch.test")
        branch.run("-c", branch.conf, "domain", "add", "shop.test")
        password = os.path.join(branch.folder, "password")
        for domain in ("branch.test", "shop.test"):
            branch.run("-c", branch.conf, "account", "add", "kim@" + domain,
                       "--password-file", password)
        branch.start()
        send(hub, "kim@branch.test", "branch", MESSAGES)
        send(hub, "kim@shop.test", "shop", 2)
        branch.run("-c", branch.conf, "fetch", "add", "zoe@office.test",
                   "--label", "head", "--protocol", "atrn", "--host",
                   "127.0.0.1", "--port", str(hub.base + 366), "--tls",
                   "starttls", "--pin", pin, "--user", "ann@office.test",
                   "--password-file", password, "--queue",
                   "branch.test,shop.test", "--untested")
        said = branch.run("-c", branch.conf, "fetch", "now",
                          "zoe@office.test", "--label", "head")[1]
        for domain, count in (("branch.test", MESSAGES), ("shop.test", 2)):
            found = []
            branch.wait_for(lambda d=domain, n=count, f=found: len(
                subjects(branch, "kim@" + d, f)) >= n,
                            "not all come to " + domain + ": " + said)
            true(len(found) == count == len(set(found)), sorted(found))
        hub.stop()
        branch.stop()
    finally:
        hub.remove()
        branch.remove()


def subjects(hub, user, found):
    import poplib               # pylint: disable=import-outside-toplevel
    pop = poplib.POP3("127.0.0.1", hub.base + 110, timeout=GUARD)
    pop.user(user)
    pop.pass_(PASSWORD)
    found[:] = [line for n in range(pop.stat()[0])
                for line in pop.top(n + 1, 0)[1]
                if line.startswith(b"Subject: ")]
    pop.quit()
    return found


class Proxy(threading.Thread):
    """
    fetchmail says AUTH CRAM-MD5 and nothing else, for which a server has to keep
    passwords in clear: that one command is answered here, and PLAIN said in its
    place.  All else is passed on as it is.
    """

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.start()

    def run(self):
        client = self.listener.accept()[0]
        server = Line(self.port)
        file = client.makefile("rb")
        client.sendall(server.reply().encode() + b"\r\n")
        while True:
            line = file.readline()
            if not line:
                return
            if line.upper().startswith(b"AUTH CRAM-MD5"):
                client.sendall(b"334 PDFAaHViLnRlc3Q+\r\n")
                file.readline()
                line = b"AUTH PLAIN " + PLAIN.encode() + b"\r\n"
            server.sock.sendall(line)
            while True:
                said = server.hear()
                if said[4:8] == "AUTH":
                    said = said[:4] + "AUTH CRAM-MD5"
                client.sendall(said.encode() + b"\r\n")
                if said[3:4] != "-":
                    break
            if line.upper().startswith(b"ATRN"):
                break
        threading.Thread(target=self.carry, daemon=True,
                         args=(server.file.raw, client)).start()
        self.carry(file.raw, server.sock)

    @staticmethod
    def carry(one, other):
        try:
            while True:
                data = one.read(65536)
                if not data:
                    other.shutdown(socket.SHUT_WR)
                    return
                other.sendall(data)
        except OSError:
            pass


def fetchmail(args, folder):
    if shutil.which("fetchmail") is None:
        raise Wrong("fetchmail is not installed")
    hub = Hub(args.bin, ("ann",))
    try:
        gateway(hub, "add", "branch.test", "--atrn-account", "ann")
        hub.start()
        send(hub, "zoe@branch.test", "fetchmail", 5)
        proxy = Proxy(hub.base + 366)
        port, = free_ports(1)
        branch = Branch(port)
        path = os.path.join(folder, "fetchmailrc")
        with open(path, "w", encoding="ascii") as file:
            file.write("poll 127.0.0.1 proto ODMR service %d no dns "
                       "user \"ann\" password \"%s\" fetchdomains "
                       "branch.test smtphost 127.0.0.1/%d sslproto ''\n"
                       % (proxy.listener.getsockname()[1], PASSWORD, port))
        os.chmod(path, 0o600)
        done = subprocess.run(
            ["fetchmail", "-v", "-v", "--nosyslog", "--nodetach", "-f", path,
             "--pidfile", os.path.join(folder, "fetchmail.pid")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=GUARD, check=False)
        true(sum(branch.came.values()) == 5 and
             set(branch.came.values()) == {1}, dict(branch.came),
             done.returncode, done.stdout.decode("utf-8", "replace"))
        taker = Taker(hub.base + 366)
        hub.wait_for(lambda: taker.run() == "453", "it has mail yet", GUARD)
        true(not taker.came, "again:", dict(taker.came))
        branch.shutdown()
        hub.stop()
    finally:
        hub.remove()


TESTS = [
    ("fetchmail", fetchmail, None),
    ("second-hub-tls", second_hub, None),
    ("cut", cut, None),
    ("killed-queue", killed, "queue"),
    ("killed-relay", killed, "relay"),
    ("killed-door", killed, "door"),
]


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "folder", "results"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    only = os.environ.get("ONLY", "")
    failed = 0
    for name, test, role in TESTS:
        if only not in name:
            continue
        try:
            test(args, role or args.folder)
            line = "pass turned/" + name
        except Exception:       # pylint: disable=broad-except
            failed += 1
            line = "fail turned/" + name
            print(name, traceback.format_exc(), sep="\n", flush=True)
        with open(args.results, "a", encoding="utf-8") as results:
            results.write(line + "\n")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
