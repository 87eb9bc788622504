"""Told by mail: a mailbox that fails, and that it works again.

What the hub writes is read back over POP3 and taken apart by Python's email
package, a reader that is not ours.
"""

import email
import email.policy
import json
import os
import re
import sqlite3
import time

from harness import DOMAIN, PASSWORD, VISIBLE, Case, Fault, Place, Pop
from harness import Session, letter, read_folders

TELL = 3                # seconds of failures
QUIET = 4.0             # in which nothing more may come
OTHER = b"another one"

WORDS = {
    "ann": ('Your remote mailbox "k\u00f6ln" cannot be collected',
            'Your remote mailbox "k\u00f6ln" works again',
            "  k\u00f6ln at 127.0.0.1\n", "Failing since: ",
            'The server said: "[AUTH] name or password is wrong".',
            "  postroom fetch now ann@%s --label 'k\u00f6ln'\n" % DOMAIN),
    "budi": ('Surat dari kotak surat jauh Anda "kantor" tidak dapat diambil',
             'Kotak surat jauh Anda "kantor" sudah berfungsi lagi',
             "  kantor di 127.0.0.1\n", "Gagal sejak: ",
             'Kata server: "[AUTH] name or password is wrong".',
             "  postroom fetch now budi@%s --label kantor\n" % DOMAIN),
}
LABELS = {"ann": "k\u00f6ln", "budi": "kantor"}


def whole_letters(hub, name):
    """All that is in that mailbox, trace lines too."""
    pop = Pop(hub, name)
    try:
        count = int(pop.ask("STAT").split()[1])
        return [re.sub(rb"(\A|\r\n)\.", rb"\1",
                       pop.ask("RETR %d" % number, many=True))
                for number in range(1, count + 1)]
    finally:
        pop.close()


def await_letters(hub, name, count):
    until = time.monotonic() + VISIBLE
    found = whole_letters(hub, name)
    while len(found) < count and time.monotonic() < until:
        time.sleep(0.1)
        found = whole_letters(hub, name)
    if len(found) != count:
        raise Fault("%s has %d letters, not %d" % (name, len(found), count))
    return found


def true(truth, *words):
    if not truth:
        raise Fault(" ".join(str(word) for word in words))


def read_notice(data, name, subject):
    """It is mail, from the hub, to that person, and says this."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    true(not message.defects, "defects:", message.defects)
    for field in message:
        true(not message[field].defects, field, message[field].defects)
    true(message["Return-Path"] == "<>", message["Return-Path"])
    true(message["From"].addresses[0].addr_spec == "postmaster@" + DOMAIN,
         message["From"])
    true(message["To"].addresses[0].addr_spec == "%s@%s" % (name, DOMAIN),
         message["To"])
    true(message["Auto-Submitted"] == "auto-generated", message.items())
    true(message["Subject"] == subject, repr(message["Subject"]))
    true(message["Message-ID"] is not None, message.items())
    true(abs(message["Date"].datetime.timestamp() - time.time()) < 120,
         message["Date"])
    true(b" by " in data and b"Received: from" not in data, data[:400])
    return message.get_content().replace("\r\n", "\n")


def made_steps(hub):
    """(recipient, subject) of each message that the hub has made."""
    folder = os.path.join(hub.data, "queue", "trail")
    found = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            steps = [json.loads(line) for line in file]
        found += [(step["to"], step["subject"]) for step in steps
                  if step["step"] == "made"]
    return sorted(found)


def told(args):
    place = Place(args.bin, list(WORDS), {
        "fetch_tell_seconds": "%ds" % TELL, "settle_seconds": "1s",
        "time_zone": '"Asia/Jakarta"'})
    hub = place.hub
    hub.start()
    cases = {}
    try:
        case = Case(place, "set", "budi")
        status, text, complaints = case.command(
            "account", "set", "budi@" + DOMAIN, "--language", "id")
        true(status == 0, text, complaints)
        boxes = {}
        for name, words in WORDS.items():
            cases[name] = Case(place, name, name)
            boxes[name] = cases[name].box([letter(name)], password=OTHER)
            cases[name].add(cases[name].provider(Session, boxes[name]),
                            label=LABELS[name])
        began = time.monotonic()
        for case in cases.values():
            case.now("refused")
        # who has to take it is away when it is time
        hub.kill_role("queue")
        for name, words in WORDS.items():
            found = await_letters(hub, name, 1)
            true(time.monotonic() - began >= TELL, "too early")
            body = read_notice(found[0], name, words[0])
            for part in words[2:]:
                true(part in body, repr(part), "is not in", body)
        for case in cases.values():
            case.now("refused")
        time.sleep(QUIET)
        for name in WORDS:
            await_letters(hub, name, 1)

        for name, case in cases.items():
            boxes[name].password = PASSWORD
            case.now("done")
        for name, words in WORDS.items():
            found = await_letters(hub, name, 3)
            body = read_notice(found[2], name, words[1])
            true(words[2] in body, body)
        time.sleep(QUIET)
        for name in WORDS:
            await_letters(hub, name, 3)
        hub.wait_settled()
        made = made_steps(hub)
        wanted = sorted(("%s@%s" % (name, DOMAIN), subject)
                        for name, words in WORDS.items()
                        for subject in words[:2])
        true(made == wanted, "the trail says", made)
        hub.stop()
        hub.check()
    except (Fault, OSError) as fault:
        raise Fault("%s\nthe end of the log:\n%s" % (
            fault, "\n".join(hub.log().splitlines()[-25:]))) from fault
    finally:
        for case in cases.values():
            case.close()
        hub.remove()


DAY_MS = 86400 * 1000


def change_policy(hub, statement, *values):
    """One statement on policy.db, of a hub that does not run."""
    path = os.path.join(hub.data, "policy", "policy.db")
    owner = os.stat(path)
    with sqlite3.connect(path) as db:
        changed = db.execute(statement, values).rowcount
    db.close()
    for name in (path, path + "-wal", path + "-shm"):
        if os.path.exists(name):
            os.chown(name, owner.st_uid, owner.st_gid)
    true(changed == 1, statement, changed, "rows")


def ends_in(hub, days):
    """The consent is good for that long, as the provider had said."""
    change_policy(hub, "UPDATE fetch_grant SET until = ?",
                  int(time.time() * 1000 + days * DAY_MS))


def consent_ends(args):
    """Who consented is told in time, once, and again when it is urgent."""
    place = Place(args.bin, ["ann"], {"settle_seconds": "1s"})
    hub = place.hub
    case = Case(place, "grant", "ann")
    subject = 'Your consent for the remote mailbox "school" ends on '
    try:
        hub.start()
        for words in (
                ("oauth", "set", "tokens", "--client-id", "the office",
                 "--client-secret-file", place.secret, "--token-url",
                 "https://127.0.0.1:9/token", "--device-url",
                 "https://127.0.0.1:9/device"),
                ("fetch", "add", "ann@" + DOMAIN, "--oauth", "tokens",
                 "--host", "127.0.0.1", "--port", "9", "--user", "ann",
                 "--label", "school", "--new", "--untested")):
            status, text, complaints = case.command(*words)
            true(status == 0, words, text, complaints)
        for days, letters in ((30, 0), (10, 1), (9.9, 1), (2, 2), (1.9, 2)):
            hub.stop()
            ends_in(hub, days)
            hub.start()
            if letters > len(await_letters(hub, "ann", letters)):
                raise Fault("not told")
            time.sleep(QUIET)
            found = await_letters(hub, "ann", letters)
        for data in found:
            said = email.message_from_bytes(
                data, policy=email.policy.default)["Subject"]
            true(said.startswith(subject), repr(said))
            body = read_notice(data, "ann", said)
            true("school" in body and "fetch consent" in body, body)
        hub.stop()
        hub.check()
    except (Fault, OSError) as fault:
        raise Fault("%s\nthe end of the log:\n%s" % (
            fault, "\n".join(hub.log().splitlines()[-25:]))) from fault
    finally:
        case.close()
        hub.remove()


REPORT_SECONDS = 700    # the line has settled (line_report.h), and some


def month_over(args):
    """The postmaster hears what the line carried in the month that ended."""
    place = Place(args.bin, ["ann"], {"settle_seconds": "1s"})
    hub = place.hub
    now = time.localtime()
    year, month = (now.tm_year, now.tm_mon - 1) if now.tm_mon > 1 else (
        now.tm_year - 1, 12)
    try:
        hub.start()
        hub.stop()
        for cause, received, sent in ((3, 7000000, 2000), (1, 90000, 4000)):
            change_policy(hub, "INSERT INTO line_carried (month, fetch, cause,"
                          " received, sent) VALUES (?, 0, ?, ?, ?)",
                          year * 100 + month, cause, received, sent)
        change_policy(hub, "INSERT INTO line_saved (month, fetch, saving,"
                      " bytes, messages) VALUES (?, 0, 0, 5000000, 3)",
                      year * 100 + month)
        hub.start()
        hub.accounts["postmaster"] = 1
        until = time.monotonic() + REPORT_SECONDS
        while not read_folders(hub, "postmaster").get("INBOX"):
            true(time.monotonic() < until, "no report came")
            time.sleep(2)
        found = read_folders(hub, "postmaster")["INBOX"]
        true(len(found) == 1, len(found), "letters")
        message = email.message_from_bytes(found[0].data,
                                           policy=email.policy.default)
        true(not message.defects, message.defects)
        true(message["To"].addresses[0].addr_spec == "postmaster@" + DOMAIN,
             message["To"])
        true("%04d-%02d" % (year, month) in message["Subject"],
             message["Subject"])
        body = message.get_content()
        for part in ("7.0 MB", "90 kB", "5.0 MB"):
            true(part in body, repr(part), "is not in", body)
        hub.wait_settled()
        hub.stop()
        hub.check()
    except (Fault, OSError) as fault:
        raise Fault("%s\nthe end of the log:\n%s" % (
            fault, "\n".join(hub.log().splitlines()[-25:]))) from fault
    finally:
        hub.remove()


def tests(args):
    if not args.inside:
        yield "told/a-consent-that-ends", lambda: consent_ends(args)
        if args.long:
            yield "told/a-month-of-the-line", lambda: month_over(args)
        yield "told/a-mailbox-that-fails-and-works-again", lambda: told(args)
