/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "figures.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-glib/json-glib.h>

#define MAX_FIGURES 128

/* Those with an id are first, those of groups follow. Cold and warm are explained in bench.c. */
static struct {
	const char *name;
	const char *unit;
	const char *condition;
	double target; /* the median is to be no more; 0: none */
} table[MAX_FIGURES] = {
	[RUN_COLD] = { "run to first window", "s", "cold", 0 },
	[RUN_WARM] = { "run to first window", "s", "warm", 5 },
	[FRAME] = { "full-HD frame (8.3 MB) from guest to host", "ms", "warm, control channel",
		    100 },
	[PAUSE_KERNEL] = { "live save: pause, by the kernel", "ms", "warm, no fsync in it", 0 },
	[PAUSE_INSIDE] = { "live save: pause, seen in the guest", "ms", "warm, by its wall clock",
			   0 },
	[PAUSE_OUTSIDE] = { "live save: pause, seen by the host", "ms", "warm, between two ticks",
			    0 },
	[PAUSE_QUIET] = { "the same without a save", "ms", "between two ticks", 0 },
	[LIVE_BYTES] = { "live save: bytes written", "MB", "without holes", 0 },
	[LIVE_DURABLE] = { "live save: until durable", "s", "warm, with fsync", 0 },
	[STOP_BYTES] = { "save --stop: bytes written", "MB", "without holes", 0 },
	[STOP_DURABLE] = { "save --stop: until durable", "s", "warm, with fsync", 0 },
	[STOP_COMMAND] = { "save --stop: the whole command", "s", "warm, with fsync", 0 },
	[DD] = { "dd conv=fsync of as many bytes", "s", "from /dev/zero, same disk", 0 },
	[STOP_TO_DD] = { "save --stop until durable / dd", "x", "each round's own", 2 },
	[THAW_RUNNING_WARM] = { "thaw to guest running", "s", "warm, checksums verified", 0 },
	[THAW_WINDOW_WARM] = { "thaw to first window drawn", "s", "warm, checksums verified", 0 },
	[THAW_RUNNING_COLD] = { "thaw to guest running", "s", "cold, checksums verified", 0 },
	[THAW_WINDOW_COLD] = { "thaw to first window drawn", "s", "cold, checksums verified", 0 },
	[ATTACH_OURS] = { "vksession attach to first window", "s", "warm, running guest", 0 },
	[ATTACH_BARE] = { "bare xpra attach to first window", "s", "warm, same running guest", 0 },
	[THAW_TO_ATTACH] = { "thaw to window / bare xpra attach", "x", "warm, each round's own",
			     1.3 },
};

static GArray *samples[MAX_FIGURES];
static guint n_figures = N_FIGURES;

static void add(guint id, double sample)
{
	if (!samples[id])
		samples[id] = g_array_new(FALSE, FALSE, sizeof(double));
	g_array_append_val(samples[id], sample);
}

void figure_add(enum figure_id id, double sample)
{
	add(id, sample);
}

void figure_add_grouped(const char *name, const char *unit, const char *condition, double target,
			double sample)
{
	guint id = N_FIGURES;

	while (id < n_figures && strcmp(table[id].name, name) != 0)
		id++;
	g_assert(id < MAX_FIGURES);
	if (id == n_figures) {
		table[id].name = g_strdup(name);
		table[id].unit = unit;
		table[id].condition = condition;
		table[id].target = target;
		n_figures++;
	}
	add(id, sample);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The i-th smallest sample of a figure that has some. */
static double sorted(guint id, guint i)
{
	g_autoptr(GArray) copy = g_array_copy(samples[id]);

	qsort(copy->data, copy->len, sizeof(double), compare);
	return g_array_index(copy, double, i);
}

static double median(guint id)
{
	guint n = samples[id] ? samples[id]->len : 0;

	if (n == 0)
		return NAN;
	return n % 2 ? sorted(id, n / 2) : (sorted(id, n / 2 - 1) + sorted(id, n / 2)) / 2;
}

double figure_median(enum figure_id id)
{
	return median(id);
}

static const char *verdict(guint id)
{
	if (table[id].target == 0)
		return "";
	return median(id) <= table[id].target ? "met" : "MISSED";
}

void figures_print(guint rounds)
{
	printf("%u round%s on %ld processors; median (least to most)\n\n", rounds,
	       rounds == 1 ? "" : "s", sysconf(_SC_NPROCESSORS_ONLN));
	for (guint id = 0; id < n_figures; id++) {
		if (!samples[id]) {
			printf("%-46s      none\n", table[id].name);
			continue;
		}
		printf("%-46s %9.3f %-2s (%.3f to %.3f)  %s", table[id].name, median(id),
		       table[id].unit, sorted(id, 0), sorted(id, samples[id]->len - 1),
		       table[id].condition);
		if (table[id].target != 0)
			printf("; target %g: %s", table[id].target, verdict(id));
		printf("\n");
	}
}

static void add_figure(JsonBuilder *builder, guint id)
{
	const struct {
		const char *member, *value;
	} texts[] = {
		{ "name", table[id].name },
		{ "unit", table[id].unit },
		{ "condition", table[id].condition },
	};

	json_builder_begin_object(builder);
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		json_builder_set_member_name(builder, texts[i].member);
		json_builder_add_string_value(builder, texts[i].value);
	}
	if (table[id].target != 0) {
		json_builder_set_member_name(builder, "target");
		json_builder_add_double_value(builder, table[id].target);
	}
	if (samples[id]) {
		json_builder_set_member_name(builder, "median");
		json_builder_add_double_value(builder, median(id));
	}
	json_builder_set_member_name(builder, "samples");
	json_builder_begin_array(builder);
	for (guint i = 0; samples[id] && i < samples[id]->len; i++)
		json_builder_add_double_value(builder, g_array_index(samples[id], double, i));
	json_builder_end_array(builder);
	json_builder_end_object(builder);
}

void figures_print_json(guint rounds)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *text = NULL;

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "rounds");
	json_builder_add_int_value(builder, rounds);
	json_builder_set_member_name(builder, "processors");
	json_builder_add_int_value(builder, sysconf(_SC_NPROCESSORS_ONLN));
	json_builder_set_member_name(builder, "figures");
	json_builder_begin_array(builder);
	for (guint id = 0; id < n_figures; id++)
		add_figure(builder, id);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	text = json_to_string(root, TRUE);
	printf("%s\n", text);
}

guint figures_judge(double mercy)
{
	guint bad = 0;

	for (guint id = 0; id < n_figures; id++) {
		double middle = median(id);

		/* Times depend on the machine; only ratios to a peer of the same run are judged. */
		bool judged = table[id].target != 0 && strcmp(table[id].unit, "x") == 0;

		if (isnan(middle) || (judged && middle > table[id].target * mercy)) {
			fprintf(stderr, "bench: %s: %.3f, target %g\n", table[id].name, middle,
				table[id].target);
			bad++;
		}
	}
	return bad;
}
