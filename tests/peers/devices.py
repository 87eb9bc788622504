#!/usr/bin/env python3
"""Devices send without a login, as the one sender they have, and nobody beside.

usage: devices.py --bin DIR --folder DIR --results FILE

One line of FILE for each test: "pass devices/NAME" or "fail devices/NAME".  The
device is 127.0.0.3, its neighbour 127.0.0.2; what leaves is looked at in
smtp-sink.
"""

import argparse
import base64
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "fault"))

# pylint: disable=wrong-import-position
from hub import Fault, Hub                              # noqa: E402
from sink import Sink, cli, delivered, outbound, true   # noqa: E402

GUARD = 120.0           # seconds; nothing honest comes near it
DEVICE, BESIDE = "127.0.0.3", "127.0.0.2"
SCANNER = "scanner@office.test"


class Client:
    """Says whatever it is told to, with the line ends it is told to."""

    def __init__(self, hub, port, source, end=b"\r\n"):
        self.end = end
        self.socket = socket.create_connection(
            ("127.0.0.1", hub.base + port), GUARD, (source, 0))
        self.file = self.socket.makefile("rb")
        self.all = b""
        self.greeting = self.hear()

    def hear(self):
        self.all = b""
        while True:
            line = self.file.readline()
            self.all += line
            if not line:
                return "eof"
            if line[3:4] != b"-":
                return line.decode("utf-8", "replace").strip()

    def say(self, words):
        try:
            self.socket.sendall(words + self.end)
            return self.hear()
        except OSError:
            return "eof"

    def tls(self, version):
        """Begin it, in that version alone."""
        true(self.say(b"STARTTLS").startswith("220"), "STARTTLS")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        self.file.close()
        self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")
        return self.socket.version()

    def send(self, sender, to, message):
        """The first reply that is no yes, or the last one."""
        for words in (b"EHLO scanner", b"MAIL FROM:<" + sender + b">",
                      b"RCPT TO:<" + to + b">", b"DATA"):
            said = self.say(words)
            if said[0] not in "23":
                return said
        return self.say(message + self.end + b".")

    def close(self):
        self.file.close()
        self.socket.close()


def send(hub, source, to, message, port=25, sender=b"x@printer.local",
         end=b"\r\n"):
    client = Client(hub, port, source, end)
    said = client.send(sender, to, message)
    client.close()
    return said


def make_hub(args, sink, **more):
    hub = Hub(args.bin, ("ann", "scanner"), {
        "smarthost": '"127.0.0.1:%d"' % sink.port, "smarthost_tls": '"none"',
        "outbound_first_seconds": '"1s"', "outbound_retry_seconds": '"1s"',
        "clear_logins": '"no"', "hosts_file": '""', **more})
    hub.start()
    return hub


def add(hub, *options, address=DEVICE):
    return cli(hub, "device", "add", address, "--as", SCANNER, *options)[1]


# --- the tests --------------------------------------------------------------

def it_sends_as_its_sender(args, folder):
    """What it leaves out is added, and its line ends are mended."""
    sink = Sink(folder)
    hub = make_hub(args, sink)
    try:
        add(hub, "--to", "zoe@far.test, @Partner.test")
        whole = b"Subject: scan\n\none\rtwo\nthree\n..dot"
        for n, (port, end) in enumerate((
                (25, b"\r\n"), (587, b"\r\n"), (25, b"\n"), (587, b"\n"))):
            to = b"zoe@far.test" if n < 2 else b"n%d@partner.test" % n
            said = send(hub, DEVICE, to, whole, port, end=end)
            true(said.startswith("250"), port, end, said)
        hub.wait_for(lambda: len(sink.messages()) == 4 and
                     outbound(hub) == 0, "it does not leave", 30)
        for sender, _, text in sink.messages():
            head, _, body = text.partition(b"\n\n")
            true(sender == SCANNER, sender)
            for name in (b"From: <scanner@office.test>", b"Date: ",
                         b"Message-ID: <", b"Subject: scan"):
                true(len(re.findall(b"(?m)^" + name, head)) == 1, name, text)
            true(b"with ESMTP id" in re.sub(rb"\s+", b" ", head), head)
            true(body.split() == [b"one", b"two", b"three", b".dot"], body)
        # what is for people here comes, and mail with its name in From
        said = send(hub, DEVICE, b"ann@office.test",
                    b"From: Scanner <Scanner@office.test>\n\nhere")
        true(said.startswith("250"), said)
        done = subprocess.run(
            ["swaks", "--server", "127.0.0.1", "--port", str(hub.base + 587),
             "--local-interface", DEVICE, "--from", SCANNER, "--to",
             "ann@office.test"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=GUARD,
            check=False)
        true(done.returncode == 0, done.stdout.decode()[-2000:])
        hub.wait_for(lambda: delivered(hub, "ann") == 2, "ann lacks it")
        for to, message, want in (
                (b"joe@other.test", b"S: x", "550 5.7.1 This device"),
                (b"a@x.partner.test", b"S: x", "550 5.7.1 This device"),
                (b"joe@far.test", b"S: x", "550 5.7.1 This device"),
                (b"nobody@office.test", b"S: x", "550 5.1.1"),
                (b"ann@office.test", b"From: ann@office.test\n\nx",
                 "550 5.7.1 From has ann@office.test")):
            said = send(hub, DEVICE, to, message)
            true(said.startswith(want), to, said)
        true(len(sink.messages()) == 4)
    finally:
        hub.remove()
        sink.stop()


def nobody_beside_it_may(args, folder):
    """Not from the next address, nor when it is no device any more."""
    sink = Sink(folder)
    hub = make_hub(args, sink)
    try:
        add(hub, "--to", "zoe@far.test")
        said = send(hub, BESIDE, b"zoe@far.test", b"S: x")
        true(said.startswith("550 5.7.1 Relaying denied"), said)
        said = send(hub, BESIDE, b"zoe@far.test", b"S: x", 587)
        true(said.startswith("530"), said)
        for message in (b"S: x\n\nbare", b"S: x\r\n\r\nbare\rcr"):
            said = send(hub, BESIDE, b"ann@office.test", message,
                        sender=b"joe@example.com")
            true(said.startswith("550 5.5.2 Bare"), said)
        client = Client(hub, 25, BESIDE, b"\n")
        true(client.say(b"EHLO x").startswith("500 5.5.2"), "LF")
        client.close()
        # the end that only a device is heard in is none
        client = Client(hub, 25, BESIDE)
        for words in (b"EHLO x.example", b"MAIL FROM:<joe@example.com>",
                      b"RCPT TO:<ann@office.test>", b"DATA"):
            true(client.say(words)[0] in "23", words)
        client.end = b""
        client.socket.sendall(b"S: x\r\n\r\nx\n.\nMAIL FROM:<a@b.example>\r\n")
        client.socket.settimeout(0.5)
        try:
            true(client.hear() == "eof", "it was taken for an end")
        except TimeoutError:
            pass
        client.close()
        cli(hub, "device", "remove", "::ffff:" + DEVICE)
        said = send(hub, DEVICE, b"zoe@far.test", b"S: x")
        true(said.startswith("550 5.7.1 Relaying denied"), said)
        true(not sink.messages() and delivered(hub, "ann") == 0)
    finally:
        hub.remove()
        sink.stop()


def old_tls_and_clear_logins_are_for_it_alone(args, folder):
    """RFC 8996 is for everybody else, and so is RFC 8314."""
    sink = Sink(folder)
    hub = make_hub(args, sink)
    try:
        add(hub)
        for port in (25, 587):
            for version, name in ((ssl.TLSVersion.TLSv1, "TLSv1"),
                                  (ssl.TLSVersion.TLSv1_1, "TLSv1.1"),
                                  (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
                client = Client(hub, port, DEVICE)
                client.say(b"EHLO scanner")
                true(client.tls(version) == name, name)
                said = client.send(b"", b"ann@office.test", b"S: x\r\n\r\nx")
                true(said.startswith("250"), said)
                client.close()
            client = Client(hub, port, BESIDE)
            client.say(b"EHLO scanner")
            try:
                client.tls(ssl.TLSVersion.TLSv1_1)
                true(False, "a neighbour may speak TLS 1.1")
            except (ssl.SSLError, ConnectionError):
                pass
            client.close()
        hub.wait_for(lambda: delivered(hub, "ann") == 6, "ann lacks some")
        plain = base64.b64encode(b"\0ann@office.test\0secret")
        client = Client(hub, 587, BESIDE)
        client.say(b"EHLO x")
        true(b"AUTH" not in client.all, client.all)
        true(client.say(b"AUTH PLAIN " + plain).startswith("538"), "AUTH")
        client.close()
        # one that logs in is who has logged in
        client = Client(hub, 587, DEVICE)
        client.say(b"EHLO x")
        true(b"AUTH" in client.all, client.all)
        true(client.say(b"AUTH PLAIN " + plain).startswith("235"), "AUTH")
        said = client.say(b"MAIL FROM:<scanner@office.test>")
        true(said.startswith("550 5.7.1"), said)
        true(client.say(b"MAIL FROM:<ann@office.test>").startswith("250"))
        true(client.say(b"RCPT TO:<any@where.test>").startswith("250"))
        client.close()
    finally:
        hub.remove()
        sink.stop()


def it_has_a_rate_of_its_own(args, folder):
    """And what it is, is said of it once."""
    sink = Sink(folder)
    hub = make_hub(args, sink)
    try:
        said = add(hub, "--per-hour", "3", address="::ffff:127.0.0.3")
        true("127.0.0.3" in said and SCANNER in said, said)
        for n in range(4):
            said = send(hub, DEVICE, b"ann@office.test", b"S: x")
            true(said.startswith("250" if n < 3 else "451 4.7.1"), n, said)
        for words in (("127.0.0.3", "--as", SCANNER),
                      ("127.0.0.4", "--as", "nobody@office.test"),
                      ("127.0.0.4", "--as", "zoe@far.test"),
                      ("printer.office.test", "--as", SCANNER),
                      ("127.0.0.0/8", "--as", SCANNER),
                      ("127.0.0.4", "--as", SCANNER, "--to", "far.test"),
                      ("127.0.0.4", "--as", SCANNER, "--per-hour", "0"),
                      ("127.0.0.4",)):
            true(cli(hub, "device", "add", *words, check=False)[0] != 0,
                 words)
        cli(hub, "device", "add", "2001:DB8:0:0::1", "--as",
            "scanner+up@office.test")
        rows = json.loads(cli(hub, "--json", "device", "list")[1])["result"]
        true([(row["address"], row["sender"], row["per_hour"])
              for row in rows] == [
                  ("127.0.0.3", SCANNER, 3),
                  ("2001:db8::1", "scanner+up@office.test", 100)], rows)
        cli(hub, "account", "remove", SCANNER)
        rows = json.loads(cli(hub, "--json", "device", "list")[1])["result"]
        true(rows == [], rows)
        said = send(hub, DEVICE, b"ann@office.test", b"S: x\n\nx")
        true(said.startswith("550 5.5.2"), said)
    finally:
        hub.remove()
        sink.stop()


def it_is_known_from_the_first_moment(args, folder):
    """Whoever comes when a door begins waits until it knows the devices."""
    sink = Sink(folder)
    hub = make_hub(args, sink)
    try:
        add(hub, "--to", "zoe@far.test")
        for _ in range(15):
            hub.kill_role("door")
            said = "eof"
            while said == "eof":        # the door that is just ending
                client = Client(hub, 25, DEVICE)
                client.say(b"EHLO scanner")
                client.say(b"MAIL FROM:<x@printer.local>")
                said = client.say(b"RCPT TO:<zoe@far.test>")
                client.close()
            true(said.startswith("250"), said)
    finally:
        hub.remove()
        sink.stop()


def what_is_taken_from_it_counts_at_once(args, folder):
    """It need not hang up for that, and others are left alone."""
    sink = Sink(folder)
    hub = make_hub(args, sink)
    try:
        add(hub, "--to", "zoe@far.test")
        add(hub, address="127.0.0.4")
        client, other = (Client(hub, 25, at) for at in (DEVICE, "127.0.0.4"))
        for each in (client, other):
            true(each.say(b"EHLO scanner").startswith("250"))
            true(each.say(b"MAIL FROM:<x@printer.local>").startswith("250"))
        true(client.say(b"RCPT TO:<zoe@far.test>").startswith("250"))
        cli(hub, "device", "remove", DEVICE)
        said = client.hear()
        true(said.startswith("421 4.3.2"), said)
        true(client.hear() == "eof", "it stays")
        true(other.say(b"RCPT TO:<ann@office.test>").startswith("250"))
        client.close()
        other.close()
    finally:
        hub.remove()
        sink.stop()


TESTS = (it_sends_as_its_sender, nobody_beside_it_may,
         it_is_known_from_the_first_moment,
         what_is_taken_from_it_counts_at_once,
         old_tls_and_clear_logins_are_for_it_alone, it_has_a_rate_of_its_own)


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "folder", "results"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    os.chmod(args.folder, 0o755)
    failed = False
    for test in TESTS:
        name = test.__name__.replace("_", "-")
        if not name.startswith(os.environ.get("ONLY", "")):
            continue
        folder = os.path.join(args.folder, name)
        os.mkdir(folder)
        began = time.monotonic()
        try:
            test(args, folder)
            word = "pass"
        except Exception:       # pylint: disable=broad-except
            traceback.print_exc()
            word, failed = "fail", True
        print("%s devices/%s (%.1f s)" % (word, name,
                                          time.monotonic() - began))
        with open(args.results, "a", encoding="ascii") as results:
            results.write("%s devices/%s\n" % (word, name))
        shutil.rmtree(folder, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
