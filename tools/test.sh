# Sourced by ./igfleet: everything that must hold. Further words go to pytest (then the checks are left out).
cd "$here"
PATH=$venv/bin:$PATH:/usr/sbin
missing=
need() { # PROGRAM PACKAGE…
    command -v "$1" >/dev/null 2>&1 && return
    shift
    missing="$missing $*"
}
[ -n "${IGFLEET_CHROMIUM:-}" ] || need /usr/lib/chromium/chromium-headless-shell chromium-headless-shell fonts-dejavu-core
need "$(find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | head -n 1)" postgresql
need squid squid
need tinyproxy tinyproxy
need microsocks microsocks
need dovecot dovecot-imapd
need faketime faketime
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing the programs that the tests drive:$missing"
        policy=/usr/sbin/policy-rc.d # none of them is to be started as a service of this machine
        if [ -e $policy ]; then policy=; else printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy; fi
        # shellcheck disable=SC2086
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >&2 ||
            { rm -f $policy; die "apt-get failed; install$missing by hand"; }
        rm -f $policy
    else
        die "the tests drive real programs. Run: sudo apt-get install --no-install-recommends$missing"
    fi
fi
[ $# = 0 ] || exec python -m pytest "$@"

# Everything: the checks run beside the tests, which spend much of their time waiting for processes, leases and limits.
told=$(mktemp)
(. "$here/tools/check.sh") >"$told" 2>&1 &
check=$!
trap 'kill $check 2>/dev/null; rm -f "$told"' EXIT
trap 'exit 130' INT TERM
status=0
# One process compiles what all the others then only read.
python -m pytest --collect-only -qq >/dev/null 2>&1 || true
python -m pytest -n 5 --dist loadfile --no-loadscope-reorder || status=$?
wait $check || status=$?
trap 'rm -f "$told"' EXIT
cat "$told" >&2
exit $status
