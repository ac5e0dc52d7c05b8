#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Consoles of a guest: one on a terminal (tmux is the terminal) with a program that fills the screen,
# others on pseudo terminals and on a terminal that is opened by its name. After a thaw each has
# another terminal on the host; what it shows and does must be as if it were the old one. The same
# program on the host, which is not saved, tells what that is.
#
# A terminal that is opened by the leader of a session becomes its controlling terminal, and programs
# in the background are stopped when they read it. So the test is never the leader.
if [[ $(ps -o sid= -p $$) -eq $$ ]]; then
	bash "$0" "$@"
	exit
fi
. "$(dirname "$0")/guest.bash"

export LC_ALL=C.UTF-8
dialog=(dialog --title "After a thaw" --menu "Which one?" 14 44 5
	1 first 2 second 3 third 4 fourth 5 fifth)

end_terminals() {
	terminal kill-server 2>/dev/null || true
	end_all
}
trap end_terminals EXIT

terminal() {
	tmux -S "$scratch/tmux" -f /dev/null "$@"
}

# A program on a terminal of its own: terminal_run NAME COLUMNSxROWS COMMAND...
terminal_run() {
	terminal new-session -d -s "$1" -x "${2%x*}" -y "${2#*x}" "${@:3}"
	terminal pipe-pane -t "$1" "cat >>$scratch/$1.out"
}

# The same with a vkernel
terminal_guest() {
	terminal_run "$1" "$2" "$VKERNEL" mem=128M seccomp=on "uml_dir=$scratch/" "umid=$1" \
		con=null con0=fd:0,fd:1 quiet "${@:3}"
	guest_pid[$1]=$(terminal list-panes -t "$1" -F '#{pane_pid}')
}

terminal_boot() {
	terminal_guest "$1" "$2" "ncpus=$CPUS" root=/dev/root rootfstype=hostfs rootflags=/ ro \
		"init=$here/init-console.sh" TERM=screen LC_ALL=C.UTF-8 "${@:3}"
}

press() {
	terminal send-keys -t "$1" "${@:2}"
}

# What is to be seen with its colours, which tell what is chosen
screen_of() {
	terminal capture-pane -e -p -t "$1"
}

# Without colours, but with spaces at the end of lines
text_of() {
	terminal capture-pane -N -p -t "$1"
}

# Wait until what a terminal shows pleases a command: screen_is NAME COMMAND...
screen_is() {
	shows screen_of "$@"
}

text_is() {
	shows text_of "$@"
}

# shows screen_of|text_of NAME COMMAND...
shows() {
	local seen show=$1
	shift
	while :; do
		seen=$(stat -c %s "$scratch/$1.out" 2>/dev/null || echo 0)
		if "$show" "$1" | "${@:2}" >/dev/null 2>&1; then return; fi
		# for more output, which may have come since
		[[ $(head -c 1 < <(
			exec timeout "$LIMIT" tail -c "+$((seen + 1))" -F "$scratch/$1.out" 2>/dev/null
		) | wc -c) = 1 ]] || break
	done
	screen_of "$1" | sed 's/^/# /'
	fail "the screen of $1 is not as it should be: ${*:2}"
}

like_control() {
	cmp -s - <(screen_of control)
}

# A whole screen was painted, with nothing left of another size: painted COLUMNSxROWS
# (The height of a menu that was stretched depends on its earlier sizes, so there is no control.)
painted() {
	local text
	text=$(cat)
	[[ $(grep -c . <<<"$text") = "${1#*x}" && $(head -n 1 <<<"$text" | wc -L) = "${1%x*}" &&
		$(tail -n 1 <<<"$text" | wc -L) = "${1%x*}" && $(grep -c 'After a thaw' <<<"$text") = 1 &&
		$(grep -c '<  OK  >' <<<"$text") = 1 && $(grep -cE '[1-5]  [fst][a-z]+' <<<"$text") = 5 ]]
}

chosen() {
	screen_is "$1" grep -F "$(printf '\033[44m%d' "$2")"
}

control() {
	terminal_run control 90x30 env TERM=screen "${dialog[@]}"
	screen_is control grep fifth
	press control Down
	press control Down
	chosen control 3
}

boot() {
	terminal_run other 80x24 sleep infinity
	other=$(terminal list-panes -t other -F '#{pane_tty}')
	terminal_boot first 90x30 con1=pts "con2=tty:$other" ssl0=pts ECHO_ON=tty1,tty2,ttyS0
	screen_is first grep fifth
	press first Down
	press first Down
	screen_is first like_control
}

# Name of the terminal that a console or line of a guest is on: device GUEST CONFIG
device() {
	mconsole "$1" "config $2" | sed -n 's/^OK pts://p; s/^pts://p'
}

# Open the other end, type into it and get an answer: answers GUEST CONFIG
# Closing it hangs up the console, so it stays open: $end.
answers() {
	local path
	path=$(device "$1" "$2")
	exec {end}<>"$path"
	printf 'hello %s\r' "$2" >&"$end"
	timeout "$LIMIT" grep -qa -m1 "<hello $2>" <&"$end" || fail "no answer on $2"
}

# All consoles but the first, each in its own way: talk GUEST
talk() {
	answers "$1" con1
	answers "$1" ssl0
	press other "hello con2" Enter
	screen_is other grep '<hello con2>'
}

same_size() {
	guest_save first live
	screen_is first like_control
	guest_save_and_kill first stopped
	terminal_guest again 90x30 "thaw=$scratch/stopped"
	screen_is again like_control
	talk again
}

# Also that the helper which waits for the size is there again.
resize() {
	terminal resize-window -t again -x 100 -y 40
	text_is again painted 100x40
	chosen again 3
	guest_kill again
}

other_size() {
	terminal_guest larger 110x35 "thaw=$scratch/stopped"
	text_is larger painted 110x35
	chosen larger 3
	talk larger
}

keys() {
	press larger Down
	chosen larger 4
	press larger Enter
	screen_is larger grep 'chosen: 4'
	guest_kill larger
}

# Whoever has a console open is hung up when the other end is closed, and it can be opened again. The
# host sends no signal for it; the guest sees it with the next one, here that of a request.
hang_up() {
	local i
	for ((i = $2; i < $2 + 3; i++)); do
		answers "$1" con1
		exec {end}>&-
		mconsole "$1" version >/dev/null
		guest_says "$1" "tty1 opened $((i + 1))\b"
	done
}

hung_up() {
	guest_boot reopen init-reopen.sh con1=pts
	guest_says reopen 'tty1 opened 1\b'
	hang_up reopen 1
	guest_save_and_kill reopen reopened
	guest_thaw thawed reopened
	guest_says thawed '^thaw: phases'
	hang_up thawed 4
}

step "the control: a dialog on a terminal of the host" control
step "a guest with consoles on terminals" boot
step "live save, then stop and thaw on a new terminal: same picture, same answers" same_size
step "the window's size is followed" resize
step "thaw on a terminal of another size" other_size
step "keys work, with the choice of before the save" keys
step "consoles that are hung up by the host, before and after a thaw" hung_up
finish
