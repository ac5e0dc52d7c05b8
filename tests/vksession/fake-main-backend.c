/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for vksession/backend.c, so that the command line runs over the fake. */
#include "fake-backend.h"

const VksBackend *vks_backend_real(void)
{
	return fake_backend();
}
