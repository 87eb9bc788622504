#!/usr/bin/env python3
"""What a receiver decodes is what was stored, whatever its host can take.

usage: leaving.py --tool FILE --folder DIR MAIL ...

Every file below MAIL, and some made here, is one message (its line ends become
CRLF).  The tool (leaving.c) says what a host with and without 8BITMIME is sent;
Python's email reads that and what was stored, part by part.
"""

import argparse
import email
import email.policy
import os
import re
import subprocess
import sys

LINE_MOST = 998

ACCENT = "caf\u00e9 ".encode()
LONG = b"word " * 400
SMUGGLED = [b"\n.\n", b"\n.\r", b"\r.\n", b"\r.\r", b"\n.\r\n", b"\r.\r\n",
            b"\r\n.\n", b"\r\n\0.\r\n", b"\r\n.\r\r\n", b"\r\r\n.\r\r\n"]


def made():
    """Messages that no folder has."""
    text = (b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            b"Content-Transfer-Encoding: 8bit\r\n\r\n")
    yield text + ACCENT + b"\r\n.\r\n..\r\n \r\n" + ACCENT * 300 + b"\r\n"
    yield text + b"no accent\r\n" + LONG + b"\r\n.\r\n"
    yield text + ACCENT + b"no end"
    yield b"Subject: none of MIME\r\n\r\n" + ACCENT + b"\r\n"
    yield (b"References: " + b" ".join(b"<%d@office.test>" % i
                                       for i in range(300)) +
           b"\r\nSubject: " + LONG + b"\r\n\r\nbody\r\n")
    inner = text + ACCENT * 9 + b"\r\n"
    for claim in (b"", b"Content-Transfer-Encoding: 8bit\r\n",
                  b"Content-Transfer-Encoding: binary\r\n"):
        yield (b"MIME-Version: 1.0\r\n" + claim + b"Content-Type: "
               b"multipart/mixed; boundary=one\r\n\r\npreamble " + ACCENT +
               b"\r\n--one\r\nContent-Type: message/rfc822\r\n" + claim +
               b"\r\n" + inner + b"\r\n--one\r\nContent-Type: "
               b"multipart/alternative; boundary=one2\r\n\r\n--one2\r\n" +
               text + ACCENT + b"\r\n--one2\r\n" +
               text.replace(b"plain", b"html") + LONG + b"\r\n--one2--\r\n"
               b"\r\n--one\r\nContent-Type: application/pdf\r\n" + claim +
               b"\r\n" + bytes(range(128, 256)) + b"\r\n"
               b"\r\n--one\r\nContent-Type: text/plain\r\n"
               b"Content-Transfer-Encoding: base64\r\n\r\n" +
               b"QUJD" * 600 + b"\r\n--one\r\nContent-Type: text/plain\r\n"
               b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" +
               b"=C3=A9" * 300 + ACCENT + b"\r\n--one--\r\nepilogue " +
               ACCENT + b"\r\n")


def smuggling():
    """HARDENING A02: what another host could take for an end."""
    for end in SMUGGLED:
        yield (b"Subject: one\r\n\r\nbefore" + end +
               b"MAIL FROM:<evil@far.test>\r\nRCPT TO:<ann@office.test>\r\n"
               b"DATA\r\nSubject: two\r\n\r\nsmuggled\r\n")


def ask(tool, seven, paths):
    said = subprocess.run([tool, "1" if seven else "0"],
                          input="\n".join(paths).encode() + b"\n",
                          stdout=subprocess.PIPE, check=True).stdout
    for _ in paths:
        line, said = said.split(b"\n", 1)
        size = int(line)
        yield said[:size] if size >= 0 else None
        said = said[max(size, 0):]
    if said:
        raise ValueError("the tool says more than it was asked")


def undo_dots(sent):
    """What the receiving host has of it."""
    if not sent.endswith(b"\r\n.\r\n") and sent != b".\r\n":
        raise ValueError("it has no end")
    if (b"\r\n" + sent).find(b"\r\n.\r\n") != len(sent) - 3:
        raise ValueError("it has an end before its end")
    lines = sent[:-3].split(b"\r\n")
    for line in lines:
        if len(line) > LINE_MOST + 1 or re.search(rb"[\r\n\0]", line):
            raise ValueError("a line that cannot stand: %r" % line[:80])
        if line.startswith(b".") and not line.startswith(b".."):
            raise ValueError("a dot that is not doubled")
    return b"\r\n".join(x[1:] if x.startswith(b".") else x for x in lines)


def leaves(message):
    """Of each part: what it is, and what it means."""
    for part in message.walk():
        if part.is_multipart():
            yield part.get_content_type(), len(part.get_payload()), None
            continue
        body = part.get_payload(decode=True) or b""
        fold = str(part.get("Subject", "")).replace("\r\n", "")
        yield part.get_content_type(), fold, body.rstrip(b"\r\n")


def compare(stored, sent, seven):
    """An empty string, or what is wrong."""
    try:
        got = undo_dots(sent)
    except ValueError as error:
        return str(error)
    policy = email.policy.compat32
    before = list(leaves(email.message_from_bytes(stored, policy=policy)))
    message = email.message_from_bytes(got, policy=policy)
    after = list(leaves(message))
    if before != after:
        for one, two in zip(before, after):
            if one != two:
                return "%r became %r" % (str(one)[:300], str(two)[:300])
        return "%d parts became %d" % (len(before), len(after))
    # what is ASCII as it is stays so, whatever it claims
    if seven and not stored.partition(b"\r\n\r\n")[2].isascii():
        for part in message.walk():
            body = part.get_payload()
            if isinstance(body, str) and not body.isascii():
                return "a body is not ASCII"
            if part.get("Content-Transfer-Encoding", "").lower() in (
                    "8bit", "binary"):
                return "a part claims what it is not"
    return ""


def gather(folder, roots):
    """Paths of messages with CRLF; those that only have to have one end."""
    messages, odd = [], []
    for root in roots:
        for path, _, names in sorted(os.walk(root)):
            for name in sorted(names):
                with open(os.path.join(path, name), "rb") as file:
                    text = file.read()
                if b"\0" not in text and not re.search(rb"\r(?!\n)", text):
                    messages.append(re.sub(rb"\r?\n", b"\r\n", text))
                else:
                    odd.append(text)
    messages += made()
    odd += smuggling()
    paths = []
    for i, text in enumerate(messages + odd):
        paths.append(os.path.join(folder, "%05d" % i))
        with open(paths[-1], "wb") as file:
            file.write(text)
    return messages, odd, paths


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("roots", nargs="+")
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    messages, odd, paths = gather(args.folder, args.roots)
    bad = refused = 0
    for seven in (False, True):
        for i, sent in enumerate(ask(args.tool, seven, paths)):
            if sent is None and seven:
                refused += 1
                continue
            if sent is None:
                words = "a host that takes all cannot be given it"
            elif i < len(messages):
                words = compare(messages[i], sent, seven)
            else:
                words = ""
                try:
                    undo_dots(sent)
                except ValueError as error:
                    words = str(error)
            if words:
                bad += 1
                print("%s, seven=%d: %s" % (paths[i], seven, words))
    print("%d messages and %d odd ones, twice; %d not for 7 bits; %d wrong"
          % (len(messages), len(odd), refused, bad))
    return bad != 0 or refused > len(paths) // 20


if __name__ == "__main__":
    sys.exit(main())
