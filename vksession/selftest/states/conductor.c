/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/states/conductor.h"

#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "vksession/selftest/states/performer.h"
#include "vksession/selftest/states/state.h"

#define MAX_PERFORMERS 512
#define PHASE_MS       120000 /* for all states together, on the slowest machine */
#define START_MS       30000
#define QUESTION_MAX   65536
#define MAX_WORDS      (MAX_PERFORMERS + 2)

static struct performer performers[MAX_PERFORMERS];
static size_t performer_count;

static int say(FILE *answer, const char *word, const struct performer *performer, const char *text)
{
	return fprintf(answer, "%s %s %s\n", word, performer->name, text);
}

/* Takes reports until nobody is in this phase any more, or the time is up. */
static void follow(enum phase phase, FILE *answer)
{
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + PHASE_MS * MS;
	struct pollfd fds[MAX_PERFORMERS];

	for (;;) {
		int64_t left = (deadline - now_ns(CLOCK_MONOTONIC)) / MS;
		size_t waiting = 0;

		for (size_t i = 0; i < performer_count; i++) {
			bool in_phase = performers[i].phase == phase;

			fds[i] = (struct pollfd){ .fd = in_phase ? performers[i].fd : -1,
						  .events = POLLIN };
			waiting += in_phase;
		}
		if (waiting == 0 || left <= 0)
			break;
		if (poll(fds, performer_count, (int)left) <= 0)
			continue;
		for (size_t i = 0; i < performer_count; i++) {
			if (fds[i].revents && performer_take_report(&performers[i]))
				say(answer, performers[i].word, &performers[i], performers[i].text);
		}
		fflush(answer);
	}
	for (size_t i = 0; i < performer_count; i++) {
		if (performers[i].phase == phase) {
			say(answer, "failed", &performers[i],
			    phase == PHASE_SET_UP ? "is not set up in time"
						  : "does not finish its check in time");
			performer_end(&performers[i]);
		}
	}
}

static void handle_begin(char **words, const struct ucred *user, FILE *answer)
{
	if (!words[0] || performer_prepare(words[0], user) < 0) {
		fprintf(answer, "failed conductor prepare: %s\n", strerror(errno));
		return;
	}
	for (char **name = words + 1; *name && performer_count < MAX_PERFORMERS; name++) {
		struct performer *performer = &performers[performer_count++];

		if (performer_start(performer, *name, user) < 0)
			say(answer, "failed", performer, strerror(errno));
	}
	follow(PHASE_SET_UP, answer);
}

static void handle_check(char **words, const struct ucred *user, FILE *answer)
{
	int thaws = words[0] ? atoi(words[0]) : 0;

	for (size_t i = 0; i < performer_count; i++) {
		if (performers[i].phase == PHASE_READY &&
		    performer_check(&performers[i], thaws) < 0)
			say(answer, "failed", &performers[i], "has ended during the save");
	}
	follow(PHASE_CHECK, answer);
}

static const struct {
	const char *word;
	void (*handle)(char **words, const struct ucred *user, FILE *answer);
} questions[] = {
	{ "begin", handle_begin },
	{ "check", handle_check },
};

static void answer_question(char *line, const struct ucred *user, FILE *answer)
{
	static char *words[MAX_WORDS + 1];
	size_t count = 0;
	char *rest = line;
	char *word;

	line[strcspn(line, "\n")] = '\0';
	while (count < MAX_WORDS && (word = strsep(&rest, "\t")))
		words[count++] = word;
	words[count] = NULL;
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (strcmp(words[0], questions[i].word) == 0)
			questions[i].handle(words + 1, user, answer);
	}
	fputs("end\n", answer);
}

static void serve(int fd)
{
	static char line[QUESTION_MAX];
	struct ucred user;
	socklen_t length = sizeof(user);
	FILE *stream = fdopen(fd, "r+e");

	if (!stream) {
		close(fd);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &length) == 0 &&
	    fgets(line, sizeof(line), stream))
		answer_question(line, &user, stream);
	fclose(stream);
}

static int open_socket(struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX, .sun_path = CONDUCTOR_SOCKET };
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int conductor_main(void)
{
	struct sockaddr_un address;
	int listener = open_socket(&address);

	signal(SIGPIPE, SIG_IGN);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(CONDUCTOR_SOCKET, 0666) < 0 || listen(listener, 4) < 0) {
		perror(CONDUCTOR_SOCKET);
		return 1;
	}
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			serve(fd);
	}
}

int conductor_ask(char *const *words)
{
	struct sockaddr_un address;
	char buffer[4096];
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + START_MS * MS;
	int fd = open_socket(&address);
	ssize_t got;

	/* A question may come before the conductor has got as far as to listen. */
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (now_ns(CLOCK_MONOTONIC) > deadline) {
			perror(CONDUCTOR_SOCKET);
			return 1;
		}
		pass_time(5);
	}
	for (; *words; words++)
		dprintf(fd, "%s%c", *words, words[1] ? '\t' : '\n');
	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		if (write(STDOUT_FILENO, buffer, (size_t)got) < 0)
			return 1;
	}
	return got < 0;
}
