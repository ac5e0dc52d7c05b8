#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completions of bash, zsh and fish offer every verb and every option that there is, no other, and
# the user's sessions. Arguments: the tree's top, a vksession.
set -uo pipefail
dir=$1/vksession/completion
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

mkdir -p "$work/bin" "$work/state/vksession/my-session/saves/12"
touch "$work/state/vksession/my-session/session.json"
ln -s "$(realpath "$2")" "$work/bin/vksession"
export PATH=$work/bin:$PATH XDG_STATE_HOME=$work/state LC_ALL=C.UTF-8 HOME=$work

# Each prints what a shell offers at the end of a command line, one a line. Argument: the line.

complete_bash() {
	bash --norc -c '. "$1/vksession"; read -ra COMP_WORDS <<<"$2"
		[[ $2 == *" " ]] && COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _vksession; printf "%s\n" "${COMPREPLY[@]}"' \
		bash "$dir" "$1"
}

# shellcheck disable=SC2016	# fish expands it
complete_fish() {
	fish --no-config -c 'source $argv[1]/vksession.fish; complete -C "$argv[2]"' "$dir" "$1" |
		cut -f 1
}

# One shell for all lines, since it takes long to start; what it would show goes to files. It is
# typed to when it prompts: before, the terminal itself would take the key that kills a line.
offer_zsh() {
	export dir work
	zsh -f -c '
		zmodload zsh/zpty
		zpty shell zsh -f -i
		zpty -w shell "PROMPT=; fpath=($dir \$fpath); autoload -U compinit; compinit -u -D
			compadd() {
				builtin compadd -A offered \"\$@\"
				print -l -- \$offered >>\$answer
				builtin compadd \"\$@\"
			}"
		number=0
		while IFS= read -r line; do
			((number++))
			zpty -w shell "answer=$work/zsh-$number; PROMPT=be\"\"gin$number"
			zpty -r shell output "*begin$number*"
			zpty -w -n shell "$line"$'"'\\t\\x15'"'
			zpty -w shell "print -l en\"\"d$number"
			zpty -r shell output "*end$number*"
		done <"$work/lines"
		zpty -d shell' >/dev/null 2>&1
}

complete_zsh() {
	cat "$work/zsh-$(grep -nxF -- "$1" "$work/lines" | cut -d : -f 1)"
}

# Compares what a shell offers with what is wanted. Arguments: shell, line, wanted words
check() {
	local shell=$1 line=$2 offered wanted
	number=$((number + 1))
	offered=$("complete_$shell" "$line" | sed '/^$/d' | sort -u)
	wanted=$(printf '%s\n' "${@:3}" | sort -u)
	if [[ $offered == "$wanted" ]]; then
		printf 'ok %d - %s: "%s"\n' $number "$shell" "$line"
	else
		diff <(printf '%s\n' "$offered") <(printf '%s\n' "$wanted") | sed 's/^/# /'
		printf 'not ok %d - %s: "%s"\n' $number "$shell" "$line"
	fi
}

mapfile -t verbs < <(vksession --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
((${#verbs[@]} > 10)) || {
	echo 'Bail out! vksession tells no verbs'
	exit 1
}
{
	printf '%s\n' 'vksession ' 'vksession thaw ' 'vksession drop my-session '
	printf 'vksession %s --\n' "${verbs[@]}"
} >"$work/lines"
offer_zsh
for shell in bash fish zsh; do
	words=("${verbs[@]}")
	[[ $shell != bash ]] || words+=(--help --version)
	check $shell 'vksession ' "${words[@]}"
	for verb in "${verbs[@]}"; do
		mapfile -t options < <(vksession "$verb" --help | grep -oE -- '--[a-z-]+' | sort -u)
		check $shell "vksession $verb --" "${options[@]}"
	done
	check $shell 'vksession thaw ' my-session
	check $shell 'vksession drop my-session ' 12
done
printf '1..%d\n' $number
