"""The spam filter learns from a folder and an mbox, and judges what comes.

usage: spam.py --bin DIR --base PORT --folder DIR --hub PID --results FILE
"""

import argparse
import fcntl
import imaplib
import json
import os
import random
import signal
import smtplib
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "fault"))
from hub import children    # noqa: E402 pylint: disable=wrong-import-position

GUARD = 180         # seconds: something is very wrong
EACH = 350          # messages of each class: more than what gives it a say
WANTED = "meeting report invoice office printer lunch project minutes".split()
SPAM = "lottery prize winner casino pills refinance miracle jackpot".split()
BOTH = "hello please today regards with from your letter number this".split()


def message(dice, words, sender, number):
    body = " ".join(dice.choice(words + BOTH) for _ in range(60))
    return ("From: <%s>\r\nTo: <ann@office.test>\r\nSubject: %s %s\r\n"
            "Message-ID: <%d@%s>\r\n\r\n%s\r\n" % (
                sender, dice.choice(words), dice.choice(words), number,
                sender.split("@")[1], body)).encode()


class Scene:
    def __init__(self, args):
        self.args, self.dice = args, random.Random(7)
        self.wanted = os.path.join(args.folder, "wanted", "cur")
        self.spam = os.path.join(args.folder, "spam.mbox")
        self.sent, self.last = {}, 0

    def one(self, is_spam, number):
        return message(self.dice, SPAM if is_spam else WANTED,
                       "win@bulk.example" if is_spam else "bob@firm.example",
                       number)

    def fill(self):
        os.makedirs(self.wanted)
        with open(self.spam, "wb") as mbox:
            for number in range(EACH):
                with open(os.path.join(self.wanted, "%d.x:2,S" % number),
                          "wb") as file:
                    file.write(self.one(False, number))
                mbox.write(b"From win@bulk.example Mon Jan  1 00:00:00 2024\n"
                           + self.one(True, number).replace(b"\r\n", b"\n") +
                           b"\n")
        with open(os.path.join(self.args.folder, "wanted", "index"),
                  "wb") as file:
            file.write(b"\0\1\2 no message\n")

    def command(self, *words, status=0):
        done = subprocess.run(
            [os.path.join(self.args.bin, "postroom"), "-c",
             os.path.join(self.args.folder, "hub/etc/postroom.conf"), *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False, timeout=GUARD)
        if done.returncode != status:
            raise ValueError("%s: %d, %s%s" % (words, done.returncode,
                                               done.stdout, done.stderr))
        return done.stdout + done.stderr

    def ask(self, *words):
        return json.loads(self.command("spam", *words, "--json"))["result"]

    def imap(self):
        box = imaplib.IMAP4("127.0.0.1", self.args.base + 143,
                            timeout=GUARD)
        box.login("ann@office.test", "secret")
        return box

    def headers(self, folder):
        """{Message-ID: X-Postroom-Spam} of what is there."""
        box, found = self.imap(), {}
        if box.select(folder, readonly=True)[0] == "OK":
            for part in box.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS "
                                  "(MESSAGE-ID X-POSTROOM-SPAM)])")[1]:
                if isinstance(part, tuple):
                    lines = dict(
                        line.split(": ", 1) for line in part[1].decode()
                        .replace("\r\n ", " ").strip().splitlines())
                    found[lines["Message-ID"]] = lines.get("X-Postroom-Spam")
        box.logout()
        return found

    def send(self, data):
        with smtplib.SMTP("127.0.0.1", self.args.base + 25,
                          timeout=GUARD) as smtp:
            smtp.sendmail("x@bulk.example", ["ann@office.test"], data)

    def until(self, folder, number, host):
        """The header line of that message, once it is there."""
        wanted, end = "<%d@%s>" % (number, host), time.monotonic() + GUARD
        while time.monotonic() < end:
            found = self.headers(folder)
            if wanted in found:
                return found[wanted]
            time.sleep(0.2)
        raise ValueError("%s is not in %s" % (wanted, folder))

    def export(self, folder, number):
        """Files that hold the message, of a Maildir and out of an mbox."""
        mark = b"<%d@" % number
        for kind in ("maildir", "mbox"):
            to = os.path.join(self.args.folder, "%s.%s" % (kind, folder))
            self.command("export", "ann@office.test", "--to",
                         "%s:%s" % (kind, to), "--folder", folder)
            for above, _, names in os.walk(to):
                for name in names:
                    with open(os.path.join(above, name), "rb") as file:
                        data = file.read()
                    if mark not in data:
                        continue
                    if kind == "mbox":      # its messages, each with its line
                        data = next(b"From " + x for x in
                                    (b"\n" + data).split(b"\nFrom ")[1:]
                                    if mark in x)
                    path = os.path.join(self.args.folder, kind + ".one")
                    with open(path, "wb") as file:
                        file.write(data)
                    yield path

    def reload(self):
        log = os.path.join(self.args.folder, "log")
        with open(log, encoding="utf-8") as file:
            before = file.read().count("ready")
        os.kill(self.args.hub, signal.SIGHUP)
        end = time.monotonic() + GUARD
        while time.monotonic() < end:
            with open(log, encoding="utf-8") as file:
                if file.read().count("ready") > before:
                    return
            time.sleep(0.1)
        raise ValueError("no reload")


def untaught(scene):
    if "Nothing has been learnt" not in scene.command("spam", "status"):
        raise ValueError("it has learnt something")
    scene.send(scene.one(True, 1001))
    if scene.until("INBOX", 1001, "bulk.example") is not None:
        raise ValueError("it has a say")


def taught(scene):
    for _ in range(2):
        learnt = scene.ask("learn", os.path.dirname(scene.wanted), "--wanted")
        if learnt["learnt"] != EACH or learnt["passed"] != 1:
            raise ValueError("wanted: %s" % learnt)
        learnt = scene.ask("learn", scene.spam, "--spam")
        if learnt["learnt"] != EACH:
            raise ValueError("spam: %s" % learnt)
    status = scene.ask("status")
    if (status["wanted"], status["spam"], status["trained"]) != (
            2 * EACH, 2 * EACH, True):
        raise ValueError("status: %s" % status)
    scene.command("spam", "learn", scene.spam, status=2)
    scene.command("spam", "learn", scene.spam + ".none", "--spam", status=1)


def explained(scene):
    path = os.path.join(scene.args.folder, "one")
    for is_spam in (True, False):
        with open(path, "wb") as file:
            file.write(scene.one(is_spam, 1002))
        said = scene.ask("explain", path)
        if said["class"] != ("spam" if is_spam else "wanted"):
            raise ValueError("explain: %s" % said)
        words = [x["words"] for x in said["spam" if is_spam else "wanted"]]
        if not any("bulk.example" in x or "firm.example" in x or
                   x in SPAM + WANTED for x in words):
            raise ValueError("reasons: %s" % words)


def judged(scene):
    scene.reload()
    scene.sent = {1003: scene.one(True, 1003), 1004: scene.one(False, 1004)}
    for data in scene.sent.values():
        scene.send(data)
    line = scene.until("Junk", 1003, "bulk.example")
    if not line.startswith("spam, ") or "for: " not in line:
        raise ValueError("the line of spam: %s" % line)
    line = scene.until("INBOX", 1004, "firm.example")
    if not line.startswith("wanted, "):
        raise ValueError("the line of a wanted one: %s" % line)


def exported(scene):
    """A letter that was delivered and exported is judged as it came, and so it
    is learnt."""
    path = os.path.join(scene.args.folder, "came")
    for is_spam, number, folder in ((True, 1003, "Junk"),
                                    (False, 1004, "INBOX")):
        with open(path, "wb") as file:
            file.write(scene.sent[number])
        came = scene.ask("explain", path)
        files = list(scene.export(folder, number))
        if len(files) != 2:
            raise ValueError("%d is in %s" % (number, files))
        for file in files:
            said = scene.ask("explain", file)
            if said != came:
                raise ValueError("%s: %s, it came as %s" % (file, said, came))
        line = scene.headers(folder)["<%d@%s>" % (
            number, "bulk.example" if is_spam else "firm.example")]
        if not line.startswith("%s, %.1f%%" % (
                came["class"], 100 * came["probability"])):
            raise ValueError("judged as %s, now %s" % (line, came))


def live(scene):
    """What is learnt now counts at once, with no reload."""
    before = scene.ask("status")["wanted"]
    path = os.path.join(scene.args.folder, "odd")
    data = message(scene.dice, ["quixotic", "zephyr", "vellum"],
                   "new@odd.example", 1005)
    with open(path, "wb") as file:
        file.write(data)
    for _ in range(30):
        scene.command("spam", "learn", path, "--wanted")
    if scene.ask("status")["wanted"] != before + 30:
        raise ValueError("not all were learnt")
    scene.send(data)
    line = scene.until("INBOX", 1005, "odd.example")
    if "quixotic" not in line and "zephyr" not in line and \
            "vellum" not in line and "odd.example" not in line:
        raise ValueError("its words have no weight: %s" % line)


MORE = range(2011, 2031)     # so many at most until it is believed
BACK = range(2060, 2100)     # the same of what the site says is spam


def offer(number):
    """Letters that the site knows nothing of."""
    dice = random.Random(number)
    return message(dice, ["webinar", "synergy", "leverage", "roadmap"],
                   "news@pushy.example", number)


def lessons(scene):
    status = scene.ask("status", "ann")
    return status["wanted"], status["spam"]


def until_lessons(scene, wanted, spam):
    end = time.monotonic() + GUARD
    while lessons(scene) != (wanted, spam):
        if time.monotonic() > end:
            raise ValueError("learnt %s, not %s" % (
                lessons(scene), (wanted, spam)))
        time.sleep(0.1)


def uid_of(box, folder, number, host="pushy.example"):
    box.select(folder)
    found = box.uid("SEARCH", "HEADER", "Message-ID",
                    "<%d@%s>" % (number, host))[1][0].split()
    if len(found) != 1:
        raise ValueError("%d in %s: %s" % (number, folder, found))
    return found[0].decode()


def move(scene, number, before, after, host="pushy.example"):
    box = scene.imap()
    answer = box.uid("MOVE", uid_of(box, before, number, host), after)
    box.logout()
    if answer[0] != "OK":
        raise ValueError("MOVE: %s" % (answer,))


def moved(scene):
    """Moves teach the model of the person, and nothing else."""
    if "has taught nothing" not in scene.command("spam", "status", "ann"):
        raise ValueError("there are lessons already")
    site = scene.ask("status")
    for number in range(2001, 2007):
        scene.send(offer(number))
        scene.until("INBOX", number, "pushy.example")
    for number in range(2001, 2006):
        move(scene, number, "INBOX", "Junk")
    until_lessons(scene, 0, 5)
    move(scene, 2001, "Junk", "INBOX")
    until_lessons(scene, 1, 4)
    move(scene, 2001, "INBOX", "Junk")
    until_lessons(scene, 0, 5)
    box = scene.imap()
    box.uid("STORE", uid_of(box, "INBOX", 2006), "+FLAGS", "($Junk)")
    box.logout()
    until_lessons(scene, 0, 6)
    if scene.ask("status") != site:
        raise ValueError("the site has learnt it")


def taught_for(scene):
    """The postmaster teaches one person's filter, which nobody else asks."""
    site, before = scene.ask("status"), lessons(scene)
    path = os.path.join(scene.args.folder, "for.ann")
    with open(path, "wb") as file:
        file.write(message(random.Random(5), ["quokka", "wombat", "numbat"],
                           "zoo@keeper.example", 1007))
    was = scene.ask("explain", path, "--for", "ann")
    if was["own"] > 0.5 or was["score"] != was["site"] + was["own"]:
        raise ValueError("before: %s" % was)
    for _ in range(40):
        scene.command("spam", "learn", path, "--spam", "--for",
                      "ann@office.test")
    if lessons(scene) != (before[0], before[1] + 40):
        raise ValueError("lessons: %s" % (lessons(scene),))
    if scene.ask("status") != site:
        raise ValueError("the site has learnt it")
    now = scene.ask("explain", path, "--for", "ann")
    if now["own"] < 1 or now["site"] != was["site"] or \
            now["score"] <= was["score"]:
        raise ValueError("then: %s" % now)
    if not any(x["words"] in ("quokka", "wombat", "numbat")
               or "keeper" in x["words"] for x in now["spam"]):
        raise ValueError("reasons: %s" % now)
    if "own" in scene.ask("explain", path):
        raise ValueError("the site is explained with somebody's")
    if "what ann has taught: +" not in scene.command(
            "spam", "explain", path, "--for", "ann"):
        raise ValueError("nothing is said of it")
    for words in (("learn", path, "--spam"), ("explain", path)):
        scene.command("spam", *words, "--for", "nobody", status=3)
    # and back, so that those below count from where they did
    scene.command("spam", "learn", path, "--wanted", "--for", "ann")
    if lessons(scene) != (before[0] + 1, before[1] + 40):
        raise ValueError("lessons: %s" % (lessons(scene),))
    os.unlink(os.path.join(
        scene.args.folder, "hub/data/accounts",
        str(next(row["account"] for row in json.loads(
            scene.command("account", "list", "--json"))["result"]
                 if row["address"] == "ann@office.test")), "spam.model"))


def killed(scene):
    """The process that answered the move ends before it has learnt."""
    scene.send(offer(2010))
    scene.until("INBOX", 2010, "pushy.example")
    box = scene.imap()
    uid = uid_of(box, "INBOX", 2010)
    box.uid("MOVE", uid, "Junk")
    mailboxes = [pid for pid, words in children(scene.args.hub).items()
                 if words[1:3] == ["--role", "mailbox"]]
    for pid in mailboxes:
        os.kill(pid, signal.SIGKILL)
    if not mailboxes:
        raise ValueError("nobody was killed")
    scene.imap().logout()       # there is one again
    until_lessons(scene, 0, 7)
    time.sleep(1)
    if lessons(scene) != (0, 7):
        raise ValueError("it was learnt twice: %s" % (lessons(scene),))


def where_is(scene, number, host="pushy.example"):
    wanted, end = "<%d@%s>" % (number, host), time.monotonic() + GUARD
    while time.monotonic() < end:
        for folder in ("INBOX", "Junk"):
            if wanted in scene.headers(folder):
                return folder
        time.sleep(0.2)
    raise ValueError("%d is nowhere" % number)


def own(scene, folder, number, host="pushy.example"):
    """Our line on it, once it is there."""
    scene.until(folder, number, host)
    box = scene.imap()
    data = box.uid("FETCH", uid_of(box, folder, number, host),
                   "(BODY.PEEK[HEADER])")[1][0][1].decode()
    box.logout()
    lines = [x for x in data.split("\r\n")
             if x.startswith("X-Postroom-Spam-Mailbox: ")]
    if len(lines) != 1:
        raise ValueError("our lines: %s" % data)
    return lines[0].split(": ", 1)[1]


def until_told(scene, word, folder):
    """The trail says what our filter made of a letter."""
    end = time.monotonic() + GUARD
    while True:
        said = scene.command("trace", "ann@office.test")
        if any("mailbox's spam filter" in line and word in line and
               folder in line for line in said.splitlines()):
            return
        if time.monotonic() > end:
            raise ValueError("the trail: %s" % said)
        time.sleep(0.2)


def personal(scene):
    """What is like it goes where the person wants it, and the trail says so."""
    for number in MORE:
        scene.send(offer(number))
        if where_is(scene, number) == "Junk":
            break
        move(scene, number, "INBOX", "Junk")
        until_lessons(scene, 0, 7 + number - MORE[0] + 1)
    scene.last = number
    line = own(scene, "Junk", number)
    if not line.startswith("spam, e^") or "taught here: +" not in line:
        raise ValueError("our line: %s" % line)
    until_told(scene, "spam", "Junk")
    # what is wanted stays where it was
    scene.send(scene.one(False, 2040))
    scene.until("INBOX", 2040, "firm.example")
    # an exported letter is still what came
    path = next(scene.export("Junk", number))
    with open(path + ".came", "wb") as file:
        file.write(offer(number))
    if scene.ask("explain", path) != scene.ask("explain", path + ".came"):
        raise ValueError("it is another letter now")


def released(scene):
    """Its filter would have it in Junk again."""
    rules = os.path.join(scene.args.folder, "hub/etc/rules")
    os.makedirs(rules, exist_ok=True)
    with open(os.path.join(rules, "held.rule"), "w", encoding="utf-8") as file:
        file.write('rule "look" { header Message-ID /<2055@/; '
                   'do hold "somebody looks at it" }\n')
    scene.reload()
    wanted, spam = lessons(scene)
    scene.send(offer(2055))
    end, held = time.monotonic() + GUARD, []
    while not held:
        if time.monotonic() > end:
            raise ValueError("it is not held")
        time.sleep(0.2)
        held = json.loads(scene.command("hold", "list", "--json"))["result"]
    # while somebody learns the hold does not end without its lesson
    path = os.path.join(scene.args.folder, "hub/data/spam.model")
    with open(path, "rb") as model:
        fcntl.flock(model, fcntl.LOCK_EX)
        scene.command("hold", "release", held[0]["id"], "--wanted", status=4)
        scene.command("hold", "delete", held[0]["id"], "--spam", "--yes",
                      status=4)
    scene.command("hold", "release", held[0]["id"])
    if where_is(scene, 2055) != "INBOX":
        raise ValueError("it was released, and caught again")
    until_lessons(scene, wanted + 1, spam)


def undone(scene):
    """All is taken out of Junk again."""
    all_moved = [2001, 2002, 2003, 2004, 2005, 2010,
                 *range(MORE[0], scene.last + 1)]
    for number in all_moved:
        move(scene, number, "Junk", "INBOX")
    box = scene.imap()
    box.uid("STORE", uid_of(box, "INBOX", 2006), "FLAGS", "($NotJunk)")
    box.logout()
    until_lessons(scene, len(all_moved) + 2, 0)
    scene.send(offer(2050))
    line = own(scene, "INBOX", 2050)
    if line.startswith("spam"):
        raise ValueError("our line: %s" % line)


def brought_back(scene):
    """What the site takes for spam, and this person does not."""
    host = "bulk.example"
    for number in BACK:
        scene.send(scene.one(True, number))
        if where_is(scene, number, host) == "INBOX":
            break
        wanted, spam = lessons(scene)
        move(scene, number, "Junk", "INBOX", host)
        until_lessons(scene, wanted + 1, spam)
    if number == BACK[0]:
        raise ValueError("the site does not take it for spam")
    line = own(scene, "INBOX", number, host)
    if line.startswith("spam") or "taught here: -" not in line:
        raise ValueError("our line: %s" % line)
    if not scene.headers("INBOX")["<%d@%s>" % (number, host)].startswith(
            "spam, "):
        raise ValueError("the site thinks otherwise")
    until_told(scene, "wanted", "INBOX")


def large(number):
    """An offer over 128 KiB: a file of its own in the queue's folder."""
    return offer(number) + b"synergy and leverage\r\n" * 7000


def large_learnt(scene):
    wanted, spam = lessons(scene)
    scene.send(large(2101))
    scene.until("INBOX", 2101, "pushy.example")
    move(scene, 2101, "INBOX", "Junk")
    until_lessons(scene, wanted, spam + 1)
    move(scene, 2101, "Junk", "INBOX")
    until_lessons(scene, wanted + 1, spam)


def cut(scene):
    """What a mailbox has taught is cut while its process has it mapped."""
    def ended():
        with open(os.path.join(scene.args.folder, "log"),
                  encoding="utf-8") as file:
            return file.read().count("signal")
    before = ended()
    above = os.path.join(scene.args.folder, "hub/data/accounts")
    for account in os.listdir(above):
        path = os.path.join(above, account, "spam.model")
        if os.path.exists(path):
            with open(path, "r+b") as file:
                file.truncate(5000)
    scene.send(scene.one(False, 2060))
    scene.until("INBOX", 2060, "firm.example")
    if ended() != before:
        raise ValueError("a mailbox was ended by a signal")


def broken(scene):
    path = os.path.join(scene.args.folder, "hub/data/spam.model")
    with open(path, "r+b") as file:
        file.truncate(5000)
    said = scene.command("spam", "status", status=1)
    if "damaged" not in said:
        raise ValueError("status: %s" % said)
    # the judge has it mapped
    scene.send(scene.one(True, 1005))
    if scene.until("INBOX", 1005, "bulk.example") is not None:
        raise ValueError("a model that was cut has a say")
    with open(os.path.join(scene.args.folder, "log"),
              encoding="utf-8") as file:
        if "not used any more: its file was cut" not in file.read():
            raise ValueError("the judge has not seen it")
    scene.reload()
    scene.send(scene.one(True, 1006))
    if scene.until("INBOX", 1006, "bulk.example") is not None:
        raise ValueError("a broken model has a say")


STEPS = (
    ("nothing learnt, nothing said", untaught),
    ("it learns a folder and an mbox", taught),
    ("it tells its reasons", explained),
    ("spam goes to Junk, what is wanted does not", judged),
    ("an exported letter is what came", exported),
    ("what is learnt counts at once", live),
    ("the postmaster teaches one person's filter", taught_for),
    ("what a person moves is what that person's filter learns", moved),
    ("a lesson is learnt once, though its process is killed", killed),
    ("what is like it goes into that person's Junk", personal),
    ("what is held and released is not caught again, and teaches", released),
    ("what is taken out of there undoes it", undone),
    ("what the site files into Junk comes back for who wants it",
     brought_back),
    ("a letter over 128 KiB is a lesson, too", large_learnt),
    ("a mailbox reads nothing that was cut off", cut),
    ("a broken model is refused, and mail goes on", broken),
)


def main():
    parser = argparse.ArgumentParser(description="see the head of the file")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--base", type=int, required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--hub", type=int, required=True)
    parser.add_argument("--results", required=True)
    args, failed = parser.parse_args(), 0
    scene = Scene(args)
    scene.fill()
    with open(args.results, "a", encoding="utf-8") as results:
        for name, step in STEPS:
            try:
                step(scene)
                results.write("pass spam: %s\n" % name)
            except (ValueError, OSError, KeyError, imaplib.IMAP4.error,
                    smtplib.SMTPException, subprocess.SubprocessError):
                traceback.print_exc()
                results.write("fail spam: %s\n" % name)
                failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
