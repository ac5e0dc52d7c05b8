/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "running.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "figures.h"
#include "tests/harness/wait.h"

#define PROGRAM_MS 300000
#define SETTLE_MS  5000 /* the server puts away what it had for its client: 44 wake-ups/s */
#define IDLE_MS	   5000
#define SOURCES	   12 /* of the project that is compiled */

static const char beside_host[] = "warm, guest / host";

/** A program whose time is compared. */
struct contest {
	const char *name;
	double target;
	const char *runs;
	const char *command; /* for sh */
};

static const struct contest contests[] = {
	{ "xterm, from start to end", 1.5, "5", "exec xterm -e true" },
	{ "python3 -c 'import gi'", 1.5, "5", "exec python3 -c 'import gi'" },
	{ "xpra --version", 1.5, "5", "exec xpra --version" },
	{ "make -j1 of a small C project", 2, "2", "exec make -s -j1 -C \"$PROJECT\" again" },
	{ "computing (awk)", 1.05, "3",
	  "exec awk 'BEGIN { for (i = 0; i < 5000000; i++) s += i % 7 }'" },
	{ "sh -c :", 0, "100", ":" },
};

/** A test of x11perf, by its rate: the host's over the guest's, so that less is better. */
static const struct {
	const char *option;
	double target;
} x11_tests[] = {
	{ "-noop", 1.25 },
	{ "-shmput100", 1.25 },
};

char *running_output(struct person *person, const char *session, const char *const *argv)
{
	g_autoptr(GPtrArray) whole = g_ptr_array_new();
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = { .environment = person->environment,
					   .timeout_ms = PROGRAM_MS };

	if (session) {
		const char *const prefix[] = { g_getenv("VKSESSION"), "exec", session, "--" };

		for (gsize i = 0; i < G_N_ELEMENTS(prefix); i++)
			g_ptr_array_add(whole, (gpointer)prefix[i]);
	}
	for (; *argv; argv++)
		g_ptr_array_add(whole, (gpointer)*argv);
	g_ptr_array_add(whole, NULL);
	request.argv = (const char *const *)whole->pdata;
	run_process(&request, &result);
	if (result.status != 0)
		g_error("%s %s: %s", session ? "in the guest:" : "on the host:",
			(const char *)whole->pdata[whole->len - 2], result.err);
	return g_steal_pointer(&result.out);
}

static void compare_programs(struct person *person, const char *session, const char *stopwatch,
			     const char *project, bool once)
{
	for (gsize i = 0; i < G_N_ELEMENTS(contests); i++) {
		const struct contest *this = &contests[i];
		g_autofree char *variable = g_strdup_printf("PROJECT=%s", project);
		const char *runs = once ? "1" : this->runs;
		const char *const argv[] = { "env", variable, stopwatch,     runs,
					     "sh",  "-c",     this->command, NULL };
		g_autofree char *guest = running_output(person, session, argv);
		g_autofree char *host = running_output(person, NULL, argv);

		figure_add_grouped(
			&(struct figure){ this->name, "x", beside_host, this->target, false },
			g_ascii_strtod(guest, NULL) / g_ascii_strtod(host, NULL));
	}
}

/* "800000 reps @   0.0013 msec (746000.0/sec): ShmPutImage 100x100 square" */
static double rate(const char *text)
{
	const char *end = strstr(text, "/sec)");
	const char *start = end;

	while (start && start > text && start[-1] != '(')
		start--;
	if (!start)
		g_error("x11perf: %s", text);
	return g_ascii_strtod(start, NULL);
}

double running_x11_rate(struct person *person, const char *session, const char *option)
{
	const char *const argv[] = { "x11perf", "-repeat", "1", "-time", "1", option, NULL };
	g_autofree char *said = running_output(person, session, argv);

	return rate(said);
}

static void compare_x11(struct person *person, const char *session)
{
	for (gsize i = 0; i < G_N_ELEMENTS(x11_tests); i++) {
		const char *option = x11_tests[i].option;
		g_autofree char *name = g_strdup_printf("x11perf %s", option);
		double guest = running_x11_rate(person, session, option);
		double host = running_x11_rate(person, NULL, option);

		figure_add_grouped(&(struct figure){ name, "x", "warm, host's rate / guest's",
						     x11_tests[i].target, false },
				   host / guest);
	}
}

/* A program of some files that include what programs include. @return its directory */
char *running_make_project(const struct person *person)
{
	static const char rules[] = "all: $(patsubst %.c,%.o,$(wildcard *.c))\n"
				    "again: clean\n\t$(MAKE) -s all\n"
				    "clean:\n\trm -f *.o\n";
	g_autofree char *project = person_path(person, "project");
	g_autofree char *makefile = g_build_filename(project, "Makefile", NULL);

	g_mkdir(project, 0700);
	for (guint i = 0; i < SOURCES; i++) {
		g_autofree char *source = g_strdup_printf("%s/part%u.c", project, i);
		g_autofree char *text = g_strdup_printf("#include <stdio.h>\n#include <stdlib.h>\n"
							"#include <string.h>\n"
							"int part%u(int n)\n{\n"
							"\tchar text[64];\n"
							"\tsnprintf(text, 64, \"%%d\", n);\n"
							"\treturn (int)strlen(text) + %u;\n}\n",
							i, i);

		if (!g_file_set_contents(source, text, -1, NULL))
			g_error("cannot write %s", source);
	}
	if (!g_file_set_contents(makefile, rules, -1, NULL))
		g_error("cannot write %s", makefile);
	return g_steal_pointer(&project);
}

/** What processes have taken so far. */
struct usage {
	guint64 ticks, switches;
};

static void add_usage(pid_t pid, struct usage *usage)
{
	g_autofree char *tasks = g_strdup_printf("/proc/%d/task", (int)pid);
	g_autoptr(GDir) dir = g_dir_open(tasks, 0, NULL);
	const char *task;

	while (dir && (task = g_dir_read_name(dir))) {
		g_autofree char *status_path = g_build_filename(tasks, task, "status", NULL);
		g_autofree char *stat_path = g_build_filename(tasks, task, "stat", NULL);
		g_autofree char *status = NULL, *stat = NULL;
		g_auto(GStrv) fields = NULL;
		const char *switches;

		if (!g_file_get_contents(status_path, &status, NULL, NULL) ||
		    !g_file_get_contents(stat_path, &stat, NULL, NULL))
			continue;
		/* proc(5): behind the name, the times are fields 14 and 15. */
		fields = g_strsplit(strrchr(stat, ')') + 2, " ", -1);
		usage->ticks += g_ascii_strtoull(fields[11], NULL, 10) +
				g_ascii_strtoull(fields[12], NULL, 10);
		switches = strstr(status, "\nvoluntary_ctxt_switches:");
		if (switches)
			usage->switches += g_ascii_strtoull(strchr(switches, ':') + 1, NULL, 10);
	}
}

/* Of the vkernel and all processes of its guest. */
static struct usage session_usage(pid_t vkernel)
{
	g_autoptr(GArray) all = list_descendants(vkernel);
	struct usage usage = { 0 };

	for (guint i = 0; i < all->len; i++)
		add_usage(g_array_index(all, struct process_info, i).pid, &usage);
	/* A program of the guest runs when the vkernel has woken up, and not without. */
	usage.switches = 0;
	add_usage(vkernel, &usage);
	return usage;
}

static const struct figure idle_cpu = { "idle session: CPU", "%",
					"the vkernel and its guest, detached 5 s ago", 0.5, false };
static const struct figure idle_wakeups = { "idle session: wake-ups", "/s",
					    "of the vkernel, detached 5 s ago", 10, false };
static const struct figure idle_bytes = { "idle session: next save", "MB",
					  "10 s after the one before", 5, false };

/* The second one of a session in which nothing happens. */
static void measure_idle_save(struct person *person, const char *session)
{
	g_autoptr(JsonNode) save = vksession_json(person, "save", "--json", session);

	figure_add_grouped(&idle_bytes, (double)json_int(save, "disk_bytes") / 1e6);
	/* The live save that is measured next is a whole one. */
	vksession_ok(person, "drop", "--yes", session, "2");
	vksession_ok(person, "drop", "--yes", session, "1");
}

/* Nobody looks at the session: what it takes all the same. */
static void measure_idle(struct person *person, const char *session)
{
	pid_t vkernel = session_vkernel(person, session);
	double seconds = IDLE_MS / 1000.0;
	struct usage before, after;

	vksession_ok(person, "save", session);
	let_time_pass(SETTLE_MS);
	before = session_usage(vkernel);
	let_time_pass(IDLE_MS);
	after = session_usage(vkernel);
	figure_add_grouped(&idle_cpu, 100.0 * (double)(after.ticks - before.ticks) /
					      (double)sysconf(_SC_CLK_TCK) / seconds);
	figure_add_grouped(&idle_wakeups, (double)(after.switches - before.switches) / seconds);
	measure_idle_save(person, session);
}

void running_measure(struct person *person, const char *session, const char *stopwatch, bool once)
{
	g_autofree char *project = running_make_project(person);

	compare_programs(person, session, stopwatch, project, once);
	compare_x11(person, session);
	vksession_ok(person, "detach", session);
	measure_idle(person, session);
	vksession_ok(person, "attach", session);
}
