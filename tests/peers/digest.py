"""People are told once what is held for them, when the postmaster says so.

The mail is read over POP3 and taken apart by Python's email package, a reader
that is not ours.

usage: digest.py --bin DIR --base PORT --folder DIR --hub PID --results FILE
"""

import argparse
import email
import email.policy
import http.client
import json
import os
import poplib
import re
import signal
import smtplib
import ssl
import subprocess
import sys
import time
import traceback

GUARD = 180         # seconds: something is very wrong
RULE = 'rule "offers" { header Subject /offer/; do hold "offers wait" }\n'
SPAM = "lottery prize winner casino pills refinance miracle jackpot "
WANTED = "meeting report invoice office printer lunch project minutes "
SUBJECT = "An offer, and one of its fifty"


class Scene:
    def __init__(self, args):
        self.args = args
        self.link = ""

    def web(self, method, path, form="", origin=True):
        """(status, page): as a browser asks, and as it does not."""
        here = http.client.HTTPSConnection(
            "127.0.0.1", self.args.base + 443, timeout=GUARD,
            context=ssl._create_unverified_context())   # pylint: disable=W0212
        head = {"Content-Type": "application/x-www-form-urlencoded"}
        if origin:
            head["Origin"] = "https://127.0.0.1:%d" % (self.args.base + 443)
        try:
            here.request(method, path, body=form or None, headers=head)
            reply = here.getresponse()
            return reply.status, reply.read().decode()
        finally:
            here.close()

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

    def reload(self):
        before = self.log().count("ready")
        os.kill(self.args.hub, signal.SIGHUP)
        wait("ready", lambda: self.log().count("ready") > before)

    def wanted(self):
        """How many letters ann has taught her filter to be wanted."""
        return json.loads(self.command("spam", "status", "ann@office.test",
                                       "--json"))["result"]["wanted"]

    def teach(self):
        """The site, so much that it has a say and is sure."""
        for kind, words in 3 * (("spam", SPAM), ("wanted", WANTED)):
            path = self.path(kind + ".mbox")
            with open(path, "w", encoding="utf-8") as mbox:
                for number in range(320):
                    mbox.write("From x@y.test Mon Jan  1 00:00:00 2024\n"
                               "From: <%s@y.test>\nSubject: %s %d\n\n%s\n\n"
                               % (kind, words.split()[number % 8], number,
                                  words * 6))
            self.command("spam", "learn", path, "--" + kind)
        self.reload()

    def send(self, subject, body="hello"):
        with smtplib.SMTP("127.0.0.1", self.args.base + 25,
                          timeout=GUARD) as smtp:
            smtp.sendmail("z@far.test", ["ann@office.test"], (
                "From: Zoe <z@far.test>\r\nSubject: %s\r\n\r\n%s\r\n" %
                (subject, body)).encode())

    def held(self):
        return json.loads(self.command("hold", "list", "--json"))["result"]

    def digest(self):
        """Until it is through: how many were told, as the log has it."""
        words = "told of what is held for them: "
        before = self.log().count(words)
        self.command("hold", "digest")
        said = wait("the digest", lambda: self.log().split(words)[before + 1:])
        return int(said[0].split()[0])

    def mails(self):
        pop = poplib.POP3("127.0.0.1", self.args.base + 110, timeout=GUARD)
        try:
            pop.user("ann@office.test")
            pop.pass_("secret")
            return [email.message_from_bytes(
                b"\r\n".join(pop.retr(number)[1]) + b"\r\n",
                policy=email.policy.default)
                    for number in range(1, pop.stat()[0] + 1)]
        finally:
            pop.quit()


def wait(what, is_it):
    end = time.monotonic() + GUARD
    while time.monotonic() < end:
        got = is_it()
        if got:
            return got
        time.sleep(0.2)
    raise ValueError("never: " + what)


def true(truth, *words):
    if not truth:
        raise ValueError(" ".join(str(word) for word in words))


def nothing(scene):
    with open(scene.path("hub/etc/rules/offers.rule"), "w",
              encoding="utf-8") as file:
        file.write(RULE)
    scene.reload()
    true(scene.digest() == 0 and scene.mails() == [], "told of nothing")


def told(scene):
    scene.send(SUBJECT)
    row = wait("a hold", scene.held)[0]
    true(row["told"] == "" and row["ends"] == 0, row)
    true(scene.digest() == 1, "told to others")
    mail = wait("the mail", scene.mails)[0]
    body = mail.get_content().replace("\r\n", "\n")
    true(mail["Return-Path"] == "<>", mail["Return-Path"])
    true(mail["From"].addresses[0].addr_spec == "postmaster@office.test",
         mail["From"])
    true(mail["Subject"] == "A message is held for you", mail["Subject"])
    scene.link = re.search(r"https://mail\.office\.test:%d(/held/[0-9a-f]+)\n" %
                           (scene.args.base + 443), body).group(1)
    for words in (" from Zoe <z@far.test>\n", "Subject: %s\n" % SUBJECT,
                  "offers wait", "Id: %s\n" % row["id"], "Deleted on: "):
        true(words in body, repr(words), "is not in", body)


def known(scene):
    row = wait("the note of it", lambda: scene.held()[0]["told"] and
               scene.held()[0])
    true(row["told"] == "ann@office.test", row)
    true(row["ends"] == row["since"] + 30 * 86400 * 1000, row)
    shown = scene.command("hold", "show", row["id"])
    table = scene.command("hold", "list")
    true("\ntold:      ann@office.test\ndeleted:   " in shown, shown)
    true("told" in table.split("\n")[0] and
         "ann@office.test" in table.split("\n")[1], table)


def once(scene):
    """The queue knows it, not only who tells it."""
    true(scene.digest() == 0, "told twice")
    scene.reload()
    true(scene.digest() == 0, "told twice, by another process")
    true(len(scene.mails()) == 1, "mailed twice")


def the_next(scene):
    """On the same day, and of it alone."""
    for number, subject in enumerate(("one more offer", "the last offer")):
        scene.send(subject)
        wait(subject, lambda: len(scene.held()) == number + 2)
        true(scene.digest() == 1, subject)
        mails = wait(subject, lambda: len(scene.mails()) == number + 2 and
                     scene.mails())
        body = mails[-1].get_content()
        true(subject in body and body.count("Id: ") == 1, body)


def looked_at(scene):
    """HARDENING A73: whatever follows a link changes nothing."""
    for method in ("GET", "HEAD", "GET"):
        status, page = scene.web(method, scene.link)
        true(status == 200, method, status, page)
    for words in ("Zoe &lt;z@far.test&gt;", SUBJECT, "offers wait", "hello"):
        true(words in page, repr(words), "is not in", page)
    for form, origin in (("", True), ("do=look", True), ("do=release", False)):
        status, page = scene.web("POST", scene.link, form, origin)
        true(status in (400, 403), form, origin, status)
    true(len(scene.held()) == 3 and len(scene.mails()) == 3, "it was delivered")


def forged(scene):
    """HARDENING A73: another account, message, end or signature."""
    for at in (3, 20, 25, 45, 60, 85):
        link = list(scene.link)
        at += len("/held/")
        link[at] = "0" if link[at] != "0" else "1"
        status, page = scene.web("POST", "".join(link), "do=release")
        true(status == 404 and "no such link" in page, at, status, page)
    status, page = scene.web("GET", scene.link[:-1])
    true(status == 404, status, page)
    true(len(scene.held()) == 3, "a forged link has ended a hold")


def taken(scene):
    status, page = scene.web("POST", scene.link, "do=release")
    true(status == 200 and "on its way" in page, status, page)
    mail = wait("it", lambda: len(scene.mails()) == 4 and scene.mails())[-1]
    true(mail["Subject"] == SUBJECT, mail["Subject"])
    wait("the end of the hold", lambda: len(scene.held()) == 2)
    for method, form in (("GET", ""), ("POST", "do=release")):
        status, page = scene.web(method, scene.link, form)
        true(status == 410 and "not held any more" in page, method, status,
             page)
    true(len(scene.mails()) == 4, "delivered twice")
    wait("a lesson", lambda: scene.wanted() == 1)


def spam_released(scene):
    """Its person's filter learns that it was wanted, as from any release."""
    mails, before = len(scene.mails()), scene.wanted()
    scene.teach()
    scene.send("win the lottery", SPAM * 6)
    held = wait("a hold", lambda: [row for row in scene.held()
                                   if "spam" in row["reason"]])
    true(len(held) == 1, held)
    true(scene.digest() == 1, "nobody is told of spam")
    body = wait("the mail", lambda: len(scene.mails()) > mails and
                scene.mails())[-1].get_content()
    link = re.search(r"(/held/[0-9a-f]+)", body).group(1)
    true(scene.web("POST", link, "do=release")[0] == 200, "no release")
    mail = wait("it in INBOX", lambda: len(scene.mails()) == mails + 2 and
                scene.mails())[-1]
    true(mail["Subject"] == "win the lottery", mail["Subject"])
    true(mail["X-Postroom-Spam"].startswith("spam, "), mail.items())
    wait("one lesson more", lambda: scene.wanted() == before + 1)


def submit(scene, who, mail, sender=None, port=587):
    """As a mail program of `who` does (empty: of nobody who logs in)."""
    with smtplib.SMTP("127.0.0.1", scene.args.base + port,
                      timeout=GUARD) as smtp:
        smtp.ehlo()
        if who:
            smtp.starttls(
                context=ssl._create_unverified_context())  # pylint: disable=W0212
            smtp.login(who, "secret")
        smtp.sendmail(who if sender is None else sender,
                      ["postmaster+held@office.test"], mail.encode())


def reply(text, kind="text/plain; charset=utf-8", head=""):
    text = "\r\n".join(text.splitlines())
    return ("From: Ann <ann@office.test>\r\nTo: postmaster+held@office.test"
            "\r\nSubject: Re: A message is held for you\r\nMIME-Version: 1.0"
            "\r\n%sContent-Type: %s\r\n\r\n%s\r\n" % (head, kind, text))


def hold_more(scene, subject):
    """It is held and told of: (its mail, its number there)."""
    mails, held = len(scene.mails()), len(scene.held())
    scene.send(subject + " offer")
    wait("a hold", lambda: len(scene.held()) == held + 1)
    true(scene.digest() == 1, subject)
    mail = wait("the mail", lambda: len(scene.mails()) == mails + 1 and
                scene.mails())[-1]
    return mail, re.search(r"\n  Number: ([1-9][0-9]{5})\n",
                           mail.get_content().replace("\r\n", "\n")).group(1)


def answered(scene, who, text, words, **how):
    """What the person hears of it."""
    mails = len(scene.mails())
    submit(scene, who, reply(text, **how))
    mail = wait("what came of it", lambda: [
        one for one in scene.mails()[mails:]
        if one["Subject"] == "Your answer about held mail"])[0]
    true(words in mail.get_content(), words, "is not in", mail.get_content())
    true(mail["Auto-Submitted"] == "auto-generated" and
         mail["Return-Path"] == "<>", mail.items())


def quoted(mail):
    return "\n".join("> " + line
                     for line in mail.get_content().splitlines())


def in_inbox(scene, subject):
    return wait(subject, lambda: [one for one in scene.mails()
                                  if one["Subject"] == subject + " offer"])


def by_reply(scene):
    """As programs write it: above what they quote, below it, in HTML."""
    kinds = (
        ("above", "release %s\n\nOn Monday Postroom wrote:\n%s", {}),
        ("below", "%.0sthanks\n%s\nRelease: %s.\n-- \nAnn", {}),
        ("html", "<div dir=\"auto\">Release&nbsp;%s<br></div><br>"
         "<blockquote>%s</blockquote>", {"kind": "text/html"}),
    )
    before = scene.wanted()
    for name, form, how in kinds:
        mail, number = hold_more(scene, name)
        true(mail["Reply-To"].addresses[0].addr_spec ==
             "postmaster+held@office.test", mail["Reply-To"])
        rest = quoted(mail) if name != "html" else mail.get_content()
        text = form % ((number, rest) if name != "below" else
                       (number, rest, number))
        answered(scene, "ann@office.test", text,
                 "It is on its way to your mailbox.", **how)
        in_inbox(scene, name)
        # and a second time nothing is there
        answered(scene, "ann@office.test", text, "or not any more", **how)
        true(len(in_inbox(scene, name)) == 1, "delivered twice")
    wait("its lessons", lambda: scene.wanted() == before + len(kinds))


def by_strangers(scene):
    """Nobody else's answer does anything, nor a program's."""
    _mail, number = hold_more(scene, "kept")
    held, mails = len(scene.held()), len(scene.mails())
    text = "release %s" % number
    # somebody else of the office
    submit(scene, "bob@office.test", reply(text).replace("ann@", "bob@"))
    # from outside, as ann and as nobody
    for sender in ("ann@office.test", "z@far.test", ""):
        try:
            submit(scene, "", reply(text), sender, 25)
        except smtplib.SMTPException:
            pass
    # who has logged in, but has not typed it
    submit(scene, "ann@office.test",
           reply(text, head="Auto-Submitted: auto-replied\r\n"))
    submit(scene, "ann@office.test", reply(text), "")
    # a number that nothing has
    answered(scene, "ann@office.test", "release %06d" %
             (int(number) % 899999 + 100001), "or not any more")
    true(len(scene.held()) == held, "it was released")
    true(len([one for one in scene.mails()[mails:]
              if one["Subject"] == "Your answer about held mail"]) == 1,
         "a program is answered")


def unread(scene):
    """It is said once, however often a program answers that."""
    mails = len(scene.mails())
    for _ in range(3):
        submit(scene, "ann@office.test", reply("I am away until Monday."))
    wait("how to write it", lambda: len(scene.mails()) > mails)
    answered(scene, "ann@office.test", "release 100000", "or not any more")
    said = [one for one in scene.mails()[mails:]
            if "no line that could be read" in one.get_content()]
    true(len(said) == 1, len(said))


def spam_by_reply(scene):
    _mail, number = hold_more(scene, "rubbish")
    answered(scene, "ann@office.test", "spam %s" % number,
             "It goes into your folder Junk")
    true("rubbish offer" not in [one["Subject"] for one in scene.mails()],
         "it is in INBOX")
    trace = scene.command("trace", "rubbish offer")
    true("spam" in trace, trace)


STEPS = (
    ("where nothing is held nobody is told", nothing),
    ("a mail says which message is held, and why", told),
    ("the list says who was told, and when it ends", known),
    ("it is told once", once),
    ("what comes later is told alone", the_next),
    ("to look at a link changes nothing", looked_at),
    ("a forged link does nothing", forged),
    ("the button of a link delivers, once", taken),
    ("an answer delivers, once, however its program writes it", by_reply),
    ("nobody's answer but the person's own does anything", by_strangers),
    ("an answer that cannot be read is told of once", unread),
    ("an answer says that it is spam", spam_by_reply),
    ("what is released goes to INBOX, and teaches that it was wanted",
     spam_released),
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
    with open(args.results, "a", encoding="utf-8") as results:
        for name, step in STEPS:
            try:
                step(scene)
                results.write("pass digest: %s\n" % name)
            except (ValueError, OSError, KeyError, IndexError, EOFError,
                    poplib.error_proto, smtplib.SMTPException,
                    http.client.HTTPException, AttributeError,
                    subprocess.SubprocessError):
                failed = 1
                traceback.print_exc()
                results.write("fail digest: %s\n" % name)
    return failed


if __name__ == "__main__":
    sys.exit(main())
