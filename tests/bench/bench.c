/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures what a person waits for, on the staged programs and beside peers in the same run.
 *
 * Theory of operation
 *
 * Each round has a person of its own with a desktop and an empty store, and these steps:
 *   start()     run to first window: cold, then once more warm; then the demo's programs.
 *   frame()     a full-HD picture on its way from the guest to the host.
 *   running.c   the same programs in the guest and on the host; what an idle session takes.
 *   live()      a live save, with a ticker in the guest (ticker.c) that notices the pause.
 *   end()       save --stop, and dd conv=fsync of as many bytes to the same disk.
 *   thaw()      thaw to window, cold and warm.
 *   attach()    to the same running guest: vksession attach, and a bare xpra attach.
 *   phases.c    stages of checkpoint and thaw of guests that use more and more memory.
 *   sealed.c    the same session saved and thawed in the open and encrypted.
 * With --encryption, only that. With --cpus, only cpus.c: the same programs in guests with one CPU
 * and with two. With --pauses, only pauses.c: many live saves under loads.
 *
 * Warm: the same was done in this run just before. Cold: the files that are needed (programs,
 * libraries, fonts, the save) were dropped from the page cache, as far as an ordinary user can
 * (cold.c); what other running programs have mapped, such as the C library, stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "cold.h"
#include "cpus.h"
#include "figures.h"
#include "guest-program.h"
#include "launcher/autofd.h"
#include "pauses.h"
#include "phases.h"
#include "running.h"
#include "sealed.h"
#include "tests/harness/person.h"
#include "tests/harness/supervise.h"
#include "tests/harness/windows.h"
#include "window-time.h"

#define WINDOW_MS 120000
#define SLACK	  4	   /* one round on a machine that others use too tells no more */
#define WINDOW	  "xclock" /* the title that is waited for */

static struct {
	char *vksession, *ticker, *stopwatch, *loads, *stage;
	char *plot, *history;
	gboolean json, check, cpus, encryption;
	int rounds, pauses;
} options = { .rounds = 3 };

static const char *const system_dirs[] = { "/usr/bin",	       "/usr/lib/x86_64-linux-gnu",
					   "/usr/lib/python3", "/usr/lib/python3.11",
					   "/usr/lib/xpra",    "/usr/share/X11",
					   "/usr/share/fonts", "/usr/share/icons",
					   "/usr/share/mime",  "/usr/share/xpra" };

static void make_all_cold(const struct person *person)
{
	sync();
	for (guint i = 0; i < G_N_ELEMENTS(system_dirs); i++)
		make_cold(system_dirs[i]);
	make_cold(options.stage);
	make_cold(person->home);
}

#define COMMAND(...) ((const char *const[]){ options.vksession, __VA_ARGS__, NULL })

static void start(struct person *person)
{
	make_all_cold(person);
	figure_add(RUN_COLD, time_to_window(person, COMMAND("run", "--", "xclock"), WINDOW, NULL));
	vksession_ok(person, "stop", "default");
	vksession_ok(person, "drop", "default");
	window_wait_none(&person->x, 10000);
	figure_add(RUN_WARM, time_to_window(person, COMMAND("run", "--", "xclock"), WINDOW, NULL));
	vksession_ok(person, "run", "--", "xterm", "-title", "terminal");
	window_wait(&person->x, "terminal", NULL, WINDOW_MS);
	vksession_ok(person, "run", "--", "mousepad");
	window_wait(&person->x, "Mousepad", NULL, WINDOW_MS);
}

#define FRAME_BYTES 8294400 /* 1920 x 1080 pixels of 4 bytes */

/* How long the bytes of a full-HD picture take from a guest program to one of the host. */
static void frame(const struct person *person)
{
	struct guest_program source = guest_program_start(
		person, COMMAND("exec", "default", "--", "sh", "-c",
				"echo; read go; head -c " G_STRINGIFY(FRAME_BYTES) " /dev/zero"));
	static char buffer[1 << 20];
	gint64 begin;
	ssize_t n = 0;
	gsize got = 0;

	if (read(source.output, buffer, 1) != 1)
		g_error("the source of frames does not run");
	begin = g_get_monotonic_time();
	if (write(source.input, "\n", 1) != 1)
		g_error("the source of frames does not listen");
	while (got < FRAME_BYTES && (n = read(source.output, buffer, sizeof(buffer))) > 0)
		got += (gsize)n;
	if (got < FRAME_BYTES)
		g_error("the frame ended after %zu bytes", got);
	figure_add(FRAME, (double)(g_get_monotonic_time() - begin) / 1e3);
	close(source.input);
	close(source.output);
	waitpid(source.pid, NULL, 0);
}

static void live(struct person *person)
{
	g_autofree char *result = person_path(person, "save.json");
	g_autofree char *text = NULL, *number = NULL;
	g_autoptr(JsonNode) save = NULL;
	autofd out = open(result, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct guest_program ticker =
		guest_program_start(person, COMMAND("exec", "default", "--", options.ticker));

	await_ticks(&ticker);
	figure_add(PAUSE_QUIET, (double)read_ticks(&ticker, 1000, 0) / 1e3);
	figure_add(PAUSE_OUTSIDE, (double)read_ticks(&ticker, 0,
						     start_process(COMMAND("save", "--json"),
								   person->environment, -1, out)) /
					  1e3);
	figure_add(PAUSE_INSIDE, (double)ticker_end(&ticker) / 1e3);

	if (!g_file_get_contents(result, &text, NULL, NULL) ||
	    !(save = json_from_string(text, NULL)))
		g_error("the live save failed: %s", text);
	figure_add(PAUSE_KERNEL, (double)json_int(save, "pause_us") / 1e3);
	figure_add(LIVE_BYTES, (double)json_int(save, "disk_bytes") / 1e6);
	figure_add(LIVE_DURABLE, (double)json_int(save, "durable_us") / 1e6);
	/* Else the next save would only write what changed since, and nothing be measured. */
	number = g_strdup_printf("%d", (int)json_int(save, "save"));
	vksession_ok(person, "drop", "--yes", "default", number);
}

/* Seconds that dd takes to write so many bytes to the disk that the store is on. */
static double time_dd(const struct person *person, gint64 bytes)
{
	g_autofree char *to = person_path(person, "dd");
	g_autofree char *to_argument = g_strdup_printf("of=%s", to);
	g_autofree char *count = g_strdup_printf("count=%" G_GINT64_FORMAT, bytes >> 20);
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = {
		.argv = (const char *const[]){ "dd", "if=/dev/zero", to_argument, "bs=1M", count,
					       "conv=fsync", NULL },
		.timeout_ms = WINDOW_MS,
	};

	run_process(&request, &result);
	unlink(to);
	if (result.status)
		g_error("dd: %s", result.err);
	return (double)result.elapsed_us / 1e6;
}

static void end(struct person *person)
{
	gint64 begin, bytes;
	double durable, dd;
	g_autoptr(JsonNode) save = NULL;

	sync();
	begin = g_get_monotonic_time();
	save = vksession_json(person, "save", "--stop", "--json");
	figure_add(STOP_COMMAND, (double)(g_get_monotonic_time() - begin) / 1e6);
	bytes = json_int(save, "disk_bytes");
	durable = (double)json_int(save, "durable_us") / 1e6;
	window_wait_none(&person->x, 10000);
	sync();
	dd = time_dd(person, bytes);
	figure_add(STOP_BYTES, (double)bytes / 1e6);
	figure_add(STOP_DURABLE, durable);
	figure_add(DD, dd);
	figure_add(STOP_TO_DD, durable / dd);
}

static double thaw_once(struct person *person, enum figure_id running, enum figure_id window)
{
	g_autofree char *result = person_path(person, "thaw.json");
	g_autofree char *text = NULL;
	g_autoptr(JsonNode) thaw = NULL;
	autofd out = open(result, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int log = person->log;
	double seconds;

	person->log = out; /* the command's output goes there */
	seconds = time_to_window(person, COMMAND("thaw", "--json"), WINDOW, NULL);
	person->log = log;
	if (!g_file_get_contents(result, &text, NULL, NULL) ||
	    !(thaw = json_from_string(text, NULL)))
		g_error("the thaw failed: %s", text);
	figure_add(running, (double)json_int(thaw, "running_us") / 1e6);
	figure_add(window, seconds);
	return seconds;
}

static double thaw(struct person *person)
{
	make_all_cold(person);
	thaw_once(person, THAW_RUNNING_COLD, THAW_WINDOW_COLD);
	vksession_ok(person, "stop", "default");
	window_wait_none(&person->x, 10000);
	return thaw_once(person, THAW_RUNNING_WARM, THAW_WINDOW_WARM);
}

static void attach(struct person *person, double thawed)
{
	g_autofree char *address =
		g_strdup_printf("socket:%s/vksession/default/display.sock", person->runtime);
	double bare;
	pid_t xpra;

	vksession_ok(person, "detach");
	window_wait_none(&person->x, 10000);
	figure_add(ATTACH_OURS, time_to_window(person, COMMAND("attach"), WINDOW, NULL));
	vksession_ok(person, "detach");
	window_wait_none(&person->x, 10000);
	bare = time_to_window(person, (const char *const[]){ "xpra", "attach", address, NULL },
			      WINDOW, &xpra);
	stop_process(xpra);
	figure_add(ATTACH_BARE, bare);
	figure_add(THAW_TO_ATTACH, thawed / bare);
	vksession_ok(person, "stop", "default");
}

static void one_round(void)
{
	struct person person;

	person_init(&person, "bench");
	start(&person);
	frame(&person);
	running_measure(&person, "default", options.stopwatch, options.check);
	live(&person);
	end(&person);
	attach(&person, thaw(&person));
	sealed_measure(&person);
	person.content = true;
	person_finish(&person);
	phases_measure(options.check);
}

static void only_encryption(void)
{
	struct person person;

	person_init(&person, "bench");
	sealed_measure(&person);
	person.content = true;
	person_finish(&person);
}

/* What commands say goes to stderr, so that stdout has the figures only. */
static int bench(void)
{
	autofd out = dup(STDOUT_FILENO);

	dup2(STDERR_FILENO, STDOUT_FILENO);
	for (int i = 0; i < options.rounds; i++) {
		fprintf(stderr, "bench: round %d of %d\n", i + 1, options.rounds);
		if (options.cpus)
			cpus_measure(options.loads);
		else if (options.encryption)
			only_encryption();
		else if (options.pauses > 0)
			pauses_measure((guint)options.pauses, options.ticker, options.loads);
		else
			one_round();
	}
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	if (options.cpus || options.encryption || options.pauses > 0)
		figures_only_groups();
	(options.json ? figures_print_json : figures_print)((guint)options.rounds);
	fflush(stdout);
	if ((options.plot && !figures_plot(options.plot)) ||
	    (options.history &&
	     !figures_append(options.history, g_getenv("VKSESSION_COMMIT"), (guint)options.rounds)))
		return EXIT_FAILURE;
	return options.check && figures_judge(SLACK) > 0;
}

int main(int argc, char **argv)
{
	const GOptionEntry entries[] = {
		{ "rounds", 0, 0, G_OPTION_ARG_INT, &options.rounds, "How often (default 3)", "N" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
		{ "plot", 0, 0, G_OPTION_ARG_FILENAME, &options.plot,
		  "Draw the ratios into FILE (SVG)", "FILE" },
		{ "history", 0, 0, G_OPTION_ARG_FILENAME, &options.history,
		  "Append the ratios as one line to FILE", "FILE" },
		{ "encryption", 0, 0, G_OPTION_ARG_NONE, &options.encryption,
		  "Compare sessions in the open and encrypted, nothing else", NULL },
		{ "cpus", 0, 0, G_OPTION_ARG_NONE, &options.cpus,
		  "Compare guests with one CPU and with two, nothing else", NULL },
		{ "pauses", 0, 0, G_OPTION_ARG_INT, &options.pauses,
		  "Measure the pauses of N live saves under each of several loads, nothing else",
		  "N" },
		{ "check", 0, 0, G_OPTION_ARG_NONE, &options.check,
		  "Leave 1 GB out; fail if a figure is missing or a ratio is four times its target",
		  NULL },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- measure vksession");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "bench: %s\n", error->message);
		return 2;
	}
	options.vksession = g_strdup(g_getenv("VKSESSION"));
	options.ticker = g_strdup(g_getenv("VKSESSION_TEST_TICKER"));
	options.stopwatch = g_strdup(g_getenv("VKSESSION_TEST_STOPWATCH"));
	options.loads = g_strdup(g_getenv("VKSESSION_TEST_LOADS"));
	if (!options.vksession || !options.ticker || !options.stopwatch || !options.loads) {
		fprintf(stderr, "bench: to be run by `./run bench`\n");
		return 2;
	}
	options.stage = g_path_get_dirname(options.vksession);
	options.stage = g_path_get_dirname(options.stage);
	return supervise(bench, 600u * (unsigned int)options.rounds);
}
