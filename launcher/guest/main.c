/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vkinit: PID 1 of the guest. Started by the kernel as `vkinit guest.conf`. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "launcher/guest/console.h"
#include "launcher/guest/guest.h"
#include "launcher/guest/resident.h"

static struct guest guest;

/* Nobody else can tell why the guest does not come up: the last line on the console does. */
static void give_up(const struct failure *failure)
{
	console_say("%s", failure->text);
	sync();
	reboot(RB_POWER_OFF);
}

int main(int argc, char **argv)
{
	struct failure failure = { "" };

	if (getpid() != 1 || argc != 2) {
		fprintf(stderr, "usage (as PID 1 only): vkinit guest.conf\n");
		return EXIT_FAILURE;
	}
	if (!resident_is_self()) {
		resident_move_in(argv[0], argv[1], &failure);
		give_up(&failure);
	}
	if (guest_init(&guest, argv[1], &failure) < 0)
		give_up(&failure);
	guest_run(&guest);
	guest_power_off(&guest);
}
