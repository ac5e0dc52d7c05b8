/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpus.h"

#include "figures.h"
#include "running.h"
#include "tests/harness/person.h"
#include "tests/harness/windows.h"
#include "window-time.h"

#define MAX_CPUS 2
#define GONE_MS	 10000
#define SESSION	 "default"
#define SAMPLES	 32

/** The samples of one round with one number of CPUs, in the order in which they were taken. */
struct samples {
	struct {
		const char *name, *unit, *condition;
		double value;
	} list[SAMPLES];
	guint count;
};

static void take(struct samples *samples, const char *name, const char *unit, const char *condition,
		 double value)
{
	g_assert(samples->count < SAMPLES);
	samples->list[samples->count].name = name;
	samples->list[samples->count].unit = unit;
	samples->list[samples->count].condition = condition;
	samples->list[samples->count++].value = value;
}

#define COMMAND(...) ((const char *const[]){ vksession, __VA_ARGS__, NULL })

/* The first run only warms. */
static void start_programs(struct person *person, guint cpus, struct samples *samples)
{
	const char *vksession = g_getenv("VKSESSION");
	g_autofree char *number = g_strdup_printf("%u", cpus);
	const char *const *run = COMMAND("run", "--cpus", number, "--", "xclock");

	time_to_window(person, run, "xclock", NULL);
	vksession_ok(person, "stop", SESSION);
	vksession_ok(person, "drop", SESSION);
	window_wait_none(&person->x, GONE_MS);
	take(samples, "run to first window", "s", "warm",
	     time_to_window(person, run, "xclock", NULL));
	take(samples, "mousepad, first start", "s", "in a running session",
	     time_to_window(person, COMMAND("run", "--", "mousepad"), "Mousepad", NULL));
	take(samples, "xterm, first start", "s", "in a running session",
	     time_to_window(person, COMMAND("run", "--", "xterm", "-title", "terminal"), "terminal",
			    NULL));
}

static void run_loads(struct person *person, const char *loads, struct samples *samples)
{
	static const struct {
		const char *load, *n, *name;
	} small[] = {
		{ "exec", "500", "fork, exec, exit, wait" },
		{ "pipe", "10000", "a byte through a pipe and back" },
		{ "fault", "20000", "first touch of a page" },
		{ "syscall", "100000", "getppid()" },
		{ "busy", "300000", "two computing processes, 1000 steps" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(small); i++) {
		const char *const argv[] = { loads, small[i].load, small[i].n, NULL };
		g_autofree char *said = running_output(person, SESSION, argv);

		take(samples, small[i].name, "us", "in the session", g_ascii_strtod(said, NULL));
	}
}

static void draw(struct person *person, struct samples *samples)
{
	static const char *const drawings[] = { "-rect100", "-aa10text", "-shmput100",
						"-scroll500" };

	for (guint i = 0; i < G_N_ELEMENTS(drawings); i++)
		take(samples, drawings[i], "us", "x11perf in the session",
		     1e6 / running_x11_rate(person, SESSION, drawings[i]));
}

static void measure(guint cpus, const char *loads, struct samples *samples)
{
	struct person person;

	person_init(&person, "bench-cpus");
	start_programs(&person, cpus, samples);
	run_loads(&person, loads, samples);
	draw(&person, samples);
	vksession_ok(&person, "stop", SESSION);
	person.content = true;
	person_finish(&person);
}

static void note(const struct samples *samples, guint i, const char *suffix)
{
	g_autofree char *name = g_strdup_printf("%s, %s", samples->list[i].name, suffix);

	figure_add_grouped(&(struct figure){ name, samples->list[i].unit,
					     samples->list[i].condition, 0, false },
			   samples->list[i].value);
}

void cpus_measure(const char *loads)
{
	struct samples samples[MAX_CPUS] = { 0 };

	for (guint cpus = 1; cpus <= MAX_CPUS; cpus++)
		measure(cpus, loads, &samples[cpus - 1]);
	for (guint i = 0; i < samples[0].count; i++) {
		g_autofree char *ratio = g_strdup_printf("%s, 2 CPUs / 1", samples[0].list[i].name);

		note(&samples[0], i, "1 CPU");
		note(&samples[1], i, "2 CPUs");
		figure_add_grouped(
			&(struct figure){ ratio, "x", "below 1: two are faster", 0, false },
			samples[1].list[i].value / samples[0].list[i].value);
	}
}
