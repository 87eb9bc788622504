"""An rspamd, real or misbehaving, beside the hub's own judges.

usage: rspamd_hub.py --base PORT --socket PATH --password FILE
    --results FILE [--real FOLDER]

The hub asks the one at PATH and has 2 seconds for it.  With --real a real
rspamd listens there, in that folder; else one that does everything wrong.
"""
import argparse
import contextlib
import json
import os
import poplib
import re
import smtplib
import socket
import sys
import threading
import time

import rspamd

SILENCE = 60        # seconds; the hub waits for 2
ANSWER = {"is_skipped": False, "score": 7.25, "required_score": 15.0,
          "action": "add header",
          "symbols": {"BAYES_SPAM": {"score": 5.0}, "R_BAD": {"score": 2.25}}}


def http(body, more=b""):
    return b"HTTP/1.1 200 OK\r\n" + more + b"Content-Length: %d\r\n\r\n" % \
        len(body) + body


class Wrong:
    """Listens, reads the question as `kind` wants it, and answers so."""

    def __init__(self, path):
        self.kind, self.asked = None, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.answer, args=(peer, self.kind),
                             daemon=True).start()

    def question(self, peer):
        asked = b""
        while b"\r\n\r\n" not in asked:
            piece = peer.recv(65536)
            if not piece:
                return asked
            asked += piece
        length = int(re.search(rb"Content-Length: (\d+)", asked)[1])
        while len(asked.partition(b"\r\n\r\n")[2]) < length:
            asked += peer.recv(65536)
        return asked

    def answer(self, peer, kind):
        """Until the hub has heard enough and hangs up."""
        with peer, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if kind == "early":
                peer.sendall(http(json.dumps(ANSWER).encode()))
                time.sleep(1)
                return
            if kind == "reset":     # what is not read makes one of a close
                peer.recv(10)
                return
            self.asked.append(self.question(peer))
            if kind == "silence":
                time.sleep(SILENCE)
            elif kind == "drip":
                for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * SILENCE:
                    peer.sendall(bytes([byte]))
                    time.sleep(0.2)
            elif kind != "hang up":
                peer.sendall(self.bytes_of(kind))

    @staticmethod
    def bytes_of(kind):
        right = json.dumps(ANSWER).encode()
        return {
            "right": http(right),
            "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(right), right),
            "huge": http(b'{"a":"' + b"x" * (1 << 20) + b'"}'),
            "huge head": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100000,
            "bad json": http(b'{"score": 1, "action"'),
            "another json": http(b'{"score": "much", "action": []}'),
            "nested": http(b"[" * 100000),
            "cut": http(right)[:-5],
            "no http": b"220 mail.example ESMTP\r\n",
            "an error": b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
        }[kind]


class Scene:
    def __init__(self, args):
        self.args, self.count = args, 0
        with open(args.password, encoding="ascii") as file:
            self.password = file.read().strip()

    def send(self, body=b"hello\r\n"):
        """A letter; its X-Postroom-Rspamd line as it is delivered."""
        self.count += 1
        subject = "letter %d" % self.count
        with smtplib.SMTP("127.0.0.1", self.args.base + 25,
                          timeout=120) as smtp:
            smtp.ehlo("partner.test")
            smtp.mail("bob@partner.test")
            smtp.rcpt("ann@office.test")
            code, words = smtp.data(
                b"From: bob@partner.test\r\nTo: ann@office.test\r\n"
                b"Subject: " + subject.encode() + b"\r\n\r\n" + body)
        if code != 250:
            raise AssertionError("%d %r" % (code, words))
        until = time.monotonic() + 60
        while time.monotonic() < until:
            letter = self.find(subject)
            if letter is not None:
                line = re.search(rb"(?m)^X-Postroom-Rspamd: (.*)\r?$",
                                 letter.replace(b"\n ", b" "))
                return line[1].decode().strip() if line else ""
            time.sleep(0.2)
        raise AssertionError(subject + " does not come")

    def find(self, subject):
        pop = poplib.POP3("127.0.0.1", self.args.base + 110, timeout=60)
        pop.user("ann@office.test")
        pop.pass_(self.password)
        try:
            for number in range(len(pop.list()[1]), 0, -1):
                letter = b"\n".join(pop.retr(number)[1])
                if b"Subject: " + subject.encode() + b"\n" in letter:
                    return letter
        finally:
            pop.quit()
        return None


WANTED = {
    "right": "add-header, 7.25 of 15.00 (BAYES_SPAM R_BAD)",
    "chunked": "add-header, 7.25 of 15.00 (BAYES_SPAM R_BAD)",
    "early": "add-header, 7.25 of 15.00 (BAYES_SPAM R_BAD)",
    "silence": "not asked (it took longer than it may)",
    "drip": "not asked (it took longer than it may)",
    "reset": "not asked (it broke off: Connection reset by peer)",
    "hang up": "not asked (it broke off)",
    "huge": "not asked (its answer is too long)",
    "huge head": "not asked (its answer is too long)",
    "bad json": "not asked (its answer makes no sense)",
    "another json": "not asked (its answer makes no sense)",
    "nested": "not asked (its answer makes no sense)",
    "cut": "not asked (it broke off)",
    "no http": "not asked (its answer is no HTTP)",
    "an error": "not asked (it refused the question)",
}


def check_wrong(scene):
    wrong = Wrong(scene.args.socket)
    for kind, wanted in WANTED.items():
        wrong.kind = kind
        # more than a socket holds, so that it answers before it has all
        line = scene.send(b"x" * 70 + b"\r\n" if kind != "early" else
                          (b"x" * 70 + b"\r\n") * 30000)
        if line != wanted:
            raise AssertionError("%s: %r" % (kind, line))
    asked = wrong.asked[0].decode("latin-1")
    for field in ("From: bob@partner.test", "Helo: partner.test",
                  "Rcpt: ann@office.test", "IP: 127.0.0.1"):
        if field + "\r\n" not in asked.partition("\r\n\r\n")[0] + "\r\n":
            raise AssertionError("it was not told " + field)
    if not asked.rstrip().endswith("x" * 70):
        raise AssertionError("it was not sent the message")
    os.unlink(scene.args.socket)
    wrong.listener.close()
    line = scene.send()
    if not line.startswith("not asked (it cannot be reached: "):
        raise AssertionError("nobody there: %r" % line)


def check_real(scene):
    names = rspamd.Names({})
    daemon = rspamd.Rspamd(scene.args.real, scene.args.base + 99, names.port, {
        "worker-normal.inc": 'bind_socket = "127.0.0.1:%d";\n'
        'bind_socket = "%s mode=0666";\ncount = 1;\n' % (
            scene.args.base + 99, scene.args.socket)})
    try:
        daemon.start()
        line = scene.send()
        if not re.match(r"(no-action|add-header|greylist), -?\d+\.\d\d of "
                        r"15\.00 \([A-Z0-9_ ]*MIME_GOOD", line):
            raise AssertionError("real: %r" % line)
        # the mark that rspamd knows for tests, in two pieces
        line = scene.send(b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-" +
                          b"ANTI-UBE-TEST-EMAIL*C.34X\r\n")
        if not line.startswith("reject, ") or "GTUBE" not in line:
            raise AssertionError("spam: %r" % line)
    finally:
        daemon.stop()


def main():
    args = argparse.ArgumentParser(usage=__doc__)
    args.add_argument("--base", type=int, required=True)
    args.add_argument("--socket", required=True)
    args.add_argument("--password", required=True)
    args.add_argument("--results", required=True)
    args.add_argument("--real")
    args = args.parse_args()
    scene = Scene(args)
    name, check = ("a real rspamd is asked, and its score told", check_real) \
        if args.real else ("an rspamd that misbehaves delays no mail, and "
                           "that is told", check_wrong)
    try:
        check(scene)
        words = "pass " + name
    except (AssertionError, OSError) as error:
        words = "fail %s" % name
        print("rspamd: %s" % error)
    with open(args.results, "a", encoding="ascii") as file:
        file.write(words + "\n")
    sys.exit(0 if words.startswith("pass") else 1)


main()
