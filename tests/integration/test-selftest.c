/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `vksession selftest`: every state gives its result in every mode and is well, what this vkernel
 * can't have is named and nothing else is skipped, and of what is damaged on purpose each part makes
 * the state fail that looks at it, and no other.
 * With a number as argument: so many stops and thaws of one busy guest, and nothing else. With the
 * argument "damage": each part is damaged alone, and nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/story.h"

#define FEWEST_STATES	    150
#define FEWEST_WITHOUT_DISK 130
#define FEW_CYCLES	    "10"
#define LIMIT_S		    1100
#define COMMAND_MS	    (1000 * 1000)

static struct {
	struct person person;
	const char *cycles;
} story = { .cycles = FEW_CYCLES };

/* What may be skipped, and why. */
static const struct {
	const char *state, *cause;
} known_skips[] = {
	/* Files that change behind the kernel's back: FUSE and NFS have no leases either. */
	{ "file-lease@hostfs", "Invalid argument" },
	/* Left out: in UML a thread that waits for a page would spin, and run no handlers. */
	{ "userfaultfd", "not implemented" },
	{ "registers-avx*", "this processor" },
	/* 120 MB to be fetched for one state. */
	{ "interpreter-java", "not installed" },
};

/* The runs of the self-test, and the states that each has. */
static const struct mode {
	const char *name;
	int cycles, cpus;
	const char *states;
} modes[] = {
	{ "control", 0, 1, "*" }, { "live", 1, 1, "*" },       { "stop", 1, 1, "*" },
	{ "stop", 3, 1, "*" },	  { "twice", 1, 1, "random" }, { "stop", 1, 2, "*" },
};

/* What can be damaged, and who is to notice. */
static const struct {
	const char *part, *state;
} damages[] = {
	{ "fpu", "registers-sse" },
	{ "timer", "posix-timers" },
	{ "timerfd", "timerfd-monotonic" },
	{ "epoll", "epoll-level" },
	{ "eventfd", "eventfd" },
	{ "signalfd", "signal-fd" },
	{ "inotify", "inotify" },
	{ "pipe", "pipe" },
	{ "socket", "socketpair" },
	{ "tcp", "tcp" },
	{ "terminal", "terminal-echo" },
	{ "queue", "posix-mq" },
	{ "memfd", "memory-memfd" },
	{ "signal", "signal-queue" },
	{ "mask", "signal-mask" },
	{ "position", "file-position@hostfs" },
	{ "append", "file-append@hostfs" },
	{ "deleted", "file-deleted@hostfs" },
	{ "disk", "file-deleted@disk" },
	{ "clock", "clocks" },
	{ "random", "random" },
};
#define NEEDS_TWO_THAWS (guint)(G_N_ELEMENTS(damages) - 1)

static JsonArray *results(JsonNode *node)
{
	return json_object_get_array_member(json_node_get_object(node), "results");
}

static bool is_known_skip(const char *state, const char *cause)
{
	for (guint i = 0; i < G_N_ELEMENTS(known_skips); i++) {
		if (g_pattern_match_simple(known_skips[i].state, state) &&
		    strstr(cause, known_skips[i].cause))
			return true;
	}
	return false;
}

/* @return how many results are not as they should be; tells each */
static guint count_bad(JsonNode *node)
{
	JsonArray *array = results(node);
	guint bad = 0;

	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonObject *one = json_array_get_object_element(array, i);
		const char *state = json_object_get_string_member(one, "state");
		const char *result = json_object_get_string_member(one, "result");
		const char *cause = json_object_get_string_member_with_default(one, "cause", "");

		if (strcmp(result, "ok") == 0 ||
		    (strcmp(result, "skipped") == 0 && is_known_skip(state, cause)))
			continue;
		printf("# %s x%d: %s %s: %s\n", json_object_get_string_member(one, "mode"),
		       (int)json_object_get_int_member(one, "cycles"), result, state, cause);
		bad++;
	}
	return bad;
}

static JsonNode *run_selftest(int status, const char *const *options)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = { .environment = story.person.environment,
					   .timeout_ms = COMMAND_MS };
	g_autoptr(GError) error = NULL;
	JsonNode *node;

	g_ptr_array_add(argv, getenv("VKSESSION"));
	g_ptr_array_add(argv, (gpointer) "selftest");
	g_ptr_array_add(argv, (gpointer) "--json");
	for (; *options; options++)
		g_ptr_array_add(argv, (gpointer)*options);
	g_ptr_array_add(argv, NULL);
	request.argv = (const char *const *)argv->pdata;
	run_process(&request, &result);
	printf("# selftest: exit %d, %.1f s\n", result.status, (double)result.elapsed_us / 1e6);
	node = json_from_string(result.out, &error);
	if (!node)
		fail_msg("no JSON: '%s', '%s'", result.out, result.err);
	if (result.status != status) {
		count_bad(node);
		fail_msg("exit %d instead of %d: %s", result.status, status, result.err);
	}
	return node;
}
#define selftest(status, ...) run_selftest(status, (const char *const[]){ __VA_ARGS__, NULL })

static void test_list(void **state)
{
	g_autoptr(JsonNode) list = vksession_json(&story.person, "selftest", "--list", "--json");
	JsonArray *array = json_node_get_array(list);

	assert_true(json_array_get_length(array) >= FEWEST_STATES);
	vksession_fails(&story.person, 2, "nonsense", "selftest", "--only", "nonsense");
	vksession_fails(&story.person, 2, "nonsense", "selftest", "--break", "nonsense");
	vksession_fails(&story.person, 2, "cycles", "selftest", "--cycles", "-1");
	story_step_done();
}

/* @return how many results of a mode are of a state */
static guint count_results(JsonNode *said, const struct mode *mode, const char *state)
{
	JsonArray *array = results(said);
	guint count = 0;

	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonObject *one = json_array_get_object_element(array, i);

		count += json_object_get_int_member(one, "cycles") == mode->cycles &&
			 json_object_get_int_member(one, "cpus") == mode->cpus &&
			 !strcmp(json_object_get_string_member(one, "mode"), mode->name) &&
			 g_pattern_match_simple(state, json_object_get_string_member(one, "state"));
	}
	return count;
}

/* Each state that the mode is to have has one result, and nothing else has. */
static void assert_complete(JsonNode *said, const struct mode *mode)
{
	g_autoptr(JsonNode) list = vksession_json(&story.person, "selftest", "--list", "--json");
	JsonArray *array = json_node_get_array(list);
	guint wanted = 0;

	for (guint i = 0; i < json_array_get_length(array); i++) {
		const char *state = json_object_get_string_member(
			json_array_get_object_element(array, i), "state");

		if (!g_pattern_match_simple(mode->states, state))
			continue;
		wanted++;
		if (count_results(said, mode, state) != 1)
			fail_msg("%s x%d, %d CPU: %s has %u results", mode->name, mode->cycles,
				 mode->cpus, state, count_results(said, mode, state));
	}
	printf("# %s x%d, %d CPU: %u states\n", mode->name, mode->cycles, mode->cpus, wanted);
	assert_int_equal(count_results(said, mode, "*"), wanted);
}

static void test_every_state_in_every_mode(void **state)
{
	g_autoptr(JsonNode) said = run_selftest(0, (const char *const[]){ NULL });
	int saves = 0;

	assert_int_equal(count_bad(said), 0);
	for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
		saves += modes[i].cycles;
		assert_complete(said, &modes[i]);
	}
	assert_int_equal(json_int(said, "failed"), 0);
	assert_int_equal(json_int(said, "saves"), saves);
	assert_nothing_runs(&story.person);
	story_step_done();
}

/* The way of sessions: a thaw that maps the memory. No disks. */
static void test_quick_thaw(void **state)
{
	g_autoptr(JsonNode) said = selftest(0, "--quick", "--stop");

	assert_int_equal(json_int(said, "failed"), 0);
	assert_int_equal(json_int(said, "saves"), 1);
	assert_true(json_int(said, "passed") >= FEWEST_WITHOUT_DISK);
	assert_nothing_runs(&story.person);
	story_step_done();
}

/* @return whether this part is damaged in a run */
typedef bool (*choice)(guint part, guint chosen);

static bool is_the_one(guint part, guint chosen)
{
	return part == chosen;
}

static bool is_in_half(guint part, guint half)
{
	return part % 2 == half && part != NEEDS_TWO_THAWS;
}

static const char *expected_result(const char *state, choice is_damaged, guint chosen)
{
	for (guint i = 0; i < G_N_ELEMENTS(damages); i++) {
		if (strcmp(damages[i].state, state) == 0 && is_damaged(i, chosen))
			return "failed";
	}
	return "ok";
}

/* Damages some parts of one guest: the states that look at them fail, and none of the others. */
static void damage(choice is_damaged, guint chosen)
{
	g_autoptr(GPtrArray) options = g_ptr_array_new();
	g_autoptr(JsonNode) said = NULL;
	JsonArray *array;
	int failures = 0;

	for (guint i = 0; i < G_N_ELEMENTS(damages); i++) {
		g_ptr_array_add(options, (gpointer) "--only");
		g_ptr_array_add(options, (gpointer)damages[i].state);
		if (!is_damaged(i, chosen))
			continue;
		g_ptr_array_add(options, (gpointer) "--break");
		g_ptr_array_add(options, (gpointer)damages[i].part);
		failures++;
	}
	g_ptr_array_add(options, NULL);
	said = run_selftest(1, (const char *const *)options->pdata);
	array = results(said);
	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonObject *one = json_array_get_object_element(array, i);
		const char *name = json_object_get_string_member(one, "state");
		const char *result = json_object_get_string_member(one, "result");
		const char *cause = json_object_get_string_member_with_default(one, "cause", "");

		if (strcmp(result, expected_result(name, is_damaged, chosen)) != 0)
			fail_msg("%s is %s: %s", name, result, cause);
		if (strcmp(result, "failed") == 0)
			printf("# damaged: %s: %s\n", name, cause);
	}
	assert_int_equal(json_int(said, "failed"), failures);
}

/* Each half of the parts in a guest of its own. */
static void test_it_can_fail(void **state)
{
	damage(is_in_half, 0);
	damage(is_in_half, 1);
	damage(is_the_one, NEEDS_TWO_THAWS);
	story_step_done();
}

/* Each part in a guest of its own. */
static void test_each_can_fail(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(damages); i++)
		damage(is_the_one, i);
	story_step_done();
}

/* Memory, code, pipes and files on all places are verified all the time by the states themselves. */
static void test_many_cycles(void **state)
{
	g_autoptr(JsonNode) said = selftest(0, "--stop", "--cycles", story.cycles);
	JsonArray *array = results(said);
	bool growth_was_looked_at = false;

	assert_int_equal(count_bad(said), 0);
	assert_int_equal(json_int(said, "saves"), atoi(story.cycles));
	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonObject *one = json_array_get_object_element(array, i);

		if (strcmp(json_object_get_string_member(one, "state"), "growth") != 0)
			continue;
		growth_was_looked_at = true;
		printf("# %s\n", json_object_get_string_member(one, "cause"));
	}
	assert_true(growth_was_looked_at);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_list),
	STORY_STEP(test_it_can_fail),
	STORY_STEP(test_every_state_in_every_mode),
	STORY_STEP(test_quick_thaw),
	STORY_STEP(test_many_cycles),
};

static const struct CMUnitTest each_damage[] = { STORY_STEP(test_each_can_fail) };

int main(int argc, char **argv)
{
	struct story_plan plan = {
		.name = "selftest",
		.person = &story.person,
		.steps = steps,
		.count = G_N_ELEMENTS(steps),
		.limit_s = LIMIT_S,
	};

	if (argc > 1 && strcmp(argv[1], "damage") == 0) {
		plan.steps = each_damage;
		plan.count = G_N_ELEMENTS(each_damage);
	} else if (argc > 1) {
		story.cycles = argv[1];
		plan.steps = &steps[G_N_ELEMENTS(steps) - 1];
		plan.count = 1;
		plan.limit_s = (unsigned int)(LIMIT_S + 30 * atoi(argv[1]));
	}
	return story_main(&plan);
}
