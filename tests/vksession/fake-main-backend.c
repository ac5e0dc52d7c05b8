/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for vksession/backend.c, so that the command line runs over the fake; and, by the
 * linker's
 * --wrap, for what a new passphrase costs, which is meant to take long.
 */
#include "fake-backend.h"

#include "vksession/keys.h"

VksKeyCost __wrap_vks_key_cost(void);

VksKeyCost __wrap_vks_key_cost(void)
{
	return (VksKeyCost){ 1, 8192 };
}

const VksBackend *vks_backend_real(void)
{
	return fake_backend();
}
