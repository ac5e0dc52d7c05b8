/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/states/state-names.h"
#include "vksession/selftest/states/state.h"

#define STATE(name) extern const struct state state_##name;
STATES
#undef STATE

#define STATE(name) &state_##name,
const struct state *const states[] = { STATES NULL };
