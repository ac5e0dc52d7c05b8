/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Damage done on purpose, to show that the self-test can fail: one part of what was saved is
 * changed before the thaw, and the state that looks at this part, and no other, must notice.
 */
#pragma once

#include <gio/gio.h>

/** What a damage is done to. Paths; borrowed. */
typedef struct {
	const char *image; /* directory with `memory` and `state` */
	const char *disk;  /* of the guest; NULL: none */
} SelftestVictim;

typedef struct {
	const char *name;
	const char *state; /* that is to fail */
	const char *what;  /* is changed */
	gboolean twice;	   /* shown by two thaws of one save, not by one */
} SelftestPart;

/** @return a part that can be damaged; NULL: there are not so many */
const SelftestPart *selftest_part(guint i);

/** @return the part with this name; NULL: there is none */
const SelftestPart *selftest_part_find(const char *name);

/**
 * Damages a part of what was saved.
 * @return FALSE with NOT_FOUND if the part is not there
 */
gboolean selftest_break(const SelftestVictim *victim, const SelftestPart *part, GError **error);

/**
 * Damages the process that is to thaw: what the thread that calls this starts from now on gets no
 * seed from the host for a generator of random numbers.
 */
gboolean selftest_break_thread(GError **error);
