#!/usr/bin/env python3
"""Aliases, lists and mail that is sent on: who gets it, as whose, and how often.

usage: groups.py --bin DIR --folder DIR --results FILE

A host of ours takes what leaves and writes down sender, recipients and bytes.
"""

import argparse
import json
import os
import poplib
import re
import smtplib
import socketserver
import ssl
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "fault"))

# pylint: disable=wrong-import-position
from hub import Fault, Hub, PASSWORD                   # noqa: E402

GUARD = 60.0


def true(truth, *words):
    if not truth:
        raise Fault(" ".join(str(word) for word in words))


class Taking(socketserver.StreamRequestHandler):
    """One conversation, RFC 5321; everything is taken."""

    def say(self, line):
        self.wfile.write(line.encode("ascii") + b"\r\n")

    def handle(self):
        sender, to = None, []
        self.say("220 far.test ESMTP")
        for line in self.rfile:
            word = line.decode("latin-1").strip()
            verb = word.upper().split(" ")[0].split(":")[0]
            if verb in ("EHLO", "HELO"):
                self.say("250 far.test")
                continue
            if verb == "MAIL":
                sender, to = re.search("<(.*?)>", word).group(1), []
            elif verb == "RCPT" and "<gone@" in word:
                self.say("550 5.1.1 nobody of that name")
                continue
            elif verb == "RCPT":
                to.append(re.search("<(.*?)>", word).group(1))
            elif verb == "DATA":
                self.say("354 go on")
                data = b""
                for part in self.rfile:
                    if part == b".\r\n":
                        break
                    data += part
                with self.server.lock:
                    self.server.taken.append((sender, tuple(to), data))
            elif verb == "QUIT":
                self.say("221 bye")
                return
            self.say("250 ok")


class Elsewhere(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken, self.lock = [], threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def of(self, subject):
        wanted = b"Subject: " + subject.encode("ascii") + b"\r\n"
        with self.lock:
            return [one for one in self.taken if wanted in one[2]]


class Scene:
    """A hub, and elsewhere."""

    def __init__(self, args):
        self.folder = args.folder
        self.elsewhere = Elsewhere()
        self.hub = Hub(args.bin, ("ann", "bob", "cid"), {
            "smarthost": '"127.0.0.1:%d"' % self.elsewhere.server_address[1],
            "smarthost_tls": '"none"', "outbound_first_seconds": '"1s"',
            "trusted_networks": '"127.251.0.0/16"',
            "outbound_retry_seconds": '"1s"', "hosts_file": '""'})
        self.postroom("alias", "add", "sales@office.test", "ann@office.test",
                      "bob@office.test")
        self.postroom("alias", "add", "world@office.test",
                      "sales@office.test", "yan@far.test")
        self.postroom("list", "add", "team@office.test", "ann@office.test",
                      "yan@far.test", "zoe@far.test", "--post", "office",
                      "--owner", "bob@office.test")
        self.postroom("list", "add", "away@office.test", "gone@far.test",
                      "yan@far.test", "--post", "office", "--owner",
                      "bob@office.test")
        self.postroom("forward", "set", "cid@office.test", "--to",
                      "cid@home.test", "--no-keep")
        self.hub.start()

    def postroom(self, *words):
        return self.hub.run("-c", self.hub.conf, *words)[1]

    def send(self, sender, to, subject, login=None, header="",
             options=(), source="127.0.0.1"):
        """The replies to the recipients that were refused."""
        text = "Subject: %s\r\nFrom: %s\r\nMessage-ID: <%s@x.test>\r\n" \
            "Date: Mon, 23 Nov 2026 12:00:00 +0000\r\n%s\r\nhello\r\n" % (
                subject, sender or "daemon@x.test", subject, header)
        port = self.hub.base + (587 if login else 25)
        with smtplib.SMTP("127.0.0.1", port, timeout=GUARD,
                          source_address=(source, 0)) as smtp:
            smtp.ehlo("client.example")
            if login:
                context = ssl.create_default_context()
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                smtp.starttls(context=context)
                smtp.ehlo("client.example")
                smtp.login(login, PASSWORD)
            try:
                refused = smtp.sendmail(sender, to, text,
                                        rcpt_options=options)
            except smtplib.SMTPRecipientsRefused as error:
                refused = error.recipients
        return {who: code for who, (code, _) in refused.items()}

    def letters(self, who, subject):
        """The letters of that subject in a mailbox."""
        box = poplib.POP3("127.0.0.1", self.hub.base + 110, timeout=GUARD)
        box.user("%s@office.test" % who)
        box.pass_(PASSWORD)
        found = []
        for number in range(1, box.stat()[0] + 1):
            found.append(b"\r\n".join(box.retr(number)[1]) + b"\r\n")
        box.quit()
        wanted = b"\r\nSubject: " + subject.encode("ascii") + b"\r\n"
        return [one for one in found if wanted in one]

    def wait(self, who, subject, count=1):
        self.hub.wait_for(lambda: len(self.letters(who, subject)) >= count,
                          "%s has no %s" % (who, subject), GUARD)
        return self.letters(who, subject)

    def wait_elsewhere(self, subject, count=1):
        self.hub.wait_for(lambda: len(self.elsewhere.of(subject)) >= count,
                          "%s does not leave" % subject, GUARD)
        return self.elsewhere.of(subject)


def an_alias_reaches_each_once(scene):
    refused = scene.send("zoe@far.test", ["sales@office.test",
                                          "ann@office.test"], "alias")
    true(not refused, refused)
    bobs, = scene.wait("bob", "alias")
    true(b"\r\nDelivered-To: bob@office.test\r\n"
         b"X-Original-To: sales@office.test\r\n" in bobs, bobs)
    anns, = scene.wait("ann", "alias")
    true(b"X-Original-To" not in anns, anns)


def an_alias_sends_on_with_a_sender_of_ours(scene):
    scene.send("zoe@far.test", ["world@office.test"], "world")
    scene.wait("ann", "world")
    scene.wait("bob", "world")
    (sender, to, data), = scene.wait_elsewhere("world")
    true(to == ("yan@far.test",), to)
    true(re.fullmatch(r"SRS0=[a-z2-7]{6}=[a-z2-7]{2}=far\.test="
                      r"zoe@office\.test", sender), sender)
    true(data.startswith(b"Delivered-To: world@office.test\r\n"), data)
    # it is bounced: back to who sent it, with no sender
    true(not scene.send("", [sender], "back"), "a bounce is refused")
    (back, to, _), = scene.wait_elsewhere("back")
    true((back, to) == ("", ("zoe@far.test",)), back, to)


def no_bounce_can_be_made_up(scene):
    for sender, local in (("", "SRS0=aaaaaa=aa=far.test=eve"),
                          ("", "SRS1=aaaaaa=far.test==x"),
                          ("eve@far.test", "SRS0=aaaaaa=aa=far.test=eve")):
        refused = scene.send(sender, [local + "@office.test"], "forged")
        true(list(refused.values()) == [550], refused)
    time.sleep(1)
    true(not scene.elsewhere.of("forged"), "it was relayed")


def way_of(data):
    """What a hub wrote above a message that has left."""
    return data[:data.index(b"Subject: ")].decode("ascii")


def a_line_of_somebody_else_stops_nothing(scene):
    for line in ("Delivered-To: sales@office.test\r\n",
                 "List-Id: <sales.office.test>\r\nReceived: by far.test; x"
                 "\r\n"):
        scene.send("zoe@far.test", ["sales@office.test"],
                   "strange%d." % len(line), header=line)
        scene.wait("bob", "strange%d." % len(line))


def what_is_sent_on_leaves_once(scene):
    scene.send("zoe@far.test", ["cid@office.test"], "forward")
    (sender, to, data), = scene.wait_elsewhere("forward")
    true(to == ("cid@home.test",) and sender.startswith("SRS0="), sender)
    true(not scene.letters("cid", "forward"), "a copy is here")
    # there it is sent back: it stays with cid
    scene.send(sender, ["cid@office.test"], "again", header=way_of(data))
    scene.wait("cid", "again")
    true(not scene.elsewhere.of("again"), "it goes round")


def curl(scene, who, request, code=0, **fields):
    """What the hub says over HTTPS to a person with a password."""
    done = subprocess.run(
        ["curl", "-sk", "--max-time", "60", "-u", "%s:%s" % (who, PASSWORD),
         "-H", "Content-Type: application/json", "-d",
         json.dumps({"request": request, "args": fields}),
         "https://127.0.0.1:%d/api" % (scene.hub.base + 443)],
        stdout=subprocess.PIPE, check=False)
    true(done.returncode == code, request, done.returncode)
    return json.loads(done.stdout)


def page(scene, jar, path, **fields):
    """A page at /me, as a browser has it; with fields, a form is sent."""
    words = ["curl", "-skL", "--max-time", "60", "-b", jar, "-c", jar]
    for name, value in fields.items():
        words += ["--data-urlencode", "%s=%s" % (name, value)]
    where = "https://127.0.0.1:%d" % (scene.hub.base + 443)
    return subprocess.run(
        [*words, "-H", "Origin: " + where, where + path],
        stdout=subprocess.PIPE, check=True).stdout.decode()


def a_person_sets_a_forward_and_hears_of_it(scene):
    said = curl(scene, "bob", "forward set", target="bob@home.test")
    true(said["error"] == "refused", said)
    scene.postroom("account", "set", "bob@office.test", "--forwards", "yes")
    # at /me, away from here: as who has stolen the password would
    jar = os.path.join(scene.folder, "cookies")
    page(scene, jar, "/me/login", user="bob", password=PASSWORD)
    form = page(scene, jar, "/me/forward")
    true("No mail is forwarded." in form and "<script" not in form, form)
    token = re.search('name="token" value="([0-9a-f]+)"', form).group(1)
    shown = page(scene, jar, "/me/forward", token=token, do="set",
                 target="bob@office.test", keep="no")
    true("it would come back" in shown, shown)
    shown = page(scene, jar, "/me/forward", token=token, do="set",
                 target="Bob@Home.test", keep="no")
    true("bob@home.test" in shown and "Nothing stays here" in shown, shown)
    notice, = scene.wait("bob", "Your mail is forwarded to bob@home.test")
    true(b"--forwards no" in notice.replace(b"=\r\n", b""), notice)
    with open(scene.hub.log_path, encoding="utf-8") as log:
        true("mail of bob@office.test goes to bob@home.test, as its owner has "
             "set it" in log.read(), "it is not in the log")
    scene.send("zoe@far.test", ["bob@office.test"], "own")
    (_, to, _), = scene.wait_elsewhere("own")
    true(to == ("bob@home.test",), to)
    true(not scene.letters("bob", "own"), "a copy is here")
    # a second one is told of, too; a copy stays
    said = curl(scene, "bob", "forward set", target="bob@far.test",
                keep="yes")
    true(said["ok"], said)
    scene.send("zoe@far.test", ["bob@office.test"], "both")
    scene.wait("bob", "both")
    scene.wait_elsewhere("both")
    # with the right it ends
    scene.postroom("account", "set", "bob@office.test", "--forwards", "no")
    true(not curl(scene, "bob", "forward list")["result"], "it goes on")
    shown = page(scene, jar, "/me/forward")
    true("does not let you forward" in shown, shown)
    scene.send("zoe@far.test", ["bob@office.test"], "home")
    scene.wait("bob", "home")
    true(not scene.elsewhere.of("home"), "it is sent on")
    scene.hub.wait_for(lambda: len(scene.letters(
        "bob", "Your mail is forwarded to bob@far.test")) == 1,
        "the second is not told of", 2 * GUARD)
    true(len(scene.letters(
        "bob", "Your mail is forwarded to bob@home.test")) == 1, "twice")


def what_is_forged_in_our_name_is_not_sent_on(scene):
    scene.send("ann@office.test", ["cid@office.test"], "forged1")
    scene.wait("cid", "forged1")
    # somebody elsewhere is behind this one: it waits for a person
    scene.send("ann@office.test", ["world@office.test"], "forged2")
    scene.hub.wait_for(lambda: "forged2" in scene.postroom("hold", "list"),
                       "it is not held", GUARD)
    # she herself may
    scene.send("ann@office.test", ["world@office.test"], "hers",
               login="ann@office.test")
    scene.wait_elsewhere("hers")
    true(not scene.elsewhere.of("forged1"), "it leaves in our name")
    true(not scene.elsewhere.of("forged2"), "it leaves in our name")


def whoever_sends_from_a_trusted_network_hears_of_it(scene):
    """A program there has no login: its sender is somebody here, or nobody."""
    scene.send("bob@office.test", ["gone@far.test"], "program",
               source="127.251.0.2")
    failed, = scene.wait("bob", "Not delivered: program")
    for part in (b"gone@far.test", b"nobody of that name", b"Your message"):
        true(part in failed.replace(b"=\r\n", b""), part, failed)
    traced = scene.postroom("trace", "program")
    true("in its place the postmaster" not in traced, traced)


def a_list_has_its_own_post(scene):
    refused = scene.send("cid@office.test",
                         ["team@office.test", "bob@office.test"], "post",
                         login="cid@office.test")
    true(not refused, refused)
    anns, = scene.wait("ann", "post")
    true(anns.startswith(b"Return-Path: <team-bounces@office.test>\r\n"),
         anns)
    for line in (b"List-Id: <team.office.test>\r\n",
                 b"List-Post: <mailto:team@office.test>\r\n",
                 b"List-Unsubscribe: <mailto:team-request@office.test",
                 b"Precedence: list\r\n"):
        true(line in anns, line, anns)
    bobs, = scene.wait("bob", "post")
    true(b"List-Id" not in bobs, bobs)
    (sender, to, data), = scene.wait_elsewhere("post")
    true(sender == "team-bounces@office.test", sender)
    true(sorted(to) == ["yan@far.test", "zoe@far.test"], to)
    true(data.startswith(b"List-Id: <team.office.test>\r\n"), data)
    # what comes of it goes to the list's owner
    true(not scene.send("", [sender], "bounced"), "a bounce is refused")
    scene.wait("bob", "bounced")


def of_a_lists_members_its_owner_hears(scene):
    """Who wrote hears that the list has it, where they ask, and no more."""
    refused = scene.send("ann@office.test", ["away@office.test"], "away",
                         login="ann@office.test", options=["NOTIFY=SUCCESS"])
    true(not refused, refused)
    taken, = scene.wait_elsewhere("away")
    true(taken[1] == ("yan@far.test",), taken)
    failed, = scene.wait("bob", "Not delivered: away")
    failed = failed.replace(b"=\r\n", b"")
    for part in (b"gone@far.test", b"nobody of that name", b"Action: failed",
                 b"away@office.test, which you look after"):
        true(part in failed, part, failed)
    done, = scene.wait("ann", "Delivered: away")
    true(b"Final-Recipient: rfc822; away@office.test\r\n"
         b"Action: delivered\r\n" in done, done)
    true(b"far.test" not in done, done)
    time.sleep(2)
    true(not scene.letters("ann", "Not delivered: away"), "ann hears of it")
    true(len(scene.letters("ann", "Delivered: away")) == 1, "twice")


def not_everybody_writes_to_a_list(scene):
    for sender in ("eve@far.test", "ann@office.test", ""):
        refused = scene.send(sender, ["team@office.test"], "closed")
        true(refused == {"team@office.test": 550}, sender, refused)
    true(not scene.send("zoe@far.test", ["team@office.test"], "member"),
         "a member is refused")
    scene.wait("ann", "member")


def a_list_that_comes_back_is_stopped(scene):
    scene.send("zoe@far.test", ["team@office.test"], "once")
    (_, _, data), = scene.wait_elsewhere("once")
    scene.send("zoe@far.test", ["team@office.test"], "round",
               header=way_of(data))
    bobs, = scene.wait("bob", "round")
    true(b"X-Original-To: team@office.test" in bobs, bobs)
    true(not scene.letters("ann", "round"), "it goes round")


def whoever_is_killed_it_goes_once(scene):
    """Each of these has two mailboxes and two hosts to reach."""
    count = 40
    for number in range(count):
        scene.send("zoe@far.test", ["world@office.test", "cid@office.test"],
                   "kill%d." % number)
        if number % 10 == 5:
            scene.hub.kill_role("queue")
            scene.hub.wait_for(lambda: is_up(scene), "the hub is gone")
    for number in range(count):
        subject = "kill%d." % number
        scene.wait("ann", subject)
        scene.wait_elsewhere(subject, 2)
    time.sleep(2)
    for number in range(count):
        subject = "kill%d." % number
        found = sorted(to for _, to, _ in scene.elsewhere.of(subject))
        true(found == [("cid@home.test",), ("yan@far.test",)], subject,
             found)
        true(len(scene.letters("ann", subject)) == 1, subject)
        true(len(scene.letters("bob", subject)) == 1, subject)


def is_up(scene):
    try:
        return not scene.send("zoe@far.test", ["ann@office.test"], "up")
    except (OSError, smtplib.SMTPException):
        return False


TESTS = [
    an_alias_reaches_each_once,
    an_alias_sends_on_with_a_sender_of_ours,
    no_bounce_can_be_made_up,
    a_line_of_somebody_else_stops_nothing,
    what_is_sent_on_leaves_once,
    a_person_sets_a_forward_and_hears_of_it,
    what_is_forged_in_our_name_is_not_sent_on,
    whoever_sends_from_a_trusted_network_hears_of_it,
    a_list_has_its_own_post,
    of_a_lists_members_its_owner_hears,
    not_everybody_writes_to_a_list,
    a_list_that_comes_back_is_stopped,
    whoever_is_killed_it_goes_once,
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--results", required=True)
    args = parser.parse_args()
    scene = Scene(args)
    worst = 0
    try:
        for test in TESTS:
            name = "groups-" + test.__name__.replace("_", "-")
            if os.environ.get("ONLY", "") not in name:
                continue
            began = time.monotonic()
            try:
                test(scene)
                line = "pass " + name
            except (Fault, OSError, ValueError, smtplib.SMTPException,
                    poplib.error_proto, subprocess.SubprocessError,
                    AttributeError):
                traceback.print_exc()
                line, worst = "fail " + name, 1
            print("%s (%.1f s)" % (line, time.monotonic() - began))
            with open(args.results, "a", encoding="ascii") as file:
                file.write(line + "\n")
        scene.hub.stop()
        scene.hub.check()
    finally:
        if worst:
            print(open(scene.hub.log_path, encoding="utf-8",
                       errors="replace").read()[-4000:])
        scene.hub.remove()
        scene.elsewhere.shutdown()
    return worst


if __name__ == "__main__":
    sys.exit(main())
