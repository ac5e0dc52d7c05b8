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

check "format (clang-format)" format
check "static analysis (cppcheck)" static_analysis
check "shell scripts (shellcheck)" shell
check "licence lines" licence
check "size of files" size

printf '%d passed, %d failed\n' $passed $failed
((failed == 0))
