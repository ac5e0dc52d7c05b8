/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/states/spin.h"

#include "vksession/selftest/states/state.h"

#define BODY_ENDED 2 /* of spin_stop */

volatile int spin_rounds, spin_stop;
static void (*spin_body)(void);

static void *spinner(void *data)
{
	spin_body();
	spin_stop = BODY_ENDED;
	return NULL;
}

void spin_across_save(void (*body)(void))
{
	spin_body = body;
	start_thread(spinner, NULL);
	await_word(&spin_rounds, "the loop");
	ready();
	spin_rounds = 0;
	await_word(&spin_rounds, "the loop");
	spin_stop = 1;
	while (spin_stop != BODY_ENDED)
		pass_time(1);
}
