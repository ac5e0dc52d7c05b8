/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Damage done on purpose, to show that the self-test can fail: one part of what was saved is
 * changed before the thaw, and the state that looks at this part, and no other, must notice.
 */
#pragma once

#include <gio/gio.h>

typedef struct {
	const char *name;
	const char *state; /* that is to fail */
	const char *what;  /* is changed */
} SelftestPart;

/** Parts that can be damaged; the last one has no name. */
extern const SelftestPart selftest_parts[];

/**
 * Damages a part in an image.
 *
 * @param dir  of the image, with `memory` and `state`
 * @return FALSE with INVALID_ARGUMENT for an unknown part, NOT_FOUND if it is not in the image
 */
gboolean selftest_break(const char *dir, const char *part, GError **error);
