#!/usr/bin/env python3
"""People send to other domains, nobody else does, and smtp-sink counts.

usage: sending.py --bin DIR --folder DIR --results FILE

One line of FILE for each test: "pass sending/NAME" or "fail sending/NAME".
"""

import argparse
import base64
import collections
import hashlib
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

import dkim

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "fault"))

# pylint: disable=wrong-import-position
from hub import Hub                                     # noqa: E402
from relay_tricks import all_tricks                     # noqa: E402
from sink import Sink, cli, delivered, outbound, true   # noqa: E402

GUARD = 120.0           # seconds; nothing honest comes near it
ANN = "ann@office.test"


def make_hub(args, sink, accounts=("ann", "bob"), **more):
    return Hub(args.bin, accounts, {
        "smarthost": '"127.0.0.1:%d"' % sink.port, "smarthost_tls": '"none"',
        "outbound_first_seconds": '"1s"', "outbound_retry_seconds": '"1s"',
        "clear_logins": '"yes"', "hosts_file": '""', **more})


def swaks(hub, *options, who=ANN):
    done = subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--port", str(hub.base + 465),
         "--tls-on-connect", "--ehlo", "client.example", "--auth", "PLAIN",
         "--auth-user", who, "--auth-password", "secret", "--from", who,
         *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=GUARD, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


class Client:
    """One SMTP connection that says whatever it is told to."""

    def __init__(self, hub, port, source="127.0.0.1"):
        self.socket = socket.create_connection(
            ("127.0.0.1", hub.base + port), GUARD, (source, 0))
        self.file = self.socket.makefile("rb")
        self.hear()

    def hear(self):
        while True:
            line = self.file.readline()
            if not line:
                return "eof"
            if line[3:4] != b"-":
                return line.decode("utf-8", "replace").strip()

    def say(self, words):
        try:
            self.socket.sendall(words + b"\r\n")
            return self.hear()
        except OSError:
            return "eof"

    def close(self):
        self.file.close()
        self.socket.close()


def sources(first=1, last=250):
    """Addresses of clients, each a new one: who errs is slowed down."""
    for i in range(first, last):
        for j in range(2, 250):
            yield "127.%d.%d.2" % (i, j)


# --- the tests --------------------------------------------------------------

def to_two_here_and_two_elsewhere(args, folder):
    """Each has it once, nobody sees the Bcc, and the signatures are right."""
    sink = Sink(folder)
    hub = make_hub(args, sink)
    try:
        hub.start()
        cli(hub, "dkim", "add", "office.test")
        cli(hub, "dkim", "add", "office.test", "--ed25519", "--selector",
            "second")
        status, said = swaks(
            hub, "--to", ANN + ",bob@office.test,zoe@far.test,joe@other.test",
            "--add-header", "Bcc: joe@other.test",
            "--h-Subject", "once each", "--body", ".dot\n text  \n\n")
        true(status == 0, status, said[-2000:])
        hub.wait_for(lambda: len(sink.got()) == 2 and outbound(hub) == 0,
                     "it does not leave", 20)
        hub.wait_for(lambda: delivered(hub, "ann") == 1 and
                     delivered(hub, "bob") == 1, "it is not delivered")
        true(sink.got() == {"zoe@far.test": 1, "joe@other.test": 1},
             sink.got())
        keys = {row["name"] + ".": row["record"].encode() for row in
                json.loads(cli(hub, "--json", "dkim", "list")[1])["result"]}

        def dns(name, timeout=5):
            del timeout
            return keys.get(name.decode() if isinstance(name, bytes)
                            else name)
        for sender, _, text in sink.messages():
            text = re.sub(rb"\r?\n", b"\r\n", text)
            true(sender == ANN, sender)
            true(b"Bcc" not in text, text)
            true(text.count(b"\r\nDKIM-Signature: ") == 2, text)
            for which in range(2):
                true(dkim.DKIM(text).verify(idx=which, dnsfunc=dns), text)
        hub.wait_for(lambda: all(
            words in cli(hub, "trace", "once each", check=False)[1]
            for words in ("zoe@far.test", "joe@other.test", "127.0.0.1")),
                     "the trail does not say where it went")
        hub.stop()
        true(not os.listdir(os.path.join(hub.data, "queue", "kept")),
             "files stay in kept")
        hub.check()
    finally:
        hub.remove()
        sink.stop()


def try_trick(client, words):
    """Mail to it as far as it goes; what was said to RCPT."""
    client.say(b"MAIL FROM:<joe@example.com>")
    said = client.say(b"RCPT TO:" + words)
    if said.startswith("2") and client.say(b"DATA").startswith("354"):
        client.say(b"From: joe@example.com\r\n\r\nrelayed\r\n.")
    return said


def strangers_relay_nothing(args, folder):
    """On no door, by no trick (A11)."""
    sink = Sink(folder)
    hub = make_hub(args, sink)
    where = sources()
    tricks = all_tricks()
    true(len(tricks) >= 200, len(tricks))
    ours = 0
    try:
        hub.start()
        for port, hello in ((25, b"EHLO client.example"),
                            (24, b"LHLO client.example"),
                            (587, b"EHLO client.example")):
            for words, _, is_local in tricks:
                client = Client(hub, port, next(where))
                client.say(hello)
                said = try_trick(client, words)
                want = "5" if port == 587 or not is_local else "2"
                true(said.startswith(want), port, words, said)
                ours += said.startswith("2")
                client.close()
        # the null sender is no way out either
        for port, hello in ((25, b"EHLO x.example"), (24, b"LHLO x.example")):
            client = Client(hub, port, next(where))
            client.say(hello)
            client.say(b"MAIL FROM:<>")
            said = client.say(b"RCPT TO:<a@victim.org>")
            true(said.startswith("550 5.7.1"), said)
            client.close()
        hub.wait_for(lambda: delivered(hub, "ann") == ours,
                     "ann lacks what is hers")
        hub.stop()
        true(outbound(hub) == 0 and not sink.got(), "relayed", sink.got())
    finally:
        hub.remove()
        sink.stop()


def means(words):
    """The address that is said, and whether it is one of a public domain."""
    name = re.sub(rb"^[ <]*(@[^:]*:)?|[> ]*$", b"", words).decode("latin-1")
    domain = name.rpartition("@")[2]
    return name, b"<" in words and "[" not in domain and \
        "." in domain.strip(".") and not domain.endswith(".") and \
        not domain.replace(".", "").isdigit()


def nothing_leads_round_who_is_trusted(args, folder):
    """Each trick beside a device and a trusted network, and in their place."""
    sink = Sink(folder)
    hub = make_hub(args, sink, trusted_networks='"127.251.0.0/16 '
                   '127.252.0.0/15"')
    where, inside = sources(), sources(251, 254)
    device = "127.250.0.9"
    taken = collections.Counter()

    def trick(port, source, sender, words):
        client = Client(hub, port, source)
        client.say(b"EHLO client.example")
        said = client.say(b"MAIL FROM:<" + sender + b">")
        if said.startswith("250"):
            said = client.say(b"RCPT TO:" + words)
        if said.startswith("250"):
            client.say(b"DATA")
            said = client.say(b"From: ann@office.test\r\n\r\n" + words +
                              b"\r\n.")
        client.close()
        return said
    try:
        hub.start()
        cli(hub, "device", "add", device, "--as", ANN, "--to", "a@far.test",
            "--per-hour", "10000")
        for words, is_foreign, is_local in all_tricks():
            name, is_public = means(words)
            fit = is_foreign and is_public
            for port in (25, 587):
                said = trick(port, next(where), ANN.encode(), words)
                true(said.startswith("2") == (is_local and port == 25),
                     "beside them", port, words, said)
                said = trick(port, device, b"joe@example.com", words)
                listed = fit and name == "a@far.test"
                true(said.startswith("2") == (is_local or listed),
                     "the device", port, words, said)
                taken["a@far.test"] += listed
                source = next(inside)
                said = trick(port, source, ANN.encode(), words)
                true(said.startswith("2") == (is_local or fit),
                     "the network", port, words, said)
                taken[name] += fit
                said = trick(port, source, b"joe@example.com", words)
                true(said.startswith("550 5.7.1"), port, words, said)
        # LMTP is for local programs: nobody is trusted there
        for source in (device, next(inside)):
            client = Client(hub, 24, source)
            client.say(b"LHLO client.example")
            said = try_trick(client, b"<a@far.test>")
            true(said.startswith("550 5.7.1"), source, said)
            client.close()
        hub.wait_for(lambda: outbound(hub) == 0, "not all leave", 60)
        true(sink.got() == +taken, sink.got() - taken, taken - sink.got())
    finally:
        hub.remove()
        sink.stop()


def only_who_is_told_is_offered_it(args, folder):
    """RFC 3461 4: of a program's mail the postmaster hears, if it fails."""
    sink = Sink(folder)
    hub = make_hub(args, sink, trusted_networks='"127.251.0.0/16"')
    try:
        hub.start()
        for source, port, is_offered in (
                ("127.251.0.2", 587, False), ("127.251.0.2", 25, False),
                ("127.0.0.1", 587, True), ("127.0.0.1", 25, False)):
            client = Client(hub, port, source)
            client.socket.sendall(b"EHLO client.example\r\n")
            offers = []
            while not offers or offers[-1][3:4] == b"-":
                offers.append(client.file.readline())
            true((b"250-DSN\r\n" in offers) == is_offered, source, port,
                 offers)
            client.close()
    finally:
        hub.remove()
        sink.stop()


def log_in(hub, who=ANN):
    client = Client(hub, 587)
    client.say(b"EHLO client.example")
    said = client.say(b"AUTH PLAIN " + base64.b64encode(
        b"\0%s\0secret" % who.encode()))
    true(said.startswith("235"), said)
    return client


def people_send_where_they_say(args, folder):
    """After a login a trick leads where it says, and a route is taken off."""
    sink = Sink(folder)
    hub = make_hub(args, sink)
    taken = collections.Counter()
    try:
        hub.start()
        for words, is_foreign, is_local in all_tricks():
            client = log_in(hub)
            client.say(b"MAIL FROM:<" + ANN.encode() + b">")
            said = client.say(b"RCPT TO:" + words)
            name, is_public = means(words)
            fit = is_foreign and is_public
            true(said.startswith("2") == (fit or is_local),
                 words, said)
            if said.startswith("2") and not is_local:
                taken[name] = 1
                client.say(b"DATA")
                said = client.say(b"From: " + ANN.encode() +
                                  b"\r\n\r\n" + words + b"\r\n.")
                true(said.startswith("250"), said)
            client.close()
        hub.wait_for(lambda: set(sink.got()) == set(taken) and
                     outbound(hub) == 0, "not all leave")
    finally:
        hub.remove()
        sink.stop()


def nothing_leaves_without_a_way(args, folder):
    """Then it is said at RCPT; and what is direct needs no smarthost."""
    sink = Sink(folder)
    hub = make_hub(args, sink, smarthost='""')
    try:
        hub.start()
        client = log_in(hub)
        client.say(b"MAIL FROM:<" + ANN.encode() + b">")
        said = client.say(b"RCPT TO:<zoe@far.test>")
        true(said.startswith("550 5.7.1 No mail leaves"), said)
        true(client.say(b"RCPT TO:<bob@office.test>").startswith("250"))
        client.close()
        hub.stop()
        hub.configure({"outbound_direct": '"yes"'})
        hub.start()
        client = log_in(hub)
        client.say(b"MAIL FROM:<" + ANN.encode() + b">")
        said = client.say(b"RCPT TO:<zoe@far.test>")
        true(said.startswith("250"), said)
        client.close()
    finally:
        hub.remove()
        sink.stop()


def recipients_elsewhere_count(args, folder):
    """Against the most that an account may send to."""
    sink = Sink(folder)
    hub = make_hub(args, sink, send_recipients_per_hour='"200"')
    try:
        hub.start()
        for name, count, code in (("a", 150, 0), ("b", 100, 26),
                                  ("c", 50, 0)):
            status, said = swaks(hub, "--to", ",".join(
                "%s%d@far.test" % (name, i) for i in range(count)))
            true(status == code, name, status, said[-2000:])
        hub.wait_for(lambda: len(sink.got()) == 200, "it does not leave")
        true(not [to for to in sink.got() if to[0] == "b"], sink.got())
    finally:
        hub.remove()
        sink.stop()


def a_shared_domain_is_local_first(args, folder):
    """Who is here has it here; anybody else of the domain, at the provider."""
    sink = Sink(folder)
    hub = make_hub(args, sink)
    try:
        hub.start()
        client = log_in(hub)
        client.say(b"MAIL FROM:<" + ANN.encode() + b">")
        said = client.say(b"RCPT TO:<carol@office.test>")
        true(said.startswith("550 5.1.1"), said)
        told = cli(hub, "domain", "set", "Office.TEST", "--shared")[1]
        true("office.test is shared" in told, told)
        for rcpt, want in ((b"carol@office.test", "250"),
                           (b"bob+x@office.test", "250"),
                           (b"postmaster@office.test", "250"),
                           (b"a%victim.org@office.test", "550 5.7.1"),
                           (b"victim.org!a@office.test", "550 5.7.1")):
            said = client.say(b"RCPT TO:<" + rcpt + b">")
            true(said.startswith(want), rcpt, said)
        client.say(b"DATA")
        said = client.say(b"From: " + ANN.encode() + b"\r\n\r\nhello\r\n.")
        true(said.startswith("250"), said)
        client.close()
        hub.wait_for(lambda: sink.got() and outbound(hub) == 0 and
                     delivered(hub, "bob") == 1, "it does not come")
        true(sink.got() == {"carol@office.test": 1}, sink.got())
        # to a stranger nobody is there, and nothing goes round
        for port, hello in ((25, b"EHLO x.example"), (24, b"LHLO x.example")):
            client = Client(hub, port, "127.9.9.%d" % port)
            client.say(hello)
            client.say(b"MAIL FROM:<joe@example.com>")
            said = client.say(b"RCPT TO:<carol@office.test>")
            true(said.startswith("550 5.1.1"), said)
            client.close()
        rows = json.loads(cli(hub, "--json", "domain", "list")[1])["result"]
        true([(row["domain"], row["kind"], row["accounts"]) for row in rows]
             == [("office.test", "shared", 3)], rows)
        cli(hub, "domain", "add", "branch.test", "--shared")
        true(cli(hub, "domain", "add", "branch.test", check=False)[0] != 0)
        cli(hub, "domain", "set", "office.test", "--ours")
        client = log_in(hub)
        client.say(b"MAIL FROM:<" + ANN.encode() + b">")
        said = client.say(b"RCPT TO:<carol@office.test>")
        true(said.startswith("550 5.1.1"), said)
        said = client.say(b"RCPT TO:<carol@branch.test>")
        true(said.startswith("250"), said)
        client.close()
    finally:
        hub.remove()
        sink.stop()


def setup_says_how_mail_leaves(args, folder):
    """It stands in the configuration, and nonsense makes no hub."""
    def setup(name, *options):
        done = subprocess.run(
            [os.path.join(args.bin, "postroom"), "setup", "--dir",
             os.path.join(folder, name), "--domain", "office.test", "--yes",
             *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=GUARD, check=False)
        path = os.path.join(folder, name, "etc", "postroom.conf")
        text = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                text = file.read()
        return done.returncode, done.stdout.decode(), text
    status, said, text = setup("none")
    true(status == 0 and "No mail leaves for other domains" in said, said)
    status, said, text = setup(
        "provider", "--smarthost", "mail.isp.test:465", "--smarthost-tls",
        "implicit", "--smarthost-user", "office", "--smarthost-password-file",
        "/etc/postroom/smarthost")
    true(status == 0 and "No mail leaves" not in said, said)
    for line in ('smarthost = "mail.isp.test:465"',
                 'smarthost_tls = "implicit"', 'smarthost_user = "office"',
                 'smarthost_password_file = "/etc/postroom/smarthost"',
                 'outbound_direct = no'):
        true("\n%s\n" % line in text, line, "is not in", text)
    status, said, text = setup("direct", "--direct")
    true(status == 0 and '\noutbound_direct = yes\n' in text, said, text)
    for options in (("--smarthost", "mail isp.test"),
                    ("--smarthost", "mail.isp.test:0"),
                    ("--smarthost", "mail.isp.test:25", "--smarthost-tls",
                     "maybe"), ("--smarthost-password-file", "secret")):
        status, said, text = setup("bad", *options)
        true(status == 2 and not text, options, status, said)


def at_home(hub, who, *words, check=True):
    """As that person, over HTTPS."""
    with open(os.path.join(hub.folder, "etc", "tls", "certificate.pem"),
              encoding="ascii") as file:
        pin = hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read()))
    return hub.run("--server", "127.0.0.1:%d" % (hub.base + 443), "--login",
                   who, "--password-file",
                   os.path.join(hub.folder, "password"), "--pin",
                   pin.hexdigest(), *words, check=check)


def what_is_sent_can_be_taken_back(args, folder):
    """By its sender and the postmaster, after a crash as well; none of it is sent."""
    sink = Sink(folder)
    hub = make_hub(args, sink)

    def waiting():
        return {row["subject"]: row["id"] for row in json.loads(cli(
            hub, "--json", "queue", "recall")[1])["result"]}
    try:
        hub.start()
        true(cli(hub, "account", "set", "ann", "--recall", "1441",
                 check=False)[0] != 0)
        cli(hub, "account", "set", "ann", "--recall", "1440")
        for subject in ("mine", "office", "crash"):
            status, said = swaks(hub, "--to", "bob@office.test,zoe@far.test",
                                 "--h-Subject", subject)
            true(status == 0, status, said[-2000:])
        hub.wait_for(lambda: len(waiting()) == 3, "it does not wait", 30)
        status, said = swaks(hub, "--to", "bob@office.test,joe@far.test",
                             "--h-Subject", "urgent",
                             "--add-header", "X-Priority: 1")
        true(status == 0, status, said[-2000:])
        status, said = swaks(hub, "--to", "ann@office.test,jim@far.test",
                             who="bob@office.test")
        true(status == 0, status, said[-2000:])
        hub.wait_for(lambda: set(sink.got()) == {"joe@far.test",
                                                 "jim@far.test"},
                     "urgent mail and bob's does not leave", 30)
        said = cli(hub, "queue", "list")[1]
        true("can be taken back until" in said and
             "zoe@far.test" in said, said)
        ids = waiting()
        for who, id_, status in (("bob", ids["mine"], 3),
                                 ("ann", ids["mine"], 0),
                                 ("ann", ids["mine"], 3)):
            got, said = at_home(hub, who, "queue", "recall", id_,
                                check=False)
            true(got == status, who, got, said)
        true(at_home(hub, "bob", "queue", "recall")[1].startswith(
            "Nothing can be taken back"))
        true("crash" in at_home(hub, "ann", "queue", "recall")[1])
        hub.kill()
        hub.start()
        cli(hub, "queue", "recall", ids["office"])
        for subject, who in (("mine", "its sender"),
                             ("office", "postmaster")):
            hub.wait_for(lambda subject=subject, who=who: all(
                word in cli(hub, "trace", ids[subject])[1]
                for word in ("taken back", who)), "no trail of it", 30)
        true(set(waiting()) == {"crash"}, waiting())
        time.sleep(2)
        true(delivered(hub, "bob") == 1 and "zoe@far.test" not in sink.got(),
             sink.got())
        cli(hub, "account", "set", "ann", "--recall", "0")
        status, said = swaks(hub, "--to", "zoe@far.test")
        true(status == 0, status, said[-2000:])
        hub.wait_for(lambda: sink.got().get("zoe@far.test") == 1,
                     "it does not leave", 30)
        cli(hub, "queue", "recall", ids["crash"])
        hub.stop()
        true(not os.listdir(os.path.join(hub.data, "queue", "kept")),
             "files stay in kept")
        hub.check()
    finally:
        hub.remove()
        sink.stop()


TESTS = (to_two_here_and_two_elsewhere, strangers_relay_nothing,
         nothing_leads_round_who_is_trusted, only_who_is_told_is_offered_it,
         people_send_where_they_say, nothing_leaves_without_a_way,
         recipients_elsewhere_count, a_shared_domain_is_local_first,
         setup_says_how_mail_leaves, what_is_sent_can_be_taken_back)


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
        print("%s sending/%s (%.1f s)" % (word, name,
                                          time.monotonic() - began))
        with open(args.results, "a", encoding="ascii") as results:
            results.write("%s sending/%s\n" % (word, name))
        shutil.rmtree(folder, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
