"""A real rspamd, and the name server that it asks, for the peer tests."""
import http.client, ipaddress, json, os, pwd, shutil, socket, struct
import subprocess, threading, time

PROGRAM = "/usr/bin/rspamd"
BEGIN_SECONDS = 600
KINDS = {"A": 1, "MX": 15, "PTR": 12, "TXT": 16, "AAAA": 28}
# what asks others, or has nothing to do with who sent it
REST = ("rbl surbl fuzzy_check asn dkim_signing arc_signing mx_check phishing "
        "dcc url_redirector spamassassin greylist ratelimit neural replies "
        "history_redis p0f clickhouse elastic rspamd_update hfilter "
        "known_senders reputation").split()


def missing():
    if not os.path.exists(PROGRAM):
        return "rspamd is not installed"
    return None if os.getuid() == 0 else "rspamd is started by root only"


def name_bytes(name):
    return b"".join(bytes([len(label)]) + label.encode("latin-1")
                    for label in name.strip(".").split(".") if label) + b"\0"


class Names:
    """`zone`: name -> [(kind, value)]; what is not in it does not exist."""

    def __init__(self, zone):
        self.zone = zone
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            question, peer = self.socket.recvfrom(4096)
            self.socket.sendto(self.answer(question), peer)

    @staticmethod
    def data(kind, value):
        if kind in ("A", "AAAA"):
            return ipaddress.ip_address(value).packed
        if kind == "MX":
            return b"\0\n" + name_bytes(value)
        if kind == "PTR":
            return name_bytes(value)
        value = value.encode("latin-1")
        return b"".join(bytes([len(value[i:i + 255])]) + value[i:i + 255]
                        for i in range(0, len(value), 255))

    def answer(self, question):
        at, labels = 12, []
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]])
            at += 1 + question[at]
        name = b".".join(labels).decode("latin-1").lower()
        asked, = struct.unpack(">H", question[at + 1:at + 3])
        records = self.zone.get(name)
        rows = [b"\xc0\x0c" + struct.pack(">HHIH", asked, 1, 3600, len(data)) +
                data for data in (self.data(kind, value) for kind, value in
                                  records or [] if KINDS[kind] == asked)]
        # 0x8180: a recursive answer; 3: there is no such name.  EDNS at the
        # end: rspamd drops an answer of less than 28 bytes
        return question[:2] + struct.pack(
            ">HHHHH", 0x8183 if records is None else 0x8180, 1, len(rows), 0,
            1) + question[12:at + 5] + b"".join(rows) + b"\0" + struct.pack(
                ">HHIH", 41, 4096, 0, 0)


class Rspamd:
    """In `folder`, until stop(); it asks the name server at that port."""

    def __init__(self, folder, port, names_port, more=None):
        self.folder, self.port = folder, port
        os.chmod(folder, 0o755)
        for part in ("db", "run", "log", "conf", "conf/local.d"):
            os.makedirs(os.path.join(folder, part))
        user = pwd.getpwnam("_rspamd")
        for part in ("db", "run", "log"):
            os.chown(os.path.join(folder, part), user.pw_uid, user.pw_gid)
        local = {
            "logging.inc": 'type = "file";\nlevel = "error";\n'
                           'filename = "%s/log/log";\n' % folder,
            "worker-normal.inc": 'bind_socket = "127.0.0.1:%d";\n'
                                 "count = 1;\n" % port,
            "worker-proxy.inc": "enabled = false;\n",
            "worker-fuzzy.inc": "enabled = false;\n",
            "worker-controller.inc": "enabled = false;\n",
            "options.inc": 'dns { nameserver = ["127.0.0.1:%d"]; }\n'
                           'pidfile = "%s/run/pid";\n'
                           'control_socket = "%s/run/c.sock mode=0600";\n'
                           "local_addrs = [];\n" % (names_port, folder,
                                                    folder),
            **{name + ".conf": "enabled = false;\n" for name in REST},
            **(more or {}),
        }
        for name, text in local.items():
            with open(os.path.join(folder, "conf/local.d", name), "w",
                      encoding="ascii") as file:
                file.write(text)
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [PROGRAM, "-f", "-u", "_rspamd", "-g", "_rspamd", "-c",
             "/etc/rspamd/rspamd.conf",
             "--var=LOCAL_CONFDIR=%s/conf" % self.folder,
             "--var=DBDIR=%s/db" % self.folder,
             "--var=RUNDIR=%s/run" % self.folder,
             "--var=LOGDIR=%s/log" % self.folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + BEGIN_SECONDS
        while time.monotonic() < until:
            try:
                return self.check(b"From: a@example.org\r\n\r\nx\r\n", {})
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.2)
        raise OSError("rspamd does not begin: " + self.words())

    def words(self):
        try:
            with open(self.folder + "/log/log", encoding="utf-8",
                      errors="replace") as file:
                return file.read()[-2000:]
        except OSError:
            return "it has no log"

    def check(self, message, header):
        peer = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        peer.request("POST", "/checkv2", message, header)
        answer = json.loads(peer.getresponse().read())
        peer.close()
        return answer

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)
