"""What rules did is taken back: all of it, once, whatever comes in between.

usage: undo.py --bin DIR --base PORT --folder DIR --hub PID --results FILE
"""

import argparse
import imaplib
import json
import os
import signal
import smtplib
import subprocess
import sys
import time
import traceback

GUARD = 120         # seconds: something is very wrong
BILLS, HELD, BOTH, WASTE = 60, 40, 3, 4
ANN, BOB = "ann@office.test", "bob@office.test"
RULES = r'''rule "bills" {
	header Subject /tagihan/i
	do mark folder "Bills/Unpaid"
}
rule "suspect" { header Subject /suspect/; do hold "it is suspect" }
rule "also" { header Subject /both/; do hold "it is two things" }
rule "waste" { header Subject /waste/; do discard "waste" }
rule "line" { header Subject /line/; do mark header "X-Line: yes" }
rule "no" { header Subject /forbidden/; do refuse "no" }
rule "away" { header Subject /away/; do redirect bob@office.test }
rule "watched" { shadow; header Subject /tagihan/i; do hold "only seen" }
rule "strict" {
	header Subject /strict/
	do hold "look at it"
	do mark folder "Strict"
}
rule "cut" { attachment name /\.exe$/i; do remove attachment }
rule "cut and hold" {
	attachment name /\.scr$/i
	do remove attachment
	do hold "look at it"
}
rule "cut too" { attachment name /\.exe\.exe$/i; do remove attachment }
'''


class Scene:
    def __init__(self, args):
        self.args = args
        self.conf = os.path.join(args.folder, "hub/etc/postroom.conf")

    def words(self, *words):
        return [os.path.join(self.args.bin, "postroom"), "-c", self.conf,
                *words]

    def command(self, *words, status=0):
        done = subprocess.run(
            self.words(*words), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, check=False, timeout=GUARD)
        if done.returncode != status:
            raise ValueError("%s: %d, %s%s" % (words, done.returncode,
                                               done.stdout, done.stderr))
        return done.stdout + done.stderr

    def undo(self, *words):
        return json.loads(self.command("rule", "undo", *words,
                                       "--json"))["result"]

    def held(self):
        return json.loads(self.command("hold", "list", "--json"))["result"]

    def imap(self, who):
        imap = imaplib.IMAP4("127.0.0.1", self.args.base + 143,
                             timeout=GUARD)
        imap.login(who, "secret")
        return imap

    def subjects(self, who, folder):
        imap = self.imap(who)
        try:
            if imap.select('"%s"' % folder, readonly=True)[0] != "OK":
                return []
            data = imap.fetch("1:*", "(BODY[HEADER.FIELDS (SUBJECT)])")[1]
            return sorted(x[1].decode().split(":", 1)[1].strip()
                          for x in data if isinstance(x, tuple))
        finally:
            imap.logout()

    def body(self, subject):
        """The letter of ann's that is called so."""
        imap = self.imap(ANN)
        try:
            imap.select("INBOX", readonly=True)
            found = imap.search(None, "SUBJECT", subject)[1][0].split()
            return imap.fetch(found[-1], "(BODY[])")[1][0][1]
        finally:
            imap.logout()

    def send(self, to, subject, status=250, more=b""):
        with smtplib.SMTP("127.0.0.1", self.args.base + 25,
                          timeout=GUARD) as smtp:
            for one in subject:
                try:
                    smtp.sendmail("z@far.test", to,
                                  b"From: z@far.test\r\nSubject: %s\r\n%s"
                                  b"\r\nhello\r\n" % (one.encode(), more))
                    code = 250
                except smtplib.SMTPDataError as error:
                    code = error.smtp_code
                if code != status:
                    raise ValueError("%s: %d" % (one, code))

    def traced(self, words):
        """The trail is written within a second."""
        folder = subprocess.run(
            ["find", os.path.join(self.args.folder, "hub"), "-name",
             "trail"], stdout=subprocess.PIPE, text=True,
            check=True).stdout.split("\n")[0]
        count = 0
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                count += file.read().count(words)
        return count


def wait(what, is_it):
    end = time.monotonic() + GUARD
    while time.monotonic() < end:
        got = is_it()
        if got:
            return got
        time.sleep(0.2)
    raise ValueError("never: " + what)


def expect(what, got, wanted):
    if got != wanted:
        raise ValueError("%s: %s, not %s" % (what, got, wanted))


def numbered(word, count):
    return ["%s %02d" % (word, n) for n in range(count)]


def filled(scene):
    with open(os.path.join(scene.args.folder, "hub/etc/rules/office.rule"),
              "w", encoding="utf-8") as file:
        file.write(RULES)
    log = os.path.join(scene.args.folder, "log")
    with open(log, encoding="utf-8") as file:
        before = file.read().count("ready")
    os.kill(scene.args.hub, signal.SIGHUP)

    def is_ready():
        with open(log, encoding="utf-8") as file:
            return file.read().count("ready") > before
    wait("a reload", is_ready)
    scene.send([ANN], numbered("Tagihan", BILLS))
    scene.send([ANN, BOB], ["Tagihan for two"])
    scene.send([ANN], numbered("suspect", HELD))
    scene.send([ANN], numbered("suspect and both", BOTH))
    scene.send([ANN], numbered("waste", WASTE))
    scene.send([ANN], ["a line", "away with it", "strict"])
    scene.send([ANN], ["forbidden"], status=550)
    scene.send([ANN], ["other"])
    wait("bills", lambda: len(scene.subjects(ANN, "Bills/Unpaid")) ==
         BILLS + 1 and len(scene.subjects(BOB, "Bills/Unpaid")) == 1)
    wait("holds", lambda: len(scene.held()) == HELD + BOTH + WASTE + 1)
    # what was delivered was judged before, in the trail as well
    wait("the trail", lambda: scene.traced("\"step\":\"delivered\"") >=
         BILLS + 5)


def dry(scene):
    """Nothing is done, and what would be is told."""
    got = scene.undo("suspect", "--dry-run")
    expect("dry", (got["dry"], got["released"], got["left"]),
           (True, HELD, BOTH))
    got = scene.undo("bills", "--dry-run")
    expect("dry", (got["moved"], got["left"]), (BILLS + 2, 0))
    expect("held", len(scene.held()), HELD + BOTH + WASTE + 1)
    expect("bills", len(scene.subjects(ANN, "Bills/Unpaid")), BILLS + 1)


def since(scene):
    for words in ("yesterday", "2026-13-01", "2026-11-21 25:00", "2026-11-2x"):
        scene.command("rule", "undo", "bills", "--since", words, status=2)
    # nothing is as new as that
    scene.command("rule", "undo", "bills", "--since",
                  time.strftime("%Y-%m-%d", time.localtime(
                      time.time() + 2 * 86400)), status=3)
    scene.command("rule", "undo", "no such rule", status=3)
    # in shadow it did nothing
    scene.command("rule", "undo", "watched", status=3)
    expect("since", scene.undo("bills", "--dry-run", "--since",
                               time.strftime("%Y-%m-%d", time.localtime(
                                   time.time() - 86400)))["moved"], BILLS + 2)


def touched(scene):
    """What people have done with it is theirs."""
    imap = scene.imap(ANN)
    imap.select('"Bills/Unpaid"')
    imap.create("Paid")
    expect("copied", imap.copy("1:2", "Paid")[0], "OK")
    imap.store("1:2", "+FLAGS", r"(\Deleted)")
    imap.expunge()
    # and back again: it is not the rule that put it there
    imap.select("Paid")
    expect("copied", imap.copy("1", '"Bills/Unpaid"')[0], "OK")
    imap.store("1", "+FLAGS", r"(\Deleted)")
    imap.expunge()
    imap.select('"Bills/Unpaid"')
    imap.store("1", "+FLAGS", r"(\Deleted)")
    imap.store("2:4", "+FLAGS", r"(\Seen)")
    imap.logout()


def killed(scene, rule, enough):
    """Begun, and ended in the middle; how many were done at that time."""
    with subprocess.Popen(scene.words("rule", "undo", rule),
                          stdout=subprocess.PIPE, text=True) as undo:
        for _ in range(enough):
            undo.stdout.readline()
        undo.kill()
    return enough


def moved(scene):
    killed(scene, "bills", 20)
    inbox = [x for x in scene.subjects(ANN, "INBOX") if "Tagihan" in x]
    if not 20 <= len(inbox) + 2 or len(inbox) > BILLS:
        raise ValueError("%d" % len(inbox))
    got = scene.undo("bills")
    expect("impossible", (got["impossible"], got["released"]), (0, 0))
    before = len(inbox)
    inbox = [x for x in scene.subjects(ANN, "INBOX") if "Tagihan" in x]
    # of all bills one was moved away, one moved back, one marked as deleted
    back = len(scene.subjects(ANN, "Bills/Unpaid"))
    expect("ann's", (len(inbox), len(set(inbox)),
                     len(scene.subjects(ANN, "Paid"))),
           (BILLS + 1 - back - 1, BILLS + 1 - back - 1, 1))
    expect("stay", back, 2)
    bob = scene.subjects(BOB, "INBOX")
    expect("bob's", bob.count("Tagihan for two"), 1)
    expect("moved now", got["moved"] <= BILLS + 2 - before, True)
    # a second time there is nothing to do
    expect("again", scene.undo("bills")["moved"], 0)
    expect("inbox", [x for x in scene.subjects(ANN, "INBOX")
                     if "Tagihan" in x], inbox)


def seen(scene):
    """Flags stay as they were."""
    imap = scene.imap(ANN)
    imap.select("INBOX", readonly=True)
    got = imap.search(None, "SEEN", "SUBJECT", "Tagihan")[1][0].split()
    imap.logout()
    expect("seen", len(got), 3)


def released(scene):
    killed(scene, "suspect", 15)
    got = scene.undo("suspect")
    expect("left", got["released"] <= HELD - 14, True)
    wait("released", lambda: len([
        x for x in scene.subjects(ANN, "INBOX") if "suspect" in x]) == HELD)
    expect("once each", [x for x in scene.subjects(ANN, "INBOX")
                         if "suspect" in x], numbered("suspect", HELD))
    held = [x["subject"] for x in scene.held()]
    expect("held still", len([x for x in held if "both" in x]), BOTH)
    expect("again", scene.undo("suspect")["released"], 0)


def discarded(scene):
    expect("waste", scene.undo("waste")["released"], WASTE)
    wait("released", lambda: [x for x in scene.subjects(ANN, "INBOX")
                              if "waste" in x] == numbered("waste", WASTE))


def held_and_filed(scene):
    expect("strict", scene.undo("strict")["released"], 1)
    wait("released", lambda: scene.subjects(ANN, "Strict") == ["strict"])
    got = scene.undo("strict")
    expect("strict", (got["released"], got["moved"]), (0, 1))
    expect("inbox", scene.subjects(ANN, "INBOX").count("strict"), 1)


def impossible(scene):
    for rule, words in (("no", "was told"), ("line", "header line stays"),
                        ("away", "it went to bob@office.test")):
        got = scene.undo(rule)
        expect(rule, (got["impossible"], got["moved"], got["released"]),
               (1, 0, 0))
        if words not in got["messages"][0]["words"]:
            raise ValueError("%s" % got)


def cut(scene):
    """The message as it came is released, and named; once."""
    before = len(scene.held())
    one = b"Content-Type: a/b; name=run.exe\r\n"
    scene.send([ANN], ["cut out"], more=one)
    scene.send([ANN], ["uncertain"], more=one + b"Content-Type: a/c\r\n")
    scene.send([ANN], ["of two rules"], more=one.replace(b".exe", b".exe.exe"))
    wait("holds", lambda: len(scene.held()) == before + 3)
    wait("letters", lambda: {"cut out", "of two rules"} <= set(
        scene.subjects(ANN, "INBOX")))
    wait("the trail", lambda: scene.traced("and removed an attachment") == 3)
    ids = {x["subject"]: x["id"] for x in scene.held()}
    for _ in range(2):
        got = scene.undo("cut", "--dry-run")
        expect("dry", (got["released"], got["left"], got["impossible"]),
               (2, 1, 0))
    got = scene.undo("cut")
    expect("cut", (got["released"], got["left"], got["impossible"]),
           (2, 1, 0))
    for name in ("cut out", "of two rules"):
        if not [x for x in got["messages"] if ids[name] in x["words"] and
                x["id"] != ids[name]]:
            raise ValueError("%s: %s" % (ids, got))
    wait("released", lambda: [
        scene.subjects(ANN, "INBOX").count(x)
        for x in ("cut out", "uncertain", "of two rules")] == [2, 1, 1])
    got = scene.undo("cut")
    expect("again", (got["released"], got["left"]), (0, 3))
    expect("held", len(scene.held()), before + 1)


def cut_and_held(scene):
    """Of the letter and the message as it came one goes to ann."""
    before = len(scene.held())
    scene.send([ANN], ["saver"], more=b"Content-Type: a/b; name=new.scr\r\n")
    wait("holds", lambda: len(scene.held()) == before + 2)
    wait("the trail", lambda: scene.traced(
        "held it and removed an attachment") == 1)
    for words in (["--dry-run"], []):
        got = scene.undo("cut and hold", *words)
        expect("both", (got["released"], got["left"]), (1, 1))
    wait("released", lambda: "saver" in scene.subjects(ANN, "INBOX"))
    expect("held", len(scene.held()), before)
    expect("the whole", scene.body("saver").count(b"name=new.scr"), 1)
    got = scene.undo("cut and hold")
    expect("again", (got["released"], got["left"]), (0, 2))
    expect("one", scene.subjects(ANN, "INBOX").count("saver"), 1)


def whole(scene):
    expect("faults", json.loads(scene.command("check", "--json"))[
        "result"]["faults"], [])
    expect("other", scene.subjects(ANN, "INBOX").count("other"), 1)


STEPS = (
    ("rules have held, filed, refused and sent on", filled),
    ("a dry run says what would be done", dry),
    ("days are understood", since),
    ("people have moved and deleted some", touched),
    ("what was filed is moved back once, also after a kill", moved),
    ("flags stay as they were", seen),
    ("what was held is released once, also after a kill", released),
    ("what was discarded is released", discarded),
    ("what was held and filed takes two runs", held_and_filed),
    ("what cannot be undone is said", impossible),
    ("of what was removed the whole message is released once", cut),
    ("of what was cut and held one goes to its person", cut_and_held),
    ("nothing else was touched", whole),
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
                results.write("pass undo: %s\n" % name)
            except (ValueError, OSError, KeyError, IndexError,
                    smtplib.SMTPException, imaplib.IMAP4.error,
                    subprocess.SubprocessError):
                failed = 1
                traceback.print_exc()
                results.write("fail undo: %s\n" % name)
    return failed


if __name__ == "__main__":
    sys.exit(main())
