#!/bin/sh
# reload.sh BIN RESULTS - SIGHUP: a good file is taken, a bad one is not
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

greeting() {	# PORT: the first line a client reads, or nothing
	python3 - "$1" <<'PY'
import socket, sys
try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as s:
        print(s.makefile().readline().strip())
except OSError:
    pass
PY
}

wait_log() {	# WORDS TIMES: until the log has them so often
	tries=0
	until [ "$(grep -c "$1" "$dir/log")" -ge "$2" ]; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || return 1
		sleep 0.1
	done
}

tell() {	# NAME COMMAND ...: passes when the command does
	name=$1; shift
	if "$@" >/dev/null; then echo "pass $name" >>"$results"; else
		echo "fail $name" >>"$results"; cat "$dir/log"; fi
}

nonsense() {	# from 127.0.0.9, until that is kept out: the last words
	python3 - "$1" "$2" <<'PY'
import socket, sys
said = ""
for _ in range(int(sys.argv[2])):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60,
                                  ("127.0.0.9", 0)) as s:
        lines = s.makefile(errors="replace")
        said = lines.readline().strip()
        try:
            while said[:3] not in ("", "421"):
                s.sendall(b"NONSENSE\r\n")
                said = lines.readline().strip()
        except OSError:
            pass
print(said)
PY
}

hub_edit='s/^trusted_hosts = .*/trusted_hosts = "::1"/'
hub_up "$bin" || { echo "fail reload: no hub" >>"$results"; exit 1; }

sed -i 's/^hostname = .*/hostname = "new.office.test"/' "$conf"
echo "listen smtp { address = \"127.0.0.1\" port = $((base + 26)) tls = none }" \
    >>"$conf"
kill -HUP "$hub"
wait_log "ready: new.office.test" 1
tell "a reload takes a new name and opens a new port" \
    expr "$(greeting $((base + 26)))" : "220 new.office.test "
tell "a reload keeps the ports that stay" \
    expr "$(greeting $((base + 25)))" : "220 new.office.test "

nonsense $((base + 25)) 3 >/dev/null
tell "who gives nonsense is kept out" wait_log "127.0.0.9 is kept out" 1
kill -HUP "$hub"
wait_log "ready: new.office.test" 2
tell "and stays so when the hub has begun anew" \
    expr "$(nonsense $((base + 25)) 1)" : "421 4.7.0 127.0.0.9 is kept out .*bad commands"

sed -i 's/^hops = .*/hops = none at all/' "$conf"
kill -HUP "$hub"
tell "a bad file is told with its line and leaves the old one running" \
    wait_log "$conf:[0-9]*: hops:.*" 1
tell "the hub goes on after a bad file" \
    expr "$(greeting $((base + 25)))" : "220 new.office.test "
