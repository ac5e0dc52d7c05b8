/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of the kernel. */
#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	char text[16] = { 0 };
	long ring, key;

	ring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "selftest");
	if (ring < 0)
		skip("keys: %s", strerror(errno));
	key = must(syscall(SYS_add_key, "user", "a key", "secret", 6, KEY_SPEC_SESSION_KEYRING));
	ready();
	expect(syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "a key", 0) ==
		       key,
	       "the key is not found");
	must(syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof(text)));
	expect(strcmp(text, "secret") == 0, "the key holds '%s'", text);
}

const struct state state_keyring = {
	.name = "keyring",
	.summary = "keys",
	.run = run,
};
