/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <poll.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "vksession/selftest/states/conductor.h"
#include "vksession/selftest/states/state.h"

/* Only the process that runs the state may report; its children end silently. */
static pid_t reporter;

/* What an "ok" goes with. */
static char told[REPORT_MAX];

static void report(const char *word, const char *text)
{
	char line[REPORT_MAX];
	int length = snprintf(line, sizeof(line), "%s %s", word, text);

	if (length >= (int)sizeof(line))
		length = sizeof(line) - 1;
	for (int i = 0; i < length; i++) {
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	}
	line[length] = '\n';
	if (getpid() == reporter && write(REPORT_FD, line, (size_t)length + 1) < 0)
		_exit(3);
}

/* The last word of a state that can't go on. */
static void say_last(const char *word, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));
static void say_last(const char *word, const char *format, va_list arguments)
{
	char text[REPORT_MAX];

	vsnprintf(text, sizeof(text), format, arguments);
	if (getpid() != reporter)
		fprintf(stderr, "%s: %s\n", word, text);
	report(word, text);
}

void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_last("failed", format, arguments);
	va_end(arguments);
	_exit(1);
}

void skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_last("skipped", format, arguments);
	va_end(arguments);
	_exit(1);
}

long must_named(long result, const char *call)
{
	if (result >= 0)
		return result;
	if (errno == ENOSYS)
		skip("%s: not in this kernel", call);
	fail("%s: %s", call, strerror(errno));
}

void tell(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(told, sizeof(told), format, arguments);
	va_end(arguments);
}

int ready(void)
{
	ssize_t got;
	int thaws;

	report("ready", "");
	do {
		got = read(REPORT_FD, &thaws, sizeof(thaws));
	} while (got < 0 && errno == EINTR);
	if (got != sizeof(thaws))
		_exit(3);
	return thaws;
}

void state_main(const struct state *state, const char *place)
{
	reporter = getpid();
	place_name = place;
	prctl(PR_SET_NAME, state->name);
	setvbuf(stdout, NULL, _IOLBF, 0);
	state->run();
	report("ok", told);
	_exit(0);
}
