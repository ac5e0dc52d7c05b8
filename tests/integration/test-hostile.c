/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hostile program in a guest can reach of the host, and what the processes of a session are
 * allowed: the home directory, and nothing else of what is tried.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <netinet/in.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "tests/harness/person.h"
#include "tests/harness/story.h"

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
	g_autofree char *limits = read_status(pid, "limits");
	const char *core = strstr(limits, "Max core file size");

	assert_non_null(strstr(status, "NoNewPrivs:\t1"));
	assert_non_null(strstr(status, "Seccomp:\t2"));
	assert_true(core && g_ascii_strtoull(core + strlen("Max core file size"), NULL, 10) <= 1);
	vksession_ok(&story.person, "stop", "h");
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),
	STORY_STEP(test_reach),
	STORY_STEP(test_vkernel),
};

STORY_MAIN("hostile", story.person, steps, 150)
