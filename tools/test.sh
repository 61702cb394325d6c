# Sourced by ./igfleet: everything that must hold. Further words go to pytest (then the checks are left out).
cd "$here"
PATH=$venv/bin:$PATH
packages=
[ -n "${IGFLEET_CHROMIUM:-}" ] || [ -x /usr/lib/chromium/chromium-headless-shell ] || packages='chromium-headless-shell fonts-dejavu-core'
[ -n "$(find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null)" ] || packages="$packages postgresql"
if [ -n "$packages" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing the browser and the server that the tests drive ($packages)"
        # shellcheck disable=SC2086
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages; } >&2 ||
            die "apt-get failed; install $packages by hand"
    else
        die "the tests drive a real browser and a real server. Run: sudo apt-get install --no-install-recommends $packages"
    fi
fi
if [ $# = 0 ]; then
    (. "$here/tools/check.sh")
    set -- -n 2 --dist loadfile
fi
exec python -m pytest "$@"
