# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for vksession(1)

function __vksession_store
	set -q XDG_STATE_HOME; and echo $XDG_STATE_HOME/vksession; or echo $HOME/.local/state/vksession
end

function __vksession_sessions
	for file in (__vksession_store)/*/session.json
		basename (dirname $file)
	end
end

function __vksession_saves
	set -l words (commandline -opc)
	set -q words[3]; and ls (__vksession_store)/$words[3]/saves 2>/dev/null
end

set -l verbs run list save thaw attach detach stop exec saves verify drop log doctor selftest
set -l on_session save thaw attach detach stop exec saves verify drop log list

complete -c vksession -f
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -l help -d 'Print help'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -l version -d 'Print the version'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a run -d 'Start a program in a session'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a list -d 'Show sessions'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a save -d 'Save a running session'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a thaw -d 'Bring a session back'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a attach -d 'Show the windows of a session'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a detach -d 'Take its windows away; it goes on'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a stop -d 'End the programs of a session'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a exec -d 'Run a command in a session'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a saves -d 'Show the saves of a session'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a verify -d 'Check saves'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a drop -d 'Remove saves or a session'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a log -d 'Show what a session printed'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a doctor -d 'Say what this machine lacks'
complete -c vksession -n "not __fish_seen_subcommand_from $verbs" -a selftest -d 'Try whether saving works here'

complete -c vksession -n "__fish_seen_subcommand_from $on_session" -a '(__vksession_sessions)'
complete -c vksession -n "__fish_seen_subcommand_from verify drop" -a '(__vksession_saves)'
complete -c vksession -n "__fish_seen_subcommand_from run" -s s -l session -x -a '(__vksession_sessions)' -d Session
complete -c vksession -n "__fish_seen_subcommand_from run" -l memory -x -d 'Memory of a new session'
complete -c vksession -n "__fish_seen_subcommand_from run" -l no-network -d 'Without network'
complete -c vksession -n "__fish_seen_subcommand_from run" -l new -d 'The session must be new'
complete -c vksession -n "__fish_seen_subcommand_from run" -a '(__fish_complete_subcommand)'
complete -c vksession -n "__fish_seen_subcommand_from run thaw" -l detach -d 'Show no windows'
complete -c vksession -n "__fish_seen_subcommand_from run thaw attach" -l wait -d 'Until the first window'
complete -c vksession -n "__fish_seen_subcommand_from save" -l stop -d 'End the session once it is safe'
complete -c vksession -n "__fish_seen_subcommand_from save" -l force -d 'Even if it does not seem to fit'
complete -c vksession -n "__fish_seen_subcommand_from save" -l queue -d 'Wait for other work on the session'
complete -c vksession -n "__fish_seen_subcommand_from thaw" -l save -x -d 'Number of the save'
complete -c vksession -n "__fish_seen_subcommand_from log" -l follow -d 'Go on'
complete -c vksession -n "__fish_seen_subcommand_from run list save thaw saves verify doctor selftest" -l json -d 'Print JSON'
