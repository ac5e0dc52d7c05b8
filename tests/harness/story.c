/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "story.h"

#include <stdio.h>

static unsigned int begun, done;

int story_step_begin(void **state)
{
	if (begun != done) {
		printf("# not tried, because an earlier step failed\n");
		return -1;
	}
	begun++;
	return 0;
}

void story_step_done(void)
{
	done++;
}

bool story_is_well(void)
{
	return begun > 0 && begun == done;
}
