# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for vksession(1); verbs and options are those that its --help tells

function __vksession_help
	LC_ALL=C vksession $argv --help 2>/dev/null
end

function __vksession_verbs
	__vksession_help | string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
end

function __vksession_options
	set -l words (commandline -opc)
	__vksession_help $words[2] | string replace -rf '^ +(?:-[a-z], )?(--[a-z-]+)\S* *(.*)' '$1\t$2'
end

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

function __vksession_verb_is
	set -l words (commandline -opc)
	set -q words[2]; and contains -- $words[2] $argv
end

function __vksession_option_begun
	not __fish_is_first_token; and string match -q -- '-*' (commandline -ct)
end

# The word after a verb that takes the name of a session first.
function __vksession_name_wanted
	set -l words (commandline -opc)
	test (count $words) = 2; and not contains -- $words[2] run desktop doctor selftest import
end

complete -c vksession -f
complete -c vksession -n __fish_is_first_token -a '(__vksession_verbs)'
complete -c vksession -n __fish_is_first_token -l help -d 'Print help'
complete -c vksession -n __fish_is_first_token -l version -d 'Print the version'
complete -c vksession -n __vksession_option_begun -a '(__vksession_options)'
complete -c vksession -n __vksession_name_wanted -a '(__vksession_sessions)'
complete -c vksession -n '__vksession_verb_is verify drop rollback' -a '(__vksession_saves)'
complete -c vksession -n '__vksession_verb_is run' -s s -x -a '(__vksession_sessions)' -d Session
complete -c vksession -n '__vksession_verb_is run' -l private -x -a '(__fish_complete_directories)'
complete -c vksession -n '__vksession_verb_is run' -l disk -r -F
complete -c vksession -n '__vksession_verb_is run' -a '(__fish_complete_subcommand)'
complete -c vksession -n '__vksession_verb_is desktop' -a 'add remove list'
