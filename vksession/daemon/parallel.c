/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/parallel.h"

#include "vksession/session.h"

void parallel_run(Parallel *parallel, const GPtrArray *items)
{
	GThreadPool *pool = g_thread_pool_new(parallel->work, parallel->user_data,
					      (int)MAX(g_get_num_processors(), 2), FALSE, NULL);

	g_mutex_init(&parallel->mutex);
	parallel->total = items->len;
	for (guint i = 0; i < items->len; i++)
		g_thread_pool_push(pool, items->pdata[i], NULL);
	g_thread_pool_free(pool, FALSE, TRUE);
	g_mutex_clear(&parallel->mutex);
}

void parallel_report(Parallel *parallel, const char *session, guint finished)
{
	g_autofree char *stage = g_strdup_printf("%s %s", parallel->doing, session);

	g_mutex_lock(&parallel->mutex);
	parallel->done += finished;
	vks_control_report(parallel->control, stage, parallel->done, parallel->total);
	g_mutex_unlock(&parallel->mutex);
}

VksControl parallel_control(const Parallel *parallel)
{
	return (VksControl){ .cancellable = vks_control_cancellable(parallel->control) };
}
