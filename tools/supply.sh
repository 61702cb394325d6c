# Sourced by ./igfleet: what igfleet is made of. Ends with 1 when something is wrong, with 3 when all else is well but
# the vulnerability service cannot be reached.
cd "$here"
PATH=$venv/bin:$PATH
wrong=0
run() {
    say "supply: $1"
    shift
    "$@" || wrong=1
}
run "locks have hashes" python tools/locks.py
run "vendored files are what they were" python -m tools.dependencies
run "licences are known" python -m tools.licences --check
run "bill of materials" python -m tools.sbom "${1:-sbom.cdx.json}"
run "no secret is committed" python -m tools.secret_scan
say "supply: known vulnerabilities"
status=0
python -m tools.vulnerabilities || status=$?
[ $wrong = 0 ] || exit 1
exit $status
