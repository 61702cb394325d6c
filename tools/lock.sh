# Sourced by ./igfleet: makes the locks anew from pyproject.toml, and the page of licences; --upgrade takes newer versions.
cd "$here"
make_lock() {
    out=requirements/$1.txt
    shift
    "$venv/bin/uv" pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-annotate \
        --no-emit-index-url --custom-compile-command './igfleet lock' -o "$out" "$@"
}
make_lock boot "$@" requirements/boot.in
make_lock run "$@" pyproject.toml
make_lock dev "$@" --extra dev -c requirements/run.txt pyproject.toml
ensure run dev
"$venv/bin/python" -m tools.licences
