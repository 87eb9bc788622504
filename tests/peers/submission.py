#!/usr/bin/python3
"""People send through the hub: swaks submits, dkimpy checks the signatures.

usage: submission.py --bin DIR --conf FILE --base PORT --results FILE

One line of FILE for each test: "pass submission-..." or "fail submission-...".
"""

import argparse
import json
import poplib
import ssl
import subprocess
import sys
import time
import traceback

import dkim

GUARD = 120
ANN = "ann@office.test"


def true(truth, *words):
    if not truth:
        raise AssertionError(" ".join(str(word) for word in words))


def postroom(args, *words):
    done = subprocess.run([args.bin + "/postroom", "-c", args.conf, "--json",
                           *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=GUARD, check=False)
    true(done.returncode == 0, words, done.stdout.decode())
    return json.loads(done.stdout)["result"]


def swaks(args, *options):
    """Its exit status, and the conversation."""
    done = subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--ehlo", "client.example",
         "--to", ANN, "--auth-user", ANN, "--auth-password", "secret",
         "--from", ANN, *options], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=GUARD,
        check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def letters(args, count):
    """Wait for so many, take them, and leave none."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    until = time.monotonic() + GUARD
    while True:
        box = poplib.POP3_SSL("127.0.0.1", args.base + 995, timeout=GUARD,
                              context=context)
        box.user(ANN)
        box.pass_("secret")
        if box.stat()[0] >= count:
            break
        box.quit()
        true(time.monotonic() < until, "no mail")
        time.sleep(0.1)
    found = []
    for number in range(1, box.stat()[0] + 1):
        found.append(b"\r\n".join(box.retr(number)[1]) + b"\r\n")
        box.dele(number)
    box.quit()
    return found


def by_starttls_and_by_tls(args):
    ways = [("587", "--tls"), ("465", "--tls-on-connect")]
    for port, tls in ways:
        for mechanism in ("PLAIN", "LOGIN"):
            status, said = swaks(args, "--port", str(args.base + int(port)),
                                 tls, "--auth", mechanism,
                                 "--body", "%s %s" % (port, mechanism))
            true(status == 0, status, said[-2000:])
    for letter in letters(args, 4):
        true(b"with ESMTPSA" in letter, letter)


def a_wrong_password_is_told(args):
    status, said = swaks(args, "--port", str(args.base + 587), "--tls",
                         "--auth", "PLAIN", "--auth-password", "wrong")
    true(status == 28 and "535 5.7.8" in said, status, said[-2000:])


def nobody_sends_for_another(args):
    status, said = swaks(args, "--port", str(args.base + 465),
                         "--tls-on-connect", "--auth", "PLAIN",
                         "--h-From", "Boss <boss@office.test>")
    true(status == 26 and "550 5.7.1 From has boss@office.test" in said,
         status, said[-2000:])


def what_is_sent_is_signed(args):
    keys = {}
    for words in (("dkim", "add", "office.test"),
                  ("dkim", "add", "office.test", "--ed25519", "--selector",
                   "second")):
        postroom(args, *words)
    for row in postroom(args, "dkim", "list"):
        keys[row["name"] + "."] = row["record"].encode()
    true(sorted(keys) == ["postroom._domainkey.office.test.",
                          "second._domainkey.office.test."], keys)

    def dns(name, timeout=5):
        del timeout
        return keys.get(name.decode() if isinstance(name, bytes) else name)

    def is_right(message, which):
        try:
            return dkim.DKIM(message).verify(idx=which, dnsfunc=dns)
        except dkim.ValidationError:    # the body is another
            return False

    def verdicts(message):
        return [is_right(message, which) for which in range(2)]
    for body in ("short", "Bcc: text  \n\n a\tb \n\n\n"):
        status, said = swaks(args, "--port", str(args.base + 465),
                             "--tls-on-connect", "--auth", "PLAIN",
                             "--add-header", "Bcc: nobody@elsewhere.test",
                             "--h-Subject", "=?utf-8?q?J=C3=B6?=   x",
                             "--body", body)
        true(status == 0, status, said[-2000:])
        letter = letters(args, 1)[0]
        true(b"Bcc: nobody" not in letter, letter)
        true(letter.count(b"\r\nDKIM-Signature: ") == 2, letter)
        true(verdicts(letter) == [True, True], letter)
        head, rest = letter.split(b"\r\n\r\n", 1)
        for other in (head + b"\r\n\r\nx" + rest,
                      letter.replace(b"From: ", b"From: x", 1),
                      b"From: a@b.test\r\n" + letter,
                      b"Reply-To: a@b.test\r\n" + letter,
                      head + b"\r\nSubject: y\r\n\r\n" + rest,
                      b"Content-Type: text/html\r\n" + letter):
            true(verdicts(other) == [False, False], other)


def a_key_that_is_removed_signs_no_more(args):
    for selector in ("postroom", "second"):
        postroom(args, "dkim", "remove", "office.test", selector)
    status, said = swaks(args, "--port", str(args.base + 465),
                         "--tls-on-connect", "--auth", "PLAIN")
    true(status == 0, status, said[-2000:])
    true(b"DKIM-Signature" not in letters(args, 1)[0], "signed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=int, required=True)
    for name in ("bin", "conf", "results"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    failed = False
    for test in (by_starttls_and_by_tls, a_wrong_password_is_told,
                 nobody_sends_for_another, what_is_sent_is_signed,
                 a_key_that_is_removed_signs_no_more):
        name = "submission-" + test.__name__.replace("_", "-")
        try:
            test(args)
            word = "pass"
        except Exception:       # pylint: disable=broad-except
            traceback.print_exc()
            word, failed = "fail", True
        with open(args.results, "a", encoding="utf-8") as results:
            results.write("%s %s\n" % (word, name))
    return failed


if __name__ == "__main__":
    sys.exit(main())
