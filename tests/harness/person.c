/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "person.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "supervise.h"
#include "wait.h"

#define END_MS	       60000
#define LOG_TAIL_BYTES 6000

/* A variable that the build file sets for integration tests. */
static const char *setting(const char *name)
{
	const char *value = g_getenv(name);

	if (!value)
		g_error("%s is not set; run this through `./run test`", name);
	return value;
}

static char **make_environment(const struct person *person)
{
	const struct passwd *user = getpwuid(getuid());
	const char *entries[][2] = {
		{ "HOME", person->home },  { "XDG_RUNTIME_DIR", person->runtime },
		{ "USER", user->pw_name }, { "LOGNAME", user->pw_name },
		{ "SHELL", "/bin/bash" },  { "PATH", "/usr/local/bin:/usr/bin:/bin" },
		{ "LANG", "C.UTF-8" },	   { "DISPLAY", person->x.name },
	};
	char **environment = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(entries); i++)
		environment = g_environ_setenv(environment, entries[i][0], entries[i][1], TRUE);
	return environment;
}

/* A private directory with a name of its own. */
static char *make_dir(const char *parent, const char *prefix)
{
	char *path = g_strdup_printf("%s/%s-XXXXXX", parent, prefix);

	if (g_mkdir_with_parents(parent, 0700) || !g_mkdtemp(path))
		g_error("%s: %s", path, strerror(errno));
	return path;
}

/* No directory of services: else the first GTK program has the bus start others that stay for good.
 */
static const char bus_config[] =
	"<busconfig><type>session</type><listen>unix:path=%s</listen>"
	"<policy context=\"default\"><allow send_destination=\"*\"/><allow eavesdrop=\"true\"/>"
	"<allow own=\"*\"/></policy></busconfig>";

static void start_bus(struct person *person)
{
	g_autofree char *socket = g_build_filename(person->runtime, "bus", NULL);
	g_autofree char *address = g_strconcat("unix:path=", socket, NULL);
	g_autofree char *config_path = g_build_filename(person->runtime, "bus.conf", NULL);
	g_autofree char *config_argument = g_strconcat("--config-file=", config_path, NULL);
	g_autofree char *config = g_strdup_printf(bus_config, socket);
	char its_address[PATH_MAX];

	if (!g_file_set_contents(config_path, config, -1, NULL))
		g_error("can't write %s", config_path);
	g_unlink(socket);
	person->bus =
		start_until_ready((const char *const[]){ "dbus-daemon", "--nofork", "--nopidfile",
							 config_argument, NULL },
				  "--print-address", person->environment, person->log, its_address,
				  sizeof(its_address));
	person_setenv(person, "DBUS_SESSION_BUS_ADDRESS", address);
}

/* Starts what a login starts: X server, window manager, session bus. */
static void start_desktop(struct person *person)
{
	if (person->two_monitors)
		xserver_start_two_monitors(&person->x, person->log);
	else
		xserver_start(&person->x, person->log);
	person_setenv(person, "DISPLAY", person->x.name);
	start_bus(person);
}

static void stop_desktop(struct person *person)
{
	stop_process(person->bus);
	xserver_stop(&person->x);
}

void person_init(struct person *person, const char *name)
{
	g_autofree char *homes =
		g_build_filename(g_get_home_dir(), ".cache", "vksession-tests", NULL);
	g_autofree char *log = NULL;

	memset(person, 0, sizeof(*person));
	person->home = make_dir(homes, name);
	person->runtime = make_dir(setting("XDG_RUNTIME_DIR"), "t");
	log = person_path(person, "desktop.log");
	person->log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	person->environment = make_environment(person);
	start_desktop(person);
}

void person_new_desktop(struct person *person)
{
	stop_desktop(person);
	start_desktop(person);
}

void person_setenv(struct person *person, const char *name, const char *value)
{
	person->environment = value ? g_environ_setenv(person->environment, name, value, TRUE)
				    : g_environ_unsetenv(person->environment, name);
}

char *person_path(const struct person *person, const char *name)
{
	return g_build_filename(person->home, name, NULL);
}

void person_set_saves(const struct person *person, const char *lines)
{
	g_autofree char *dir = person_path(person, ".config/vksession");
	g_autofree char *path = g_build_filename(dir, "vksession.conf", NULL);
	g_autofree char *text = g_strconcat("[saves]\n", lines, NULL);

	assert_int_equal(g_mkdir_with_parents(dir, 0700), 0);
	assert_true(g_file_set_contents(path, text, -1, NULL));
}

char *guest_program(const char *name)
{
	return g_build_filename(setting("VKSESSION_TEST_GUEST"), name, NULL);
}

/* Prints the end of a file, each line marked as a remark for the test runner. */
static void print_tail(const char *path)
{
	g_autofree char *content = NULL;
	g_auto(GStrv) lines = NULL;
	gsize length;

	if (!g_file_get_contents(path, &content, &length, NULL))
		return;
	printf("# --- %s\n", path);
	lines = g_strsplit(content + (length > LOG_TAIL_BYTES ? length - LOG_TAIL_BYTES : 0), "\n",
			   -1);
	for (char **line = lines; *line; line++)
		printf("#   %s\n", *line);
}

/* Prints the ends of all files under the home whose name ends in "log". */
static void print_logs(const char *dir)
{
	g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
	const char *name;

	while (entries && (name = g_dir_read_name(entries))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		struct stat st;

		if (lstat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode))
			print_logs(path);
		else if (g_str_has_suffix(name, "log"))
			print_tail(path);
	}
}

static void report(const struct person *person)
{
	g_autofree char *base = g_path_get_basename(person->home);
	g_autofree char *file = g_strdup_printf("%s.png", base);
	g_autofree char *picture = g_build_filename(setting("VKSESSION_TEST_OUTPUT"), file, NULL);

	g_mkdir_with_parents(setting("VKSESSION_TEST_OUTPUT"), 0755);
	if (xserver_screenshot(&person->x, picture) == 0)
		printf("# the screen: %s\n", picture);
	print_logs(person->home);
}

static bool is_of_desktop(const struct person *person, pid_t pid)
{
	const pid_t heads[] = { person->x.server, person->x.manager, person->bus };

	for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
		g_autoptr(GArray) below = NULL;

		if (heads[i] <= 0)
			continue;
		if (heads[i] == pid)
			return true;
		below = list_descendants(heads[i]);
		for (guint j = 0; j < below->len; j++)
			if (g_array_index(below, struct process_info, j).pid == pid)
				return true;
	}
	return false;
}

/* What was started and is not of the desktop; xclip stays behind to hold a clipboard. */
static GArray *list_sessions_processes(const struct person *person)
{
	GArray *started = list_started();

	for (guint i = started->len; i > 0; i--) {
		struct process_info *info = &g_array_index(started, struct process_info, i - 1);

		if (!strcmp(info->name, "xclip") || is_of_desktop(person, info->pid))
			g_array_remove_index(started, i - 1);
	}
	return started;
}

/* Ends every session, so that the end of one test can't be the trouble of the next. */
static bool kill_started(void *data)
{
	g_autoptr(GArray) left = list_sessions_processes(data);

	for (guint i = 0; i < left->len; i++)
		kill(g_array_index(left, struct process_info, i).pid, SIGKILL);
	return left->len == 0;
}

static void remove_tree(const char *path)
{
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = {
		.argv = (const char *const[]){ "rm", "-rf", "--", path, NULL },
		.timeout_ms = 60000,
	};

	run_process(&request, &result);
}

void person_finish(struct person *person)
{
	if (!person->content)
		report(person);
	wait_until(kill_started, person, -1, 10000);
	stop_desktop(person);
	close(person->log);
	remove_tree(person->runtime);
	if (person->content)
		remove_tree(person->home);
	g_free(person->home);
	g_free(person->runtime);
	g_strfreev(person->environment);
}

/*
 * In a mount namespace of its own, with a directory of programs from which one was removed (in an
 * overlay, so nothing happens to the real one); and as the same user as before.
 */
#define HIDE_SCRIPT                                                                                \
	"hidden=$1; shift; dir=$(dirname \"$hidden\"); "                                           \
	"mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work && "                               \
	"mount -t overlay -o \"lowerdir=$dir,upperdir=/mnt/upper,workdir=/mnt/work\" none "        \
	"\"$dir\" "                                                                                \
	"&& rm \"$hidden\" && exec unshare --user --map-user=%d --map-group=%d -- \"$@\""

static void add_hiding(const struct person *person, GPtrArray *argv)
{
	const char *const prefix[] = {
		"unshare", "--user", "--map-root-user", "--mount", "sh", "-c"
	};

	for (guint i = 0; i < G_N_ELEMENTS(prefix); i++)
		g_ptr_array_add(argv, g_strdup(prefix[i]));
	g_ptr_array_add(argv, g_strdup_printf(HIDE_SCRIPT, getuid(), getgid()));
	g_ptr_array_add(argv, g_strdup("sh"));
	g_ptr_array_add(argv, g_strdup(person->hidden));
}

void vksession_argv(struct person *person, const char *const *argv, ProcessResult *result)
{
	g_autofree char *said = g_strjoinv(" ", (char **)argv);
	g_autoptr(GPtrArray) full = g_ptr_array_new_with_free_func(g_free);
	struct process_request request = { .environment = person->environment,
					   .timeout_ms = VKSESSION_MS };

	for (const char *const *word = person->wrapper; word && *word; word++)
		g_ptr_array_add(full, g_strdup(*word));
	if (person->hidden)
		add_hiding(person, full);
	g_ptr_array_add(full, g_strdup(setting("VKSESSION")));
	for (; *argv; argv++)
		g_ptr_array_add(full, g_strdup(*argv));
	g_ptr_array_add(full, NULL);
	request.argv = (const char *const *)full->pdata;
	run_process(&request, result);
	printf("# vksession %s: exit %d, %.2f s%s\n", said, result->status,
	       (double)result->elapsed_us / 1e6, result->timed_out ? ", TIME IS UP" : "");
	if (result->output_held)
		fail_msg("vksession %s left its output open to somebody", said);
}

char *vksession_ok_argv(struct person *person, const char *const *argv)
{
	g_auto(ProcessResult) result = { 0 };

	vksession_argv(person, argv, &result);
	if (result.status)
		fail_msg("vksession %s: exit %d, stdout: %s, stderr: %s", argv[0], result.status,
			 result.out, result.err);
	return g_steal_pointer(&result.out);
}

JsonNode *vksession_json_argv(struct person *person, const char *const *argv)
{
	g_autofree char *text = vksession_ok_argv(person, argv);
	g_autoptr(GError) error = NULL;
	JsonNode *node = json_from_string(text, &error);

	if (!node)
		fail_msg("vksession %s: no JSON: %s: %s", argv[0],
			 error ? error->message : "nothing was printed", text);
	return node;
}

void vksession_fails_argv(struct person *person, int status, const char *says,
			  const char *const *argv)
{
	g_auto(ProcessResult) result = { 0 };
	const char *newline;

	vksession_argv(person, argv, &result);
	printf("#   %s", *result.err ? result.err : "(nothing on stderr)\n");
	newline = strchr(result.err, '\n');
	if (result.status != status || !g_str_has_prefix(result.err, "vksession: ") ||
	    !strstr(result.err, says) || !newline || newline[1])
		fail_msg("vksession %s: wanted exit %d and one line with '%s', got exit %d: %s",
			 argv[0], status, says, result.status, result.err);
}

void move_session(struct person *person, const char *from, const char *to, const char *copy)
{
	static const char script[] = "set -o pipefail; \"$0\" export --without-programs \"$1\" | "
				     "tee \"$3\" | \"$0\" import \"$2\"";
	const char *const argv[] = { "bash", "-c", script, g_getenv("VKSESSION"),
				     from,   to,   copy,   NULL };
	struct process_request request = { .argv = argv,
					   .environment = person->environment,
					   .timeout_ms = VKSESSION_MS };
	g_auto(ProcessResult) result = { 0 };

	run_process(&request, &result);
	printf("# export %s | import %s: exit %d %s%s", from, to, result.status, result.out,
	       result.err);
	assert_int_equal(result.status, 0);
}

/* A member of an object, or of the first object of an array. */
static JsonNode *json_member(JsonNode *node, const char *member)
{
	if (JSON_NODE_HOLDS_ARRAY(node)) {
		JsonArray *array = json_node_get_array(node);

		if (json_array_get_length(array) == 0)
			fail_msg("an empty list where one with '%s' was expected", member);
		node = json_array_get_element(array, 0);
	}
	if (!JSON_NODE_HOLDS_OBJECT(node) ||
	    !json_object_has_member(json_node_get_object(node), member))
		fail_msg("no '%s' in what was printed", member);
	return json_object_get_member(json_node_get_object(node), member);
}

gint64 json_int(JsonNode *node, const char *member)
{
	return json_node_get_int(json_member(node, member));
}

const char *json_text(JsonNode *node, const char *member)
{
	return json_node_get_string(json_member(node, member));
}

JsonNode *session_info(struct person *person, const char *name)
{
	return vksession_json(person, "list", "--json", name);
}

pid_t session_vkernel(struct person *person, const char *name)
{
	g_autoptr(JsonNode) info = session_info(person, name);

	return (pid_t)json_int(info, "vkernel_pid");
}

static bool only_desktop_runs(void *data)
{
	g_autoptr(GArray) left = list_sessions_processes(data);

	return left->len == 0;
}

void assert_nothing_runs(struct person *person)
{
	g_autoptr(GArray) left = NULL;

	/* The clean-up of old saves that follows a save gives way to all else. */
	if (wait_until(only_desktop_runs, person, -1, END_MS))
		return;
	left = list_sessions_processes(person);
	for (guint i = 0; i < left->len; i++) {
		struct process_info *info = &g_array_index(left, struct process_info, i);

		printf("# runs: %d %s (parent %d)\n", info->pid, info->name, info->parent);
	}
	fail_msg("processes of a session are left");
}
