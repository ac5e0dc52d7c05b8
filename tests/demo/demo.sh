#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shows what vksession is for: programs run in a session, everything is killed, and they are back.
# Arguments: the vksession program, a directory for screenshots.
# On the display in $DISPLAY if there is one, else on one of its own. Own store, own runtime
# directory: sessions of the person who runs this are not touched.
set -euo pipefail

vksession=$1
out=$2
session=demo
own_display=
scratch=
pids=()

say() {
	printf '\n%s\n' "$*"
}

die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

# Runs vksession on the demo's own store.
vk() {
	XDG_STATE_HOME=$scratch/state XDG_RUNTIME_DIR=$runtime "$vksession" "$@"
}

# Prints a number out of JSON: field NAME JSON
field() {
	sed -n "s/.*\"$1\" *: *\\([0-9.]*\\).*/\\1/p" <<<"$2" | head -n 1
}

# Arithmetic with decimals: calculate EXPRESSION FORMAT
calculate() {
	awk "BEGIN { printf \"$2\", $1 }"
}

finish() {
	local status=$?
	if [[ $scratch ]]; then
		vk stop "$session" >/dev/null 2>&1 || true
		((status == 0)) || tail -n 20 "$scratch"/state/vksession/*/log "$scratch"/*.log 2>/dev/null || true
		# What still copies programs for the save in the background gives way to this, and ends.
		vk drop --yes "$session" >/dev/null 2>&1 || true
		rm -rf "$runtime" "$scratch"
	fi
	((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || true
}

# --- the desktop --------------------------------------------------------------------------------

start_own_display() {
	local number
	coproc XVFB { exec Xvfb -displayfd 1 -screen 0 1024x640x24 -nolisten tcp -noreset 2>/dev/null; }
	pids+=("$XVFB_PID")
	read -r -t 20 number <&"${XVFB[0]}" || die "Xvfb does not start"
	export DISPLAY=:$number
	xsetroot -solid '#3b5a78'
	mkfifo "$scratch/desktop"
	openbox --startup "sh -c 'echo >$scratch/desktop'" >"$scratch/openbox.log" 2>&1 &
	pids+=($!)
	timeout 20 cat "$scratch/desktop" >/dev/null || die "openbox does not start"
	own_display=yes
}

choose_display() {
	if [[ ${DISPLAY:-} ]] && xdpyinfo >/dev/null 2>&1; then
		say "Windows come up on your display, $DISPLAY. Please leave keyboard and mouse alone for" \
			"a few seconds."
	else
		start_own_display
		say "There is no display here, so this has one of its own; screenshots show it."
	fi
}

# Waits for a window by its title and prints its id.
window() {
	local ids
	ids=$(timeout 30 xdotool search --sync --onlyvisible --name "$1") || die "no window '$1' came"
	head -n 1 <<<"$ids"
}

# Waits until a window shows something: at least so many colours. drawn TITLE COLOURS
drawn() {
	local id colours
	for ((i = 0; i < 200; i++)); do
		id=$(window "$1")
		colours=$(import -window "$id" -format %k info: 2>/dev/null || true)
		((${colours:-0} < $2)) || return 0
	done
	die "the window '$1' stays empty"
}

# All three, with the editor's menu and the terminal's text.
all_drawn() {
	drawn terminal 3
	drawn Mousepad 12
	drawn xclock 2
}

place() {
	local id
	id=$(window "$1")
	xdotool windowsize "$id" "$4" "$5" windowmove "$id" "$2" "$3"
}

screenshot() {
	import -window root "$out/$1.png"
	say "Screenshot: $out/$1.png"
}

# --- the story ----------------------------------------------------------------------------------

start_programs() {
	local first
	say "Starting a session with a terminal, an editor and a clock, in a kernel of its own..."
	first=$(vk run -s "$session" --wait --json -- xterm -title "terminal" -fa Monospace -fs 11 \
		-e "$(dirname "$0")/../guest/counter.sh" "$scratch/count")
	# An editor that was killed some day asks whether to restore its files, by settings that are not ours.
	vk run -s "$session" -- env GSETTINGS_BACKEND=memory mousepad
	vk run -s "$session" -- xclock -update 1
	run_seconds=$(field window_seconds "$first")
	all_drawn
	place terminal 40 50 360 500
	place Mousepad 430 50 540 300
	place xclock 600 400 200 190
	all_drawn
	xdotool windowactivate --sync "$(window Mousepad)" type --delay 40 \
		"Nobody has saved this text. "
	window '^\*Untitled' >/dev/null	# its title says so when text was changed
	counted=$(vk exec "$session" -- cat "$scratch/count")
	screenshot before
}

save_session() {
	local save
	say "Saving it while it runs..."
	save=$(vk save --json "$session")
	megabytes=$(calculate "$(field disk_bytes "$save") / 1e6" %.0f)
	pause=$(calculate "$(field pause_us "$save") / 1e3" %.0f)
	durable=$(calculate "$(field durable_us "$save") / 1e6" %.2f)
	counted=$(vk exec "$session" -- cat "$scratch/count")
}

# Every process of the session, as its two supervisors have noted them.
session_processes() {
	local run=$runtime/vksession/$session
	cat "$run/viewer.json" "$run/launcher.json" |
		sed -n 's/.*"\(viewer\|client\|launcher\|vkernel\|network\)_pid" *: *\([1-9][0-9]*\).*/\2/p'
}

kill_everything() {
	local processes editor
	editor=$(window Mousepad)
	mapfile -t processes < <(session_processes)
	((${#processes[@]} >= 4)) || die "can't find the session's processes"
	say "Killing everything of the session without warning (kill -9 ${processes[*]}), as a power" \
		"failure would."
	kill -9 "${processes[@]}"
	timeout 20 xprop -id "$editor" -spy >/dev/null 2>&1 || true	# ends when the window has gone
	screenshot between
}

thaw_session() {
	local thaw
	say "Thawing it..."
	thaw=$(vk thaw --wait --json "$session")
	thaw_running=$(calculate "$(field running_us "$thaw") / 1e6" %.2f)
	thaw_seconds=$(field window_seconds "$thaw")
	all_drawn
	xdotool windowactivate --sync "$(window Mousepad)" type --delay 40 "And it goes on."
	counted_after=$(vk exec "$session" -- cat "$scratch/count")
	screenshot after
}

tell() {
	cat <<-END

		What happened
		  The first window of a new session was there after $(calculate "$run_seconds" %.2f) s.
		  The save is $megabytes MB. The session stood still for $pause ms, and the save was safe on the
		  disk after $durable s, while the programs ran on.
		  Then every process of the session was killed.
		  The thaw had the programs running again after $thaw_running s, and the first window was drawn
		  after $(calculate "$thaw_seconds" %.2f) s.
		  The terminal had counted to $counted at the save and is at $counted_after now. The text in the
		  editor was never written to a file, and is there; so are the places of the windows.
		  Screenshots: $out/before.png, $out/between.png, $out/after.png
	END
}

main() {
	mkdir -p "$out"
	scratch=$(mktemp -d "$HOME/.vksession-demo-XXXXXX")
	runtime=$(mktemp -d "$XDG_RUNTIME_DIR/demo-XXXXXX")
	trap finish EXIT
	choose_display
	start_programs
	save_session
	kill_everything
	thaw_session
	tell
	if [[ ! $own_display && -t 0 ]]; then
		say "The windows are yours to try. Press Enter to end the session."
		read -r
	fi
}

main
