/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pauses.h"

#include <fcntl.h>
#include <unistd.h>

#include "figures.h"
#include "guest-program.h"
#include "launcher/autofd.h"
#include "running.h"
#include "tests/harness/process.h"
#include "tests/harness/windows.h"
#include "window-time.h"

#define SESSION	  "default"
#define TARGET_MS 10
#define HELD_MIB  "900" /* with the programs and what the kernel takes: 1 GiB */
#define CHURN_MIB "64"
#define PERCENT	  99

/** What goes on in the session while it is saved. */
struct load {
	const char *name, *condition;
	const char *guest; /* for sh in the guest, with $LOADS and $PROJECT; NULL: nothing */
	const char *host;  /* for sh on the host; NULL: nothing */
};

static const struct load all_loads[] = {
	{ "idle", "1 GiB in use, nothing at work but the ticker", NULL, NULL },
	{ "typing", "1 GiB in use, some 50 keys a second into a terminal", NULL,
	  "while xdotool type --delay 20 'the quick brown fox '; do :; done" },
	{ "compiling", "1 GiB in use, make -j1 of a small C project, again and again",
	  "while make -s -j1 -C $PROJECT again; do :; done", NULL },
	{ "churning", "1 GiB in use, a program that writes to " CHURN_MIB " MiB of it all the time",
	  "exec $LOADS churn " CHURN_MIB, NULL },
};

/** One load's session. */
struct scene {
	struct person *person;
	const struct load *load;
	struct guest_program held, worker, ticker;
	pid_t typist;
};

#define COMMAND(...) ((const char *const[]){ g_getenv("VKSESSION"), __VA_ARGS__, NULL })

static struct guest_program start_in_guest(const struct scene *scene, const char *command)
{
	return guest_program_start(scene->person,
				   COMMAND("exec", SESSION, "--", "sh", "-c", command));
}

static void await_ready(const struct guest_program *program)
{
	char first;

	if (read(program->output, &first, 1) != 1)
		g_error("a load does not run");
}

static char *fill_in(const char *command, const char *loads, const char *project)
{
	return g_strdup_printf("LOADS=%s PROJECT=%s; %s", loads, project, command);
}

static void begin(struct scene *scene, const char *ticker, const char *loads)
{
	g_autofree char *project = running_make_project(scene->person);
	g_autofree char *hold = fill_in("exec $LOADS hold " HELD_MIB, loads, project);

	time_to_window(scene->person, COMMAND("run", "--", "xterm", "-title", "terminal"),
		       "terminal", NULL);
	scene->held = start_in_guest(scene, hold);
	await_ready(&scene->held);
	if (scene->load->guest) {
		g_autofree char *work = fill_in(scene->load->guest, loads, project);

		scene->worker = start_in_guest(scene, work);
	}
	if (scene->load->host)
		scene->typist =
			start_process((const char *const[]){ "sh", "-c", scene->load->host, NULL },
				      scene->person->environment, -1, scene->person->log);
	scene->ticker = guest_program_start(scene->person, COMMAND("exec", SESSION, "--", ticker));
	await_ticks(&scene->ticker);
}

static void let_go(struct guest_program *program)
{
	if (!program->pid)
		return;
	close(program->input);
	close(program->output);
	stop_process(program->pid);
}

static void end(struct scene *scene)
{
	if (scene->typist)
		stop_process(scene->typist);
	ticker_end(&scene->ticker);
	vksession_ok(scene->person, "stop", SESSION);
	let_go(&scene->worker);
	let_go(&scene->held);
	vksession_ok(scene->person, "drop", "--yes", SESSION);
}

/* @return what the kernel says of the pause, in ms */
static double save(const struct scene *scene)
{
	g_autofree char *result = person_path(scene->person, "save.json");
	g_autofree char *text = NULL;
	g_autoptr(JsonNode) said = NULL;
	autofd out = open(result, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	pid_t pid = start_process(COMMAND("save", "--json"), scene->person->environment, -1, out);

	read_ticks(&scene->ticker, 0, pid);
	if (!g_file_get_contents(result, &text, NULL, NULL) ||
	    !(said = json_from_string(text, NULL)))
		g_error("the live save failed: %s", text);
	return (double)json_int(said, "pause_us") / 1e3;
}

static void add(const struct load *load, const char *what, double sample)
{
	g_autofree char *name = g_strdup_printf("pause, %s: %s", load->name, what);
	const struct figure figure = { name, "ms", load->condition, TARGET_MS, false };

	figure_add_grouped(&figure, sample);
}

static int compare(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void add_percentile(const struct load *load, const char *what, GArray *samples)
{
	guint rank = (samples->len * PERCENT + 99) / 100;

	g_array_sort(samples, compare);
	add(load, what, g_array_index(samples, double, rank - 1));
}

static void measure(struct scene *scene, guint saves)
{
	g_autoptr(GArray) by_kernel = g_array_new(FALSE, FALSE, sizeof(double));
	g_autoptr(GArray) inside = g_array_new(FALSE, FALSE, sizeof(double));

	for (guint i = 0; i < saves; i++) {
		double kernel, guest;

		ask_ticker(&scene->ticker);
		kernel = save(scene);
		guest = (double)ask_ticker(&scene->ticker) / 1e3;
		g_array_append_val(by_kernel, kernel);
		g_array_append_val(inside, guest);
		add(scene->load, "by the kernel", kernel);
		add(scene->load, "seen in the guest", guest);
	}
	add_percentile(scene->load, "by the kernel, 99 of 100", by_kernel);
	add_percentile(scene->load, "seen in the guest, 99 of 100", inside);
}

void pauses_measure(guint saves, const char *ticker, const char *loads)
{
	struct person person;

	person_init(&person, "pauses");
	for (gsize i = 0; i < G_N_ELEMENTS(all_loads); i++) {
		struct scene scene = { .person = &person, .load = &all_loads[i] };

		begin(&scene, ticker, loads);
		measure(&scene, saves);
		end(&scene);
	}
	person.content = true;
	person_finish(&person);
}
