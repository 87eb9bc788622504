#!/usr/bin/env python3
"""Mail leaves by the smarthost of its sender, of his domain, or of all.

usage: smarthosts.py --bin DIR --folder DIR --results FILE

One line of FILE for each test: "pass smarthosts/NAME" or "fail ...".  The hosts
are scripts that let one login in, and note who has said what to them.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import socket
import sqlite3
import ssl
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "fault"))

# pylint: disable=wrong-import-position
from hub import Fault, Hub                              # noqa: E402

GUARD = 120.0           # seconds; nothing honest comes near it
ANN, BOB = "ann@office.test", "bob@office.test"


def true(truth, *words):
    if not truth:
        raise Fault(" ".join(str(word) for word in words))


class Host:
    """A smarthost that one name and password may use; "": nobody logs in."""

    def __init__(self, login="", port=0):
        self.login = login
        self.got = []           # (login, sender, [recipient])
        self.refused = []       # logins
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", port))
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
        peer.settimeout(GUARD)
        try:
            with peer, peer.makefile("rb") as lines:
                self.converse(peer, lines)
        except OSError:
            pass

    def log_in(self, words):
        login = base64.b64decode(words).decode().strip("\0")
        if login != self.login:
            self.refused.append(login)
            return ""
        return login

    def converse(self, peer, lines):
        peer.sendall(b"220 isp.test\r\n")
        login, sender, to = "", "", []
        for line in lines:
            verb = line[:4].upper()
            reply = b"250 fine"
            if verb == b"EHLO":
                reply = b"250-isp.test\r\n250 AUTH PLAIN"
            elif verb == b"AUTH":
                words = line.split()[2:]
                if not words:
                    peer.sendall(b"334 \r\n")
                    words = [lines.readline().strip()]
                login = self.log_in(words[0])
                reply = b"235 in" if login else b"535 5.7.8 no"
            elif verb == b"MAIL":
                sender, to = re.search(rb"<(.*?)>", line)[1].decode(), []
                reply = b"250 fine" if login == self.login else b"530 AUTH"
            elif verb == b"RCPT":
                to.append(re.search(rb"<(.*?)>", line)[1].decode())
            elif verb == b"DATA":
                peer.sendall(b"354 go\r\n")
                for text in lines:
                    if text == b".\r\n":
                        break
                self.got.append((login, sender, to))
            elif verb == b"QUIT":
                peer.sendall(b"221 bye\r\n")
                return
            peer.sendall(reply + b"\r\n")

    def close(self):
        """Nobody is there any more."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def make_hub(args, **more):
    return Hub(args.bin, ("ann", "bob", "eve"), {
        "outbound_first_seconds": '"1s"', "outbound_retry_seconds": '"1s"',
        "clear_logins": '"yes"', "hosts_file": '""', **more})


def cli(hub, *words, check=True):
    return hub.run("-c", hub.conf, *words, check=check)


def secret(hub, words):
    path = os.path.join(hub.folder, "secret-" + words)
    with open(path, "w", encoding="ascii") as file:
        file.write(words + "\n")
    return path


def set_host(hub, whose, host, user="", password=""):
    login = ["--user", user, "--password-file", secret(hub, password)] \
        if user else []
    return cli(hub, "smarthost", "set", whose, "--host",
               "127.0.0.1:%d" % host.port, "--tls", "none", *login)[1]


def send(hub, who, to, sender=None, port=587):
    """The reply to RCPT, or to the end of the data if that was 250."""
    with socket.create_connection(("127.0.0.1", hub.base + port),
                                  GUARD) as wire, wire.makefile("rb") as file:
        def say(words):
            if words:
                wire.sendall(words.encode() + b"\r\n")
            while True:
                line = file.readline()
                if line[3:4] != b"-":
                    return line.decode().strip()
        say("")
        say("EHLO client.example")
        if who:
            said = say("AUTH PLAIN " + base64.b64encode(
                b"\0%s\0secret" % who.encode()).decode())
            true(said.startswith("235"), said)
        said = say("MAIL FROM:<%s>" % (sender or who))
        true(said.startswith("250"), said)
        said = say("RCPT TO:<%s>" % to)
        if not said.startswith("250"):
            return said
        say("DATA")
        return say("From: %s\r\nSubject: to %s\r\n\r\nhello\r\n." % (
            sender or who, to))


def comes(hub, host, login, sender, to):
    hub.wait_for(lambda: (login, sender, [to]) in host.got,
                 "%s of %s does not come" % (to, sender), 30)


def waits(hub, to):
    with sqlite3.connect("file:%s?mode=ro" % os.path.join(
            hub.data, "queue", "queue.db"), uri=True) as db:
        return db.execute("SELECT count(*) FROM outbound WHERE address = ?"
                          " AND length(words) > 0 AND state = 0",
                          (to.encode(),)).fetchone()[0] > 0


def no_password_lies_in(hub, *words):
    for folder, _, names in os.walk(hub.data):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                text = file.read()
            for word in words:
                true(word.encode() not in text, word, "is in", name)


# --- the tests --------------------------------------------------------------

def each_leaves_by_its_own(args):
    """The person's, the domain's, and that of all; the trail says which."""
    everybody, office, ann = Host(), Host("office\0pw-office"), \
        Host("ann@isp.test\0pw-ann")
    hub = make_hub(args, smarthost='"127.0.0.1:%d"' % everybody.port,
                   smarthost_tls='"none"')
    try:
        cli(hub, "domain", "add", "branch.test")
        cli(hub, "account", "add", "carol@branch.test", "--password-file",
            os.path.join(hub.folder, "password"))
        # what is set before the hub runs holds as well
        set_host(hub, "Office.TEST", office, "office", "pw-office")
        hub.start()
        cli(hub, "alias", "add", "info@office.test", ANN)
        said = set_host(hub, "ann", ann, "ann@isp.test", "pw-ann")
        true(ANN in said and str(ann.port) in said, said)
        for who, sender, host, login in (
                (ANN, ANN, ann, ann.login),
                (ANN, "Ann+x@Office.Test", ann, ann.login),
                (ANN, "info@office.test", office, office.login),
                (BOB, BOB, office, office.login),
                ("carol@branch.test", "carol@branch.test", everybody, "")):
            to = "%s@far.test" % sender.partition("@")[0].replace("+", ".")
            said = send(hub, who, to, sender)
            true(said.startswith("250"), said)
            comes(hub, host, login, sender, to)
        for name, to in ((ANN, "ann@far.test"),
                         ("office.test", "bob@far.test")):
            hub.wait_for(lambda name=name, to=to: (
                "by the smarthost of %s; " % name) in cli(
                    hub, "trace", to, check=False)[1],
                         "the trail does not say by which way " + to)
        hub.wait_for(lambda: "without TLS" in cli(
            hub, "trace", "carol@far.test", check=False)[1], "carol's", 30)
        true("by the smarthost" not in cli(hub, "trace",
                                           "carol@far.test")[1])
        rows = json.loads(cli(hub, "--json", "smarthost", "list")[1])
        true([(row["name"], row["user"], row["tls"], row["by"])
              for row in rows["result"]] ==
             [(ANN, "ann@isp.test", "none", "postmaster"),
              ("office.test", "office", "none", "postmaster")], rows)
        for words in (json.dumps(rows), cli(hub, "smarthost", "list")[1]):
            true("pw-" not in words, words)
        no_password_lies_in(hub, "pw-office", "pw-ann")
        true(not ann.refused and not office.refused)
        # who is removed leaves no login behind
        cli(hub, "account", "remove", "ann")
        rows = json.loads(cli(hub, "--json", "smarthost", "list")[1])
        true([row["name"] for row in rows["result"]] == ["office.test"], rows)
    finally:
        hub.remove()


def a_way_of_ones_own_is_enough(args):
    """Where nobody else has one, nobody else may send to other domains."""
    ann = Host("a\0b")
    hub = make_hub(args, smarthost='""')
    try:
        hub.start()
        said = send(hub, ANN, "zoe@far.test")
        true(said.startswith("550 5.7.1 No mail leaves"), said)
        set_host(hub, ANN, ann, "a", "b")
        said = send(hub, ANN, "zoe@far.test")
        true(said.startswith("250"), said)
        comes(hub, ann, ann.login, ANN, "zoe@far.test")
        said = send(hub, BOB, "zoe@far.test")
        true(said.startswith("550 5.7.1 No mail leaves"), said)
        cli(hub, "smarthost", "remove", "ann")
        said = send(hub, ANN, "zoe@far.test")
        true(said.startswith("550 5.7.1 No mail leaves"), said)
    finally:
        hub.remove()


def leaving(hub, to):
    """The row of that recipient in the queue list, or None."""
    rows = json.loads(cli(hub, "--json", "queue", "list")[1])["result"]
    return next((row for row in rows if row["recipient"] == to), None)


def what_has_no_way_is_held(args):
    """What an alias and a forward lead away; a way of any kind lets it go."""
    office, far = Host("a\0b"), Host()
    hub = make_hub(args, smarthost='""', outbound_delay_seconds='"3s"')
    try:
        hub.start()
        cli(hub, "alias", "add", "out@office.test", "one@far.test",
            "two@far.test")
        cli(hub, "forward", "set", BOB, "--to", "bob@far.test", "--keep")
        for to in ("out@office.test", BOB):
            said = send(hub, ANN, to)
            true(said.startswith("250"), said)
        for to in ("one@far.test", "two@far.test", "bob@far.test"):
            hub.wait_for(lambda to=to: "there is no way out" in cli(
                hub, "trace", to, check=False)[1], to + " is not told of", 30)
            row = leaving(hub, to)
            true(row["waits"] == "way" and row["next_try"] == 0 and
                 row["tries"] == 0 and row["way"] == "none" and
                 row["state"] == "no-way", row)
            true("postroom smarthost set" in row["reason"], row)
        words = cli(hub, "queue", "list")[1]
        true("held" in words and "no way" in words, words)
        # who sent it hears that it waits, once, and the postmaster why
        hub.wait_for(lambda: "delayed; " + ANN in cli(
            hub, "trace", "one@far.test")[1], "its sender hears nothing", 60)
        hub.wait_for(lambda: "ostmaster@office.test" in cli(
            hub, "trace", "no way out", check=False)[1],
            "the postmaster hears nothing", 60)
        cli(hub, "queue", "retry", "--all")
        true(leaving(hub, "one@far.test")["waits"] == "way")
        cli(hub, "queue", "reroute", leaving(hub, "bob@far.test")["id"],
            "--to", "127.0.0.1:%d" % far.port)
        hub.wait_for(lambda: far.got, "bob's does not leave", 30)
        true(far.got[0][2] == ["bob@far.test"], far.got)
        hub.kill()
        hub.start()
        set_host(hub, "office.test", office, "a", "b")
        hub.wait_for(lambda: office.got, "the alias's does not leave", 30)
        true([(login, sorted(to)) for login, _, to in office.got] ==
             [(office.login, ["one@far.test", "two@far.test"])], office.got)
        hub.wait_for(lambda: "Nothing waits to leave" in cli(
            hub, "queue", "list")[1], "something waits", 30)
    finally:
        hub.remove()


def what_waits_follows_a_change(args):
    """With its next try: to another host, and to that of all; after a restart."""
    office, old, new = Host(), Host("a\0b"), Host("c\0d")
    hub = make_hub(args, smarthost='"127.0.0.1:%d"' % office.port,
                   smarthost_tls='"none"')
    old.close()
    try:
        hub.start()
        set_host(hub, ANN, old, "a", "b")
        for to in ("one@far.test", "two@far.test"):
            send(hub, ANN, to)
        hub.wait_for(lambda: waits(hub, "one@far.test"), "no try", 30)
        set_host(hub, ANN, new, "c", "d")
        cli(hub, "queue", "retry", "--all", check=False)
        for to in ("one@far.test", "two@far.test"):
            comes(hub, new, new.login, ANN, to)
        set_host(hub, ANN, old, "a", "b")
        send(hub, ANN, "three@far.test")
        hub.wait_for(lambda: waits(hub, "three@far.test"), "no try", 30)
        row = leaving(hub, "three@far.test")
        true((row["way"], row["way_name"]) == ("own", ANN), row)
        true("smarthost of " + ANN in cli(hub, "queue", "show",
                                          row["id"])[1], row)
        hub.stop()
        cli(hub, "smarthost", "remove", ANN)
        hub.start()
        comes(hub, office, "", ANN, "three@far.test")
        true([mail[2] for mail in office.got] == [["three@far.test"]],
             office.got)
    finally:
        hub.remove()


def held(hub):
    """What waits for a person."""
    rows = json.loads(cli(hub, "hold", "list", "--json")[1])["result"]
    return [row["id"] for row in rows]


def nobody_uses_anothers_login(args):
    """Not by a sender that is written there, not with the same name."""
    office, ann = Host(), Host("shared@isp.test\0pw-ann")
    hub = make_hub(args, smarthost='"127.0.0.1:%d"' % office.port,
                   smarthost_tls='"none"')
    try:
        hub.start()
        set_host(hub, ANN, ann, "shared@isp.test", "pw-ann")
        set_host(hub, BOB, ann, "shared@isp.test", "guessed")
        # while the connection of the one waits for her next message
        send(hub, ANN, "one@far.test")
        comes(hub, ann, ann.login, ANN, "one@far.test")
        send(hub, BOB, "two@far.test")
        hub.wait_for(lambda: waits(hub, "two@far.test"), "no try", 30)
        true([mail[2] for mail in ann.got] == [["one@far.test"]], ann.got)
        true(set(ann.refused) == {"shared@isp.test\0guessed"}, ann.refused)
        # from outside, with her address, to an alias that leads out
        cli(hub, "alias", "add", "out@office.test", "three@far.test")
        send(hub, "", "out@office.test", ANN, 25)
        # nothing shows that it is hers, so a person lets it go
        hub.wait_for(lambda: held(hub), "it is not held", 30)
        cli(hub, "hold", "release", held(hub)[0])
        hub.wait_for(lambda: office.got, "it does not leave", 30)
        true(len(ann.got) == 1, ann.got)
    finally:
        hub.remove()


def a_person_names_no_host_inside(args):
    """Unless the postmaster allows it; and one's own needs no --for."""
    ann = Host("a\0b")
    hub = make_hub(args, smarthost='""', people_fetch_hosts='""')
    try:
        hub.start()
        with open(os.path.join(hub.folder, "etc", "tls", "certificate.pem"),
                  encoding="ascii") as file:
            pin = hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read()))
        said = hub.run(
            "--server", "127.0.0.1:%d" % (hub.base + 443), "--login", "ann",
            "--password-file", os.path.join(hub.folder, "password"), "--pin",
            pin.hexdigest(), "smarthost", "set", "--host",
            "127.0.0.1:%d" % ann.port, "--tls", "none", "--user", "a",
            "--password-file", secret(hub, "b"))[1]
        true(ANN in said, said)
        send(hub, ANN, "zoe@far.test")
        hub.wait_for(lambda: "only the postmaster may name a smarthost "
                     "inside the office" in cli(hub, "trace", "zoe@far.test",
                                                check=False)[1],
                     "nobody says why it does not leave", 30)
        true(ann.connections == 0, ann.connections)
        hub.stop()
        hub.configure({"people_fetch_hosts": '"127.0.0.0/8"'})
        hub.start()
        comes(hub, ann, ann.login, ANN, "zoe@far.test")
    finally:
        hub.remove()


TESTS = (each_leaves_by_its_own, a_way_of_ones_own_is_enough,
         what_has_no_way_is_held, what_waits_follows_a_change,
         nobody_uses_anothers_login, a_person_names_no_host_inside)


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "folder", "results"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    failed = False
    for test in TESTS:
        name = test.__name__.replace("_", "-")
        if not name.startswith(os.environ.get("ONLY", "")):
            continue
        began = time.monotonic()
        try:
            test(args)
            word = "pass"
        except Exception:       # pylint: disable=broad-except
            traceback.print_exc()
            word, failed = "fail", True
        print("%s smarthosts/%s (%.1f s)" % (word, name,
                                             time.monotonic() - began))
        with open(args.results, "a", encoding="ascii") as results:
            results.write("%s smarthosts/%s\n" % (word, name))
    return failed


if __name__ == "__main__":
    sys.exit(main())
