/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   record - For each scenario the operation is run once, and what it does to the store is
 * recorded: names, data, syncs, in their order. replay - Power fails at each moment. Of the changes
 * of names that are not safe by then arrive: each number of the first ones, all but one, just one,
 * and some at random; and the data that are not safe are there, or lost, or zeros. For each state
 * that the disk may be in: the verdict, and the next start in a new boot. Once the operation has
 * said that it is done, what it has done must be there in every state.
 *
 * Usage: faults-power [--every N] [--jobs N] [SCENARIO...]
 * The last line is `N fault points, M saves lost`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "disk.h"
#include "scenario.h"
#include "tally.h"
#include "tree.h"
#include "verdict.h"

#define RANDOM_SUBSETS 4u
#define MAX_SHOWN      20u

typedef struct {
	char *place, *pristine, *work, *store, *runtime;
	Tally *tally;
} Campaign;

/** One scenario that is replayed. */
typedef struct {
	Campaign *campaign;
	const Scenario *scenario;
	const Before *before;
	Disk *disk;
	guint moment, moments, pending;
} Replay;

static int act(gpointer user_data)
{
	const Scenario *scenario = user_data;
	Vks *vks = scenario_open();

	return scenario->act(vks, NULL) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void judge(const Replay *replay, const gboolean *arrived, DiskFate fate)
{
	static const char *const fates[] = { "kept", "lost", "zeroed" };
	Campaign *campaign = replay->campaign;
	gboolean done = replay->moment == replay->moments;
	Vks *vks = scenario_open();
	Verdict verdict;

	verdict_judge(&verdict, replay->scenario, replay->before, vks, done);
	verdict_recover(&verdict, replay->scenario, replay->before, vks);
	vks_close(vks);
	campaign->tally->points++;
	campaign->tally->lost += verdict.lost;
	if (verdict.wrong->len > 0 && ++campaign->tally->wrong <= MAX_SHOWN) {
		printf("WRONG %s: power fails after %u of %u, names ", replay->scenario->name,
		       replay->moment, replay->moments);
		for (guint i = 0; i < replay->pending; i++)
			putchar(arrived[i] ? '1' : '0');
		printf(", data %s:%s\n", fates[fate], verdict.wrong->str);
	}
	fflush(stdout);
	verdict_clear(&verdict);
}

/* A new boot: nothing runs, and the runtime directory is empty. */
static void forget_runtime(const Campaign *campaign)
{
	tree_remove(campaign->runtime);
	if (mkdir(campaign->runtime, 0700) < 0)
		g_error("cannot make %s: %m", campaign->runtime);
}

static void try_state(const Replay *replay, const gboolean *arrived)
{
	Campaign *campaign = replay->campaign;

	for (DiskFate fate = DISK_KEPT; fate < DISK_FATES; fate++) {
		if (campaign->tally->seen++ % campaign->tally->every != 0 ||
		    !disk_write(replay->disk, arrived, fate, campaign->store))
			continue;
		forget_runtime(campaign);
		judge(replay, arrived, fate);
	}
}

static void fail_at(const Replay *replay, GRand *random)
{
	guint n = replay->pending;
	g_autofree gboolean *arrived = g_new0(gboolean, n + 1);

	for (guint first = 0; first <= n; first++) {
		for (guint i = 0; i < n; i++)
			arrived[i] = i < first;
		try_state(replay, arrived);
	}
	for (guint one = 0; one < n; one++) {
		for (guint i = 0; i < n; i++)
			arrived[i] = i == one;
		try_state(replay, arrived);
		for (guint i = 0; i < n; i++)
			arrived[i] = i != one;
		try_state(replay, arrived);
	}
	for (guint subset = 0; n > 2 && subset < RANDOM_SUBSETS; subset++) {
		for (guint i = 0; i < n; i++)
			arrived[i] = g_rand_boolean(random);
		try_state(replay, arrived);
	}
}

static void replay_records(Campaign *campaign, const Scenario *scenario, const Before *before,
			   const char *pristine_store, const GPtrArray *records)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(1);
	Replay replay = {
		.campaign = campaign,
		.scenario = scenario,
		.before = before,
		.disk = disk_new(pristine_store, records),
		.moments = records->len,
	};

	for (replay.moment = 0; replay.moment <= records->len; replay.moment++) {
		replay.pending = disk_go_to(replay.disk, replay.moment);
		fail_at(&replay, random);
	}
	disk_free(replay.disk);
	printf("%s: %u states of the disk, from %u steps\n", scenario->name,
	       campaign->tally->points, records->len);
	fflush(stdout);
}

static void replay_scenario(Campaign *campaign, const Scenario *scenario)
{
	g_autoptr(GPtrArray) records = NULL;
	Before before;
	int status;
	Vks *vks;

	tree_remove(campaign->work);
	scenario_enter(campaign->work);
	vks = scenario_open();
	scenario_prepare(scenario, vks);
	before_init(&before, vks);
	vks_close(vks);
	tree_copy(campaign->store, campaign->pristine);
	records = record_run(campaign->store, act, (gpointer)scenario, &status);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
		g_error("%s fails without a fault", scenario->name);
	/* The model is that of the store, wherever it is read from. */
	tree_copy(campaign->pristine, campaign->store);
	replay_records(campaign, scenario, &before, campaign->store, records);
	before_clear(&before);
}

static void run_scenario(Tally *tally, const Scenario *scenario)
{
	Campaign campaign = { .place = tree_make_place(), .tally = tally };

	campaign.pristine = g_build_filename(campaign.place, "pristine", NULL);
	campaign.work = g_build_filename(campaign.place, "work", NULL);
	campaign.store = g_build_filename(campaign.work, "state", NULL);
	campaign.runtime = g_build_filename(campaign.work, "run", NULL);
	replay_scenario(&campaign, scenario);
	tree_remove(campaign.place);
	g_free(campaign.place);
	g_free(campaign.pristine);
	g_free(campaign.work);
	g_free(campaign.store);
	g_free(campaign.runtime);
}

int main(int argc, char **argv)
{
	Tally tally;

	tally_init(&tally, "faults-power", "[SCENARIO...]", argc, argv);
	tally_scenarios(&tally, run_scenario);
	return tally_end(&tally);
}
