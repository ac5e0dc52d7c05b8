/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a passphrase is asked for on a terminal: nothing of it is shown, a new one is asked for
 * twice, and whatever the person does instead of giving one costs nothing.
 */
#include "sandbox.h"

#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "launcher/autofd.h"

#define LIMIT_MS     100000
#define LOCKED	     8
#define NOT_FOUND    3
#define NEW	     "New passphrase for session x: "
#define AGAIN	     "The same again: "
#define KNOWN	     "Passphrase of session x: "
#define INTERRUPT    "\003"
#define END_OF_INPUT "\004"
#define RUN	     "run -s x --encrypt=passphrase --detach --memory 64M xterm"

/* Path of the command line over the fake: this program's argument. */
static const char *vksession;

/** What is asked, and what the person then types. */
typedef struct {
	const char *question, *answer;
} Line;

/** A command on a terminal of its own. */
typedef struct {
	int master, slave, pidfd;
	pid_t pid;
	GString *said;
} Terminal;

/* @param command  for the shell */
static void terminal_start(Terminal *terminal, const char *command)
{
	terminal->said = g_string_new(NULL);
	assert_int_equal(openpty(&terminal->master, &terminal->slave, NULL, NULL, NULL), 0);
	terminal->pid = fork();
	if (terminal->pid == 0) {
		login_tty(terminal->slave);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	terminal->pidfd = pidfd_open(terminal->pid, 0);
	assert_true(terminal->pidfd >= 0);
}

/* Reads what is there, or waits for more. @return FALSE if the command has ended and all was read */
static gboolean terminal_read(Terminal *terminal)
{
	struct pollfd fds[] = { { terminal->master, POLLIN, 0 }, { terminal->pidfd, POLLIN, 0 } };
	char bytes[256];
	ssize_t n;

	if (poll(fds, 2, LIMIT_MS) <= 0)
		fail_msg("nothing happens after: %s", terminal->said->str);
	if (!(fds[0].revents & POLLIN))
		return FALSE;
	n = read(terminal->master, bytes, sizeof(bytes));
	assert_true(n > 0);
	g_string_append_len(terminal->said, bytes, n);
	return TRUE;
}

static gboolean echoes(const Terminal *terminal)
{
	struct termios settings;

	assert_int_equal(tcgetattr(terminal->slave, &settings), 0);
	return (settings.c_lflag & ECHO) != 0;
}

static void terminal_answer(Terminal *terminal, const Line *line)
{
	while (!g_str_has_suffix(terminal->said->str, line->question)) {
		if (!terminal_read(terminal))
			fail_msg("it ended without asking: %s", terminal->said->str);
	}
	assert_false(echoes(terminal));
	assert_int_equal(write(terminal->master, line->answer, strlen(line->answer)),
			 strlen(line->answer));
}

/* @return what it has said; free with g_free() */
static char *terminal_end(Terminal *terminal, int expected)
{
	int status;

	while (terminal_read(terminal))
		;
	assert_int_equal(waitpid(terminal->pid, &status, 0), terminal->pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
		fail_msg("status 0x%x: %s", (unsigned int)status, terminal->said->str);
	assert_true(echoes(terminal));
	close(terminal->master);
	close(terminal->slave);
	close(terminal->pidfd);
	return g_string_free(terminal->said, FALSE);
}

/* Runs a command in which all lines are asked, in this order. @return what it has said */
static char *converse(const char *words, const Line *lines, int status)
{
	g_autofree char *command = g_strdup_printf("exec %s %s", vksession, words);
	Terminal terminal;
	char *said;

	terminal_start(&terminal, command);
	for (const Line *line = lines; line && line->question; line++)
		terminal_answer(&terminal, line);
	said = terminal_end(&terminal, status);
	assert_null(strstr(said, "horse"));
	return said;
}
#define CONVERSE(words, status, ...)                                                               \
	converse(words, (const Line[]){ __VA_ARGS__, { NULL, NULL } }, status)

static void assert_says(char *said, const char *what)
{
	if (!strstr(said, what))
		fail_msg("\"%s\" is not in: %s", what, said);
	g_free(said);
}

static void test_new_and_known(void **state)
{
	g_free(CONVERSE(RUN, 0, { NEW, "horse\n" }, { AGAIN, "horse\n" }));
	/* Nobody is asked for a save. */
	g_free(converse("save --stop x", NULL, 0));
	assert_says(CONVERSE("thaw --detach x", LOCKED, { KNOWN, "another horse\n" }), "wrong");
	assert_says(CONVERSE("thaw --detach x", LOCKED, { KNOWN, INTERRUPT }),
		    "no passphrase was given; ");
	g_free(CONVERSE("thaw --detach x", 0, { KNOWN, "horse\n" }));
	g_free(converse("stop x", NULL, 0));
}

/* Nothing is begun without one. */
static void test_not_given(void **state)
{
	assert_says(CONVERSE(RUN, LOCKED, { NEW, "horse\n" }, { AGAIN, "horses\n" }),
		    "differ; nothing was changed; ");
	assert_says(CONVERSE(RUN, LOCKED, { NEW, INTERRUPT }), "no passphrase was given; ");
	assert_says(CONVERSE(RUN, LOCKED, { NEW, "horse\n" }, { AGAIN, INTERRUPT }),
		    "no passphrase was given; ");
	assert_says(CONVERSE(RUN, LOCKED, { NEW, END_OF_INPUT }), "no passphrase was given; ");
	assert_says(CONVERSE(RUN, LOCKED, { NEW, "\n" }), "no passphrase was given; ");
	g_free(converse("list x", NULL, NOT_FOUND));
}

/* What a script reads is not taken for an answer, and without a terminal nobody waits for one. */
static void test_no_terminal(void **state)
{
	g_autofree char *alone =
		g_strdup_printf("setsid --wait %s " RUN " </dev/null 2>&1", vksession);
	Terminal terminal;

	assert_says(converse(RUN " </dev/null", NULL, LOCKED), "--passphrase-fd");
	terminal_start(&terminal, alone);
	assert_says(terminal_end(&terminal, LOCKED), "--passphrase-fd");
	g_free(converse("list x", NULL, NOT_FOUND));
}

static int setup(void **state)
{
	g_setenv("LC_ALL", "C.UTF-8", TRUE);
	return sandbox_setup(state);
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, setup, sandbox_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(test_new_and_known),
		IN_SANDBOX(test_not_given),
		IN_SANDBOX(test_no_terminal),
	};

	vksession = argc > 1 ? argv[1] : "";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
