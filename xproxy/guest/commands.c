/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "xproxy/guest/commands.h"

static const char *const bus_argv[] = {
	"dbus-daemon", "--session",	    "--nofork",	       "--nopidfile",
	"--nosyslog",  "--print-address=1", "--address=@bus@", NULL,
};

/*
 * -noreset: without it the server resets when its last client leaves, and a program that starts
 * at that moment gets "cannot open display".
 */
static const char *const x_server_argv[] = {
	"Xvfb",	      ":@display@", "-screen",	  "0",	   "@screen@x24", "-dpi",
	"96",	      "-noreset",   "-nolisten",  "tcp",   "-auth",	  "@dir@/Xauthority",
	"+extension", "Composite",  "+extension", "RANDR", "-displayfd",  "1",
	NULL,
};

/*
 * Keys that are held: a program for Python that changes xpra and starts it.
 *
 * Only the viewer's X server knows how long a key is held, and it sends a press again and again
 * then. Xpra would leave repeating to its own X server, which types a letter twice when the release
 * comes late: over a live save, from a busy machine. And it would release a key by itself if no
 * press comes for as long as repeating takes to begin. So a press of a key that is down is made a
 * release and a press, which is what repeating looks like to programs, and a key is down until it
 * is released or its window loses the focus. At this program's line the X server's own repeating is
 * switched off. An xpra that lacks these functions is started as it is.
 */
static const char hold_keys[] =
	"import runpy, sys\n"
	"try:\n"
	"    from xpra.server.mixins.input_server import InputServer\n"
	"    act, timer = InputServer._handle_key, InputServer._key_repeat\n"
	"    assert act.__code__.co_argcount == 9, 'other arguments'\n"
	"    def handle_key(self, wid, pressed, name, value, code, modifiers,\n"
	"                   is_modifier=False, sync=True):\n"
	"        rest = name, value, code, modifiers, is_modifier, sync\n"
	"        if pressed and not is_modifier and code in self.keys_pressed:\n"
	"            act(self, wid, False, *rest)\n"
	"        act(self, wid, pressed, *rest)\n"
	"    InputServer._handle_key = handle_key\n"
	"    InputServer._key_repeat = lambda *arguments: None\n"
	"    print('" KEYS_ARE_HELD "', flush=True)\n"
	"except (ImportError, AttributeError, AssertionError) as error:\n"
	"    print('keys repeat by themselves:', error, flush=True)\n"
	"del sys.argv[0]\n"
	"runpy.run_path(sys.argv[0], run_name='__main__')\n";

/*
 * -I keeps the user's own Python packages out. The listening socket is inherited (systemd's
 * protocol), so that a viewer which connects while xpra starts or restarts waits in its queue.
 * OpenGL "noprobe": the probe starts a second xpra. No video and colour space modules: their set-up
 * takes 0.4 s, and the viewer asks for lossless pixels. The UINPUT probe runs xprop: off.
 */
static const char *const xpra_argv[] = {
	"python3",
	"-I",
	"-c",
	hold_keys,
	"/usr/bin/xpra",
	"start",
	":@display@",
	"--use-display=yes",
	"--daemon=no",
	"--systemd-run=no",
	"--start-via-proxy=no",
	"--bind=none",
	"--socket-dirs=@dir@/xpra",
	"--mmap=no",
	"--clipboard=yes",
	"--notifications=yes",
	"--cursors=yes",
	"--bell=yes",
	"--system-tray=yes",
	"--xsettings=yes",
	"--resize-display=yes",
	"--fake-xinerama=no",
	"--opengl=noprobe",
	"--encodings=rgb,png",
	"--video-encoders=none",
	"--csc-modules=none",
	"--compressors=lz4,zlib",
	"--packet-encoders=rencode",
	"--bandwidth-limit=0",
	"--bandwidth-detection=no",
	"--pings=0",
	"--mdns=no",
	"--html=no",
	"--ssl=off",
	"--ssh-upgrade=no",
	"--rfb-upgrade=0",
	"--printing=no",
	"--file-transfer=no",
	"--open-files=no",
	"--open-url=no",
	"--forward-xdg-open=no",
	"--webcam=no",
	"--pulseaudio=no",
	"--speaker=disabled",
	"--microphone=disabled",
	"--av-sync=no",
	"--start-new-commands=no",
	"--dbus-proxy=no",
	"--dbus-control=no",
	"--dbus-launch=no",
	"--global-menus=no",
	"--remote-logging=no",
	"--sharing=no",
	"--lock=no",
	NULL,
};

/* NAME=VALUE sets, NAME alone removes. */
static const char *const bus_environment[] = {
	"DISPLAY=:@display@",
	"XAUTHORITY=@dir@/Xauthority",
	NULL,
};

static const char *const x_server_environment[] = {
	"DISPLAY",
	"XAUTHORITY",
	NULL,
};

/*
 * PATH: xpra would run lsb_release and file, twenty processes, for one line of its log.
 * Xpra's own files go below the stack's directory: $HOME is the host's.
 * Where setuptools are installed, they would put a distutils of their own before Python's: 0.3 s
 * for a path search.
 */
static const char *const xpra_environment[] = {
	"PATH=/nonexistent",
	"DISPLAY=:@display@",
	"XAUTHORITY=@dir@/Xauthority",
	"DBUS_SESSION_BUS_ADDRESS=@bus@",
	"HOME=@dir@/xpra",
	"XDG_RUNTIME_DIR=@dir@/xpra",
	"XPRA_SYSTEM_CONF_DIRS=@dir@/xpra",
	"XPRA_USER_CONF_DIRS=@dir@/xpra",
	"XPRA_UINPUT=0",
	"SETUPTOOLS_USE_DISTUTILS=stdlib",
	"XPRA_CLIENT_CAN_SHUTDOWN=0",
	"XPRA_NO_ROOT_WARNING=1",
	NULL,
};

static const struct {
	const char *path;
	const char *const *argv;
	const char *const *environment;
} programs[PROGRAM_COUNT] = {
	[PROGRAM_BUS] = { "/usr/bin/dbus-daemon", bus_argv, bus_environment },
	[PROGRAM_X_SERVER] = { "/usr/bin/Xvfb", x_server_argv, x_server_environment },
	[PROGRAM_XPRA] = { "/usr/bin/python3", xpra_argv, xpra_environment },
};

static const char *mark_value(const char *name, size_t len, const struct stack_config *config)
{
	const struct {
		const char *name;
		const char *value;
	} marks[] = {
		{ "dir", config->dir },
		{ "display", config->display },
		{ "screen", config->screen },
		{ "bus", config->bus },
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strlen(marks[i].name) == len && !strncmp(marks[i].name, name, len))
			return marks[i].value;
	return NULL;
}

static bool append(char **text, size_t *len, const char *part, size_t part_len)
{
	char *grown = realloc(*text, *len + part_len + 1);

	if (!grown)
		return false;
	memcpy(grown + *len, part, part_len);
	*len += part_len;
	grown[*len] = '\0';
	*text = grown;
	return true;
}

/* Takes one piece (plain text, or a mark with both its signs) off the template into the text. */
static bool append_piece(char **text, size_t *len, const char **template,
			 const struct stack_config *config)
{
	const char *start = *template;
	const char *value, *end;

	if (*start != '@') {
		*template += strcspn(start, "@");
		return append(text, len, start, (size_t)(*template - start));
	}
	end = strchr(++start, '@');
	value = end ? mark_value(start, (size_t)(end - start), config) : NULL;
	if (!value) {
		errno = EINVAL;
		return false;
	}
	*template = end + 1;
	return append(text, len, value, strlen(value));
}

char *expand_string(const char *text, const struct stack_config *config)
{
	char *out = NULL;
	size_t len = 0;
	bool ok = append(&out, &len, "", 0);

	while (ok && *text)
		ok = append_piece(&out, &len, &text, config);
	if (!ok) {
		free(out);
		return NULL;
	}
	return out;
}

static size_t list_length(const char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return n;
}

const char *command_path(enum stack_program program)
{
	return programs[program].path;
}

char **command_argv(enum stack_program program, const struct stack_config *config)
{
	const char *const *template = programs[program].argv;
	char **argv = calloc(list_length(template) + 1, sizeof(*argv));

	for (size_t i = 0; argv && template[i]; i++) {
		argv[i] = expand_string(template[i], config);
		if (!argv[i]) {
			free_list(argv);
			return NULL;
		}
	}
	return argv;
}

/* Whether a variable of the base is set or removed by the table. */
static bool is_overridden(const char *variable, const char *const *table)
{
	size_t len = strcspn(variable, "=");

	for (; *table; table++)
		if (strcspn(*table, "=") == len && !strncmp(*table, variable, len))
			return true;
	return false;
}

char **command_environment(enum stack_program program, const struct stack_config *config,
			   char *const *base)
{
	const char *const *table = programs[program].environment;
	size_t base_len = list_length((const char *const *)base);
	char **list = calloc(base_len + list_length(table) + 1, sizeof(*list));
	size_t n = 0;

	if (!list)
		return NULL;
	for (size_t i = 0; i < base_len; i++) {
		if (is_overridden(base[i], table))
			continue;
		list[n] = strdup(base[i]);
		if (!list[n++])
			goto fail;
	}
	for (; *table; table++) {
		if (!strchr(*table, '='))
			continue;
		list[n] = expand_string(*table, config);
		if (!list[n++])
			goto fail;
	}
	return list;
fail:
	free_list(list);
	return NULL;
}

void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}
