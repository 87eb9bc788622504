"""A part is removed, and the queue is killed in between.

The message as it came has its row, the letter has no record yet, or either is
half written: whatever was answered 250 is there once, without the part, and what
is kept of it is held once, whole.  What was cut off is there once or not at all;
and no letter lacks a part that is not held.
"""

import base64
import email
import email.policy
import json
import os
import poplib
import re
import smtplib
import time

from hub import DOMAIN, GUARD, PASSWORD, PORTS, Fault, Hub
from sweep import Strace, can_trace

TRIES = 40              # of a client that is told to come again
RULE = 'rule "no programs" { attachment name /\\.exe$/i; ' \
    'do remove attachment }\n'
PROGRAM = base64.encodebytes(b"MZ" + bytes(range(256)) * 8).replace(
    b"\n", b"\r\n")
BIG = base64.encodebytes(bytes(200000)).replace(b"\n", b"\r\n")
# its call, and which time of it after the queue is traced
KILLS = tuple(("fsync", n) for n in range(1, 4)) + \
    tuple(("fdatasync", n) for n in range(1, 7)) + \
    tuple(("pwrite64", n) for n in range(1, 12, 2)) + \
    (("pwritev", 1), ("renameat", 1))


def message(subject, is_big):
    return b"From: z@client.example\r\nSubject: " + subject.encode() + \
        b"\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; " \
        b"boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n" \
        + (b"--b\r\nContent-Type: a/b; name=data.bin\r\n"
           b"Content-Transfer-Encoding: base64\r\n\r\n" + BIG
           if is_big else b"") + \
        b"--b\r\nContent-Type: a/b; name=run.exe\r\n" \
        b"Content-Transfer-Encoding: base64\r\n\r\n" + PROGRAM + b"--b--\r\n"


def send(hub, subject, is_big):
    """True: 250; None: it was cut off."""
    try:
        with smtplib.SMTP("127.0.0.1", hub.base + PORTS["smtp"],
                          timeout=GUARD) as smtp:
            smtp.sendmail("z@client.example", ["ann@" + DOMAIN],
                          message(subject, is_big))
        return True
    except (smtplib.SMTPServerDisconnected, ConnectionError):
        return None
    except smtplib.SMTPResponseException as answer:
        if answer.smtp_code // 100 == 4:
            return False
        raise Fault("%d %r" % (answer.smtp_code, answer.smtp_error)) \
            from answer
    except smtplib.SMTPRecipientsRefused:
        return False


def letters(hub):
    """[(subject, id of the message as it came, has the part)]."""
    def look():
        try:
            box = poplib.POP3("127.0.0.1", hub.base + PORTS["pop3"],
                              timeout=GUARD)
            box.user("ann@" + DOMAIN)
            box.pass_(PASSWORD)
            got = [b"\r\n".join(box.retr(n + 1)[1]) + b"\r\n"
                   for n in range(box.stat()[0])]
            box.quit()
            return got, True
        except (OSError, EOFError, poplib.error_proto):
            return None
    found = []
    for data in hub.wait_for(look, "ann's mailbox cannot be read")[0]:
        mail = email.message_from_bytes(data, policy=email.policy.default)
        note = re.search(r"    ([0-9a-z]{16})\s*$", "".join(
            part.get_content() for part in mail.walk()
            if part.get_content_type() == "text/plain"))
        found.append((mail["Subject"], note and note.group(1),
                      b"name=run.exe" in data))
    return found


def held(hub):
    """{id: (subject, bytes)}"""
    rows = json.loads(hub.run("-c", hub.conf, "hold", "list", "--json")[1])
    return {row["id"]: (row["subject"], row["bytes"])
            for row in rows["result"]}


def compare(hub, answers, is_big):
    got, kept = letters(hub), held(hub)
    for subject, answer in answers.items():
        mine = [row for row in got if row[0] == subject]
        whole = [id for id, row in kept.items() if row == (
            subject, len(message(subject, is_big)))]
        if len(mine) > 1 or (answer is True and len(mine) != 1) or \
                (answer is False and mine):
            raise Fault("%s, answered %s, is there %d times" % (
                subject, answer, len(mine)))
        if len([1 for row in kept.values() if row[0] == subject]) > 1:
            raise Fault("%s is held twice: %s" % (subject, kept))
        if mine and (mine[0][2] or whole != [mine[0][1]]):
            raise Fault("%s lacks what is not held: %s, %s" % (
                subject, mine, kept))


def removing(context, call, n, is_big):
    hub = Hub(context.bin, ["ann"])
    strace = None
    try:
        rules = os.path.join(hub.folder, "etc", "rules")
        with open(os.path.join(rules, "a.rule"), "w",
                  encoding="ascii") as file:
            file.write(RULE)
        hub.start()
        answers = {"first": send(hub, "first", is_big)}
        hub.wait_settled()
        strace = Strace(hub.pids("queue")[0], call, "KILL", n)
        for number in range(TRIES):
            subject = "message %d" % number
            answers[subject] = send(hub, subject, is_big)
            if answers[subject] and strace.process.poll() is not None:
                break
            # a few of them, so that the call is reached
            if number >= 3 and answers[subject]:
                break
            time.sleep(0.05)
        hit = strace.end()
        strace = None
        context.note("%s, %s" % ("reached" if hit else "not reached",
                                 answers))
        if True not in answers.values():
            raise Fault("nothing is taken any more")
        for _ in range(2):
            hub.wait_settled()
            compare(hub, answers, is_big)
            hub.stop()
            hub.check()
            hub.start()
        if not hit:
            raise context.Skip("the call is not reached any more")
    except BaseException:
        context.keep(hub)
        raise
    finally:
        if strace is not None:
            strace.end()
        hub.remove()


def tests(context):
    if not can_trace():
        def skip():
            raise context.Skip("needs strace and root")
        yield "removing", skip
        return
    for call, n in KILLS:
        for is_big in (False, True):
            yield "removing/%s/%d/%s" % (call, n, "big" if is_big else
                                         "small"), \
                lambda row=(call, n, is_big): removing(context, *row)
