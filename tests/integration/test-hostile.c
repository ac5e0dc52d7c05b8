/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hostile program in a guest can reach of the host, and what the processes of a session are
 * allowed: the home directory, and nothing else of what is tried.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <netinet/in.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "tests/harness/person.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"

static struct {
	struct person person;
} story;

static void test_start(void **state)
{
	vksession_ok(&story.person, "run", "-s", "h", "--detach", "--", "xterm");
	story_step_done();
}

/* A listener on the host's loopback. @return its descriptor */
static int listen_on_loopback(char port[8])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	g_snprintf(port, 8, "%u", ntohs(address.sin_port));
	return fd;
}

static void test_reach(void **state)
{
	g_autofree char *hostile = guest_program("hostile.py");
	g_autofree char *display = g_strdup_printf("/tmp/.X11-unix/X%s", story.person.x.name + 1);
	g_autofree char *bus = g_build_filename(story.person.runtime, "bus", NULL);
	g_autofree char *secret = person_path(&story.person, "secret");
	g_autoptr(JsonNode) answer = NULL;
	g_autoptr(GList) names = NULL;
	JsonObject *reached;
	char port[8];
	autofd listener = listen_on_loopback(port);

	assert_true(g_file_set_contents(secret, "x", 1, NULL));
	assert_int_equal(chmod(secret, 0), 0);
	answer = vksession_json(&story.person, "exec", "h", "--", hostile, display, bus, secret,
				port);
	reached = json_node_get_object(answer);
	names = json_object_get_members(reached);
	for (GList *link = names; link; link = link->next) {
		const char *name = link->data;
		gboolean worked = json_object_get_boolean_member(reached, name);
		gboolean granted = strcmp(name, "write to the home directory") == 0;

		printf("# %s: %s\n", name, worked ? "yes" : "no");
		if (worked != granted)
			fail_msg("%s: %s", name, worked ? "it can" : "it can't");
	}
	story_step_done();
}

static char *read_status(pid_t pid, const char *file)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, file);
	char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		fail_msg("%s can't be read", path);
	return text;
}

static void test_vkernel(void **state)
{
	pid_t pid = session_vkernel(&story.person, "h");
	g_autofree char *status = read_status(pid, "status");

	assert_non_null(strstr(status, "NoNewPrivs:\t1"));
	assert_non_null(strstr(status, "Seccomp:\t2"));
	story_step_done();
}

/* 1, rather than 0, keeps it from programs that the host gives core dumps to, too. */
static void assert_no_core(pid_t pid)
{
	static const char name[] = "Max core file size";
	g_autofree char *limits = read_status(pid, "limits");
	const char *core = strstr(limits, name);
	char *hard;

	if (!core || g_ascii_strtoull(core + strlen(name), &hard, 10) > 1 ||
	    g_ascii_strtoull(hard, NULL, 10) > 1)
		fail_msg("process %d may dump core: %s", pid, core);
}

/* A command that has something of the guest in its memory, while it is at work. */
static void assert_no_core_of_command(void)
{
	g_autofree char *begun = person_path(&story.person, "begun");
	const char *const argv[] = { g_getenv("VKSESSION"),
				     "exec",
				     "h",
				     "--",
				     "sh",
				     "-c",
				     "echo >\"$0\"; exec sleep 100000",
				     begun,
				     NULL };
	pid_t pid = start_process(argv, story.person.environment, -1, story.person.log);

	if (!wait_for_file(begun, "", 60000))
		fail_msg("the command does not begin");
	assert_no_core(pid);
	stop_process(pid);
}

/* Which would lie where the process works. */
static gboolean has_core(const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		if (g_str_has_prefix(name, "core"))
			return TRUE;
	}
	return FALSE;
}

static bool has_crashed(void *data)
{
	g_autoptr(JsonNode) info = session_info(&story.person, "h");

	return strcmp(json_text(info, "state"), "crashed") == 0;
}

static void crash_vkernel(int signal)
{
	pid_t vkernel = session_vkernel(&story.person, "h");
	g_autofree char *link = g_strdup_printf("/proc/%d/cwd", vkernel);
	g_autofree char *directory = g_file_read_link(link, NULL);

	assert_non_null(directory);
	assert_int_equal(kill(vkernel, signal), 0);
	if (!wait_until(has_crashed, NULL, -1, 60000))
		fail_msg("the vkernel does not end: %s", strsignal(signal));
	if (has_core(directory))
		fail_msg("there is a core dump: %s", strsignal(signal));
	assert_nothing_runs(&story.person);
}

/* Signals that the vkernel handles itself, and others; test-isolation has all of them. */
static void test_no_core_dumps(void **state)
{
	static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGQUIT };
	pid_t launcher = (pid_t)process_status(session_vkernel(&story.person, "h"), "PPid");
	g_autoptr(GArray) processes = list_descendants(launcher);

	assert_true(processes->len > 2);
	assert_no_core(launcher);
	for (guint i = 0; i < processes->len; i++)
		assert_no_core(g_array_index(processes, struct process_info, i).pid);
	assert_no_core_of_command();
	vksession_ok(&story.person, "save", "h");
	for (gsize i = 0; i < G_N_ELEMENTS(signals); i++) {
		if (i > 0)
			vksession_ok(&story.person, "thaw", "--detach", "h");
		crash_vkernel(signals[i]);
	}
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),
	STORY_STEP(test_reach),
	STORY_STEP(test_vkernel),
	STORY_STEP(test_no_core_dumps),
};

STORY_MAIN("hostile", story.person, steps, 150)
