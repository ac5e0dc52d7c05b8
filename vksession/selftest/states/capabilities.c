/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capabilities and securebits of a privileged process. */
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct kept[2] = { { 0 } }, found[2];

	kept[0].effective = 1u << CAP_NET_ADMIN;
	kept[0].permitted = 1u << CAP_NET_ADMIN | 1u << CAP_SYS_NICE;
	kept[0].inheritable = 1u << CAP_SYS_NICE;
	must(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT));
	must(prctl(PR_CAPBSET_DROP, CAP_MKNOD));
	must(syscall(SYS_capset, &header, kept));
	ready();
	must(syscall(SYS_capget, &header, found));
	expect(memcmp(kept, found, sizeof(kept)) == 0, "the capabilities have changed");
	expect(prctl(PR_GET_SECUREBITS) == SECBIT_NOROOT, "the securebits have changed");
	expect(prctl(PR_CAPBSET_READ, CAP_MKNOD) == 0, "a dropped capability is back");
}

const struct state state_capabilities = {
	.name = "capabilities",
	.summary = "capabilities",
	.flags = STATE_ROOT,
	.run = run,
};
