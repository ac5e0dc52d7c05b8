#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checks of the tree that need no build. Prints "ok NAME" or the findings and "FAILED NAME" for
# each, and ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

passed=0
failed=0

check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		printf 'ok %s\n' "$name"
		passed=$((passed + 1))
	else
		printf '%s\nFAILED %s\n' "$output" "$name"
		failed=$((failed + 1))
	fi
}

# Prints the tree's files that match the given find(1) test, without what was built.
files() {
	find . \( -path ./build -o -path './build-*' -o -path ./.git -o -path ./.cache \) -prune \
		-o -type f \( "$@" \) -print | sort
}

c_files() {
	files -name '*.[ch]'
}

shell_files() {
	files ! -name '*.patch' | while IFS= read -r file; do
		if head -n 1 "$file" | grep -qaE '^#!.*\b(ba)?sh\b'; then
			printf '%s\n' "$file"
		fi
	done
}

format() {
	c_files | xargs -r clang-format --dry-run --Werror
}

static_analysis() {
	c_files | grep '\.c$' | xargs -r cppcheck --quiet --std=c11 --language=c --library=gtk -j 2 \
		--enable=warning,performance,portability --inline-suppr \
		--suppressions-list=.cppcheck-suppressions --error-exitcode=1
}

shell() {
	shell_files | xargs -r shellcheck --external-sources --source-path=SCRIPTDIR
}

# Every source file names its licence in its first lines.
licence() {
	local file missing=0
	while IFS= read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0' || {
			printf '%s: no SPDX line\n' "$file"
			missing=1
		}
	done < <(c_files; shell_files; files -name '*.py' -o -name meson.build)
	return $missing
}

# A file of ours does one thing: 600 lines are the limit.
size() {
	c_files | xargs -r wc -l | awk '$2 != "total" && $1 > 600 { print; bad = 1 } END { exit bad }'
}

# Each promise of the manual names the tests that show it. Prints those that name none.
promises_without_tests() {
	awk 'function end() { if (promise && !tests) print section ": no tests"; promise = tests = 0 }
		/^\.SH/ { end(); section = substr($0, 5) }
		/^\.SS Promise/ { promise = 1 }
		/^\.SS Tests/ { tests = 1 }
		END { end() }' "$1"
}

# And each of them is there, and built by what runs them.
promises() {
	local page=vksession/man/vksession-promises.7 wrong test name
	wrong=$(promises_without_tests "$page")
	while read -r test; do
		name=$(basename "$test" .c)
		[[ -e $test && ($test != *.c || $(<"${test%/*}/meson.build") == *"${name#test-}"*) ]] ||
			wrong+=" $test is not there, or not run"
	done < <(grep -oE 'tests/[a-zA-Z0-9_./-]*[a-zA-Z0-9]' "$page" | sort -u)
	[[ ! $wrong ]] || { printf '%s: %s\n' "$page" "$wrong"; return 1; }
}

check "format (clang-format)" format
check "static analysis (cppcheck)" static_analysis
check "shell scripts (shellcheck)" shell
check "licence lines" licence
check "size of files" size
check "promises name tests that are there" promises

printf '%d passed, %d failed\n' $passed $failed
((failed == 0))
