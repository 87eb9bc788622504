#!/usr/bin/env python3
"""Real mail through the hub: SMTP in, POP3 out, byte for byte.

usage: corpus.py --smtp PORT --pop3 PORT --user ann@office.test
                 --password FILE [--most N] FOLDER

Every file below FOLDER is sent as one message (line feeds become CRLF, as a
client does), then the mailbox is read over POP3 and compared: below the trace
lines of the hub each letter must be the message as it was sent.  A message
with a bare CR or a NUL must be refused (RFC 5321 2.3.8) and may not arrive.
Ends with 'corpus: N sent, N refused, N compared' and status 0, or says what
differs and ends with 1."""
import argparse, hashlib, os, poplib, re, smtplib, sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             os.pardir))

from delivered import as_it_came    # noqa: E402 pylint: disable=C0413


def message_of(path):
    with open(path, "rb") as file:
        raw = file.read()
    raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"


def is_strict(message):
    return b"\0" not in message and b"\r" not in message.replace(b"\r\n", b"")


class Sender:
    """One SMTP connection at a time; a refusal may end it."""
    def __init__(self, port, user):
        self.port, self.user, self.link = port, user, None

    def send(self, message):
        if self.link is None:
            self.link = smtplib.SMTP("127.0.0.1", self.port, "corpus.test")
            self.link.ehlo()
        try:
            self.link.mail("sender@example.org")
            self.link.rcpt(self.user)
            code, words = self.link.docmd("DATA")
            if code != 354:
                raise SystemExit("corpus: DATA: %d %r" % (code, words))
            body = re.sub(rb"(?m)^\.", b"..", message)
            self.link.send(body + b".\r\n")
            code, words = self.link.getreply()
        except smtplib.SMTPServerDisconnected:
            code = 0
        if code != 250:
            self.link.close()
            self.link = None
        return code


def letters(port, user, password):
    box = poplib.POP3("127.0.0.1", port, timeout=120)
    box.user(user)
    box.pass_(password)
    count, _ = box.stat()
    for n in range(1, count + 1):
        # a final CRLF belongs to the letter; poplib drops it
        yield n, b"\r\n".join(box.retr(n)[1]) + b"\r\n"
    box.quit()


def main():
    args = argparse.ArgumentParser(usage=__doc__)
    args.add_argument("--smtp", type=int, required=True)
    args.add_argument("--pop3", type=int, required=True)
    args.add_argument("--user", required=True)
    args.add_argument("--password", required=True)
    args.add_argument("--most", type=int, default=10 ** 9)
    args.add_argument("folder")
    args = args.parse_args()
    with open(args.password, encoding="ascii") as file:
        password = file.readline().strip()
    poplib._MAXLINE = 1 << 20
    files = sorted(os.path.join(folder, name) for folder, _, names in
                   os.walk(args.folder) for name in names)[:args.most]
    sender, expected, refused, faults = Sender(args.smtp, args.user), {}, 0, 0
    for path in files:
        message = message_of(path)
        code = sender.send(message)
        if (code == 250) != is_strict(message):
            faults += 1
            print("corpus: %s: answered %d" % (path, code))
        if code == 250:
            expected.setdefault(hashlib.sha256(message).digest(), []).append(
                path)
        else:
            refused += 1
    compared = 0
    for n, letter in letters(args.pop3, args.user, password):
        body = as_it_came(letter)
        paths = expected.get(hashlib.sha256(body).digest())
        if not paths:
            faults += 1
            print("corpus: letter %d is none that was sent (once)" % n)
            continue
        paths.pop()
        compared += 1
    missing = [path for paths in expected.values() for path in paths]
    for path in missing:
        print("corpus: %s was received and is not there" % path)
    print("corpus: %d sent, %d refused, %d compared" % (
        len(files), refused, compared))
    sys.exit(1 if faults or missing else 0)


if __name__ == "__main__":
    main()
