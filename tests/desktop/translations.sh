#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every string that the desktop's part shows can be translated, and all of them are in each
# translation that there is. Argument: the tree's top.
set -euo pipefail
cd "$1/desktop"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

# Prints a TAP line. Arguments: description, then a command whose output is shown if it fails.
check() {
	local output
	number=$((number + 1))
	if output=$("${@:2}" 2>&1); then
		printf 'ok %d - %s\n' $number "$1"
	else
		printf '%s\nnot ok %d - %s\n' "$output" $number "$1" | sed '$!s/^/# /'
	fi
}

template() {
	(cd .. && xgettext --from-code=UTF-8 -k_ -kN_ -kngettext:1,2 -o "$work/marked.pot" \
		--files-from=desktop/po/POTFILES)
}

# Files with marked strings that nobody would look into.
all_files_are_listed() {
	! grep -lE '\b(_|N_|ngettext)\("' ./*.c | sed 's,^\./,desktop/,' | grep -vxFf po/POTFILES
}

# The texts of a template, one a line.
texts() {
	msgcat --no-wrap "$1" | sed -nE 's/^msgid(_plural)? "(.*)"$/\2/p' | sort -u
}

# Text with two words or more that is not marked. What goes to a log is not for the user.
no_text_is_unmarked() {
	for file in *.c; do
		sed '/g_warning(/d' "$file" >"$work/$file"
	done
	xgettext -a --from-code=UTF-8 -o "$work/all.pot" "$work"/*.c 2>/dev/null
	xgettext --from-code=UTF-8 -k_ -kN_ -kngettext:1,2 -o "$work/found.pot" "$work"/*.c
	! comm -23 <(texts "$work/all.pot") <(texts "$work/found.pot") |
		grep -E '[A-Za-z]{3,}.* .*[A-Za-z]{3,}'
}

is_complete() {
	msgcmp "$1" "$work/marked.pot"
	msgfmt --check --statistics -o /dev/null "$1" 2>&1 | tee "$work/statistics"
	! grep -E 'fuzzy|untranslated' "$work/statistics"
}

mapfile -t languages < <(grep -v '^#' po/LINGUAS)
printf '1..%d\n' $((3 + ${#languages[@]}))
check 'all files with text are in POTFILES' all_files_are_listed
check 'all text is marked for translation' no_text_is_unmarked
check 'the template can be made' template
for language in "${languages[@]}"; do
	check "the translation into $language is complete" is_complete "po/$language.po"
done
