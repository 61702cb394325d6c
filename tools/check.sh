# Sourced by ./igfleet: lint, types, imports, budgets, locks, styles. Stops at the first that fails.
cd "$here"
PATH=$venv/bin:$PATH
run() {
    say "check: $1"
    shift
    "$@" || die "check failed: $*"
}
run lint ruff check src tests benchmarks tools migrations
run format ruff format --check --quiet src tests benchmarks tools
run types mypy
run imports lint-imports --no-logo
run budgets python tools/budgets.py
run locks python tools/locks.py
run styles python -m tools.css --check
