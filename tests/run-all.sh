#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs everything that `./run test` runs after the build: the checks of the tree, the unit tests
# under the address and undefined-behaviour sanitizers, the integration tests on the staged build.
# Arguments: build directory, then names of tests (all if none), or one of
#   --without-benchmark   all but the benchmark
#   --benchmark           the benchmark alone
# Ends with "N passed, N failed" (and ", N skipped"); in CI a skipped test is a failure.
set -uo pipefail

build=$1
shift
top=$(cd "$(dirname "$0")/.." && pwd -P)
sanitized=$top/build-sanitize
passed=0
failed=0
skipped=0
failures=''	# a line for each, said at the end once more

# Adds the counts of one JUnit file that meson wrote; a suite without one has failed as a whole.
add_junit() {
	local p f s said
	said=$([[ -f $1 ]] && "$top/tests/junit.py" "$1") || { note_failure "$1: not written"; return; }
	read -r p f s <<<"$said"
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	failures+=$(tail -n +2 <<<"$said")
}

note_failure() {
	failed=$((failed + 1))
	failures+=$'\n'"FAILED $1"
}

# Runs tests of one build directory. Arguments: directory, name of the log, options of meson test.
run_suite() {
	local dir=$1 log=$2
	shift 2
	rm -f "$dir/meson-logs/$log.junit.xml"
	meson test -C "$dir" --logbase "$log" --print-errorlogs "$@"
}

# Adds up what came of it. Arguments: directory, name of the log, what run_suite returned.
count_suite() {
	local before=$failed
	add_junit "$1/meson-logs/$2.junit.xml"
	(($3 == 0 || failed > before)) || note_failure "$2 tests: status $3"	# e.g. one did not compile
}

# Static analysis of the programs; it needs to know how they are compiled.
tidy() {
	local output
	if output=$("$top/tests/tidy.py" "$build" 2>&1); then
		printf 'ok static analysis (clang-tidy): %s\n' "$output"
	else
		printf '%s\nFAILED static analysis (clang-tidy)\n' "$output"
	fi
}

check_tree() {
	"$top/tests/lint.sh" | sed '$d'
	tidy
	[[ -f $sanitized/build.ninja ]] ||
		meson setup "$sanitized" "$top" -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	meson compile -C "$sanitized" >/dev/null || echo 'FAILED build with sanitizers'
}

# The checks of the tree and the unit tests under the sanitizers go on beside the integration tests,
# which wait for much of their time.
start_checks() {
	logs=$(mktemp -d)
	{
		check_tree >"$logs/checks" 2>&1
		run_suite "$sanitized" unit --no-suite integration >"$logs/units" 2>&1
	} &
	checks=$!
	renice -n 5 $checks >/dev/null
}

# Waits for them and prints what they said.
finish_checks() {
	local status=0
	wait "$checks" || status=$?
	printf '== checks of the tree\n'
	cat "$logs/checks"
	passed=$((passed + $(grep -c '^ok ' "$logs/checks")))
	local check
	while read -r check; do note_failure "$check"; done < <(sed -n 's/^FAILED //p' "$logs/checks")
	printf '== unit tests, with sanitizers\n'
	cat "$logs/units"
	count_suite "$sanitized" unit $status
	rm -rf "$logs"
}

run_tests() {
	rm -rf "$HOME/.cache/vksession-tests" "$build/test-output"	# what failures before left to look at
	start_checks
	printf '== integration tests\n'
	# More than there are processors: their guests and desktops wait for one another and for time.
	run_suite "$build" integration --suite integration --num-processes $(($(nproc) + 1))
	count_suite "$build" integration $?
	finish_checks
}

run_benchmark() {
	printf '== benchmark, one round: all figures can be had, and no ratio is four times its target\n'
	if "$top/tests/bench/bench.sh" "$build" --rounds=1 --check; then
		passed=$((passed + 1))
	else
		note_failure "benchmark: see its lines with 'missed'"
	fi
}

run_selected() {
	run_suite "$build" selected --num-processes 1 "$@"
	count_suite "$build" selected $?
}

case ${1:-} in
'') run_tests; run_benchmark ;;
--without-benchmark) run_tests ;;
--benchmark) run_benchmark ;;
*) run_selected "$@" ;;
esac

if [[ ${CI:-} ]] && ((skipped > 0)); then
	note_failure "$skipped tests were skipped"
	failed=$((failed + skipped - 1))
	skipped=0
fi
sed '/^$/d' <<<"$failures"
if ((skipped > 0)); then
	printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
else
	printf '%d passed, %d failed\n' $passed $failed
fi
((failed == 0))
