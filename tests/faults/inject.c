/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   prepare - For each scenario a store is made, without faults.
 *   count   - The operation is run once on a copy of it, and its system calls are counted by kind.
 *   inject  - For each call, each errno that it may plausibly give, a short count where there is
 *             one, and a SIGKILL in its place: a fresh copy, the operation with that one fault,
 *             then the verdict, the next start, and the verdict on that.
 *   steps   - The same with a failure of each step of the kernel and the display.
 *
 * Usage: faults-inject [--every N] [--jobs N] [--verbose] [SCENARIO...]
 * With --every N only each Nth fault is injected. The last line is `N fault points, M saves lost`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "point.h"
#include "scenario.h"
#include "tally.h"
#include "tests/vksession/fake-backend.h"
#include "trace.h"
#include "tree.h"
#include "verdict.h"

#define MAX_SHOWN 20u

/* Steps of the backend, see VKS_FAKE_FAIL. */
static const char *const steps[] = { "start",	     "kill",	     "checkpoint", "go",
				     "run",	     "prepare_save", "thawed",	   "stop",
				     "viewer_start", "viewer_stop",  "layout_save" };
static const int step_codes[] = { G_IO_ERROR_FAILED, G_IO_ERROR_TIMED_OUT, G_IO_ERROR_NO_SPACE };

/** The run of an operation in a child. */
typedef struct {
	const Scenario *scenario;
	const Point *point; /* NULL: only count */
	guint counts[MAX_FAULTY_CALLS];
	gboolean hit;
} Run;

/** All of it. */
typedef struct {
	char *place, *pristine, *work;
	Tally *tally;
} Campaign;

static TraceVerdict on_call(TraceCall *call, gpointer user_data)
{
	Run *run = user_data;
	gsize i = faulty_call_find(call->number);
	guint nth;

	if (*scenario_paused)
		return TRACE_GO;
	nth = run->counts[i]++;
	if (!run->point || run->point->call != i || run->point->nth != nth)
		return TRACE_GO;
	run->hit = TRUE;
	return point_apply(run->point, call);
}

/* In the child. */
static int act(gpointer user_data)
{
	const Scenario *scenario = user_data;
	g_autoptr(GError) error = NULL;
	Vks *vks = vks_open(scenario_backend(), &error);

	if (vks)
		scenario_answer(vks);
	if (vks && scenario->act(vks, &error))
		return EXIT_SUCCESS;
	return error && strstr(error->message, "; ") ? EXIT_FAILURE : 3;
}

/* Each stop costs two changes of process, and an operation makes hundreds of calls. */
static int run_traced(Run *run)
{
	const int one[] = { run->point ? faulty_call_numbers()[run->point->call] : -1, -1 };
	Tracer tracer = { .calls = run->point ? one : faulty_call_numbers(),
			  .enter = on_call,
			  .user_data = run };

	*scenario_paused = 0;
	return trace_run(&tracer, act, (gpointer)run->scenario);
}

/* Looks at what a fault has left, and makes the next start. */
static void judge(Campaign *campaign, const Scenario *scenario, const Before *before,
		  const char *what, int status)
{
	gboolean completed = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
	Vks *vks = scenario_open();
	Verdict verdict;

	verdict_judge(&verdict, scenario, before, vks, completed);
	verdict_recover(&verdict, scenario, before, vks);
	vks_close(vks);
	if (WIFEXITED(status) && WEXITSTATUS(status) > EXIT_FAILURE)
		g_string_append(verdict.wrong, " it failed without a proper message;");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		g_string_append(verdict.wrong, " it hung;");
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		campaign->tally->aborted++;
	campaign->tally->points++;
	campaign->tally->lost += verdict.lost;
	if (verdict.wrong->len > 0 && ++campaign->tally->wrong <= MAX_SHOWN)
		printf("WRONG %s (status 0x%x):%s\n", what, (unsigned int)status,
		       verdict.wrong->str);
	else if (campaign->tally->verbose)
		printf("ok %s (status 0x%x)\n", what, (unsigned int)status);
	fflush(stdout);
	verdict_clear(&verdict);
}

static gboolean is_chosen(Campaign *campaign)
{
	return campaign->tally->seen++ % campaign->tally->every == 0;
}

static void inject(Campaign *campaign, const Scenario *scenario, const Before *before,
		   const Point *point)
{
	g_autofree char *what = point_describe(point, scenario->name);
	Run run = { .scenario = scenario, .point = point };
	int status;

	if (!is_chosen(campaign))
		return;
	tree_copy(campaign->pristine, campaign->work);
	status = run_traced(&run);
	/* Threads may have come to fewer calls of a kind this time. */
	if (run.hit)
		judge(campaign, scenario, before, what, status);
}

static void inject_call(Campaign *campaign, const Scenario *scenario, const Before *before,
			gsize call, guint nth)
{
	Point point = { .call = call, .nth = nth };

	for (guint i = 0; point_choose_fault(&point, i); i++)
		inject(campaign, scenario, before, &point);
}

static int act_in_child(const Scenario *scenario)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(act((gpointer)scenario));
	if (child < 0 || waitpid(child, &status, 0) != child)
		g_error("fork: %m");
	return status;
}

static void inject_steps(Campaign *campaign, const Scenario *scenario, const Before *before)
{
	for (gsize i = 0; i < G_N_ELEMENTS(steps) * G_N_ELEMENTS(step_codes); i++) {
		const char *step = steps[i / G_N_ELEMENTS(step_codes)];
		int code = step_codes[i % G_N_ELEMENTS(step_codes)];
		g_autofree char *what =
			g_strdup_printf("%s: step %s gives %d", scenario->name, step, code);
		int status;

		if (!is_chosen(campaign))
			continue;
		tree_copy(campaign->pristine, campaign->work);
		fake_fail(step, code);
		status = act_in_child(scenario);
		fake_fail(NULL, 0);
		judge(campaign, scenario, before, what, status);
	}
}

static void prepare(Campaign *campaign, const Scenario *scenario, Before *before)
{
	Vks *vks;

	tree_remove(campaign->work);
	scenario_enter(campaign->work);
	vks = scenario_open();
	scenario_prepare(scenario, vks);
	before_init(before, vks);
	vks_close(vks);
	tree_copy(campaign->work, campaign->pristine);
}

static void inject_all(Campaign *campaign, const Scenario *scenario)
{
	Run count = { .scenario = scenario };
	Before before;
	int status;

	prepare(campaign, scenario, &before);
	status = run_traced(&count);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
		g_error("%s fails without a fault (status 0x%x)", scenario->name,
			(unsigned int)status);
	for (gsize call = 0; call < n_faulty_calls; call++) {
		for (guint nth = 0; nth < count.counts[call]; nth++)
			inject_call(campaign, scenario, &before, call, nth);
	}
	inject_steps(campaign, scenario, &before);
	before_clear(&before);
	printf("%s: %u fault points\n", scenario->name, campaign->tally->points);
	fflush(stdout);
}

static void run_scenario(Tally *tally, const Scenario *scenario)
{
	Campaign campaign = { .place = tree_make_place(), .tally = tally };

	campaign.pristine = g_build_filename(campaign.place, "pristine", NULL);
	campaign.work = g_build_filename(campaign.place, "work", NULL);
	scenario_paused =
		mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	inject_all(&campaign, scenario);
	tree_remove(campaign.place);
	g_free(campaign.place);
	g_free(campaign.pristine);
	g_free(campaign.work);
}

int main(int argc, char **argv)
{
	Tally tally;

	tally_init(&tally, "faults-inject", "[SCENARIO...]", argc, argv);
	tally_scenarios(&tally, run_scenario);
	return tally_end(&tally);
}
