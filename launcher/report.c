/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define READY "ready\n"

void vk_report_write(int fd, const GError *failure)
{
	g_autofree char *text = NULL;
	gsize length;
	gsize written = 0;

	if (failure) {
		int code = failure->domain == G_IO_ERROR ? failure->code : G_IO_ERROR_FAILED;
		g_autofree char *message = g_strdelimit(g_strdup(failure->message), "\n", ' ');

		text = g_strdup_printf("error %d %s\n", code, message);
	} else {
		text = g_strdup(READY);
	}
	length = strlen(text);
	while (written < length) {
		ssize_t got = write(fd, text + written, length - written);

		if (got < 0 && errno != EINTR)
			return;
		if (got > 0)
			written += (gsize)got;
	}
}

gboolean vk_report_parse(const char *text, GError **error)
{
	char *rest;
	guint64 code;

	if (strcmp(text, READY) == 0)
		return TRUE;
	if (!g_str_has_prefix(text, "error ") || !g_str_has_suffix(text, "\n")) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
				    "vksession-launcher ended without a word");
		return FALSE;
	}
	code = g_ascii_strtoull(text + strlen("error "), &rest, 10);
	g_set_error(error, G_IO_ERROR, (int)MIN(code, G_MAXINT), "%.*s",
		    (int)strcspn(rest + (*rest == ' '), "\n"), rest + (*rest == ' '));
	return FALSE;
}

gboolean vk_report_read(int fd, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	char data[512];
	ssize_t got;

	do {
		got = read(fd, data, sizeof(data));
		if (got > 0)
			g_string_append_len(text, data, got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	return vk_report_parse(text->str, error);
}
