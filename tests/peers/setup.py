"""Set a hub up at a terminal, in a network with a mail host and DNS.

usage: setup.py --bin DIR --folder DIR --results FILE

It runs in a network and mounts of its own, as root: DNS answers at 127.0.0.1,
and the mail host is at the other end of a wire, in a second network.
"""

import argparse
import os
import pty
import re
import select
import shutil
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "fetch"))

# pylint: disable=wrong-import-position
from dns import read_question                           # noqa: E402

HERE, THERE, NOBODY = "198.51.100.1", "198.51.100.2", "198.51.100.3"
MX, A = 15, 1
HOSTS = {               # the domain, its host, where that is
    "open.test": ("mx.open.test", THERE),
    "barred.test": ("mx.barred.test", NOBODY),
    "ours.test": ("mx.ours.test", HERE),
}
GUARD = 60.0            # seconds


def name_bytes(name):
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.split(".")) + b"\0"


def answer(packet):
    """What DNS says: MX and A of the hosts, and of nothing else."""
    question = read_question(packet)
    if question is None:
        return None
    name, kind, end = question
    data = None
    if kind == MX and name in HOSTS:
        data = b"\0\x0a" + name_bytes(HOSTS[name][0])
    for host, address in HOSTS.values():
        if kind == A and name == host:
            data = socket.inet_aton(address)
    rows = b"" if data is None else b"\xc0\x0c" + kind.to_bytes(2, "big") + \
        b"\0\x01\0\0\0\x3c" + len(data).to_bytes(2, "big") + data
    known = any(name in (domain, row[0]) for domain, row in HOSTS.items())
    return packet[:2] + (b"\x81\x80" if known else b"\x81\x83") + \
        b"\0\x01" + (b"\0\x01" if rows else b"\0\0") + b"\0\0\0\0" + \
        packet[12:end] + rows


def serve_dns():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 53))

    def serve():
        while True:
            packet, peer = sock.recvfrom(4096)
            said = answer(packet)
            if said:
                sock.sendto(said, peer)
    threading.Thread(target=serve, daemon=True).start()


MAIL_HOST = """
import socket, subprocess
print("up", flush=True)
input()
listener = socket.create_server((%r, 25))
print("ready", flush=True)
while True:
    peer, _ = listener.accept()
    try:
        peer.sendall(b"220 mx.open.test ESMTP\\r\\n")
        peer.recv(100)
    except OSError:
        pass                # it has heard enough
    peer.close()
""" % THERE


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def network(folder):
    """DNS here, and a mail host at the other end of a wire."""
    ip("link", "set", "lo", "up")
    host = subprocess.Popen(
        ["unshare", "--net", sys.executable, "-c", MAIL_HOST],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    host.stdout.readline()
    ip("link", "add", "here", "type", "veth", "peer", "name", "there",
       "netns", str(host.pid))
    inside = ["nsenter", "--net=/proc/%d/ns/net" % host.pid, "ip"]
    for words in (["addr", "add", THERE + "/24", "dev", "there"],
                  ["link", "set", "there", "up"]):
        subprocess.run(inside + words, check=True)
    ip("addr", "add", HERE + "/24", "dev", "here")
    ip("link", "set", "here", "up")
    host.stdin.write(b"\n")
    host.stdin.flush()
    host.stdout.readline()
    conf = os.path.join(folder, "resolv.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", conf,
                    os.path.realpath("/etc/resolv.conf")], check=True)
    serve_dns()
    return host


class Terminal:
    """`postroom setup` at one, with what it says so far."""

    def __init__(self, args, words):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["LANG"] = "C"
            program = os.path.join(args.bin, "postroom")
            os.execv(program, [program, "setup", *words])

    def until(self, pattern):
        """It says that; or its end, with None."""
        until = time.monotonic() + GUARD
        while pattern is None or not re.search(pattern, self.text):
            if not select.select([self.fd], [], [],
                                 max(0, until - time.monotonic()))[0]:
                raise RuntimeError("it does not go on: " + self.text)
            try:
                data = os.read(self.fd, 4096)
            except OSError:         # the terminal is gone with it
                data = b""
            if not data:
                if pattern is None:
                    return
                raise RuntimeError("%r is not said: %s" % (pattern, self.text))
            self.text += data.decode()

    def say(self, line):
        os.write(self.fd, line.encode() + b"\n")

    def end(self):
        self.until(None)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Tests:
    def __init__(self, args):
        self.args = args
        self.count = 0

    def set_up(self, domain, *more, says=None, reply=None, arrives=""):
        """(all that was said, the configuration) of a setup that is right."""
        self.count += 1
        folder = os.path.join(self.args.folder, str(self.count))
        terminal = Terminal(self.args, ["--dir", folder, "--domain", domain,
                                        *more])
        if "--arrives" not in more and "--yes" not in more:
            terminal.until(r"to be said later\): ")
            terminal.say(arrives)
        if says:
            terminal.until(says)
        if reply is not None:
            terminal.until("takes mail, such as .*: ")
            terminal.say(reply)
        status = terminal.end()
        if status != 0:
            raise RuntimeError("status %d: %s" % (status, terminal.text))
        with open(os.path.join(folder, "etc", "postroom.conf"),
                  encoding="utf-8") as file:
            return terminal.text, file.read()

    def told(self, result, good, why):
        with open(self.args.results, "a", encoding="utf-8") as file:
            file.write("%s setup: %s%s\n" % (
                "pass" if good else "fail", result,
                "" if good else ": " + why.replace("\n", " | ")))

    def open_port(self):
        text, conf = self.set_up("open.test", says="mx.open.test answers",
                                 reply="direct")
        self.told("an open port 25 is told of, and mail goes directly",
                  re.search(r"(?m)^outbound_direct = yes", conf), text)

    def barred_port(self):
        text, conf = self.set_up(
            "barred.test", says="mx.barred.test does not answer",
            reply="mail.provider.test:587")
        self.told("a barred port 25 is told of, and the provider's host taken",
                  re.search(r'(?m)^smarthost = "mail.provider.test:587"',
                            conf) and
                  re.search(r"(?m)^outbound_direct = no", conf), text)

    def unknown_port(self):
        text, conf = self.set_up("nowhere.test", says="cannot be said",
                                 reply="")
        self.told("without a mail host it cannot be said, and nothing leaves",
                  "No mail leaves" in text and
                  re.search(r"(?m)^outbound_direct = no", conf), text)

    def own_port(self):
        text, _ = self.set_up("ours.test", "--direct", says="cannot be said")
        self.told("this machine is no host to try, and --direct asks nothing",
                  "takes mail, such as" not in text, text)

    def not_asked(self):
        text, _ = self.set_up("open.test", "--yes")
        self.told("--yes tries nothing", "port 25" not in text and
                  "arrive" not in text, text)

    def how_it_arrives(self):
        """By number or by word; what is shown next, and the kind of domain."""
        for number, word, shows, kind in (
                ("1", "mailboxes", "fetch add NAME@nowhere.test --host",
                 "shared"),
                ("2", "mailbox", "fetch add-domain nowhere.test --host",
                 "ours"),
                ("3", "mx", r"nowhere.test. MX 10 mail.nowhere.test.",
                 "ours"),
                ("4", "etrn", "--protocol etrn", "ours"),
                ("5", "atrn", "--protocol atrn", "ours")):
            asked, conf = self.set_up("nowhere.test", says="cannot be said",
                                      reply="", arrives=number)
            given, _ = self.set_up("nowhere.test", "--arrives", word,
                                   "--yes")
            domains = subprocess.run(
                [os.path.join(self.args.bin, "postroom"), "-c",
                 os.path.join(self.args.folder, str(self.count), "etc",
                              "postroom.conf"), "domain", "list"],
                stdout=subprocess.PIPE, check=True).stdout.decode()
            self.told("mail that arrives by %s is asked for and followed" %
                      word, shows in asked and shows in given and
                      kind in domains and "postroom" in conf,
                      asked + given + domains)

    def no_way_to_arrive(self):
        for word in ("post", ""):
            done = subprocess.run(
                [os.path.join(self.args.bin, "postroom"), "setup", "--dir",
                 os.path.join(self.args.folder, "no"), "--domain",
                 "open.test", "--arrives", word, "--yes"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                check=False)
            self.told("%r is no way to arrive" % word,
                      done.returncode == 2 and b"none of mailboxes" in
                      done.stdout, done.stdout.decode())

    def only_who_brings_mail_needs_port_25(self):
        """Of a hub of the machine, whose folders are this test's alone."""
        for place in ("/var/lib", "/run", "/etc"):
            subprocess.run(["mount", "-t", "tmpfs", "none", place],
                           check=True)
        for word, everywhere in (("mailboxes", False), ("mx", True),
                                 ("atrn", False), ("etrn", True)):
            conf = os.path.join(self.args.folder, word + ".conf")
            done = subprocess.run(
                [os.path.join(self.args.bin, "postroom"), "-c", conf,
                 "setup", "--domain", "open.test", "--arrives", word,
                 "--yes"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                check=True, env=dict(os.environ, LANG="C"))
            shutil.rmtree("/var/lib/postroom")
            with open(conf, encoding="utf-8") as file:
                listen = "".join(re.findall(r"(?m)^listen .*\n",
                                            file.read()))
            self.told("port 25 listens %s where mail arrives by %s" % (
                "everywhere" if everywhere else "here alone", word),
                      ('smtp { address = "0.0.0.0" port = 25 ' in listen) ==
                      everywhere and
                      'submission { address = "0.0.0.0" port = 587 ' in
                      listen and (b"this machine alone" in done.stdout) != everywhere,
                      listen + done.stdout.decode())


def main():
    parser = argparse.ArgumentParser()
    for name in ("--bin", "--folder", "--results"):
        parser.add_argument(name, required=True)
    args = parser.parse_args()
    args.bin = os.path.abspath(args.bin)
    tests = Tests(args)
    host = network(args.folder)
    try:
        for test in (tests.open_port, tests.barred_port, tests.unknown_port,
                     tests.own_port, tests.not_asked,
                     tests.how_it_arrives, tests.no_way_to_arrive,
                     tests.only_who_brings_mail_needs_port_25):
            try:
                test()
            except (RuntimeError, OSError) as fault:
                tests.told(test.__name__, False, str(fault))
    finally:
        host.kill()


if __name__ == "__main__":
    main()
