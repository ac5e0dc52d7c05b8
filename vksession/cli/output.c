/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "vksession/cli/verb.h"
#include "vksession/json.h"

#define MAX_CELL 60

struct CliTable {
	const char *const *headings;
	guint columns;
	GPtrArray *rows; /* of GStrv */
};

static void free_row(gpointer data)
{
	g_strfreev(data);
}

CliTable *cli_table_new(const char *const *headings)
{
	CliTable *table = g_new0(CliTable, 1);

	table->headings = headings;
	table->columns = g_strv_length((char **)headings);
	table->rows = g_ptr_array_new_with_free_func(free_row);
	return table;
}

/* Text from a guest (titles, commands) must not drive the terminal. */
char *cli_printable(const char *text, guint max_length)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autoptr(GString) printable = g_string_new(NULL);
	guint length = 0;

	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);

		if (++length > max_length) {
			g_string_append(printable, "...");
			break;
		}
		g_string_append_unichar(printable, g_unichar_isprint(c) ? c : '?');
	}
	return g_string_free(g_steal_pointer(&printable), FALSE);
}

void cli_table_add(CliTable *table, char **cells)
{
	char **row = g_new0(char *, table->columns + 1);

	for (guint i = 0; i < table->columns; i++) {
		row[i] = cli_printable(cells[i], MAX_CELL);
		g_free(cells[i]);
	}
	g_ptr_array_add(table->rows, row);
}

static gboolean is_right(const CliTable *table, guint column)
{
	return table->headings[column][0] == '>';
}

static const char *heading(const CliTable *table, guint column)
{
	return table->headings[column] + (is_right(table, column) ? 1 : 0);
}

static glong width_of(const CliTable *table, guint column)
{
	glong width = g_utf8_strlen(heading(table, column), -1);

	for (guint i = 0; i < table->rows->len; i++) {
		char **row = table->rows->pdata[i];

		width = MAX(width, g_utf8_strlen(row[column], -1));
	}
	return width;
}

static void print_cell(const CliTable *table, guint column, const char *text)
{
	int padding = (int)(width_of(table, column) - g_utf8_strlen(text, -1));
	gboolean last = column + 1 == table->columns;

	if (is_right(table, column))
		printf("%*s%s%s", padding, "", text, last ? "\n" : "  ");
	else if (last)
		printf("%s\n", text);
	else
		printf("%s%*s  ", text, padding, "");
}

void cli_table_print(CliTable *table)
{
	cli_progress_end();
	for (guint column = 0; column < table->columns; column++)
		print_cell(table, column, heading(table, column));
	for (guint i = 0; i < table->rows->len; i++) {
		char **row = table->rows->pdata[i];

		for (guint column = 0; column < table->columns; column++)
			print_cell(table, column, row[column]);
	}
	g_ptr_array_unref(table->rows);
	g_free(table);
}

void cli_print_json(JsonBuilder *builder)
{
	g_autofree char *text = vks_json_print(json_builder_get_root(builder));

	cli_progress_end();
	puts(text);
	g_object_unref(builder);
}

void cli_json_string(JsonBuilder *builder, const char *member, const char *value)
{
	g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

	json_builder_set_member_name(builder, member);
	if (valid)
		json_builder_add_string_value(builder, valid);
	else
		json_builder_add_null_value(builder);
}

void cli_json_int(JsonBuilder *builder, const char *member, gint64 value)
{
	json_builder_set_member_name(builder, member);
	json_builder_add_int_value(builder, value);
}

void cli_json_bool(JsonBuilder *builder, const char *member, gboolean value)
{
	json_builder_set_member_name(builder, member);
	json_builder_add_boolean_value(builder, value);
}

void cli_json_seconds(JsonBuilder *builder, const char *member, double value)
{
	json_builder_set_member_name(builder, member);
	if (value < 0)
		json_builder_add_null_value(builder);
	else
		json_builder_add_double_value(builder, value);
}

char *cli_format_size(guint64 bytes)
{
	return g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
}

char *cli_format_time(gint64 us)
{
	g_autoptr(GDateTime) time = us ? g_date_time_new_from_unix_local(us / G_USEC_PER_SEC)
				       : NULL;

	return time ? g_date_time_format(time, "%F %T") : g_strdup("-");
}

char *cli_format_age(gint64 us)
{
	gint64 seconds = MAX(g_get_real_time() - us, 0) / G_USEC_PER_SEC;
	static const struct {
		gint64 seconds;
		const char *one, *many;
	} units[] = {
		{ 86400, "day", "days" },
		{ 3600, "hour", "hours" },
		{ 60, "minute", "minutes" },
		{ 1, "second", "seconds" },
	};

	if (!us)
		return g_strdup("-");
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		gint64 count = seconds / units[i].seconds;

		if (count > 0)
			return g_strdup_printf("%" G_GINT64_FORMAT " %s ago", count,
					       count == 1 ? units[i].one : units[i].many);
	}
	return g_strdup("just now");
}

char *cli_format_duration(guint64 us)
{
	if (us < G_USEC_PER_SEC)
		return g_strdup_printf("%.1f ms", (double)us / 1000);
	return g_strdup_printf("%.2f s", (double)us / G_USEC_PER_SEC);
}
