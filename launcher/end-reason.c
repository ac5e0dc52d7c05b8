/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/end-reason.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_OUTPUT 65536

char *vk_end_reason_read_log(int log_fd, off_t from)
{
	char *text = g_malloc(MAX_OUTPUT + 1);
	struct stat st;
	ssize_t got;

	if (fstat(log_fd, &st) == 0 && st.st_size - from > MAX_OUTPUT)
		from = st.st_size - MAX_OUTPUT;
	got = pread(log_fd, text, MAX_OUTPUT, from);
	text[got > 0 ? got : 0] = '\0';
	for (ssize_t i = 0; i < got; i++) {
		if (text[i] == '\0')
			text[i] = ' ';
	}
	return text;
}

/* The last line with a prefix, without it; the last line at all for NULL. */
static char *find_line(char **lines, const char *prefix)
{
	char *found = NULL;

	for (; *lines; lines++) {
		char *line = prefix ? strstr(*lines, prefix) : *lines;

		if (!line || !*line)
			continue;
		found = prefix ? line + strlen(prefix) : line;
	}
	return found;
}

static char *describe_status(int status)
{
	if (WIFSIGNALED(status))
		return g_strdup_printf("signal %d", WTERMSIG(status));
	return g_strdup_printf("status %d", WEXITSTATUS(status));
}

/* It is the machine's fault when the processor lacks what the save needs, else the save's. */
static int refusal_code(const char *line)
{
	return line && g_str_has_prefix(line, "CPU ") ? G_IO_ERROR_NOT_SUPPORTED
						      : G_IO_ERROR_INVALID_DATA;
}

GError *vk_end_reason(int wait_status, const char *output)
{
	static const char *const prefixes[] = { "thaw: ", "vkinit: ", "Kernel panic - " };
	g_auto(GStrv) lines = g_strsplit_set(output, "\r\n", -1);
	g_autofree char *status = describe_status(wait_status);
	const char *line = find_line(lines, prefixes[0]);

	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == VK_EXIT_SAVE_REFUSED)
		return g_error_new(G_IO_ERROR, refusal_code(line), "%s",
				   line ? line : "the vkernel refuses the save");
	for (gsize i = 1; !line && i < G_N_ELEMENTS(prefixes); i++)
		line = find_line(lines, prefixes[i]);
	if (!line)
		line = find_line(lines, NULL);
	return g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED, "the vkernel ended with %s%s%s", status,
			   line ? ": " : "", line ? line : "");
}
