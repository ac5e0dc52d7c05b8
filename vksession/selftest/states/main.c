/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vkstates: the guest's side of `vksession selftest`. One program for all states, so that they
 * come into the guest together:
 *
 *   vkstates               be the conductor, as the guest's root
 *   vkstates ask WORD...   ask it
 *   vkstates state NAME [PLACE]   be a state; started by the conductor
 *   vkstates list          print all states, also on the host
 */
#include "vksession/selftest/states/conductor.h"
#include "vksession/selftest/states/place.h"
#include "vksession/selftest/states/state.h"

static const char *kind(const struct state *state)
{
	return state->flags & STATE_TELLS ? "tells" : "-";
}

/* NAME, "tells" or "-", SUMMARY */
static int list(void)
{
	for (const struct state *const *state = states; *state; state++) {
		const char *const *place = place_names;

		if (!((*state)->flags & STATE_PLACES)) {
			printf("%s\t%s\t%s\n", (*state)->name, kind(*state), (*state)->summary);
			continue;
		}
		for (; *place; place++)
			printf("%s@%s\t%s\t%s\n", (*state)->name, *place, kind(*state),
			       (*state)->summary);
	}
	return 0;
}

static int run_state(const char *name, const char *place)
{
	for (const struct state *const *state = states; *state; state++) {
		if (strcmp((*state)->name, name) == 0)
			state_main(*state, place);
	}
	fprintf(stderr, "vkstates: there is no state %s\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return conductor_main();
	if (argc >= 3 && strcmp(argv[1], "ask") == 0)
		return conductor_ask(argv + 2);
	if (argc >= 3 && strcmp(argv[1], "state") == 0)
		return run_state(argv[2], argc > 3 ? argv[3] : "");
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list();
	fprintf(stderr, "usage: vkstates [ask WORD...|list]\n");
	return 2;
}
