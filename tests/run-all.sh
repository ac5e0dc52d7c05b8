#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs everything that `./run test` runs after the build: the checks of the tree, the unit tests
# under the address and undefined-behaviour sanitizers, the integration tests on the staged build.
# Arguments: build directory, then names of tests (all if none).
# Ends with "N passed, N failed" (and ", N skipped"); in CI a skipped test is a failure.
set -uo pipefail

build=$1
shift
top=$(cd "$(dirname "$0")/.." && pwd -P)
sanitized=$top/build-sanitize
passed=0
failed=0
skipped=0

# Adds the counts of one JUnit file that meson wrote; a suite without one has failed as a whole.
add_junit() {
	local counts
	[[ -f $1 ]] || { failed=$((failed + 1)); return; }
	counts=$(grep -oE '<testsuite [^>]*>' "$1" | awk '
		function attribute(name) {
			if (!match($0, " " name "=\"[0-9]+\""))
				return 0
			return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
		}
		{
			tests += attribute("tests")
			bad += attribute("failures") + attribute("errors")
			skip += attribute("skipped")
		}
		END { print tests - bad - skip, bad + 0, skip + 0 }')
	read -r p f s <<<"$counts"
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
}

# Runs tests of one build directory. Arguments: directory, name of the log, options of meson test.
run_suite() {
	local dir=$1 log=$2 before=$failed
	shift 2
	rm -f "$dir/meson-logs/$log.junit.xml"
	if ! meson test -C "$dir" --logbase "$log" --print-errorlogs "$@"; then
		add_junit "$dir/meson-logs/$log.junit.xml"
		((failed > before)) || failed=$((failed + 1))	# e.g. a program that did not compile
	else
		add_junit "$dir/meson-logs/$log.junit.xml"
	fi
}

# Static analysis of the programs; it needs to know how they are compiled.
tidy() {
	local output
	if output=$(cd "$top" && find launcher xproxy vksession pm-hooks desktop -name '*.c' -print0 |
		xargs -0 -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build" 2>/dev/null); then
		printf 'ok static analysis (clang-tidy)\n'
	else
		printf '%s\nFAILED static analysis (clang-tidy)\n' "$output"
	fi
}

# What needs a processor and nothing else goes on beside the integration tests, which wait for
# most of their time: the checks of the tree, and the compiling for the sanitizers.
start_checks() {
	checks_log=$(mktemp)
	{
		"$top/tests/lint.sh" | sed '$d'
		tidy
		[[ -f $sanitized/build.ninja ]] ||
			meson setup "$sanitized" "$top" -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
		meson compile -C "$sanitized" >/dev/null || echo 'FAILED build with sanitizers'
	} >"$checks_log" 2>&1 &
	renice -n 10 $! >/dev/null
	checks=$!
}

# Waits for them and prints what they said.
finish_checks() {
	wait "$checks"
	cat "$checks_log"
	passed=$((passed + $(grep -c '^ok ' "$checks_log")))
	failed=$((failed + $(grep -c '^FAILED ' "$checks_log")))
	rm -f "$checks_log"
}

rm -rf "$HOME/.cache/vksession-tests" "$build/test-output"	# what failures before left to look at

if (($# == 0)); then
	start_checks
	printf '== integration tests\n'
	run_suite "$build" integration --suite integration
	printf '== checks of the tree\n'
	finish_checks
	printf '== unit tests, with sanitizers\n'
	run_suite "$sanitized" unit --no-suite integration
	printf '== benchmark, one round: all figures can be had, and no ratio is four times its target\n'
	if "$top/tests/bench/bench.sh" "$build" --rounds=1 --check; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
else
	run_suite "$build" selected --num-processes 1 "$@"
fi

if [[ ${CI:-} ]]; then
	failed=$((failed + skipped))
	skipped=0
fi
if ((skipped > 0)); then
	printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
else
	printf '%d passed, %d failed\n' $passed $failed
fi
((failed == 0))
