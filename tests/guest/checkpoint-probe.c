/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of the guest that uses /dev/checkpoint and looks at what a thaw has made of clocks,
 * random numbers and files. Static, since it runs in the guest. Each verb appends lines of JSON to
 * the file OUT.
 *
 *   ask OUT [stop]     sets timers, asks for a save, and says what it found when that returned
 *   wait OUT           the same, but waits for a save that somebody else asks for
 *   watch OUT          a line for each thaw, for ever
 *   random             a line with random numbers to standard output
 *   files DIR OUT      has files in DIR open across a thaw, and says what became of them
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "launcher/guest/checkpoint-device.h"

#define SOON_S 10 /* timers that expire while the session is down */
#define LATE_S 3600

/* ---- output ---- */

/* The host reads lines, so each is written at once. */
static void put_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	size_t length = strlen(line);

	if (fd < 0 || write(fd, line, length) != (ssize_t)length) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	close(fd);
}

static void print_hex(FILE *out, const char *name, const uint8_t *bytes, size_t count)
{
	fprintf(out, "\"%s\": \"", name);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%02x", bytes[i]);
	fprintf(out, "\", ");
}

/* ---- the device ---- */

static int open_device(void)
{
	int fd = open(CHECKPOINT_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fd = open(CHECKPOINT_DEVICE, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		perror(CHECKPOINT_DEVICE);
		exit(EXIT_FAILURE);
	}
	return fd;
}

static void print_status(FILE *out, int device)
{
	struct checkpoint_status status;

	if (ioctl(device, CHECKPOINT_IOC_STATUS, &status) < 0) {
		perror("CHECKPOINT_IOC_STATUS");
		exit(EXIT_FAILURE);
	}
	fprintf(out, "\"generation\": %llu, \"saves\": %llu, ",
		(unsigned long long)status.generation, (unsigned long long)status.saves);
	fprintf(out, "\"saved_ns\": %lld, \"thawed_ns\": %lld, ", (long long)status.saved_ns,
		(long long)status.thawed_ns);
	print_hex(out, "id", status.id, sizeof(status.id));
}

/* ---- random numbers ---- */

static void print_random(FILE *out)
{
	uint8_t bytes[16] = { 0 };
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

	if (getrandom(bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes))
		print_hex(out, "getrandom", bytes, sizeof(bytes));
	if (fd >= 0 && read(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes))
		print_hex(out, "urandom", bytes, sizeof(bytes));
	close(fd);
	arc4random_buf(bytes, sizeof(bytes));
	print_hex(out, "arc4random", bytes, sizeof(bytes));
}

/* ---- clocks and timers ---- */

static int64_t now_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static struct timespec in_seconds(clockid_t clock, int seconds)
{
	struct timespec time;

	clock_gettime(clock, &time);
	time.tv_sec += seconds;
	return time;
}

enum { MONOTONIC, REALTIME, BOOTTIME, CANCEL, LATE, N_TIMERS };

static const struct {
	const char *name;
	clockid_t clock;
	int flags;
	int seconds;
} timers[N_TIMERS] = {
	[MONOTONIC] = { "monotonic", CLOCK_MONOTONIC, TFD_TIMER_ABSTIME, SOON_S },
	[REALTIME] = { "realtime", CLOCK_REALTIME, TFD_TIMER_ABSTIME, SOON_S },
	[BOOTTIME] = { "boottime", CLOCK_BOOTTIME, TFD_TIMER_ABSTIME, SOON_S },
	[CANCEL] = { "cancel", CLOCK_REALTIME, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
		     LATE_S },
	[LATE] = { "late", CLOCK_REALTIME, TFD_TIMER_ABSTIME, LATE_S },
};

/** What was set before the save. */
struct clocks {
	int fds[N_TIMERS];
	timer_t posix;
	int64_t monotonic, boottime, realtime;
};

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void set_clocks(struct clocks *clocks)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec posix = { .it_value = in_seconds(CLOCK_REALTIME, SOON_S) };
	sigset_t set;

	for (int i = 0; i < N_TIMERS; i++) {
		struct itimerspec value = { .it_value = in_seconds(timers[i].clock,
								   timers[i].seconds) };

		clocks->fds[i] = timerfd_create(timers[i].clock, TFD_NONBLOCK | TFD_CLOEXEC);
		if (clocks->fds[i] < 0 ||
		    timerfd_settime(clocks->fds[i], timers[i].flags, &value, NULL) < 0)
			fail("timerfd");
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (timer_create(CLOCK_REALTIME, &event, &clocks->posix) < 0 ||
	    timer_settime(clocks->posix, TIMER_ABSTIME, &posix, NULL) < 0)
		fail("timer");
	clocks->monotonic = now_ms(CLOCK_MONOTONIC);
	clocks->boottime = now_ms(CLOCK_BOOTTIME);
	clocks->realtime = now_ms(CLOCK_REALTIME);
}

/* "fired", "set" (not yet), "canceled": what a reader of the timer learns */
static const char *timer_state(int fd)
{
	/* Expired ones fire at once: that is, in an instant, and not when asked first. */
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	uint64_t count;

	poll(&poll_fd, 1, 1000);
	if (read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		return "fired";
	return errno == ECANCELED ? "canceled" : errno == EAGAIN ? "set" : "error";
}

static void print_clocks(FILE *out, const struct clocks *clocks)
{
	const struct timespec instant = { .tv_sec = 1 };
	sigset_t set;

	fprintf(out, "\"monotonic_ms\": %lld, \"boottime_ms\": %lld, \"realtime_ms\": %lld, ",
		(long long)(now_ms(CLOCK_MONOTONIC) - clocks->monotonic),
		(long long)(now_ms(CLOCK_BOOTTIME) - clocks->boottime),
		(long long)(now_ms(CLOCK_REALTIME) - clocks->realtime));
	fprintf(out, "\"now_ms\": %lld, ", (long long)now_ms(CLOCK_REALTIME));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	fprintf(out, "\"timer_posix\": \"%s\", ",
		sigtimedwait(&set, NULL, &instant) == SIGUSR1 ? "fired" : "set");
	for (int i = 0; i < N_TIMERS; i++)
		fprintf(out, "\"timer_%s\": \"%s\", ", timers[i].name, timer_state(clocks->fds[i]));
}

/* ---- verbs ---- */

static int do_save(const char *path, unsigned long flags)
{
	int device = open_device();
	struct clocks clocks;
	char *line = NULL;
	size_t length;
	FILE *out;
	int result, number;

	set_clocks(&clocks);
	result = ioctl(device, CHECKPOINT_IOC_SAVE, flags);
	number = result < 0 ? errno : 0;

	out = open_memstream(&line, &length);
	fprintf(out, "{ \"result\": %d, \"errno\": %d, ", result, number);
	print_random(out);
	print_status(out, device);
	print_clocks(out, &clocks);
	fprintf(out, "\"pid\": %d }\n", getpid());
	fclose(out);
	put_line(path, line);
	free(line);
	return EXIT_SUCCESS;
}

static int verb_ask(char **arguments)
{
	bool stop = arguments[1] && strcmp(arguments[1], "stop") == 0;

	return do_save(arguments[0], stop ? CHECKPOINT_SAVE_STOP : 0);
}

static int verb_wait(char **arguments)
{
	put_line(arguments[0], "{ \"ready\": true }\n");
	return do_save(arguments[0], CHECKPOINT_SAVE_WAIT);
}

static int verb_watch(char **arguments)
{
	struct pollfd device = { .fd = open_device(), .events = POLLIN };
	struct checkpoint_status status;

	put_line(arguments[0], "{ \"ready\": true }\n");
	while (poll(&device, 1, -1) == 1 &&
	       read(device.fd, &status, sizeof(status)) == (ssize_t)sizeof(status)) {
		char line[64];

		snprintf(line, sizeof(line), "{ \"generation\": %llu }\n",
			 (unsigned long long)status.generation);
		put_line(arguments[0], line);
	}
	perror("watch");
	return EXIT_FAILURE;
}

static int verb_random(char **arguments)
{
	printf("{ ");
	print_random(stdout);
	print_status(stdout, open_device());
	printf("\"pid\": %d }\n", getpid());
	return EXIT_SUCCESS;
}

/* ---- files ---- */

#define BLOCK 65536

struct open_file {
	const char *name;
	int flags;
	int protection; /* of a private mapping; 0: none */
	int fd;
	const char *mapping;
};

static struct open_file files[] = {
	{ "same", O_RDONLY, 0, -1, NULL },
	{ "changed", O_RDWR, 0, -1, NULL },
	{ "shrunk", O_RDONLY, 0, -1, NULL },
	{ "replaced", O_RDONLY, 0, -1, NULL },
	{ "vanished", O_RDONLY, 0, -1, NULL },
	{ "deleted", O_RDWR, 0, -1, NULL },
	{ "deleted", O_RDONLY, 0, -1, NULL },
	{ "program", O_RDONLY, PROT_READ, -1, NULL },
	{ "library", O_RDONLY, PROT_EXEC, -1, NULL },
};

#define N_FILES (sizeof(files) / sizeof(files[0]))

static void open_files(const char *directory)
{
	char path[4096], block[BLOCK];

	for (size_t i = 0; i < N_FILES; i++) {
		struct open_file *file = &files[i];

		snprintf(path, sizeof(path), "%s/%s", directory, file->name);
		file->fd = open(path, file->flags | O_CLOEXEC);
		if (file->fd < 0 || pread(file->fd, block, sizeof(block), 0) < 0)
			fail(path);
		if (!file->protection)
			continue;
		file->mapping =
			mmap(NULL, BLOCK, file->protection | PROT_READ, MAP_PRIVATE, file->fd, 0);
		if (file->mapping == MAP_FAILED)
			fail(path);
	}
	snprintf(path, sizeof(path), "%s/deleted", directory);
	unlink(path);
}

/* The first line of a file's content, or the error that reading it gives */
static void print_file(FILE *out, const struct open_file *file, size_t index)
{
	char text[32] = "";
	struct stat st;
	ssize_t got = pread(file->fd, text, sizeof(text) - 1, 0);

	if (got < 0)
		snprintf(text, sizeof(text), "%s", strerrorname_np(errno));
	text[strcspn(text, "\n")] = '\0';
	fstat(file->fd, &st);
	fprintf(out, "\"%s%s\": \"%s\", \"%s%s_size\": %lld, ", file->name, index == 6 ? "_2" : "",
		text, file->name, index == 6 ? "_2" : "", (long long)st.st_size);
	if (!file->mapping)
		return;
	/* The last page was never touched: it comes from the file of now. */
	memcpy(text, file->mapping, sizeof(text) - 1);
	text[strcspn(text, "\n")] = '\0';
	fprintf(out, "\"%s_mapped\": \"%s\", \"%s_end\": %d, ", file->name, text, file->name,
		file->mapping[BLOCK - 1]);
}

static int verb_files(char **arguments)
{
	int device = open_device();
	struct checkpoint_status status;
	char *line = NULL, path[4096];
	size_t length;
	FILE *out;

	open_files(arguments[0]);
	put_line(arguments[1], "{ \"ready\": true }\n");
	if (read(device, &status, sizeof(status)) != (ssize_t)sizeof(status))
		fail("read");

	out = open_memstream(&line, &length);
	fprintf(out, "{ ");
	for (size_t i = 0; i < N_FILES; i++)
		print_file(out, &files[i], i);
	/* Both descriptors of the deleted file are of one file still. */
	if (pwrite(files[5].fd, "again", 5, 0) != 5)
		fail("write");
	print_file(out, &files[6], 6);
	/* Who opens a name gets what has it now. */
	snprintf(path, sizeof(path), "%s/library", arguments[0]);
	files[8].fd = open(path, O_RDONLY | O_CLOEXEC);
	files[8].mapping = NULL;
	files[8].name = "library_new";
	print_file(out, &files[8], 8);
	fprintf(out, "\"done\": true }\n");
	fclose(out);
	put_line(arguments[1], line);
	free(line);
	return EXIT_SUCCESS;
}

static const struct {
	const char *name;
	int arguments;
	int (*run)(char **arguments);
} verbs[] = {
	{ "ask", 1, verb_ask },	      { "wait", 1, verb_wait },	  { "watch", 1, verb_watch },
	{ "random", 0, verb_random }, { "files", 2, verb_files },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0 && argc - 2 >= verbs[i].arguments)
			return verbs[i].run(argv + 2);
	fprintf(stderr, "usage: checkpoint-probe ask|wait|watch|random|files ...\n");
	return 2;
}
