"""Rules are tried on files, and the hub does with mail what the trial said.

usage: rule.py --bin DIR --base PORT --folder DIR --hub PID --results FILE
"""

import argparse
import json
import os
import signal
import smtplib
import subprocess
import sys
import time
import traceback

GUARD = 180         # seconds: something is very wrong
RULES = r'''# what an office has
rule "program" {
	attachment name /\.(exe|js)$/i
	not sender @office.test
	do hold "a program is attached"
}
rule "bill" {
	header Subject /invoice|tagihan/i
	any {
		body /pay now/
		header X-Bill exists
	}
	do mark folder "Bills"
	stop
}
rule "watched" {
	shadow
	header Subject /hello/
	do refuse "no hello"
	stop
}
rule "never" { size > 1G; do hold "huge" }
'''
MAIL = {
    "program": b"From: z@far.test\r\nSubject: see this\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n"
    b"--b\r\nContent-Type: application/octet-stream; "
    b'name="bill.pdf.exe"\r\n\r\nxyz\r\n--b--\r\n',
    "bill": b"From: z@far.test\r\nSubject: =?utf-8?Q?Tagihan_Mei?=\r\n\r\n"
    b"please pay now\r\n",
    "plain": b"From: z@far.test\r\nSubject: hello\r\n\r\npay now\r\n",
}


class Scene:
    def __init__(self, args):
        self.args = args
        self.rules = os.path.join(args.folder, "office.rule")
        self.mail = os.path.join(args.folder, "mail")

    def command(self, *words, status=0, given=None):
        done = subprocess.run(
            [os.path.join(self.args.bin, "postroom"), "-c",
             os.path.join(self.args.folder, "hub/etc/postroom.conf"), *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False, timeout=GUARD, input=given)
        if done.returncode != status:
            raise ValueError("%s: %d, %s%s" % (words, done.returncode,
                                               done.stdout, done.stderr))
        return done.stdout + done.stderr

    def ask(self, *words, status=0):
        return json.loads(self.command("rule", *words, "--json",
                                       status=status))["result"]

    def fill(self):
        with open(self.rules, "w", encoding="utf-8") as file:
            file.write(RULES)
        os.mkdir(self.mail)
        for name, data in MAIL.items():
            with open(os.path.join(self.mail, name), "wb") as file:
                file.write(data)

    def steps(self, what):
        """Of `trace`; none before the trail is written."""
        done = subprocess.run(
            [os.path.join(self.args.bin, "postroom"), "-c",
             os.path.join(self.args.folder, "hub/etc/postroom.conf"),
             "trace", what, "--json"], stdout=subprocess.PIPE, text=True,
            check=False, timeout=GUARD)
        return json.loads(done.stdout)

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

    def send(self, name):
        with smtplib.SMTP("127.0.0.1", self.args.base + 25,
                          timeout=GUARD) as smtp:
            smtp.sendmail("z@far.test", ["ann@office.test"], MAIL[name])


def wait(what, is_it):
    end = time.monotonic() + GUARD
    while time.monotonic() < end:
        got = is_it()
        if got:
            return got
        time.sleep(0.2)
    raise ValueError("never: " + what)


def tried(scene):
    said = {os.path.basename(x["message"]): x for x in scene.ask(
        "test", scene.rules, scene.mail, "--sender", "z@far.test")}
    got = {name: (x["action"], x["sure"], [r["rule"] for r in x["rules"]
                                           if r["answer"] == "yes"])
           for name, x in said.items()}
    if got != {"program": ("hold", True, ["program"]),
               "bill": ("mark", True, ["bill"]),
               "plain": ("accept", True, ["watched"])}:
        raise ValueError("%s" % got)
    tests = said["program"]["rules"][0]["tests"]
    if {"line": 3, "source": r"attachment name /\.(exe|js)$/i",
            "answer": "yes", "matched": ".exe",
            "place": "attachment name, application/octet-stream"} not in tests:
        raise ValueError("%s" % tests)
    if [r["rule"] for r in said["bill"]["rules"]] != ["program", "bill"]:
        raise ValueError("stop: %s" % said["bill"])


def told(scene):
    path = os.path.join(scene.mail, "bill")
    said = scene.command("rule", "test", scene.rules, path, "--why",
                         "--sender", "z@far.test")
    for words in ("bill: would be marked", '"bill" (%s:7) holds' % scene.rules,
                  "Subject: [Tagihan] Mei", "body, text/plain: please [pay now]",
                  '-> mark folder "Bills", stop',
                  "does not hold, for line 3: attachment name"):
        if words not in said:
            raise ValueError("%r is not in %s" % (words, said))


def unknown(scene):
    path = os.path.join(scene.mail, "program")
    said = scene.ask("test", scene.rules, path, status=3)[0]
    if said["sure"] or said["rules"][0]["answer"] != "unknown":
        raise ValueError("the sender is not known: %s" % said)
    said = scene.ask("test", scene.rules, path, "--sender",
                     "ann@office.test", status=3)[0]
    if not said["sure"] or said["action"] != "accept":
        raise ValueError("one of us: %s" % said)
    rule = 'rule "forged" { spf fail; remote 192.0.2.0/24; do refuse "no" }'
    got = json.loads(scene.command(
        "rule", "test", "-", path, "--finding", "spf=fail", "--remote",
        "192.0.2.9", "--json", given=rule))["result"][0]
    if got["action"] != "refuse":
        raise ValueError("as stated: %s" % got)
    scene.command("rule", "test", "-", path, "--finding", "spf=odd", status=2,
                  given=rule)
    # a list that nobody asks can never hold
    conf = os.path.join(scene.args.folder, "hub/etc/postroom.conf")
    with open(conf, encoding="utf-8") as file:
        config = file.read()
    if config.count('dns_lists = ""') != 1:
        raise ValueError("no dns_lists in %s" % config)
    with open(conf, "w", encoding="utf-8") as file:
        file.write(config.replace(
            'dns_lists = ""', 'dns_lists = "zen zen.example refuse; '
            'wl wl.example allow"'))
    on_list = 'rule "x" { listed zen; not listed wl; do hold "listed" }'
    for more, sure, action in ((), False, "hold"), \
            (("--finding", "listed=none"), True, "accept"), \
            (("--finding", "listed=zen"), True, "hold"), \
            (("--finding", "listed=zen", "--finding", "listed=wl"), True,
             "accept"):
        got = json.loads(scene.command(
            "rule", "test", "-", path, *more, "--json", given=on_list,
            status=0 if sure and action == "hold" else 3))["result"][0]
        if (got["sure"], got["action"]) != (sure, action):
            raise ValueError("%s: %s" % (more, got))
    said = scene.command("rule", "test", "-", path, status=1,
                         given='rule "a" { listed zan; do refuse "no" }')
    if "none of dns_lists" not in said:
        raise ValueError("a list that is not there: %s" % said)


def faults(scene):
    said = scene.command("rule", "test", "-", scene.mail, status=1,
                         given='rule "x" {\n\tfoo\n}\n')
    if '-:2: "foo" is no test' not in said:
        raise ValueError(said)
    scene.command("rule", "test", scene.rules, status=2)
    scene.command("rule", "test", scene.rules, scene.mail + ".none", status=1)


def in_force(scene):
    with open(os.path.join(scene.args.folder, "hub/etc/rules/office.rule"),
              "w", encoding="utf-8") as file:
        file.write(RULES)
    scene.reload()
    for name in MAIL:
        scene.send(name)
    holds = wait("a hold", lambda: json.loads(scene.command(
        "hold", "list", "--json"))["result"])
    if len(holds) != 1 or 'rule "program"' not in json.dumps(
            holds, ensure_ascii=False).replace('\\"', '"'):
        raise ValueError("held: %s" % holds)


def traced(scene):
    """The history of a message names the rules, and so does the list."""
    wanted = {
        "see this": 'rule "program" (office.rule:2) held it',
        "Tagihan Mei": 'rule "bill" (office.rule:7) marked it',
        "hello": 'rule "watched" (office.rule:16) would have refused it',
    }
    for subject, words in wanted.items():
        wait("a trace of %s" % subject, lambda subject=subject, words=words:
             words in json.dumps(
                 scene.steps(subject)).replace('\\"', '"'))


def counted(scene):
    for _ in range(2):
        got = {x["rule"]: (x["hits"], x["shadow_hits"], x["shadow"],
                           x["last"] > 0) for x in scene.ask("list")}
        if got != {"program": (1, 0, False, True),
                   "bill": (1, 0, False, True),
                   "watched": (0, 1, True, True),
                   "never": (0, 0, False, False)}:
            raise ValueError("%s" % got)
        scene.reload()
    said = scene.command("rule", "list")
    if '"program" (office.rule:2) held 1 times' not in said or \
            '-> hold "a program is attached"' not in said:
        raise ValueError(said)


def exported(scene):
    """What the hub wrote on a letter says its envelope, and is no part of it."""
    def is_there():
        to = os.path.join(scene.args.folder, "out%d" % time.monotonic_ns())
        scene.command("export", "ann@office.test", "--to", "maildir:" + to)
        got = scene.ask("test", "--in-force", to)
        return got if len(got) == 2 else None

    got = wait("two letters", is_there)
    if sorted((x["action"], x["sure"], x.get("folder")) for x in got) != [
            ("accept", True, None), ("mark", True, "Bills")]:
        raise ValueError("%s" % got)


STEPS = (
    ("a trial says which rules hold, and what matched where", tried),
    ("people are told the same", told),
    ("what is not known is no answer, and can be stated", unknown),
    ("faults are told with file and line", faults),
    ("the hub does what the trial said", in_force),
    ("the history of a message names the rules that held", traced),
    ("hits are counted, and outlive a reload", counted),
    ("a letter that was delivered says its envelope", exported),
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
    scene.fill()
    with open(args.results, "a", encoding="utf-8") as results:
        for name, step in STEPS:
            try:
                step(scene)
                results.write("pass rule: %s\n" % name)
            except (ValueError, OSError, KeyError, IndexError,
                    smtplib.SMTPException, subprocess.SubprocessError):
                failed = 1
                traceback.print_exc()
                results.write("fail rule: %s\n" % name)
    return failed


if __name__ == "__main__":
    sys.exit(main())
