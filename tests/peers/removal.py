"""A rule removes attachments; what is left is whole, and so is what is held.

Letters are read over POP3 and taken apart by Python's email package, a reader
that is not ours: every part but the removed one is as it was sent, byte for byte.

usage: removal.py --bin DIR --base PORT --folder DIR --hub PID --results FILE
"""

import argparse
import base64
import email
import email.policy
import json
import os
import poplib
import random
import re
import signal
import smtplib
import subprocess
import sys
import time
import traceback

GUARD = 180         # seconds: something is very wrong
RULES = r'''rule "no programs" {
	attachment name /\.exe$/i
	do remove attachment
}
rule "real programs" {
	shadow
	attachment real application/x-dosexec
	do remove attachment
}
'''
EXE = b"MZ" + bytes(range(256)) * 8
ORIGINAL = "original of a message with an attachment removed"


def part(kind, data, *fields):
    return b"\r\n".join(
        (b"Content-Type: " + kind,) + fields +
        (b"Content-Transfer-Encoding: base64", b"",
         base64.encodebytes(data).replace(b"\n", b"\r\n").rstrip()))


def multi(kind, boundary, *parts, end=True):
    return b"Content-Type: multipart/%s; boundary=\"%s\"\r\n\r\n" \
        b"for old readers\r\n--%s\r\n" % (kind, boundary, boundary) + \
        (b"\r\n--" + boundary + b"\r\n").join(parts) + \
        (b"\r\n--" + boundary + b"--\r\n" if end else b"\r\n")


TEXT = b"Content-Type: text/plain; charset=utf-8\r\n" \
    b"Content-Transfer-Encoding: 8bit\r\n\r\nHalo, terlampir \xe2\x80\x94 ann"
HTML = b"Content-Type: text/html\r\nContent-Transfer-Encoding: " \
    b"quoted-printable\r\n\r\n<p>Halo =E2=80=94 ann"
PROGRAM = part(b"application/x-msdownload; name=\"run.exe\"", EXE,
               b"Content-Disposition: attachment; filename=\"run.exe\"")
PDF = part(b"application/pdf; name=bill.pdf", b"%PDF-1.4 " + bytes(3000),
           b"Content-ID: <a@b>")
BIG = part(b"application/octet-stream; name=data.bin",
           random.Random(7).randbytes(300000))
TOP = b"From: z@far.test\r\nMIME-Version: 1.0\r\n"

# what comes, by its subject, and how many programs are in it
MAIL = {
    "mixed": (multi(b"mixed", b"one", TEXT, PROGRAM, PDF), 1),
    "first": (multi(b"mixed", b"one", PROGRAM, TEXT), 1),
    "two": (multi(b"mixed", b"one", PROGRAM, TEXT, PROGRAM), 2),
    "deep": (multi(b"mixed", b"one", multi(
        b"alternative", b"two", TEXT, multi(b"related", b"three", HTML,
                                            PROGRAM)), PDF), 1),
    "open": (multi(b"mixed", b"one", TEXT, PROGRAM, end=False), 1),
    "nested": (multi(b"mixed", b"one", TEXT,
                     b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n" +
                     multi(b"mixed", b"four", TEXT, PROGRAM, PDF)), 1),
    "signed": (multi(b"signed", b"one", multi(b"mixed", b"two", TEXT, PROGRAM),
                     part(b"application/pkcs7-signature", b"sign")), 1),
    "whole": (PROGRAM + b"\r\n", 1),
    "big": (multi(b"mixed", b"one", BIG, PROGRAM, PDF), 1),
    "big program": (multi(b"mixed", b"one", TEXT, part(
        b"application/octet-stream; name=setup.EXE", EXE * 200), PDF), 1),
}
HELD = multi(b"mixed; boundary=other", b"one", TEXT, PROGRAM)


class Scene:
    def __init__(self, args):
        self.args = args
        self.sent = {}
        self.letters = {}

    def path(self, *names):
        return os.path.join(self.args.folder, *names)

    def command(self, *words):
        done = subprocess.run(
            [os.path.join(self.args.bin, "postroom"), "-c",
             self.path("hub/etc/postroom.conf"), *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False, timeout=GUARD)
        if done.returncode != 0:
            raise ValueError("%s: %d, %s%s" % (words, done.returncode,
                                               done.stdout, done.stderr))
        return done.stdout

    def log(self):
        with open(self.path("log"), encoding="utf-8") as file:
            return file.read()

    def begin(self):
        with open(self.path("hub/etc/rules/office.rule"), "w",
                  encoding="utf-8") as file:
            file.write(RULES)
        before = self.log().count("ready")
        os.kill(self.args.hub, signal.SIGHUP)
        wait("ready", lambda: self.log().count("ready") > before)

    def send(self, subject, body):
        self.sent[subject] = TOP + b"Subject: " + subject.encode() + \
            b"\r\n" + body
        with smtplib.SMTP("127.0.0.1", self.args.base + 25,
                          timeout=GUARD) as smtp:
            smtp.sendmail("z@far.test", ["ann@office.test"],
                          self.sent[subject])

    def read(self):
        """All letters, in their order, and the new ones by their subject."""
        box = poplib.POP3("127.0.0.1", self.args.base + 110, timeout=GUARD)
        box.user("ann@office.test")
        box.pass_("secret")
        letters = []
        for n in range(box.stat()[0]):
            letters.append(b"\r\n".join(box.retr(n + 1)[1]) + b"\r\n")
        box.quit()
        return letters

    def held(self):
        return json.loads(self.command("hold", "list", "--json"))["result"]


def wait(what, is_it):
    end = time.monotonic() + GUARD
    while time.monotonic() < end:
        got = is_it()
        if got:
            return got
        time.sleep(0.2)
    raise ValueError("never: " + what)


def subject_of(data):
    return str(email.message_from_bytes(
        data, policy=email.policy.default)["subject"])


def leaves(data):
    """Of each part without parts: its header and its body as they stand."""
    message = email.message_from_bytes(data, policy=email.policy.SMTP)
    return message, [x for x in message.walk() if not x.is_multipart()]


def is_note(leaf):
    return leaf.get_content_type() == "text/plain" and \
        "removed here" in leaf.get_payload(decode=True).decode("utf-8")


def is_program(leaf):
    return (leaf.get_filename() or "").lower().endswith(".exe")


def same(one, other):
    if one.items() != other.items() or \
            one.get_payload() != other.get_payload():
        raise ValueError("%s is not %s" % (other.items(), one.items()))


def delivered(scene):
    for subject, (body, _) in MAIL.items():
        scene.send(subject, body)
    got = wait("letters", lambda: (lambda x: x if len(x) == len(MAIL) else
                                   None)(scene.read()))
    scene.letters = {subject_of(x): x for x in got}
    if sorted(scene.letters) != sorted(MAIL):
        raise ValueError("%s" % sorted(scene.letters))


def replaced(scene):
    for subject, (_, programs) in MAIL.items():
        message, new = leaves(scene.letters[subject])
        old = leaves(scene.sent[subject])[1]
        if subject != "open" and message.defects:
            raise ValueError("%s: %s" % (subject, message.defects))
        if len(old) != len(new):
            raise ValueError("%s: %d, %d parts" % (subject, len(old),
                                                   len(new)))
        notes = 0
        for was, now in zip(old, new):
            if not is_program(was):
                same(was, now)
                continue
            notes += 1
            if not is_note(now) or "name: %s\n" % was.get_filename() not in \
                    now.get_payload(decode=True).decode().replace("\r", ""):
                raise ValueError("%s: %s" % (subject, now.as_string()))
        if notes != programs or b"\nTVoAAQ" in scene.letters[subject]:
            raise ValueError("%s: %d notes" % (subject, notes))


def untouched(scene):
    """Line by line: what is not the part is what was sent, where it was."""
    for subject, letter in scene.letters.items():
        if subject == "whole":
            continue
        sent, rest = scene.sent[subject], letter[letter.index(TOP):]
        for piece in sent.replace(
                part(b"application/octet-stream; name=setup.EXE", EXE * 200),
                PROGRAM).split(PROGRAM):
            at = rest.index(piece.rstrip(b"\r\n"))
            if piece.startswith(TOP) and at != 0:
                raise ValueError("%s: its header" % subject)
            rest = rest[at + len(piece.rstrip(b"\r\n")):]
        if rest.strip() and subject != "open":
            raise ValueError("%s: %r is behind it" % (subject, rest))


def noted(scene):
    """Only where it was signed the note says that it is no more."""
    for subject, letter in scene.letters.items():
        notes = [x for x in leaves(letter)[1] if is_note(x)]
        text = notes[0].get_payload(decode=True).decode()
        if ("had signed or encrypted" in text) != (subject == "signed"):
            raise ValueError("%s: %s" % (subject, text))
        if "rule: no programs" not in text:
            raise ValueError(text)
        line = email.message_from_bytes(letter)["X-Postroom-Removed"]
        if 'rule "no programs"' not in line or ".exe" not in line.lower():
            raise ValueError(line)


def kept(scene):
    """Each is held under the number that its note tells, whole."""
    held = {x["id"]: x for x in scene.held()}
    if len(held) != len(MAIL):
        raise ValueError("%d held: %s" % (len(held), held))
    for subject, letter in scene.letters.items():
        note = [x for x in leaves(letter)[1] if is_note(x)][0]
        number = re.findall(r"    ([0-9a-z]{16})\s*$",
                            note.get_payload(decode=True).decode())[0]
        row = held[number]
        if ORIGINAL not in json.dumps(row) or \
                row["bytes"] != len(scene.sent[subject]):
            raise ValueError("%s: %s" % (subject, row))
        scene.command("hold", "release", number)
    got = wait("what was released", lambda: (
        lambda x: x if len(x) == 2 * len(MAIL) else None)(scene.read()))
    for letter in got[len(MAIL):]:
        subject = subject_of(letter)
        if letter[letter.index(TOP):] != scene.sent[subject]:
            raise ValueError("%s is not as it came" % subject)
    if scene.held():
        raise ValueError("still held: %s" % scene.held())


def traced(scene):
    said = scene.command("trace", "mixed")
    for words in ('removed: attachment "run.exe" (application/x-msdownload, '
                  '2050 bytes, rule "no programs")',
                  "the message as it came is held as", "real programs"):
        if words not in said:
            raise ValueError("%r is not in %s" % (words, said))


def uncertain(scene):
    """Other readers would see other parts: nobody gets any of it."""
    scene.send("uncertain", HELD)
    row = wait("a hold", scene.held)
    if len(row) != 1 or 'could not be examined' not in json.dumps(row) or \
            row[0]["bytes"] != len(scene.sent["uncertain"]):
        raise ValueError("%s" % row)
    if len(scene.read()) != 2 * len(MAIL):
        raise ValueError("it was delivered")


def tried(scene):
    path = scene.path("mixed.eml")
    with open(path, "wb") as file:
        file.write(scene.sent["mixed"])
    said = scene.command("rule", "test", "--in-force", path)
    if 'would be removed: attachment "run.exe"' not in said or \
            "-> remove attachment" not in said:
        raise ValueError(said)
    got = json.loads(scene.command("rule", "test", "--in-force", path,
                                   "--json"))["result"][0]
    if 'attachment "run.exe"' not in got["removed"] or \
            got["action"] != "mark":
        raise ValueError("%s" % got)


STEPS = (
    ("mail with programs in it is delivered", delivered),
    ("another reader finds a note for each program and all else", replaced),
    ("no other byte is changed", untouched),
    ("the note says what is to be said", noted),
    ("what is released is what was sent", kept),
    ("the history says what was removed and by which rule", traced),
    ("what is not certain is held", uncertain),
    ("a trial says what would be removed", tried),
)


def main():
    parser = argparse.ArgumentParser(description="see the head of the file")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--base", required=True, type=int)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--hub", required=True, type=int)
    parser.add_argument("--results", required=True)
    args = parser.parse_args()
    scene, failed = Scene(args), 0
    scene.begin()
    with open(args.results, "a", encoding="utf-8") as results:
        for name, step in STEPS:
            try:
                step(scene)
                results.write("pass removal: %s\n" % name)
            except (ValueError, OSError, KeyError, IndexError, TypeError,
                    smtplib.SMTPException, poplib.error_proto,
                    subprocess.SubprocessError):
                failed = 1
                traceback.print_exc()
                results.write("fail removal: %s\n" % name)
    return failed


if __name__ == "__main__":
    sys.exit(main())
