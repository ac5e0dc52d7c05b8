/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "story.h"

#include <stdio.h>

#include "supervise.h"

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

/* What cmocka and supervise() call has no argument for it. */
static const struct story_plan *story_plan;

static int story_begin(void **state)
{
	person_init(story_plan->person, story_plan->name);
	if (story_plan->begin)
		story_plan->begin();
	return 0;
}

static int story_end(void **state)
{
	story_plan->person->content = story_is_well();
	person_finish(story_plan->person);
	if (story_plan->end)
		story_plan->end();
	return 0;
}

static int story_run(void)
{
	return _cmocka_run_group_tests(story_plan->name, story_plan->steps, story_plan->count,
				       story_begin, story_end);
}

int story_main(const struct story_plan *plan)
{
	story_plan = plan;
	return supervise(story_run, plan->limit_s);
}
