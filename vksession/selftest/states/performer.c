/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/states/performer.h"

#include <grp.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "vksession/selftest/states/place.h"
#include "vksession/selftest/states/state.h"

static int make_directory(const char *path, const struct ucred *user)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -1;
	return chown(path, user->uid, user->gid);
}

int performer_prepare(const char *shared, const struct ucred *user)
{
	const char *const devices[] = { "/dev/ubda", "/dev/ubdb" };

	umask(022);
	if (setenv(PLACE_HOSTFS_VARIABLE, shared, 1) < 0 || make_directory(PLACE_TMPFS, user) < 0 ||
	    make_directory(PLACE_OVERLAY, user) < 0 || make_directory(PLACE_DISK, user) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (mount(devices[i], PLACE_DISK, "ext4", MS_NOSUID, NULL) == 0)
			return chown(PLACE_DISK, user->uid, user->gid);
	}
	return 0;
}

static const struct state *find_state(const char *name, const char **place)
{
	size_t length = strcspn(name, "@");

	*place = name[length] ? name + length + 1 : "";
	for (const struct state *const *state = states; *state; state++) {
		if (strlen((*state)->name) == length && !memcmp((*state)->name, name, length))
			return *state;
	}
	return NULL;
}

/* In the child; a state has a session, a directory and a process group of its own. */
static void perform(const struct performer *performer, const struct state *state, const char *place,
		    const struct ucred *user, int fd)
{
	char *const arguments[] = { (char *)state->name, (char *)"state", (char *)state->name,
				    (char *)place, NULL };
	char directory[128];

	snprintf(directory, sizeof(directory), "%s/%s", PLACE_TMPFS, performer->name);
	setsid();
	signal(SIGPIPE, SIG_DFL);
	if (make_directory(directory, user) < 0 || chdir(directory) < 0 ||
	    dup3(fd, REPORT_FD, 0) < 0)
		_exit(3);
	if (!(state->flags & STATE_ROOT) &&
	    (setgroups(0, NULL) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
	     setresuid(user->uid, user->uid, user->uid) < 0))
		_exit(3);
	execv("/proc/self/exe", arguments);
	_exit(3);
}

int performer_start(struct performer *performer, const char *name, const struct ucred *user)
{
	const char *place;
	const struct state *state = find_state(name, &place);
	int ends[2];

	*performer = (struct performer){ .phase = PHASE_OVER, .fd = -1 };
	snprintf(performer->name, sizeof(performer->name), "%s", name);
	errno = ENOENT;
	if (!state || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	/* Descriptor 3 is the state's; a pair that got it would be overwritten. */
	if (ends[1] == REPORT_FD)
		ends[1] = fcntl(REPORT_FD, F_DUPFD_CLOEXEC, REPORT_FD + 1);
	performer->spins = state->flags & STATE_SPINS;
	performer->pid = fork();
	if (performer->pid == 0)
		perform(performer, state, place, user, ends[1]);
	close(ends[1]);
	if (performer->pid < 0) {
		close(ends[0]);
		return -1;
	}
	performer->fd = ends[0];
	performer->phase = PHASE_SET_UP;
	return 0;
}

int performer_check(struct performer *performer, int thaws)
{
	performer->phase = PHASE_CHECK;
	if (write(performer->fd, &thaws, sizeof(thaws)) == sizeof(thaws))
		return 0;
	performer->phase = PHASE_OVER;
	return -1;
}

void performer_end(struct performer *performer)
{
	if (performer->fd >= 0)
		close(performer->fd);
	performer->fd = -1;
	performer->phase = PHASE_OVER;
	if (performer->pid > 0)
		kill(-performer->pid, SIGKILL);
}

/* The program has ended without a last word. */
static void describe_end(struct performer *performer)
{
	int status = 0;

	snprintf(performer->word, sizeof(performer->word), "failed");
	waitpid(performer->pid, &status, 0);
	if (WIFSIGNALED(status))
		snprintf(performer->text, sizeof(performer->text), "was ended by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(performer->text, sizeof(performer->text),
			 "ended with exit status %d and without a report", WEXITSTATUS(status));
}

/*
 * What others need for their set-up comes first: a virtual machine has a long one. Where sessions
 * are scheduled as groups, a process's own priority counts only within its group.
 */
static void make_way(const struct performer *performer)
{
	char path[64];
	int fd;

	setpriority(PRIO_PGRP, (id_t)performer->pid, 19);
	snprintf(path, sizeof(path), "/proc/%d/autogroup", performer->pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "19", 2) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

bool performer_take_report(struct performer *performer)
{
	char line[REPORT_MAX + 1];
	ssize_t got = recv(performer->fd, line, REPORT_MAX, MSG_DONTWAIT);
	size_t word;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0) {
		describe_end(performer);
		performer_end(performer);
		return true;
	}
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	word = strcspn(line, " ");
	snprintf(performer->text, sizeof(performer->text), "%s", line[word] ? line + word + 1 : "");
	line[word] = '\0';
	snprintf(performer->word, sizeof(performer->word), "%.15s", line);
	if (strcmp(performer->word, "ready") == 0)
		performer->phase = PHASE_READY;
	else
		performer_end(performer);
	if (performer->phase == PHASE_READY && performer->spins)
		make_way(performer);
	return true;
}
