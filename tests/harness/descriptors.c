/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "descriptors.h"

#include <string.h>

#include "launcher/descriptors.h"
#include "story.h"
#include "wait.h"

#define SETTLE_MS 30000

struct comparison {
	pid_t vkernel;
	char **before;
};

/* Every element of a sorted list is in the other one, as often. */
static bool is_within(char **list, char **other)
{
	for (; *list; list++, other++) {
		while (*other && strcmp(*other, *list) < 0)
			other++;
		if (!*other || strcmp(*other, *list) != 0)
			return false;
	}
	return true;
}

static bool has_no_more(void *data)
{
	const struct comparison *comparison = data;
	g_auto(GStrv) now = vk_descriptors(comparison->vkernel);

	return is_within(now, comparison->before);
}

void await_descriptors(pid_t vkernel, char **before)
{
	struct comparison comparison = { vkernel, before };
	g_auto(GStrv) now = NULL;
	g_autofree char *was = NULL, *is = NULL;

	if (wait_until(has_no_more, &comparison, -1, SETTLE_MS))
		return;
	now = vk_descriptors(vkernel);
	was = g_strjoinv(" ", before);
	is = g_strjoinv(" ", now);
	fail_msg("open before: %s; now: %s", was, is);
}
