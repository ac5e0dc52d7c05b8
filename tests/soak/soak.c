/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One session with programs at work. All the time one thing after the other happens to it, chosen
 * by chance: a save, a save that ends it and a thaw, a vkernel that is killed, a save that is
 * killed in the middle, a way back to an older save, a clean-up. After each, the programs must go
 * on without having noticed anything; all saves must be intact; and neither the vkernel's memory
 * nor the store may grow.
 *
 * Environment: SOAK_SECONDS (3600), SOAK_EVERY_MS (10000, between two things), SOAK_SEED.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/person.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"

#define NAME	     "soak"
#define CHURN_MIB    "48"
#define GO_ON_MS     60000
#define MEMORY_SLACK (64 * 1024) /* KiB */
#define DISK_SLACK   G_GUINT64_CONSTANT(96000000)

static struct {
	struct person person;
	GRand *rand;
	char *status; /* what churn.py tells */
	guint saves, thaws, kills, cut, rollbacks, prunes;
	gint64 first_kib, last_kib;
	gint64 disk_first_half, disk_second_half; /* the most, bytes */
	gint64 begin_ms, end_ms;
} soak;

static gint64 setting(const char *name, gint64 value)
{
	const char *text = g_getenv(name);

	return text && *text ? g_ascii_strtoll(text, NULL, 10) : value;
}

/* Steps that the guest's memory at work has done; fails if it found anything wrong. */
static gint64 read_steps(void)
{
	g_autofree char *text = NULL;
	char *rest = NULL;
	gint64 steps;

	if (!g_file_get_contents(soak.status, &text, NULL, NULL))
		return 0;
	steps = g_ascii_strtoll(text, &rest, 10);
	if (g_ascii_strtoll(rest, NULL, 10) != 0)
		fail_msg("memory is wrong in the guest: %s", text);
	return steps;
}

static bool has_gone_on(void *data)
{
	const gint64 *steps = data;

	/* After a way back, it begins with fewer. */
	return read_steps() != *steps;
}

static void assert_goes_on(void)
{
	gint64 steps = read_steps();

	if (!wait_until(has_gone_on, &steps, -1, GO_ON_MS))
		fail_msg("the session's programs stand still");
	vksession_ok(&soak.person, "exec", NAME, "--", "true");
}

static void thaw(void)
{
	vksession_ok(&soak.person, "thaw", "--detach", NAME);
	soak.thaws++;
}

/* What may happen. */

static void save(void)
{
	vksession_ok(&soak.person, "save", NAME);
	soak.saves++;
}

static void end_and_thaw(void)
{
	vksession_ok(&soak.person, "save", "--stop", NAME);
	soak.saves++;
	thaw();
}

static bool has_ended(void *data)
{
	const pid_t *pid = data;

	return kill(*pid, 0) < 0;
}

static void kill_and_thaw(void)
{
	pid_t pid = session_vkernel(&soak.person, NAME);

	kill(pid, SIGKILL);
	if (!wait_until(has_ended, &pid, -1, GO_ON_MS))
		fail_msg("the vkernel does not end");
	soak.kills++;
	thaw();
}

/* A save whose command is killed at some moment of it. The session goes on. */
static void cut_save(void)
{
	const char *const argv[] = { g_getenv("VKSESSION"), "save", NAME, NULL };
	pid_t pid = start_process(argv, soak.person.environment, -1, soak.person.log);

	let_time_pass(g_rand_int_range(soak.rand, 1, 800));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	soak.cut++;
}

static void roll_back(void)
{
	g_autoptr(JsonNode) saves = vksession_json(&soak.person, "saves", "--json", NAME);
	JsonArray *array = json_node_get_array(saves);
	guint i = (guint)g_rand_int_range(soak.rand, 0, (gint32)json_array_get_length(array));
	g_autofree char *number = g_strdup_printf(
		"%" G_GINT64_FORMAT,
		json_object_get_int_member(json_array_get_object_element(array, i), "save"));

	vksession_ok(&soak.person, "rollback", "--detach", NAME, number);
	soak.rollbacks++;
	soak.saves++;
	soak.thaws++;
}

static void prune(void)
{
	vksession_ok(&soak.person, "prune", NAME);
	soak.prunes++;
}

static const struct {
	void (*happen)(void);
	guint weight;
} things[] = {
	{ save, 10 },	 { end_and_thaw, 2 }, { kill_and_thaw, 2 },
	{ cut_save, 3 }, { roll_back, 2 },    { prune, 2 },
};

static void something(void)
{
	gint32 total = 0, chosen;
	gsize i = 0;

	for (gsize k = 0; k < G_N_ELEMENTS(things); k++)
		total += (gint32)things[k].weight;
	chosen = g_rand_int_range(soak.rand, 0, total);
	while (chosen >= (gint32)things[i].weight)
		chosen -= (gint32)things[i++].weight;
	things[i].happen();
}

static void look(void)
{
	g_autoptr(JsonNode) info = session_info(&soak.person, NAME);
	gint64 disk = json_int(info, "disk_bytes");
	gint64 *most = now_ms() < (soak.begin_ms + soak.end_ms) / 2 ? &soak.disk_first_half
								    : &soak.disk_second_half;

	*most = MAX(*most, disk);
	soak.last_kib = (gint64)process_status(session_vkernel(&soak.person, NAME), "VmRSS");
	if (!soak.first_kib)
		soak.first_kib = soak.last_kib;
}

static void assert_all_intact(void)
{
	g_autoptr(JsonNode) saves = vksession_json(&soak.person, "verify", "--json", NAME);
	JsonArray *array = json_node_get_array(saves);

	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonObject *one = json_array_get_object_element(array, i);

		if (!json_object_get_boolean_member(one, "valid"))
			fail_msg("save %" G_GINT64_FORMAT ": %s",
				 json_object_get_int_member(one, "save"),
				 json_object_get_string_member(one, "problem"));
	}
}

static void test_start(void **state)
{
	g_autofree char *churn = guest_program("churn.py");

	soak.rand = g_rand_new_with_seed((guint32)setting("SOAK_SEED", 1));
	soak.status = person_path(&soak.person, "churn");
	vksession_ok(&soak.person, "run", "-s", NAME, "--memory", "1G", "--", "xterm", "-e", churn,
		     soak.status, CHURN_MIB);
	vksession_ok(&soak.person, "policy", NAME, "keep=3", "hourly=0", "daily=0", "weekly=0");
	if (!wait_for_file(soak.status, NULL, GO_ON_MS))
		fail_msg("the program does not begin");
	save();
	save();
	prune();
	story_step_done();
}

static void test_soak(void **state)
{
	gint64 every = setting("SOAK_EVERY_MS", 10000);

	soak.begin_ms = now_ms();
	soak.end_ms = soak.begin_ms + setting("SOAK_SECONDS", 3600) * 1000;
	for (guint i = 0; now_ms() < soak.end_ms; i++) {
		gint64 next = now_ms() + every;

		something();
		assert_goes_on();
		look();
		if (i % 8 == 7)
			assert_all_intact();
		if (next > now_ms())
			let_time_pass((int)(next - now_ms()));
	}
	story_step_done();
}

static void test_flat(void **state)
{
	prune();
	assert_all_intact();
	look();
	printf("# soak: %u saves, %u thaws, %u vkernels killed, %u saves cut, %u rollbacks, %u "
	       "prunes; 0 corrupt; memory %" G_GINT64_FORMAT " -> %" G_GINT64_FORMAT
	       " MiB; disk at most %" G_GINT64_FORMAT " MB, then %" G_GINT64_FORMAT " MB\n",
	       soak.saves, soak.thaws, soak.kills, soak.cut, soak.rollbacks, soak.prunes,
	       soak.first_kib / 1024, soak.last_kib / 1024, soak.disk_first_half / 1000000,
	       soak.disk_second_half / 1000000);
	if (soak.last_kib > soak.first_kib * 5 / 4 + MEMORY_SLACK)
		fail_msg("the vkernel's memory grows");
	if (soak.disk_first_half &&
	    soak.disk_second_half > soak.disk_first_half * 3 / 2 + (gint64)DISK_SLACK)
		fail_msg("the store grows");
	vksession_ok(&soak.person, "stop", NAME);
	assert_nothing_runs(&soak.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),
	STORY_STEP(test_soak),
	STORY_STEP(test_flat),
};

static void end(void)
{
	g_free(soak.status);
	if (soak.rand)
		g_rand_free(soak.rand);
}

int main(void)
{
	const struct story_plan plan = {
		.name = "soak",
		.person = &soak.person,
		.end = end,
		.steps = steps,
		.count = G_N_ELEMENTS(steps),
		.limit_s = (guint)setting("SOAK_SECONDS", 3600) + 600,
	};

	return story_main(&plan);
}
