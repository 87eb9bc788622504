#!/usr/bin/env python3
"""Logins by SCRAM-SHA-256 (RFC 5802, RFC 7677), by IMAP, POP3 and SMTP.

usage: scram.py --base PORT --folder DIR --results FILE

The client is our own, so that it can also say what no client should.  One line
of FILE for each test: "pass scram-...", "fail scram-...", or "skip ..." for a
program that is not installed.
"""

import argparse
import base64
import glob
import hashlib
import hmac
import os
import shutil
import socket
import ssl
import subprocess
import sys
import traceback

GUARD = 120         # seconds for one answer or one program; only a guard
ANN = "ann@office.test"


def true(truth, *words):
    if not truth:
        raise AssertionError(" ".join(str(word) for word in words))


def b64(data):
    return base64.b64encode(data).decode()


class Line:
    """A connection of lines, in clear or in TLS of one version."""

    def __init__(self, port, version=None):
        self.sock = socket.create_connection(("127.0.0.1", port), GUARD)
        self.end_point = b""
        if version is not None:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.minimum_version = context.maximum_version = version
            self.sock = context.wrap_socket(self.sock)
            # RFC 5929 4: our certificates are signed with SHA-256
            self.end_point = hashlib.sha256(
                self.sock.getpeercert(binary_form=True)).digest()
        self.file = self.sock.makefile("rb")
        self.greeting = self.hear()

    def hear(self):
        return self.file.readline().decode().rstrip("\r\n")

    def say(self, line):
        self.sock.sendall(line.encode() + b"\r\n")

    def ask(self, line):
        self.say(line)
        return self.hear()


class Imap(Line):
    """What SCRAM needs of IMAP."""

    plain_port, tls_port, more = 143, 993, "+ "
    yes, no, bad = "a OK ", "a NO [AUTHENTICATIONFAILED] ", "a BAD "

    def mechanisms(self):
        words = self.ask("c CAPABILITY").split()
        true(self.hear().startswith("c OK"), "capability")
        return [word[5:] for word in words if word.startswith("AUTH=")]

    def begin(self, mechanism, first):
        return self.ask("a AUTHENTICATE %s %s" % (mechanism, first))

    def works(self):
        true(self.ask("s STATUS INBOX (MESSAGES)").startswith("* STATUS"),
             "no mailbox")
        true(self.hear().startswith("s OK"), "status")


class Pop3(Line):
    """What SCRAM needs of POP3."""

    plain_port, tls_port, more = 110, 995, "+ "
    yes, no, bad = "+OK ", "-ERR [AUTH] ", "-ERR "

    def mechanisms(self):
        found = []
        true(self.ask("CAPA").startswith("+OK"), "CAPA")
        while (line := self.hear()) != ".":
            if line.startswith("SASL "):
                found = line.split()[1:]
        return found

    def begin(self, mechanism, first):
        if len(first) < 200:        # RFC 5034 4: it must fit into the line
            return self.ask("AUTH %s %s" % (mechanism, first))
        true(self.ask("AUTH " + mechanism) == "+ ", "no challenge")
        return self.ask(first)

    def works(self):
        true(self.ask("STAT").startswith("+OK "), "STAT")


class Submission(Line):
    """What SCRAM needs of SMTP."""

    plain_port, tls_port, more = 587, 465, "334 "
    yes, no, bad = "235 2.7.0 ", "535 5.7.8 ", "501 5.5.2 "

    def __init__(self, port, version=None):
        super().__init__(port, version)
        self.found = []
        self.say("EHLO client.example")
        while (line := self.hear()).startswith("250-"):
            if line.startswith("250-AUTH "):
                self.found = line.split()[1:]
        true(line.startswith("250 "), line)

    def mechanisms(self):
        return self.found

    def begin(self, mechanism, first):
        return self.ask("AUTH %s %s" % (mechanism, first))

    def works(self):
        true(self.ask("MAIL FROM:<%s>" % ANN).startswith("250 "), "MAIL")


def attributes(line, challenge):
    """The letters and values of a message of the server."""
    true(challenge.startswith(line.more), challenge)
    message = base64.b64decode(challenge[len(line.more):],
                               validate=True).decode()
    return message, dict(part.split("=", 1) for part in message.split(","))


# What may be done otherwise than a good client does it.
GOOD = {"user": ANN, "password": "secret", "header": "n,,", "data": b"",
        "nonce": "rOprNGfwEbeRWgbNjRqO", "mechanism": "SCRAM-SHA-256",
        "spoil": lambda message: message}


def salt_of(line, user):
    """Salt and rounds that this name is told."""
    bare = "n=%s,r=%s" % (user, GOOD["nonce"])
    message, said = attributes(line, line.begin(
        "SCRAM-SHA-256", b64(b"n,," + bare.encode())))
    true(line.ask("*").startswith(line.bad), message)
    return said["s"], said["i"]


def scram(line, **otherwise):
    """The answer to the proof; what the server proves is held to be true."""
    how = dict(GOOD, **otherwise)
    bare = "n=%s,r=%s" % (how["user"].replace("=", "=3D").replace(",", "=2C"),
                          how["nonce"])
    answer = line.begin(how["mechanism"],
                        b64((how["header"] + bare).encode()))
    if not answer.startswith(line.more):
        return answer
    server_first, said = attributes(line, answer)
    true(said["r"].startswith(how["nonce"]) and
         len(said["r"]) > len(how["nonce"]) + 16, "nonce", server_first)
    true(int(said["i"]) >= 4096, "rounds", server_first)
    salted = hashlib.pbkdf2_hmac("sha256", how["password"].encode(),
                                 base64.b64decode(said["s"]), int(said["i"]))

    def mac(key, text):
        return hmac.new(key, text.encode(), hashlib.sha256).digest()
    client = mac(salted, "Client Key")
    unproved = "c=%s,r=%s" % (b64(how["header"].encode() + how["data"]),
                              said["r"])
    message = ",".join((bare, server_first, unproved))
    signature = mac(hashlib.sha256(client).digest(), message)
    proof = bytes(a ^ b for a, b in zip(client, signature))
    answer = line.ask(b64(how["spoil"](
        unproved + ",p=" + b64(proof)).encode()))
    if not answer.startswith(line.more):
        return answer
    _, said = attributes(line, answer)
    true(base64.b64decode(said["v"]) == mac(mac(salted, "Server Key"),
                                            message), "who are you?")
    return line.ask("")


KINDS = (Imap, Pop3, Submission)


def plain(args, kind):
    return kind(args.base + kind.plain_port)


def safe(args, kind, version=ssl.TLSVersion.TLSv1_3):
    return kind(args.base + kind.tls_port, version)


def both_prove_the_password(args, kind):
    line = plain(args, kind)
    true(line.mechanisms() == ["SCRAM-SHA-256", "PLAIN", "LOGIN"],
         line.mechanisms())
    answer = scram(line)
    true(answer.startswith(line.yes), answer)
    line.works()
    line = safe(args, kind)
    true(line.mechanisms()[:2] == ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"],
         line.mechanisms())
    answer = scram(line, user="Ann")
    true(answer.startswith(line.yes), answer)
    line.works()


def it_is_bound_to_tls(args, kind):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        line = safe(args, kind, version)
        bind = {"mechanism": "SCRAM-SHA-256-PLUS",
                "header": "p=tls-server-end-point,,"}
        answer = scram(line, data=hashlib.sha256(b"another").digest(), **bind)
        true(answer.startswith(line.bad), answer)
        answer = scram(line, data=line.end_point, **bind)
        true(answer.startswith(line.yes), answer)
        line.works()


def who_could_bind_must(args, kind):
    line = safe(args, kind)
    # RFC 5802 6: "y" where we can is a sign of somebody in between
    answer = scram(line, header="y,,")
    true(answer.startswith(line.bad), answer)
    answer = scram(line, header="p=tls-unique,,",
                   mechanism="SCRAM-SHA-256-PLUS")
    true(answer.startswith(line.bad), answer)
    line = plain(args, kind)
    answer = line.begin("SCRAM-SHA-256-PLUS", b64(b"n,,n=x,r=y"))
    true(not answer.startswith(line.more), answer)
    answer = scram(line, header="y,,")
    true(answer.startswith(line.yes), answer)


def a_wrong_password_is_refused(args, kind):
    line = plain(args, kind)
    answer = scram(line, password="Secret")
    true(answer.startswith(line.no), answer)
    answer = scram(line, user="bob", password="secret")
    true(answer.startswith(line.no), answer)
    answer = scram(line)
    true(answer.startswith(line.yes), answer)


def nobody_acts_for_another(args, kind):
    line = plain(args, kind)
    answer = scram(line, header="n,a=ben@office.test,")
    true(answer.startswith(line.no), answer)
    answer = scram(line, header="n,a=%s," % ANN)
    true(answer.startswith(line.yes), answer)


def names_cannot_be_found_out(args, kind):
    one = [salt_of(plain(args, kind), name) for name in
           ("bob", "Bob@Office.test", "bob@office.test")]
    true(len(set(one)) == 1, one)
    ann = [salt_of(plain(args, kind), name) for name in
           ("ann", "ANN@office.test")]
    true(len(set(ann)) == 1, ann)
    true(len(one[0][0]) == len(ann[0][0]) and one[0][1] == ann[0][1], one)
    true(len({one[0], ann[0], salt_of(plain(args, kind), "carl")}) == 3, ann)


def what_was_overheard_proves_nothing_again(args, kind):
    """HARDENING A52: the server's half of the nonce is another each time."""
    heard = []

    def keep(said):
        heard.append(said)
        return said
    for mine in (plain, safe):
        answer = scram(mine(args, kind), spoil=keep)
        true(answer.startswith(kind.yes), answer)
    for old in heard:
        for again in (lambda said, old=old: old,
                      lambda said, old=old: said.split(",p=")[0] + ",p=" +
                      old.split(",p=")[1]):
            line = plain(args, kind)
            answer = scram(line, spoil=again)
            true(answer.startswith((line.bad, line.no)), answer)
            answer = scram(line)
            true(answer.startswith(line.yes), answer)


def what_is_no_message_is_refused(args, kind):
    for spoil in (lambda said: said.replace(",r=", ",r=x"),
                  lambda said: "x" + said,
                  lambda said: said[:-4] + "AA==",
                  lambda said: said.split(",p=")[0]):
        line = plain(args, kind)
        answer = scram(line, spoil=spoil)
        true(answer.startswith(line.bad), answer)
        answer = scram(line)
        true(answer.startswith(line.yes), answer)
    for first in (b"", b"n,,", b"n,,n=,r=x", b"n,,n=a", b"q,,n=a,r=x",
                  b"n,,m=x,n=a,r=x", b"n,,n=a,r=\x01", b"p=,,n=a,r=x",
                  b"n,,n=a=2D,r=x", b"n,,n=" + b"a" * 256 + b",r=x",
                  b"n,,n=a,r=" + b"x" * 129, b"\0,,n=a,r=x"):
        line = plain(args, kind)
        answer = line.begin("SCRAM-SHA-256", b64(first) or "=")
        true(not answer.startswith(line.more), first, answer)


def run(*command):
    ended = subprocess.run(command, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=GUARD, check=False)
    true(ended.returncode == 0, command[0], "ended with", ended.returncode,
         ended.stdout.decode("utf-8", "replace")[-2000:])
    return ended.stdout.decode("utf-8", "replace")


def speaks(program):
    """Is it there, with what it needs for SCRAM?"""
    return shutil.which(program) is not None and (
        program != "mbsync" or glob.glob("/usr/lib/*/sasl2/libscram.so*") or
        glob.glob("/usr/lib/sasl2/libscram.so*"))


def by_mbsync(args):
    """Cyrus SASL, in clear and in TLS."""
    certificate = os.path.join(args.folder, "hub/etc/tls/certificate.pem")
    for port, tls in ((143, "None"),
                      (993, "IMAPS\nCertificateFile " + certificate)):
        rc = os.path.join(args.folder, "scram.mbsyncrc")
        os.makedirs(os.path.join(args.folder, "scram"), exist_ok=True)
        with open(rc, "w", encoding="utf-8") as file:
            file.write("IMAPAccount hub\nHost 127.0.0.1\nPort %d\nUser %s\n"
                       "Pass secret\nSSLType %s\nAuthMechs SCRAM-SHA-256\n\n"
                       "IMAPStore far\nAccount hub\n\nMaildirStore near\n"
                       "Inbox %s/scram/Inbox\n\nChannel all\nFar :far:\n"
                       "Near :near:\nCreate Near\nSyncState *\n"
                       % (args.base + port, ANN, tls, args.folder))
        said = run("mbsync", "-c", rc, "-D", "all")
        true("AUTHENTICATE SCRAM-SHA-256" in said, said[-2000:])


def by_mpop(args):
    """GNU SASL, in clear and in TLS."""
    for port, tls in ((110, "tls off"),
                      (995, "tls on\ntls_starttls off\ntls_certcheck off")):
        rc = os.path.join(args.folder, "scram.mpoprc")
        with open(rc, "w", encoding="utf-8") as file:
            file.write("account a\nhost 127.0.0.1\nport %d\nuser %s\n"
                       "password secret\nauth scram-sha-256\n%s\nkeep on\n"
                       "delivery mbox %s/scram.mbox\n"
                       "uidls_file %s/scram.uidls\n"
                       % (args.base + port, ANN, tls, args.folder,
                          args.folder))
        os.chmod(rc, 0o600)
        said = run("mpop", "-d", "-C", rc, "a")
        true("AUTH SCRAM-SHA-256" in said, said[-2000:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=int, required=True)
    for name in ("folder", "results"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    plays = [("%s-%s" % (test.__name__.replace("_", "-"),
                         kind.__name__.lower()),
              lambda test=test, kind=kind: test(args, kind))
             for test in (both_prove_the_password, it_is_bound_to_tls,
                          who_could_bind_must, a_wrong_password_is_refused,
                          nobody_acts_for_another, names_cannot_be_found_out,
                          what_was_overheard_proves_nothing_again,
                          what_is_no_message_is_refused)
             for kind in KINDS]
    bad = 0
    with open(args.results, "a", encoding="utf-8") as file:
        for name, play in plays + [("mbsync", lambda: by_mbsync(args)),
                                   ("mpop", lambda: by_mpop(args))]:
            if name in ("mbsync", "mpop") and not speaks(name):
                file.write("skip scram-%s: it is not installed\n" % name)
                continue
            try:
                play()
                file.write("pass scram-%s\n" % name)
            except Exception:  # pylint: disable=broad-except
                file.write("fail scram-%s\n" % name)
                print("scram-" + name)
                traceback.print_exc()
                bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
