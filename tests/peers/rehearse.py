"""What rules would have done to the mail that is here: exact counts.

usage: rehearse.py --bin DIR --base PORT --folder DIR --hub PID --results FILE

240 letters: 40 invoices with a program, half of them to two people; 80 bills,
of which some were read, answered, flagged, moved, or put into Junk; 120 others.
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

GUARD = 240         # seconds: something is very wrong
PROGRAMS, BILLS, PLAIN = 40, 80, 120
IN_FORCE = 'rule "huge" { header X-Held exists; do hold "as asked" }\n'
TRIED = r'''rule "program" {
	attachment name /\.exe$/i
	not sender @office.test
	do hold "a program is attached"
}
rule "bill" {
	header Subject /tagihan/i
	do mark folder "Bills"
}
rule "for bob" { recipient bob@office.test; do mark header "X-Bob: yes" }
rule "forged" { spf fail; do refuse "no" }
rule "virus" { scan virus; do discard "a virus" }
rule "held" { header X-Held exists; do hold "as asked" }
rule "never" { body /nobody writes this/; do hold "never" }
'''


class Scene:
    def __init__(self, args):
        self.args = args
        self.rules = os.path.join(args.folder, "tried.rule")

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

    def rehearse(self, *words):
        return json.loads(self.command("rule", "rehearse", self.rules,
                                       "--json", *words))["result"]

    def reload(self, rules):
        with open(os.path.join(self.args.folder,
                               "hub/etc/rules/office.rule"),
                  "w", encoding="utf-8") as file:
            file.write(rules)
        log = os.path.join(self.args.folder, "log")
        with open(log, encoding="utf-8") as file:
            before = file.read().count("ready")
        os.kill(self.args.hub, signal.SIGHUP)

        def is_ready():
            with open(log, encoding="utf-8") as file:
                return file.read().count("ready") > before
        wait("a reload", is_ready)

    def imap(self, who):
        imap = imaplib.IMAP4("127.0.0.1", self.args.base + 143,
                             timeout=GUARD)
        imap.login(who, "secret")
        return imap

    def count(self, who, folder):
        imap = self.imap(who)
        try:
            kind, data = imap.select('"%s"' % folder, readonly=True)
            return int(data[0]) if kind == "OK" else 0
        finally:
            imap.logout()


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


def program(number):
    return (b"From: z@far.test\r\nSubject: program %d\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
            b"hello\r\n--b\r\nContent-Type: application/octet-stream; "
            b'name="bill.exe"\r\n\r\nxyz\r\n--b--\r\n' % number)


def bill(number):
    # every eighth is a big file
    return (b"From: z@far.test\r\nSubject: Tagihan %d\r\n\r\nplease pay\r\n"
            % number) + b"x" * 70 * (number % 8 == 0) + b"\r\n" + \
        (b"0123456789abcdef\r\n" * 9000 if number % 8 == 0 else b"")


def plain(number):
    return b"From: z@far.test\r\nSubject: hello %d\r\n\r\nhow are you\r\n" \
        % number


def filled(scene):
    """Letters, and what their people do with them."""
    scene.reload(IN_FORCE)
    ann, bob = "ann@office.test", "bob@office.test"
    with smtplib.SMTP("127.0.0.1", scene.args.base + 25,
                      timeout=GUARD) as smtp:
        for n in range(PROGRAMS):
            smtp.sendmail("z@far.test", [ann, bob] if n % 2 else [ann],
                          program(n))
        for n in range(BILLS):
            smtp.sendmail("z@far.test", [ann], bill(n))
        for n in range(PLAIN):
            smtp.sendmail("z@far.test", [bob], plain(n))
        for n in range(3):
            smtp.sendmail("z@far.test", [ann],
                          b"X-Held: yes\r\n" + plain(1000 + n))
    wait("ann's letters", lambda: scene.count(ann, "INBOX") ==
         PROGRAMS + BILLS)
    wait("bob's letters", lambda: scene.count(bob, "INBOX") ==
         PLAIN + PROGRAMS // 2)
    imap = scene.imap(ann)
    imap.select("INBOX")
    # the programs came first: 5 were read, 2 of them answered, 1 flagged
    imap.store("1:5", "+FLAGS", r"(\Seen)")
    imap.store("1:2", "+FLAGS", r"(\Answered)")
    imap.store("3", "+FLAGS", r"(\Flagged)")
    imap.append("INBOX", None, None, plain(5000))
    imap.append("Sent", None, None, bill(5001))
    bills = imap.search(None, "SUBJECT", "Tagihan")[1][0].split()
    expect("bills", len(bills), BILLS)
    imap.create("Paid")
    for folder, part in (("Paid", bills[:10]), ("Junk", bills[10:16]),
                         ("Trash", bills[16:20])):
        expect("copied", imap.copy(b",".join(part).decode(), folder)[0], "OK")
        imap.store(b",".join(part).decode(), "+FLAGS", r"(\Deleted)")
    imap.expunge()
    imap.logout()


COUNTS = {
    # caught, otherwise, unknown, inbox, folder, junk, trash, held
    "program": (PROGRAMS, PROGRAMS, 0, PROGRAMS, 0, 0, 0, 0),
    "bill": (BILLS, BILLS, 0, BILLS - 20, 10, 6, 4, 0),
    "for bob": (PLAIN + PROGRAMS // 2, PLAIN + PROGRAMS // 2, 0,
                PLAIN + PROGRAMS // 2, 0, 0, 0, 0),
    "virus": (0, 0, 0, 0, 0, 0, 0, 0),
    "held": (3, 0, 0, 0, 0, 0, 0, 3),
    "never": (0, 0, 0, 0, 0, 0, 0, 0),
}


def counted(scene):
    got = scene.rehearse()
    expect("messages", (got["complete"], got["messages"], got["held"]),
           (True, PROGRAMS + BILLS + PLAIN + 3, 3))
    expect("left out", (got["saved"], got["unreadable"],
                        got["unread_accounts"]), (2, 0, 0))
    rules = {x["rule"]: x for x in got["rules"]}
    for name, wanted in COUNTS.items():
        one = rules[name]
        caught = one["caught"]
        expect(name, (caught["messages"], one["otherwise"],
                      one["unknown"] + one["otherwise_unknown"],
                      caught["inbox"], caught["folder"], caught["junk"],
                      caught["trash"], caught["held"]), wanted)
    caught = rules["program"]["caught"]
    expect("flags", (caught["seen"], caught["answered"], caught["flagged"]),
           (5, 2, 1))
    expect("moved", rules["bill"]["caught"]["moved"], 20)
    expect("kept away", (got["kept_away"]["messages"],
                         got["kept_away"]["inbox"],
                         got["kept_away"]["seen"]),
           (PROGRAMS + 3, PROGRAMS, 5))
    return rules


def unknown(scene):
    """Nobody asked DNS when they came: that is said, and nothing guessed."""
    rules = {x["rule"]: x for x in scene.rehearse()["rules"]}
    expect("forged", (rules["forged"]["caught"]["messages"],
                      rules["forged"]["unknown"]),
           (0, PROGRAMS + BILLS + PLAIN + 3))
    # that no virus was found is known: it would stand there
    expect("virus", (rules["virus"]["caught"]["messages"],
                     rules["virus"]["unknown"]), (0, 0))


def shown(scene):
    rules = counted(scene)
    shown_ = rules["program"]["examples"]
    expect("examples", len(shown_), 5)
    # those that people have read come first, however old they are
    if not all(x["seen"] and x["where"] == "inbox" for x in shown_):
        raise ValueError("%s" % shown_)
    expect("why", shown_[0]["why"],
           "2: attachment name, application/octet-stream: bill[.exe]")
    expect("limit", [len(x["examples"]) for x in scene.rehearse(
        "--limit", "0")["rules"]], [0] * 7)
    said = scene.command("rule", "rehearse", scene.rules)
    for words in ("holds for 40 messages", "5 read, 2 answered, 1 flagged",
                  "would have kept 43 messages", "in INBOX, read",
                  "a second."):
        if words not in said:
            raise ValueError("%r is not in %s" % (words, said))


def old(scene):
    """Only so many days; and wrong words are refused."""
    expect("days", scene.rehearse("--days", "1")["messages"],
           PROGRAMS + BILLS + PLAIN + 3)
    for words in (("--days", "0"), ("--days", "x"), ("--limit", "101")):
        scene.command("rule", "rehearse", scene.rules, *words, status=2)
    scene.command("rule", "rehearse", scene.rules + ".none", status=1)


def undisturbed(scene):
    """The hub goes on, and nothing was changed."""
    said = json.loads(scene.command("check", "--json"))["result"]
    expect("faults", said["faults"], [])
    expect("held", len(json.loads(scene.command(
        "hold", "list", "--json"))["result"]), 3)


STEPS = (
    ("240 letters are here, and people have done things with them", filled),
    ("a rehearsal counts each message once, and where it is now", counted),
    ("what its lines do not say is not guessed", unknown),
    ("examples begin with what people have read", shown),
    ("days and examples are bounded", old),
    ("the hub is not disturbed", undisturbed),
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
    with open(scene.rules, "w", encoding="utf-8") as file:
        file.write(TRIED)
    with open(args.results, "a", encoding="utf-8") as results:
        for name, step in STEPS:
            try:
                step(scene)
                results.write("pass rehearse: %s\n" % name)
            except (ValueError, OSError, KeyError, IndexError,
                    smtplib.SMTPException, imaplib.IMAP4.error,
                    subprocess.SubprocessError):
                failed = 1
                traceback.print_exc()
                results.write("fail rehearse: %s\n" % name)
    return failed


if __name__ == "__main__":
    sys.exit(main())
