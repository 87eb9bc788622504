"""A hub in a scratch folder: set up, started, hurt, looked at, removed.

Roles are found by their parent, never by name alone, so that no other hub of
this machine is touched.  Time limits are guards against hanging only.
"""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             os.pardir))

# pylint: disable=wrong-import-position
from ports import free_base                             # noqa: E402

DOMAIN = "office.test"
PASSWORD = "secret"
PORTS = {"lmtp": 24, "smtp": 25, "pop3": 110, "imap": 143, "imaps": 993,
         "pop3s": 995}
GUARD = 120.0           # seconds; nothing honest comes near it
UID_BITS = 32

# Small files, so that segments change often, and quick settling.
SMALL = {
    "journal_segment_bytes": "512KiB",
    "letters_segment_bytes": "256KiB",
    "ballast_bytes": "64KiB",
    "free_bytes": "1MiB",
    "settle_seconds": "1s",
}

SANITIZER = re.compile(
    r"AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer"
    r"|runtime error:")


class Fault(Exception):
    """What must not be, in words."""


def count_descriptors(pid):
    """Those of a process, but for the segments it writes and reads."""
    folder = "/proc/%d/fd" % pid
    count = 0
    for name in os.listdir(folder):
        try:
            # one that was unlinked ends in " (deleted)", and counts
            path = os.readlink(os.path.join(folder, name))
        except FileNotFoundError:
            continue            # it has just been closed
        count += not path.endswith(".seg")
    return count


def children(pid):
    """{pid: words of its command line} of the children of `pid`."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, "rb") as file:
                stat = file.read()
            with open("/proc/%s/cmdline" % name, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        fields = stat[stat.rindex(b")") + 2:].split()
        if int(fields[1]) == pid and fields[0] != b"Z":
            found[int(name)] = [w.decode() for w in words]
    return found


class Hub:
    """Everything of it lies below `folder`."""

    def __init__(self, bin_folder, accounts, config=None, folder=None,
                 environment=None, limits=None):
        self.bin = os.path.abspath(bin_folder)
        self.folder = folder or tempfile.mkdtemp(prefix="postroom-fault-")
        self.conf = os.path.join(self.folder, "etc", "postroom.conf")
        self.data = os.path.join(self.folder, "data")
        self.log_path = os.path.join(self.folder, "hub.log")
        self.accounts = {}
        self.environment = environment or {}
        self.limits = limits
        self.process = None
        self.base = free_base()
        self.set_up(accounts, dict(SMALL, **(config or {})))

    # --- making and unmaking ---------------------------------------------

    def run(self, *words, check=True):
        done = subprocess.run(
            [os.path.join(self.bin, "postroom"), *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=GUARD, check=False,
            env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        text = done.stdout.decode("utf-8", "replace")
        if check and done.returncode != 0:
            raise Fault("postroom %s: status %d: %s" % (
                " ".join(words), done.returncode, text.strip()))
        return done.returncode, text

    def set_up(self, accounts, config):
        self.run("setup", "--dir", self.folder, "--domain", DOMAIN,
                 "--port-base", str(self.base), "--yes")
        self.configure(config)
        password = os.path.join(self.folder, "password")
        with open(password, "w", encoding="ascii") as file:
            file.write(PASSWORD + "\n")
        for name in accounts:
            self.run("-c", self.conf, "account", "add",
                     "%s@%s" % (name, DOMAIN), "--password-file", password)
        # postmaster is the first; numbers are given in order
        self.accounts = {name: 2 + i for i, name in enumerate(accounts)}

    def configure(self, config):
        """Put these options in the place of what is there."""
        with open(self.conf, encoding="utf-8") as file:
            text = file.read()
        for name, value in config.items():
            text, n = re.subn(r"(?m)^%s = .*$" % name,
                              "%s = %s" % (name, value), text)
            if n != 1:
                raise Fault("no option " + name)
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(text)

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- life --------------------------------------------------------------

    def start(self):
        def prepare():
            os.setsid()
            if self.limits:
                self.limits()
        mark = self.log_size()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [os.path.join(self.bin, "postroomd"), "-f", "-c", self.conf],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=prepare,
                env=dict(os.environ, **self.environment))
        self.wait_for(lambda: "parent: ready" in self.log(mark),
                      "the hub does not get ready")

    def wait_for(self, truth, what, guard=GUARD):
        until = time.monotonic() + guard
        while True:
            value = truth()
            if value:
                return value
            if self.process is None or self.process.poll() is not None:
                raise Fault("postroomd ended by itself: " + self.log()[-600:])
            if time.monotonic() > until:
                raise Fault("%s in %d s; the log ends: %s"
                            % (what, guard, self.log()[-1500:]))
            time.sleep(0.02)

    def stop(self):
        """End it in good order."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(GUARD)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Fault("it does not end after SIGTERM") from None
        self.process = None
        if status != 0:
            raise Fault("it ended with status %d" % status)

    def kill(self):
        """SIGKILL to all its processes at one moment."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        # the roles are not our children: see them gone
        until = time.monotonic() + GUARD
        while time.monotonic() < until:
            try:
                os.killpg(self.process.pid, 0)
            except OSError:
                break
            time.sleep(0.005)
        self.process = None

    def pids(self, role, instance=None):
        """Of the processes of this role that live now."""
        if self.process is None:
            return []
        return [pid for pid, words in children(self.process.pid).items()
                if len(words) > 3 and words[1:3] == ["--role", role] and
                (instance is None or words[3] == str(instance))]

    def kill_role(self, role, instance=None):
        """SIGKILL; how many there were."""
        count = 0
        for pid in self.pids(role, instance):
            try:
                os.kill(pid, signal.SIGKILL)
                count += 1
            except ProcessLookupError:
                pass
        return count

    # --- looking -----------------------------------------------------------

    def costs(self):
        """
        {role: (KiB of memory, descriptors)}, its processes added up.  A file
        that is mapped is not memory: the kernel takes its pages back.  A
        segment that is there is open: how many there are goes with the mail.
        """
        found = {}
        for pid, words in children(self.process.pid).items():
            role = words[2] if len(words) > 2 else "?"
            try:
                with open("/proc/%d/status" % pid, encoding="ascii") as file:
                    memory = int(re.search(r"(?m)^RssAnon:\s+(\d+)",
                                           file.read()).group(1))
                descriptors = count_descriptors(pid)
            except (OSError, AttributeError):
                continue        # it has just ended
            before = found.get(role, (0, 0))
            found[role] = (before[0] + memory, before[1] + descriptors)
        return found

    def log_size(self):
        try:
            return os.path.getsize(self.log_path)
        except FileNotFoundError:
            return 0

    def log(self, since=0):
        try:
            with open(self.log_path, "rb") as log:
                log.seek(since)
                return log.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def connect(self, service, timeout=GUARD, source="127.0.0.1"):
        """`source` is the address that the hub sees; 127.x.y.z are many."""
        connection = socket.create_connection(
            ("127.0.0.1", self.base + PORTS[service]), timeout, (source, 0))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def status(self):
        """Figures of the queue, or None while the hub cannot tell."""
        code, text = self.run("-c", self.conf, "status", "--json",
                              check=False)
        if code != 0:
            return None
        try:
            return json.loads(text)
        except ValueError:
            return None

    def is_settled(self):
        status = self.status()
        return bool(status) and status["ok"] and not figure(status, "moving")

    def wait_settled(self, guard=GUARD):
        self.wait_for(self.is_settled, "mail is still moving", guard)

    def check(self):
        """`postroom check` finds no fault."""
        code, text = self.run("-c", self.conf, "check", check=False)
        if code != 0:
            raise Fault("postroom check: status %d: %s"
                        % (code, text.strip()[:1500]))
        if SANITIZER.search(self.log()):
            raise Fault("a sanitizer complained: " + self.log()[-1500:])

    def uids(self, name, data=None):
        """
        Of a hub that does not run: ({uid: message id}, [(first, last)]) as
        index.db has them, read from a copy so that nothing is changed.
        """
        folder = os.path.join(data or self.data, "accounts",
                              str(self.accounts[name]))
        copy = tempfile.mkdtemp(prefix="postroom-fault-uids-")
        try:
            for file in ("index.db", "index.db-wal"):
                path = os.path.join(folder, file)
                if os.path.exists(path) and os.path.getsize(path) > 0:
                    shutil.copy(path, copy)
            if not os.listdir(copy):
                return {}, []
            db = sqlite3.connect(os.path.join(copy, "index.db"))
            try:
                if not db.execute("SELECT 1 FROM sqlite_schema WHERE"
                                  " name = 'tombstone'").fetchall():
                    return {}, []       # cut while it was made
                mask = (1 << UID_BITS) - 1
                entries = {place & mask: bytes(message) for place, message in
                           db.execute("SELECT e.place, l.message_id FROM entry"
                                      " e JOIN letter l ON l.id = e.letter")}
                buried = [(place & mask, last & mask) for place, last in
                          db.execute("SELECT place, last FROM tombstone")]
            finally:
                db.close()
        finally:
            shutil.rmtree(copy, ignore_errors=True)
        return entries, buried


def figure(status, name):
    """The number called `name` in the answer of `postroom status --json`."""
    for row in status["result"]:
        if row["figure"] == name:
            return int(row["value"])
    raise Fault("status tells nothing of " + name)
