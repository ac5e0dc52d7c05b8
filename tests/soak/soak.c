/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One session with programs at work, which is saved again and again. After every other save
 * something else happens to it, chosen by chance: a save that ends it and a thaw, a vkernel that is
 * killed, a save that is killed in the middle, a way back to an older save. After each, the
 * programs must go on without having noticed anything; all saves must be intact; the memory of the
 * guest, of its vkernel and of its launcher must not grow; the store must stay within what the
 * session's policy allows.
 *
 * Environment: SOAK_SECONDS (3600), SOAK_EVERY_MS (10000, between two saves), SOAK_SEED.
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

#define NAME	  "soak"
#define CHURN_MIB 48
#define GO_ON_MS  60000
#define KEPT	  3 /* saves */

/* What must not grow, in KiB: looked at after each save. */
enum { GUEST_MEMORY, VKERNEL_MEMORY, LAUNCHER_MEMORY, THINGS };

static struct {
	struct person person;
	GRand *rand;
	char *status; /* what churn.py tells */
	guint saves, thaws, kills, cut, rollbacks, prunes;
	guint rounds, late;   /* a round: a save and what comes with it; late: it took too long */
	gint64 took_ms;	      /* all rounds */
	GArray *seen[THINGS]; /* of gint64 */
	gint64 store_kib;     /* the most that it ever took, between clean-ups too */
	gint64 cleaned_kib;   /* the most that it took after one */
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

/* @return a number that stands behind a name, as in /proc/meminfo */
static gint64 number_of(const char *text, const char *name)
{
	const char *place = strstr(text, name);

	if (!place)
		fail_msg("no %s in: %s", name, text);
	return g_ascii_strtoll(place + strlen(name), NULL, 10);
}

/* What its kernel and programs hold: the rest is free, or cache. */
static gint64 guest_kib(void)
{
	g_autofree char *text =
		vksession_output(&soak.person, "exec", NAME, "--", "cat", "/proc/meminfo");

	return number_of(text, "MemTotal:") - number_of(text, "MemAvailable:");
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

/*
 * One more than are kept may be there after a way back, and only then: what was gone back to.
 * @return memory of the largest save that there is, in KiB
 */
static gint64 largest_save_kib(void)
{
	g_autoptr(JsonNode) saves = vksession_json(&soak.person, "saves", "--json", NAME);
	JsonArray *array = json_node_get_array(saves);
	guint count = json_array_get_length(array);
	gint64 largest = 0;
	JsonObject *newest;

	assert_true(count > 0);
	newest = json_array_get_object_element(array, count - 1);
	if (strcmp(json_object_get_string_member(newest, "reason"), "rollback") == 0)
		assert_in_range(count, 1, KEPT + 1);
	else
		assert_in_range(count, 1, KEPT);
	for (guint i = 0; i < count; i++)
		largest = MAX(largest,
			      json_object_get_int_member(json_array_get_object_element(array, i),
							 "memory_bytes"));
	return largest / 1024;
}

/*
 * What is kept may be whole, all of it, as after a thaw each time; and one more may lie there,
 * which was gone back to, or which another is built on.
 */
static void prune(void)
{
	g_autoptr(JsonNode) info = NULL;
	gint64 kib, allowed;

	vksession_ok(&soak.person, "prune", NAME);
	soak.prunes++;
	info = session_info(&soak.person, NAME);
	kib = json_int(info, "disk_bytes") / 1024;
	soak.cleaned_kib = MAX(soak.cleaned_kib, kib);
	allowed = (KEPT + 1) * largest_save_kib();
	if (kib > allowed)
		fail_msg("the store takes %" G_GINT64_FORMAT " KiB, more than %" G_GINT64_FORMAT,
			 kib, allowed);
}

static const struct {
	void (*happen)(void);
	guint weight;
} things[] = {
	{ NULL, 10 }, { end_and_thaw, 2 }, { kill_and_thaw, 2 }, { cut_save, 3 }, { roll_back, 2 },
};

static void perhaps_something_else(void)
{
	gint32 total = 0, chosen;
	gsize i = 0;

	for (gsize k = 0; k < G_N_ELEMENTS(things); k++)
		total += (gint32)things[k].weight;
	chosen = g_rand_int_range(soak.rand, 0, total);
	while (chosen >= (gint32)things[i].weight)
		chosen -= (gint32)things[i++].weight;
	if (things[i].happen)
		things[i].happen();
}

static void look(void)
{
	g_autoptr(JsonNode) info = session_info(&soak.person, NAME);
	pid_t vkernel = (pid_t)json_int(info, "vkernel_pid");
	pid_t launcher = (pid_t)process_status(vkernel, "PPid");
	const gint64 now[THINGS] = {
		[GUEST_MEMORY] = guest_kib(),
		/* What is its own: the guest's memory is shared. */
		[VKERNEL_MEMORY] = (gint64)process_status(vkernel, "RssAnon"),
		[LAUNCHER_MEMORY] = (gint64)process_status(launcher, "RssAnon"),
	};

	for (guint i = 0; i < THINGS; i++)
		g_array_append_val(soak.seen[i], now[i]);
	soak.store_kib = MAX(soak.store_kib, json_int(info, "disk_bytes") / 1024);
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
	for (guint i = 0; i < THINGS; i++)
		soak.seen[i] = g_array_new(FALSE, FALSE, sizeof(gint64));
	vksession_ok(&soak.person, "run", "-s", NAME, "--memory", "1G", "--", "xterm", "-e", churn,
		     soak.status, G_STRINGIFY(CHURN_MIB));
	vksession_ok(&soak.person, "policy", NAME, "keep=" G_STRINGIFY(KEPT), "hourly=0", "daily=0",
		     "weekly=0");
	if (!wait_for_file(soak.status, NULL, GO_ON_MS))
		fail_msg("the program does not begin");
	save();
	save();
	prune();
	story_step_done();
}

static void test_soak(void **state)
{
	gint64 every = setting("SOAK_EVERY_MS", 10000), begin = now_ms();
	gint64 end = begin + setting("SOAK_SECONDS", 3600) * 1000;

	for (guint i = 0; now_ms() < end; i++) {
		gint64 next = now_ms() + every;

		save();
		perhaps_something_else();
		assert_goes_on();
		look();
		if (i % 8 == 7) {
			assert_all_intact();
			prune();
		}
		soak.rounds++;
		if (next > now_ms())
			let_time_pass((int)(next - now_ms()));
		else
			soak.late++;
	}
	soak.took_ms = now_ms() - begin;
	story_step_done();
}

static gint compare_numbers(gconstpointer a, gconstpointer b)
{
	const gint64 *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Half of what was seen in a part of the time is less. */
static gint64 median(const GArray *seen, guint from, guint to)
{
	g_autoptr(GArray) part = g_array_new(FALSE, FALSE, sizeof(gint64));

	g_array_append_vals(part, &g_array_index(seen, gint64, from), to - from);
	g_array_sort(part, compare_numbers);
	return g_array_index(part, gint64, part->len / 2);
}

/*
 * The first third of the time against the last. What is allowed is what one look may differ from
 * another for a reason that has nothing to do with time.
 */
static void assert_flat(void)
{
	static const struct {
		const char *name;
		gint64 allowed_mib;
	} limits[THINGS] = {
		[GUEST_MEMORY] = { "the guest's memory", 16 }, /* the display server's buffers */
		[VKERNEL_MEMORY] = { "the vkernel's own memory", 4 },
		[LAUNCHER_MEMORY] = { "the launcher's memory", 1 },
	};
	bool flat = true;

	for (guint i = 0; i < THINGS; i++) {
		guint count = soak.seen[i]->len, third = (count + 2) / 3;
		gint64 first = median(soak.seen[i], 0, third);
		gint64 last = median(soak.seen[i], count - third, count);

		printf("# %s: %.1f MiB, %.1f MiB at the end\n", limits[i].name,
		       (double)first / 1024, (double)last / 1024);
		flat &= last - first <= limits[i].allowed_mib * 1024;
	}
	if (!flat)
		fail_msg("something grows");
}

static void test_flat(void **state)
{
	prune();
	assert_all_intact();
	printf("# rate: %u rounds in %.0f s, one each %.1f s, %u took longer than that\n",
	       soak.rounds, (double)soak.took_ms / 1000,
	       (double)setting("SOAK_EVERY_MS", 10000) / 1000, soak.late);
	printf("# soak: %u saves, %u thaws, %u vkernels killed, %u saves cut, %u rollbacks, %u "
	       "prunes; 0 corrupt; the store took %.1f MiB at most, %.1f MiB after a prune\n",
	       soak.saves, soak.thaws, soak.kills, soak.cut, soak.rollbacks, soak.prunes,
	       (double)soak.store_kib / 1024, (double)soak.cleaned_kib / 1024);
	assert_flat();
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
	for (guint i = 0; i < THINGS; i++) {
		if (soak.seen[i])
			g_array_unref(soak.seen[i]);
	}
	if (soak.rand)
		g_rand_free(soak.rand);
}

STORY_MAIN("soak", soak.person, steps, (guint)setting("SOAK_SECONDS", 3600) + 600, .end = end)
