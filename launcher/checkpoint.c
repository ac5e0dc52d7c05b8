/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/checkpoint.h"

#include <errno.h>
#include <string.h>

#include "launcher/mconsole.h"
#include "launcher/runtime-dir.h"

/*
 * A checkpoint that is being written has to end first. The request is obeyed then even if nobody
 * waits for the answer any more, so there is no reason to wait for a vkernel that stands still.
 */
#define GO_TIMEOUT_MS 10000

gboolean vk_checkpoint_parse_stats(const char *text, VkCheckpointStats *stats)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);
	const struct {
		const char *name;
		guint64 *place;
	} figures[] = {
		{ "memory=", &stats->memory_bytes },   { "state=", &stats->state_bytes },
		{ "quiesce_us=", &stats->quiesce_us }, { "dump_us=", &stats->dump_us },
		{ "resume_us=", &stats->resume_us },
	};

	*stats = (VkCheckpointStats){ 0 };
	if (!words[0] || strcmp(words[0], "saved") != 0)
		return FALSE;
	for (char **word = words + 1; *word; word++) {
		for (gsize i = 0; i < G_N_ELEMENTS(figures); i++) {
			if (g_str_has_prefix(*word, figures[i].name))
				*figures[i].place =
					g_ascii_strtoull(*word + strlen(figures[i].name), NULL, 10);
		}
	}
	return TRUE;
}

GError *vk_checkpoint_parse_failure(const char *text)
{
	g_autofree char *line = g_strchomp(g_strdup(text));
	gint64 number = 0;
	int code;

	if (g_str_has_prefix(line, "errno="))
		number = ABS(g_ascii_strtoll(line + strlen("errno="), NULL, 10));
	code = number == ENOSPC || number == EDQUOT ? G_IO_ERROR_NO_SPACE : G_IO_ERROR_FAILED;
	if (number > 0 && number < 4096)
		return g_error_new(G_IO_ERROR, code, "save: %s (kernel: %s)",
				   g_strerror((int)number), line);
	return g_error_new(G_IO_ERROR, code, "save: kernel: %s", line);
}

/* @return the kernel's answer, whatever it says */
static VkMconsoleAnswer *call(const char *runtime_dir, const char *command, int timeout_ms,
			      GError **error)
{
	g_autofree char *socket_path = vk_runtime_path(runtime_dir, "uml/mconsole");
	VkLauncherStatus status;

	if (!vk_launcher_get_status(runtime_dir, &status) || status.vkernel_pid == 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "no vkernel runs in %s",
			    runtime_dir);
		return NULL;
	}
	return vk_mconsole_call(socket_path, command, status.vkernel_pid, timeout_ms, error);
}

static gboolean has_word(const char *text, const char *word)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);

	return g_strv_contains((const char *const *)words, word);
}

gboolean vk_launcher_checkpoint(const char *runtime_dir, const char *dir, gboolean hold,
				VkCheckpointStats *stats, GError **error)
{
	g_autofree char *command = g_strdup_printf("save %s%s", hold ? "hold " : "", dir);
	g_autoptr(VkMconsoleAnswer) answer = call(runtime_dir, command, -1, error);
	VkCheckpointStats figures;

	if (!answer)
		return FALSE;
	if (answer->failed || !vk_checkpoint_parse_stats(answer->text->str, &figures)) {
		g_propagate_error(error, vk_checkpoint_parse_failure(answer->text->str));
		return FALSE;
	}
	if (hold && has_word(answer->text->str, "released")) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
				    "save: the guest was told to go on meanwhile");
		return FALSE;
	}
	if (stats)
		*stats = figures;
	return TRUE;
}

gboolean vk_launcher_go(const char *runtime_dir, GError **error)
{
	g_autoptr(VkMconsoleAnswer) answer = call(runtime_dir, "go", GO_TIMEOUT_MS, error);

	if (!answer)
		return FALSE;
	if (!answer->failed || g_ascii_strncasecmp(answer->text->str, "not ", 4) == 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "go: kernel: %s", answer->text->str);
	return FALSE;
}
