#!/usr/bin/env python3
"""Mail from Dovecot into a running hub, and out over POP3, byte for byte.

usage: multipop.py --bin DIR --conf FILE --pop3 PORT --folder DIR
                   --results FILE MAIL

One user of a Dovecot of our own, on 127.0.0.1, for each way of connecting and
of logging in; the mail goes into their maildirs as files.  What Dovecot sends
of it is the file with CRLF line ends; what the hub keeps of that has bare CR
made CRLF and NUL made 0x80.
"""

import argparse
import collections
import hashlib
import json
import os
import poplib
import re
import signal
import socket
import ssl
import subprocess
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             os.pardir))

# pylint: disable=wrong-import-position
from delivered import as_it_came    # noqa: E402
from ports import free_ports        # noqa: E402

USERS = (       # name, tls, mechanism
    ("clear", "none", "auto"), ("stls", "starttls", "auto"),
    ("pop3s", "implicit", "auto"), ("plain", "starttls", "plain"),
    ("login", "implicit", "login"), ("cram", "none", "cram-md5"),
    ("apop", "none", "apop"), ("deleted", "implicit", "plain"),
)
MOST = 500              # messages of a corpus
PASSWORD = "pass word %41"
ID = 5000               # any user that is nobody else's
GUARD = 300.0

CONF = """
protocols = pop3
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 apop
first_valid_uid = {id}
mail_location = maildir:~/Maildir
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={id} gid={id} home={folder}/mail/%n
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
namespace inbox {{
  inbox = yes
}}
"""


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def kept(data):
    """What the hub must hold of this file."""
    data = re.sub(rb"(?<!\r)\n", b"\r\n", data)
    if data and not data.endswith(b"\r\n"):
        data += b"\r\n"
    return re.sub(rb"\r(?!\n)", b"\r\n", data).replace(b"\0", b"\x80")


class Dovecot:
    def __init__(self, folder, shares):
        self.folder = os.path.join(folder, "dovecot")
        self.clear, self.tls = free_ports(2)
        write(os.path.join(self.folder, "users"), "".join(
            "%s:{PLAIN}%s\n" % (name, PASSWORD) for name, _, _ in USERS))
        write(os.path.join(self.folder, "dovecot.conf"), CONF.format(
            folder=self.folder, id=ID, pop3=self.clear, pop3s=self.tls))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=provider.test", "-keyout", self.folder + "/key.pem", "-out",
             self.folder + "/certificate.pem"], check=True,
            stderr=subprocess.DEVNULL)
        for name, files in shares.items():
            box = os.path.join(self.folder, "mail", name, "Maildir")
            for part in ("new", "cur", "tmp"):
                os.makedirs(os.path.join(box, part))
            for i, data in enumerate(files):
                write(os.path.join(box, "new", "%d.M%d.test" % (
                    1700000000 + i, i)), data)
        subprocess.run(["chown", "-R", str(ID), self.folder + "/mail"],
                       check=True)
        # every folder above must let Dovecot's users through
        os.chmod(folder, 0o711)
        self.process = subprocess.Popen(
            ["/usr/sbin/dovecot", "-F", "-c", self.folder + "/dovecot.conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                with socket.create_connection(("127.0.0.1", self.clear), 5) \
                        as sock:
                    if sock.recv(100).startswith(b"+OK"):
                        return
            except OSError:
                pass
            time.sleep(0.05)
        raise OSError("Dovecot does not begin: " + self.log())

    def log(self):
        try:
            with open(self.folder + "/dovecot.log", encoding="utf-8") as file:
                return file.read()[-1000:]
        except OSError:
            return ""

    def pin(self):
        with open(self.folder + "/certificate.pem", encoding="ascii") as file:
            return hashlib.sha256(
                ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()

    def left(self, name):
        box = os.path.join(self.folder, "mail", name, "Maildir")
        return sum(len(os.listdir(os.path.join(box, part)))
                   for part in ("new", "cur"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(GUARD)


def letters(port):
    poplib._MAXLINE = 1 << 24
    box = poplib.POP3("127.0.0.1", port, timeout=120)
    box.user("ann")
    box.pass_("secret")
    for n in range(1, box.stat()[0] + 1):
        data = b"".join(line + b"\r\n" for line in box.retr(n)[1])
        yield as_it_came(data)
    box.quit()


class Test:
    def __init__(self, args):
        self.args = args
        self.results = open(args.results, "a", encoding="utf-8")
        self.failed = False
        paths = sorted(os.path.join(folder, name) for folder, _, names in
                       os.walk(args.mail) for name in names)[:MOST]
        files = []
        for path in paths:
            with open(path, "rb") as file:
                files.append(file.read())
        # one user has it all, the others a few each
        self.shares = {name: [b"X-Way: %s\n" % name.encode() + data
                              for data in (files if name == "deleted" else
                                           files[i::len(USERS)] or files[:1])]
                       for i, (name, _, _) in enumerate(USERS)}

    def say(self, good, name, why=""):
        self.failed = self.failed or not good
        line = "%s multipop %s %s" % ("pass" if good else "fail", name,
                                      "" if good else why)
        self.results.write(line.strip().splitlines()[0] + "\n")
        self.results.flush()
        if not good:
            print(line)

    def postroom(self, *words):
        done = subprocess.run(
            [os.path.join(self.args.bin, "postroom"), "-c", self.args.conf,
             *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=GUARD, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def collect(self, dovecot, name, tls, mechanism):
        secret = os.path.join(self.args.folder, "secret")
        write(secret, PASSWORD + "\n")
        words = ["fetch", "add", "ann@office.test", "--label", name, "--host",
                 "127.0.0.1", "--port", str(
                     dovecot.tls if tls == "implicit" else dovecot.clear),
                 "--tls", tls, "--user", name, "--password-file", secret,
                 "--mechanism", mechanism, "--all"]
        words += ["--delete-after", "0"] if name == "deleted" else ["--keep"]
        words += ["--pin", dovecot.pin()] if tls != "none" else []
        code, text = self.postroom(*words)
        if code != 0:
            return "fetch add: " + text
        for wanted in (len(self.shares[name]), 0):
            code, text = self.postroom("fetch", "now", "ann@office.test",
                                       "--label", name, "--json")
            if code != 0:
                return "fetch now: " + text
            taken = json.loads(text)["result"][0]["taken"]
            if taken != wanted:
                return "%d of %d taken" % (taken, wanted)
        left = dovecot.left(name)
        if left != (0 if name == "deleted" else len(self.shares[name])):
            return "%d are left there" % left
        return ""

    def compare(self):
        wanted = collections.Counter(kept(data) for share in
                                     self.shares.values() for data in share)
        until = time.monotonic() + 30
        while True:
            found = collections.Counter(letters(self.args.pop3))
            if sum(found.values()) >= sum(wanted.values()) or \
                    time.monotonic() > until:
                break
            time.sleep(0.2)
        missing, extra = wanted - found, found - wanted
        for data in [*missing][:2] + [*extra][:2]:
            print(len(data), data[:400])
        self.say(not missing and not extra,
                 "%d messages byte for byte" % sum(wanted.values())
                 if not missing and not extra else "byte for byte",
                 "%d missing, %d unknown" % (sum(missing.values()),
                                             sum(extra.values())))

    def run(self):
        dovecot = Dovecot(self.args.folder, self.shares)
        try:
            for name, tls, mechanism in USERS:
                why = self.collect(dovecot, name, tls, mechanism)
                self.say(not why, "by %s, TLS %s, login %s" % (
                    name, tls, mechanism), why)
        finally:
            dovecot.stop()
        self.compare()
        if self.failed:
            print(dovecot.log())
        return self.failed


def main():
    parser = argparse.ArgumentParser()
    for name in ("--bin", "--conf", "--folder", "--results"):
        parser.add_argument(name, required=True)
    parser.add_argument("--pop3", type=int, required=True)
    parser.add_argument("mail")
    test = Test(parser.parse_args())
    try:
        return test.run()
    except (OSError, ValueError, KeyError, poplib.error_proto,
            subprocess.SubprocessError) as fault:
        test.say(False, "broke off", str(fault))
        return True


if __name__ == "__main__":
    sys.exit(main())
