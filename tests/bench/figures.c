/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "figures.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-glib/json-glib.h>

#define MAX_FIGURES 128

/* Those with an id are first, those of groups follow. Cold and warm are explained in bench.c. */
static struct figure table[MAX_FIGURES] = {
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
	[STOP_TO_DD] = { "save --stop until durable / dd", "x", "each round's own", 2, true },
	[THAW_RUNNING_WARM] = { "thaw to guest running", "s", "warm, checksums verified", 0 },
	[THAW_WINDOW_WARM] = { "thaw to first window drawn", "s", "warm, checksums verified", 0 },
	[THAW_RUNNING_COLD] = { "thaw to guest running", "s", "cold, checksums verified", 0 },
	[THAW_WINDOW_COLD] = { "thaw to first window drawn", "s", "cold, checksums verified", 0 },
	[ATTACH_OURS] = { "vksession attach to first window", "s", "warm, running guest", 0 },
	[ATTACH_BARE] = { "bare xpra attach to first window", "s", "warm, same running guest", 0 },
	[THAW_TO_ATTACH] = { "thaw to window / bare xpra attach", "x", "warm, each round's own",
			     1.3, true },
};

static GArray *samples[MAX_FIGURES];
static guint first_figure, n_figures = N_FIGURES;

void figures_only_groups(void)
{
	first_figure = N_FIGURES;
}

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

void figure_add_grouped(const struct figure *figure, double sample)
{
	guint id = N_FIGURES;

	while (id < n_figures && strcmp(table[id].name, figure->name) != 0)
		id++;
	g_assert(id < MAX_FIGURES);
	if (id == n_figures) {
		table[id] = *figure;
		table[id].name = g_strdup(figure->name);
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
	for (guint id = first_figure; id < n_figures; id++) {
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
	for (guint id = first_figure; id < n_figures; id++)
		add_figure(builder, id);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	text = json_to_string(root, TRUE);
	printf("%s\n", text);
}

/* Pictures: every ratio on a logarithmic scale from a tenth to ten times its peer. */

#define ROW	    22
#define LABELS	    330 /* width of the names */
#define SCALE	    420 /* width of the bars */
#define WIDTH	    (LABELS + SCALE + 90)
#define LEAST_RATIO 0.1
#define MOST_RATIO  10.0

static bool is_ratio(guint id)
{
	return samples[id] && strcmp(table[id].unit, "x") == 0;
}

static double place_of(double ratio)
{
	double bounded = CLAMP(ratio, LEAST_RATIO, MOST_RATIO);

	return LABELS + SCALE * log(bounded / LEAST_RATIO) / log(MOST_RATIO / LEAST_RATIO);
}

static void draw_line(GString *svg, double x, guint y1, guint y2, const char *colour)
{
	g_string_append_printf(svg,
			       "<line x1='%.1f' x2='%.1f' y1='%u' y2='%u' stroke='%s' "
			       "stroke-width='2'/>\n",
			       x, x, y1, y2, colour);
}

static void draw_ratio(GString *svg, guint id, guint y)
{
	double middle = median(id), target = table[id].target;
	double least = place_of(sorted(id, 0)), most = place_of(sorted(id, samples[id]->len - 1));
	bool missed = target != 0 && middle > target;
	g_autofree char *name = g_markup_escape_text(table[id].name, -1);

	g_string_append_printf(svg,
			       "<text x='%d' y='%u' text-anchor='end'>%s</text>\n"
			       "<rect x='%d' y='%u' width='%.1f' height='%d' fill='%s'/>\n"
			       "<line x1='%.1f' x2='%.1f' y1='%u' y2='%u' stroke='black'/>\n"
			       "<text x='%d' y='%u'>%.2f x</text>\n",
			       LABELS - 8, y + 14, name, LABELS, y + 3, place_of(middle) - LABELS,
			       ROW - 8, missed ? "#d08770" : "#88a8c8", least, most, y + 10, y + 10,
			       LABELS + SCALE + 8, y + 14, middle);
	if (target != 0)
		draw_line(svg, place_of(target), y + 1, y + ROW - 3, "#802020");
}

bool figures_plot(const char *path)
{
	g_autoptr(GString) svg = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	guint rows = 0, y = 2 * ROW;

	for (guint id = 0; id < n_figures; id++)
		rows += is_ratio(id);
	g_string_append_printf(svg,
			       "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%u' "
			       "font-family='sans-serif' font-size='12'>\n"
			       "<rect width='100%%' height='100%%' fill='white'/>\n"
			       "<text x='%d' y='18'>how many times its peer in the same run; the "
			       "dark mark is the target</text>\n",
			       WIDTH, (rows + 3) * ROW, LABELS);
	for (guint id = 0; id < n_figures; id++) {
		if (!is_ratio(id))
			continue;
		draw_ratio(svg, id, y);
		y += ROW;
	}
	draw_line(svg, place_of(1), 2 * ROW - 4, y, "#404040");
	g_string_append(svg, "</svg>\n");
	if (g_file_set_contents(path, svg->str, (gssize)svg->len, &error))
		return true;
	fprintf(stderr, "bench: %s\n", error->message);
	return false;
}

/* History */

/* One line of JSON. */
static char *history_line(const char *commit, guint rounds)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *date = g_date_time_format_iso8601(now);
	g_autoptr(JsonNode) root = NULL;

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "commit");
	json_builder_add_string_value(builder, commit);
	json_builder_set_member_name(builder, "date");
	json_builder_add_string_value(builder, date);
	json_builder_set_member_name(builder, "processors");
	json_builder_add_int_value(builder, sysconf(_SC_NPROCESSORS_ONLN));
	json_builder_set_member_name(builder, "rounds");
	json_builder_add_int_value(builder, rounds);
	json_builder_set_member_name(builder, "ratios");
	json_builder_begin_object(builder);
	for (guint id = 0; id < n_figures; id++) {
		if (!is_ratio(id))
			continue;
		json_builder_set_member_name(builder, table[id].name);
		json_builder_add_double_value(builder, round(median(id) * 1000) / 1000);
	}
	json_builder_end_object(builder);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	return json_to_string(root, FALSE);
}

bool figures_append(const char *path, const char *commit, guint rounds)
{
	g_autofree char *line = history_line(commit, rounds);
	FILE *file = fopen(path, "ae");

	if (!file) {
		fprintf(stderr, "bench: %s: %s\n", path, g_strerror(errno));
		return false;
	}
	fprintf(file, "%s\n", line);
	return fclose(file) == 0;
}

guint figures_judge(double mercy)
{
	guint bad = 0;

	for (guint id = first_figure; id < n_figures; id++) {
		double middle = median(id);

		if (isnan(middle) || (table[id].gates && middle > table[id].target * mercy)) {
			fprintf(stderr, "bench: %s: %.3f, target %g\n", table[id].name, middle,
				table[id].target);
			bad++;
		}
	}
	return bad;
}
