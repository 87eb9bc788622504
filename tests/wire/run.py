#!/usr/bin/env python3
"""Play transcripts against a real hub.

usage: run.py --bin DIR --results FILE [--keep] [--only NAME] FILE...
       run.py --bin DIR --results FILE --coverage FILE...

A transcript (*.wire) is a conversation of several connections, a line a step:

    # what: a sentence that is true when this passes
    # rfc: 5321 4.1.1.4, 2920 3.1
    # accounts: ann bob
    # config: option = value    further lines of postroom.conf; own hub
    # gateway: DOMAIN OPTIONS   as of postroom gateway add; own hub
    # hub: own                  a hub for this transcript alone
    C1 connect pop3             smtp lmtp pop3 pop3s imap imaps submission
                                submissions atrn
    C1 connect smtp 127.0.0.9   the same, from that address
    C1 > EHLO client.example    a line and its CRLF
    C1 >> "x" * 500 + "\\r\\n"    bytes, as a Python string of bytes
    C1 starttls                 the client's handshake, now
    C1 compress                 DEFLATE both ways from here on (RFC 4978)
    C1 close
    S1 ~ regex                  the next line, without CRLF, matches wholly
    S1 = text                   the next line is this
    S1 until ~ regex            lines up to and with one that matches
    S1 eof                      the server closes; nothing comes before
    S1 nothing                  no byte within 200 ms
    wait delivered ann 2        until a POP3 login of ann shows 2 letters
    account set ann other       a change at once, the last is a password; own hub
    let U1 = S1 ~ regex         the next line; group 1 is $U1 from here on

Transcripts share one hub, and each begins with empty mailboxes, unless they
ask for a hub of their own; these are played beside the others.  What is left
in FILE is "pass wire/NAME" or "fail wire/NAME"; the hub itself is a test too:
it must end within 60 s of SIGTERM and no sanitizer may have complained.  So is
the coverage: every row of the command tables, as `postroom smtp commands`,
`postroom pop3 commands` and `postroom imap commands` print them, is sent by a
transcript whose "# rfc:" names the row's section.
"""

import argparse
import ast
import concurrent.futures
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import zlib

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             os.pardir))

# pylint: disable=wrong-import-position
from ports import free_base                             # noqa: E402

PORTS = {"lmtp": 24, "smtp": 25, "pop3": 110, "imap": 143, "imaps": 993,
         "pop3s": 995, "submission": 587, "submissions": 465, "atrn": 366}
TLS_PORTS = ("pop3s", "imaps", "submissions")
DOMAIN = "office.test"
PASSWORD = "secret"
GUARD = 60.0        # seconds; only so that a hang becomes a failure
START_GUARD = 120.0 # sanitizers and a slow machine included
QUIET = 0.2         # what "nothing" means
HUBS = 3            # at a time: each is set up and waited for by itself
SANITIZER = re.compile(
    r"AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer"
    r"|runtime error:")


class Failure(Exception):
    """What went another way than the transcript says."""


class Malformed(Exception):
    """The transcript itself is wrong."""


# --- transcripts ---------------------------------------------------------

HEAD = re.compile(r"#\s*(what|rfc|accounts|config|gateway|hub):\s*(.*)")
STEP = re.compile(
    r"(?P<client>C\d+) (?P<verb>connect|close|starttls|compress|>>|>)(?: (?P<cargs>.*))?"
    r"|(?P<server>S\d+) (?P<sverb>until ~|~|=|eof|nothing)(?: (?P<sargs>.*))?"
    r"|wait delivered (?P<account>\S+) (?P<count>\d+)"
    r"|account (?P<change>add|set|remove) (?P<whose>\S+)(?: (?P<password>\S+))?"
    r"|let (?P<name>[A-Z][A-Z0-9]*) = (?P<lserver>S\d+) ~ (?P<lregex>.*)")


def literal(text):
    """The bytes of an expression of string literals, + and * NUMBER."""
    def value(node):
        if isinstance(node, ast.Constant) and isinstance(
                node.value, (str, bytes)):
            return (node.value if isinstance(node.value, bytes)
                    else node.value.encode("latin-1"))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return value(node.left) + value(node.right)
        if (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)
                and isinstance(node.right, ast.Constant)
                and isinstance(node.right.value, int)):
            return value(node.left) * node.right.value
        raise Malformed("not a string of bytes: " + text)
    try:
        return value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, UnicodeEncodeError) as fault:
        raise Malformed("%s: %s" % (fault, text)) from fault


class Transcript:
    """One file: its head lines and its steps."""

    def __init__(self, path):
        self.path = path
        name = path.split("tests/wire/")[-1]
        self.name = re.sub(r"\.wire$", "", name).lstrip("./")
        self.what = self.hub = ""
        self.sections, self.accounts, self.config = [], [], []
        self.gateways = []
        self.steps, self.changes = [], False    # of an account
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                self.read_line(number, line.rstrip("\n"))
        self.accounts = self.accounts or ["ann", "bob"]
        if not self.what or not self.steps:
            raise Malformed("%s:1: no '# what:' or no steps" % path)

    def read_line(self, number, line):
        head = HEAD.fullmatch(line)
        if head:
            self.read_head(head.group(1), head.group(2).strip())
        elif line.strip() and not line.startswith("#"):
            step = STEP.fullmatch(line)
            if step is None:
                raise Malformed("%s:%d: not a step: %s"
                                % (self.path, number, line))
            try:
                if step["verb"] == ">>":
                    literal(step["cargs"] or "")
                if "~" in (step["sverb"] or ""):
                    re.compile(step["sargs"] or "")
                re.compile(step["lregex"] or "")
            except (Malformed, re.error) as fault:
                raise Malformed("%s:%d: %s"
                                % (self.path, number, fault)) from fault
            self.steps.append((number, line, step))
            self.changes = self.changes or bool(step["whose"])

    def read_head(self, key, value):
        if key == "rfc":
            self.sections += [s.strip() for s in value.split(",")]
        elif key == "accounts":
            self.accounts += value.split()
        elif key == "config":
            self.config.append(value)
        elif key == "gateway":
            self.gateways.append(value)
        else:
            setattr(self, key, value)

    @property
    def wants_own_hub(self):
        return (self.hub == "own" or bool(self.config) or self.changes or
                bool(self.gateways))

    def commands(self):
        """(service, command) of every line sent, as far as text tells."""
        service = {}
        for _, _, step in self.steps:
            client = step["client"]
            if step["verb"] == "connect":
                service[client] = step["cargs"].split()[0]
            elif step["verb"] in (">", ">>"):
                text = step["cargs"] or ""
                if step["verb"] == ">>":
                    text = literal(text).decode("latin-1")
                for line in text.split("\r\n"):
                    yield (service.get(client, "?"),
                           command_word(line, service.get(client)))


def command_word(line, service):
    """The command in a line; IMAP has a tag before it, and UID COMMAND."""
    words = line.upper().split(" ") + ["", ""]
    if service not in ("imap", "imaps"):
        return words[0]
    return " ".join(words[1:3]) if words[1] == "UID" else words[1]


# --- connections ---------------------------------------------------------

def decode(line):
    return line.decode("utf-8", "surrogateescape")


def encode(text):
    return text.encode("utf-8", "surrogateescape")


class Connection:
    """One client's socket and the lines that come over it."""

    def __init__(self, port, tls=False, source=None):
        self.socket = socket.create_connection(
            ("127.0.0.1", port), GUARD, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.ended = False
        self.packer = self.unpacker = None
        if tls:
            self.start_tls()

    def compress(self):
        if self.buffer:
            raise Failure("bytes behind the OK: %r" % self.buffer)
        self.packer = zlib.compressobj(wbits=-15)
        self.unpacker = zlib.decompressobj(-15)

    def start_tls(self):
        if self.buffer:
            raise Failure("bytes before the handshake: %r" % self.buffer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            self.socket = context.wrap_socket(self.socket)
        except OSError as fault:
            raise Failure("the handshake failed: %s" % fault) from fault

    def send(self, data):
        if self.packer is not None:
            data = (self.packer.compress(data) +
                    self.packer.flush(zlib.Z_SYNC_FLUSH))
        try:
            self.socket.settimeout(GUARD)
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass    # the next S line shows why

    def receive(self, seconds):
        """More bytes into the buffer; False when none came in time."""
        if self.ended:
            return False
        self.socket.settimeout(max(seconds, 0.001))
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return False
        except OSError:     # reset, or TLS cut short
            data = b""
        self.ended = not data
        if self.unpacker is not None:
            try:
                self.buffer += self.unpacker.decompress(data)
            except zlib.error as fault:
                raise Failure("not compressed: %r" % data) from fault
            return bool(data)
        self.buffer += data
        return bool(data)

    def line(self):
        until = time.monotonic() + GUARD
        while b"\r\n" not in self.buffer:
            if not self.receive(until - time.monotonic()):
                raise Failure("%s instead of a line; came: %r" % (
                    "the server closed" if self.ended else "silence",
                    self.buffer[-200:]))
            if time.monotonic() > until:
                raise Failure("no whole line in time")
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return decode(line)

    def expect_end(self):
        until = time.monotonic() + GUARD
        while not self.ended:
            if self.buffer:
                break
            if not self.receive(until - time.monotonic()) and not self.ended:
                raise Failure("the server does not close")
        if self.buffer:
            raise Failure("before the end came %r" % self.buffer[:200])

    def expect_nothing(self):
        if self.buffer or self.receive(QUIET):
            raise Failure("came: %r" % self.buffer[:200])
        if self.ended:
            raise Failure("the server closed")

    def close(self):
        self.socket.close()


# --- the hub -------------------------------------------------------------

class Hub:
    """A hub of its own in a scratch folder."""

    def __init__(self, bin_folder, accounts, config):
        self.bin = bin_folder
        self.folder = tempfile.mkdtemp(prefix="postroom-wire-")
        self.conf = os.path.join(self.folder, "etc", "postroom.conf")
        self.log_path = os.path.join(self.folder, "hub.log")
        self.base = free_base()
        self.process = None
        self.setup(accounts, config)

    def run(self, *words):
        done = subprocess.run(
            [os.path.join(self.bin, "postroom"), *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60, check=False)
        if done.returncode != 0:
            raise Failure("postroom %s: %s" % (
                " ".join(words), decode(done.stdout).strip()))

    def setup(self, accounts, config):
        self.run("setup", "--dir", self.folder, "--domain", DOMAIN,
                 "--port-base", str(self.base), "--yes")
        # what times are told does not depend on where the tests run
        self.configure(['time_zone = "UTC"', *config])
        for account in sorted(accounts):
            self.account("add", account, PASSWORD)

    def account(self, verb, account, password=None):
        """Have an account added or set, with this password, or removed."""
        words = "account", verb, "%s@%s" % (account, DOMAIN)
        if password is None:
            self.run("-c", self.conf, *words)
            return
        path = os.path.join(self.folder, "password")
        with open(path, "w", encoding="ascii") as file:
            file.write(password + "\n")
        self.run("-c", self.conf, *words, "--password-file", path)

    def configure(self, lines):
        """An option that setup wrote already is written anew in its place."""
        with open(self.conf, encoding="utf-8") as conf:
            text = conf.read()
        for line in lines:
            option = re.escape(line.split("=")[0].strip())
            text, found = re.subn(r"(?m)^%s\s*=.*$" % option, line, text)
            if not found:
                text += line + "\n"
        with open(self.conf, "w", encoding="utf-8") as conf:
            conf.write(text)

    def start(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [os.path.join(self.bin, "postroomd"), "-f", "-c", self.conf],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + START_GUARD
        for port in ("smtp", "pop3", "imap"):
            while not self.is_open(port):
                if self.process.poll() is not None:
                    raise Failure("postroomd ended with status %d"
                                  % self.process.returncode)
                if time.monotonic() > until:
                    raise Failure("postroomd does not open port " + port)
                time.sleep(0.02)

    def is_open(self, service):
        try:
            connection = self.connect(service)
            connection.line()
            connection.close()
            return True
        except (OSError, Failure):
            return False

    def connect(self, service, source=None):
        return Connection(self.base + PORTS[service], service in TLS_PORTS,
                          source)

    def stop(self):
        """End it; what was wrong, or None."""
        if self.process is None:
            return None
        fault = None
        if self.process.poll() is not None:
            fault = "it ended by itself, status %d" % self.process.returncode
        else:
            self.process.send_signal(signal.SIGTERM)
            try:
                if self.process.wait(GUARD) != 0:
                    fault = "exit status %d" % self.process.returncode
            except subprocess.TimeoutExpired:
                fault = "it does not end within %d s of SIGTERM" % GUARD
                self.process.kill()
                self.process.wait()
        if SANITIZER.search(self.log()):
            fault = "a sanitizer complained"
        return fault

    def log(self):
        try:
            with open(self.log_path, "rb") as log:
                return decode(log.read())
        except FileNotFoundError:
            return ""

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    # what the runner itself asks of the hub, by POP3

    def login(self, account):
        connection = self.connect("pop3s")
        connection.line()
        for command in ("USER %s@%s" % (account, DOMAIN), "PASS " + PASSWORD):
            connection.send(encode(command + "\r\n"))
            reply = connection.line()
            if not reply.startswith("+OK"):
                raise Failure("login of %s: %s" % (account, reply))
        return connection

    def ask(self, connection, command):
        connection.send(encode(command + "\r\n"))
        reply = connection.line()
        if not reply.startswith("+OK"):
            raise Failure("%s: %s" % (command, reply))
        return reply

    def count(self, account):
        connection = self.login(account)
        count = int(self.ask(connection, "STAT").split()[1])
        self.ask(connection, "QUIT")
        connection.close()
        return count

    def empty(self, account):
        connection = self.login(account)
        count = int(self.ask(connection, "STAT").split()[1])
        for number in range(1, count + 1):
            self.ask(connection, "DELE %d" % number)
        self.ask(connection, "QUIT")
        connection.close()


# --- playing -------------------------------------------------------------

class Play:
    """One transcript being played."""

    def __init__(self, hub, transcript):
        self.hub = hub
        self.transcript = transcript
        self.connections = {}
        self.names = {}

    def run(self):
        for account in self.transcript.accounts:
            self.hub.empty(account)
        try:
            for number, line, step in self.transcript.steps:
                try:
                    self.step(step)
                except (Failure, OSError) as fault:
                    raise Failure("%s:%d: %s\n\t%s" % (
                        self.transcript.path, number, line, fault)) from fault
        finally:
            for connection in self.connections.values():
                connection.close()

    def fill(self, text, quote=lambda value: value):
        """Put values in the place of $NAMEs."""
        return re.sub(r"\$([A-Z][A-Z0-9]*)", lambda found:
                      quote(self.names[found[1]])
                      if found[1] in self.names else found[0], text or "")

    def connection(self, number):
        if number not in self.connections:
            raise Failure("not connected")
        return self.connections[number]

    def step(self, step):
        if step["client"]:
            self.client(step["client"][1:], step["verb"], step["cargs"])
        elif step["server"]:
            self.server(step["server"][1:], step["sverb"], step["sargs"])
        elif step["account"]:
            self.wait_delivered(step["account"], int(step["count"]))
        elif step["whose"]:
            self.hub.account(step["change"], step["whose"],
                             step["password"])
        else:
            found = self.match(self.connection(step["lserver"][1:]).line(),
                               step["lregex"])
            self.names[step["name"]] = found[1]

    def client(self, number, verb, text):
        if verb == "connect":
            self.connections[number] = self.hub.connect(*text.split())
        elif verb == ">":
            self.connection(number).send(encode(self.fill(text) + "\r\n"))
        elif verb == ">>":
            self.connection(number).send(literal(text))
        elif verb == "compress":
            self.connection(number).compress()
        elif verb == "starttls":
            self.connection(number).start_tls()
        else:
            self.connection(number).close()
            del self.connections[number]

    def server(self, number, verb, text):
        connection = self.connection(number)
        if verb == "~":
            self.match(connection.line(), text)
        elif verb == "=":
            line = connection.line()
            if line != self.fill(text):
                raise Failure("came: " + ascii(line))
        elif verb == "until ~":
            self.until(connection, self.fill(text, re.escape))
        elif verb == "eof":
            connection.expect_end()
        else:
            connection.expect_nothing()

    def match(self, line, regex):
        found = re.fullmatch(self.fill(regex, re.escape), line)
        if found is None:
            raise Failure("came: " + ascii(line))
        return found

    def until(self, connection, regex):
        seen = []
        while not seen or re.fullmatch(regex, seen[-1]) is None:
            try:
                seen.append(connection.line())
            except Failure as fault:
                raise Failure("%s; before it %s" % (
                    fault, ascii(seen[-3:]))) from fault

    def wait_delivered(self, account, count):
        until = time.monotonic() + GUARD
        while (have := self.hub.count(account)) < count:
            if time.monotonic() > until:
                raise Failure("%s has %d letters" % (account, have))
            time.sleep(0.05)


# --- all of it -----------------------------------------------------------

class Results:
    """The results file and what is said about failures."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()
        self.failed = 0

    def add(self, name, fault=None):
        with self.lock:
            self.file.write("%s wire/%s\n" % (
                "fail" if fault else "pass", name))
            self.file.flush()
            if fault:
                self.failed += 1
                print("wire/%s: %s" % (name, fault), flush=True)
        return fault is None


def play_in_one_hub(args, name, transcripts, results):
    """Set up a hub, play the transcripts in it, take it down."""
    accounts = {a for t in transcripts for a in t.accounts}
    config = [line for t in transcripts for line in t.config]
    gateways = [line for t in transcripts for line in t.gateways]
    hub = None
    well = True
    try:
        hub = Hub(args.bin, accounts, config)
        for words in gateways:
            hub.run("-c", hub.conf, "gateway", "add", *words.split())
        hub.start()
        for transcript in transcripts:
            try:
                Play(hub, transcript).run()
                results.add(transcript.name)
            except (Failure, OSError) as fault:
                well = results.add(transcript.name, fault)
        fault = hub.stop()
    except (Failure, OSError, subprocess.SubprocessError) as broken:
        fault = broken
        if hub is not None:
            hub.stop()
    well = results.add(name, fault) and well
    if hub is None:
        return
    if not well:
        print("--- the end of %s:\n%s" % (
            hub.log_path, "\n".join(hub.log().splitlines()[-40:])))
    if args.keep:
        print("kept: " + hub.folder)
    else:
        hub.remove()


def rows(bin_folder, protocol):
    """(command, section) of each row of a command table."""
    shown = subprocess.run(
        [os.path.join(bin_folder, "postroom"), protocol, "commands"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60,
        check=True)
    for line in decode(shown.stdout).splitlines():
        row = re.fullmatch(r"((?:UID )?\S+)\s.*?(\d{3,5}(?: [0-9A-Z][0-9A-Z.]*)?)\s*",
                           line)
        if row is None:
            raise Failure("not a row of a command table: " + line)
        yield row[1], row[2]


def check_coverage(args, transcripts, results):
    """Every row of the tables is sent by somebody who meant it."""
    for protocol, services in (("smtp", ("smtp", "lmtp", "submission",
                                         "submissions", "atrn")),
                               ("pop3", ("pop3", "pop3s")),
                               ("imap", ("imap", "imaps"))):
        sent = {(word, section) for t in transcripts
                for service, word in t.commands() if service in services
                for section in t.sections}
        try:
            wanted = list(rows(args.bin, protocol))
            missing = ["%s (RFC %s)" % row for row in wanted
                       if row not in sent]
            fault = (("no transcript sends " + ", ".join(missing))
                     if missing else None if wanted else "an empty table")
        except (Failure, OSError, subprocess.SubprocessError) as broken:
            fault = broken
        results.add("every-%s-command-has-a-transcript" % protocol, fault)


def read_all(paths, results):
    transcripts = []
    for path in paths:
        try:
            transcripts.append(Transcript(path))
        except (Malformed, OSError, UnicodeDecodeError) as fault:
            results.add(os.path.basename(path), fault)
    return transcripts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--results", required=True)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    results = Results(args.results)
    transcripts = read_all(args.files, results)
    if not args.only:
        check_coverage(args, transcripts, results)
    if args.coverage:
        return results.failed > 0
    if args.only:
        transcripts = [t for t in transcripts if t.name == args.only]
        if not transcripts:
            results.add(args.only, "there is no such transcript")
    shared = [t for t in transcripts if not t.wants_own_hub]
    hubs = [(t.name + "-hub-ends-well", [t]) for t in transcripts
            if t.wants_own_hub]
    if shared:
        hubs.insert(0, ("the-hub-ends-well", shared))
    with concurrent.futures.ThreadPoolExecutor(HUBS) as pool:
        for played in [pool.submit(play_in_one_hub, args, name, some, results)
                       for name, some in hubs]:
            played.result()
    return results.failed > 0


if __name__ == "__main__":
    sys.exit(main())
