/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launcher/autofd.h"

#define FIRST_FREE_FD 16
#define COMMAND_MAX   1024

static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number <= SIGRTMAX; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Descriptors 0 to fd_count - 1 as asked for; *report moves just behind them; no others. */
static int place_fds(const struct program *program, int *report)
{
	int fds[5];
	unsigned int count = program->fd_count;

	for (unsigned int i = 0; i <= count; i++) {
		fds[i] = fcntl(i < count ? program->fds[i] : *report, F_DUPFD, FIRST_FREE_FD);
		if (fds[i] < 0)
			return -errno;
	}
	for (unsigned int i = 0; i <= count; i++) {
		if (dup2(fds[i], (int)i) < 0)
			return -errno;
	}
	*report = (int)count;
	if (fcntl(*report, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return close_range(count + 1, ~0U, 0) < 0 ? -errno : 0;
}

/* A PID 1 that is the user already (in the unit tests) has nothing to give up. */
static int become_user(const struct config *config)
{
	if (geteuid() != 0 && geteuid() == config->uid)
		return 0;
	if (setgroups(config->group_count, config->groups) < 0 ||
	    setresgid(config->gid, config->gid, config->gid) < 0 ||
	    setresuid(config->uid, config->uid, config->uid) < 0)
		return -errno;
	return 0;
}

/* In the child; returns only on failure. */
static int execute(const struct config *config, const struct program *program, int *report)
{
	int error;

	setsid();
	umask(022);
	reset_signals();
	error = place_fds(program, report);
	if (error == 0 && !program->as_root)
		error = become_user(config);
	if (error < 0)
		return error;
	if (chdir(program->cwd) < 0 && chdir(config->home) < 0 && chdir("/") < 0)
		return -errno;
	environ = (char **)program->environment->strings;
	execvp(program->arguments[0], (char *const *)program->arguments);
	return -errno;
}

pid_t program_start(const struct config *config, const struct program *program)
{
	autofd reader = -1;
	int ends[2];
	int error = 0;
	ssize_t got;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	pid = fork();
	if (pid == 0) {
		int report = ends[1];

		error = execute(config, program, &report);
		got = write(report, &error, sizeof(error));
		_exit(127);
	}
	close(ends[1]);
	if (pid < 0)
		return -errno;
	do {
		got = read(reader, &error, sizeof(error));
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(error))
		return pid;
	waitpid(pid, NULL, 0);
	return error;
}

pid_t program_start_root(const struct config *config, const char *const *arguments,
			 const int fds[3])
{
	static struct environment environment;
	const struct program program = {
		.cwd = "/",
		.arguments = arguments,
		.environment = &environment,
		.fds = { fds[0], fds[1], fds[2] },
		.fd_count = 3,
		.as_root = true,
	};

	environment_init(&environment, config);
	return program_start(config, &program);
}

/* All arguments in one string, blanks between; control characters become blanks, too. */
static char *join_arguments(const char *const *arguments)
{
	char *command = malloc(COMMAND_MAX);
	size_t length = 0;

	if (!command)
		return NULL;
	for (; *arguments && length < COMMAND_MAX - 1; arguments++) {
		if (length > 0)
			command[length++] = ' ';
		for (const char *c = *arguments; *c && length < COMMAND_MAX - 1; c++)
			command[length++] = (unsigned char)*c < ' ' ? ' ' : *c;
	}
	command[length] = '\0';
	return command;
}

int programs_add(struct programs *programs, pid_t pid, const char *const *arguments)
{
	struct program_entry *entry = malloc(sizeof(*entry));
	struct timespec now;

	if (!entry)
		return -ENOMEM;
	clock_gettime(CLOCK_REALTIME, &now);
	*entry = (struct program_entry){ .pid = pid,
					 .started = now.tv_sec,
					 .command = join_arguments(arguments) };
	if (!entry->command) {
		free(entry);
		return -ENOMEM;
	}
	entry->next = programs->first;
	programs->first = entry;
	programs->count++;
	return 0;
}

bool programs_remove(struct programs *programs, pid_t pid)
{
	for (struct program_entry **link = &programs->first; *link; link = &(*link)->next) {
		struct program_entry *entry = *link;

		if (entry->pid != pid)
			continue;
		*link = entry->next;
		free(entry->command);
		free(entry);
		programs->count--;
		return true;
	}
	return false;
}

void programs_list(const struct programs *programs, struct vk_payload *payload)
{
	for (const struct program_entry *entry = programs->first; entry; entry = entry->next)
		vk_payload_addf(payload, "%d\t%" PRId64 "\t%s", entry->pid, entry->started,
				entry->command);
}
