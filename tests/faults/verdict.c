/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict.h"

#include <string.h>
#include <unistd.h>

#include "vksession/encryption.h"
#include "vksession/kernels.h"
#include "vksession/paths.h"
#include "vksession/store.h"

static char *saves_dir(const Vks *vks)
{
	return g_build_filename(vks->store_dir, SCENARIO_SESSION, "saves", NULL);
}

/* Reads a save whole, opens it if it is encrypted, and its kernel. */
static gboolean is_good(const Vks *vks, const char *dir, guint number)
{
	g_autoptr(VksManifest) manifest = vks_store_load(dir, number, NULL);
	g_autoptr(VksSession) session =
		vks_session_find((Vks *)vks, SCENARIO_SESSION, VKS_SESSION_RECORD_OPTIONAL, NULL);
	g_autofree char *kernel = NULL;

	if (!manifest || !session || !vks_session_unlock_save(session, manifest, NULL) ||
	    !vks_store_verify(dir, manifest, NULL, NULL, NULL, NULL))
		return FALSE;
	kernel = vks_kernels_get(vks->store_dir, manifest->kernel_hash, NULL);
	return kernel != NULL;
}

void before_init(Before *before, Vks *vks)
{
	g_autofree char *dir = saves_dir(vks);

	before->good = vks_store_numbers(dir, NULL);
	for (guint i = 0; i < before->good->len; i++) {
		if (!is_good(vks, dir, g_array_index(before->good, guint, i)))
			g_error("a save of the prepared store is not good");
	}
}

void before_clear(Before *before)
{
	g_array_unref(before->good);
}

void verdict_clear(Verdict *verdict)
{
	g_string_free(verdict->wrong, TRUE);
}

static gboolean contains(const GArray *numbers, guint number)
{
	for (guint i = 0; i < numbers->len; i++) {
		if (g_array_index(numbers, guint, i) == number)
			return TRUE;
	}
	return FALSE;
}

/* A save that the operation may take away. */
static gboolean may_go(const Scenario *scenario, guint number)
{
	return scenario->may_vanish || (scenario->change < 0 && number == 1);
}

static void judge_old(Verdict *verdict, const Scenario *scenario, const Before *before,
		      const Vks *vks, const GArray *now)
{
	g_autofree char *dir = saves_dir(vks);
	guint gone = 0;

	for (guint i = 0; i < before->good->len; i++) {
		guint number = g_array_index(before->good, guint, i);

		if (is_good(vks, dir, number))
			continue;
		gone++;
		if (may_go(scenario, number) && !contains(now, number))
			continue;
		verdict->lost++;
		g_string_append_printf(verdict->wrong, " save %u is lost;", number);
	}
	if (scenario->may_vanish && gone > 0 && gone < before->good->len)
		g_string_append(verdict->wrong, " only some saves are gone;");
}

static void judge_new(Verdict *verdict, const Scenario *scenario, const Before *before,
		      const Vks *vks, const GArray *now)
{
	g_autofree char *dir = saves_dir(vks);
	int added = 0;

	for (guint i = 0; i < now->len; i++) {
		guint number = g_array_index(now, guint, i);

		if (contains(before->good, number))
			continue;
		added++;
		if (!is_good(vks, dir, number))
			g_string_append_printf(verdict->wrong, " save %u is not whole;", number);
	}
	if (added > MAX(scenario->change, 0))
		g_string_append_printf(verdict->wrong, " %d saves too many;", added);
}

void verdict_judge(Verdict *verdict, const Scenario *scenario, const Before *before, Vks *vks,
		   gboolean completed)
{
	g_autofree char *dir = saves_dir(vks);
	g_autoptr(GArray) now = vks_store_numbers(dir, NULL);
	gint64 expected = scenario->may_vanish ? 0 : (gint64)before->good->len + scenario->change;

	*verdict = (Verdict){ .wrong = g_string_new(NULL) };
	judge_old(verdict, scenario, before, vks, now);
	judge_new(verdict, scenario, before, vks, now);
	if (completed && now->len != expected)
		g_string_append_printf(verdict->wrong, " done, it said, with %u saves;", now->len);
}

static void judge_leftovers(Verdict *verdict, const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		if (g_str_has_prefix(name, ".new") || g_str_has_prefix(name, ".drop"))
			g_string_append_printf(verdict->wrong, " %s/%s is left over;", path, name);
	}
}

void verdict_recover(Verdict *verdict, const Scenario *scenario, const Before *before, Vks *vks)
{
	g_autofree char *dir = saves_dir(vks);
	g_autofree char *held = g_build_filename(vks->runtime_dir, SCENARIO_SESSION, "held", NULL);
	g_autofree char *session = g_build_filename(vks->store_dir, SCENARIO_SESSION, NULL);
	g_autofree char *kernels = g_build_filename(vks->store_dir, "kernels", NULL);
	g_autofree char *pins = g_build_filename(vks->store_dir, "pins", NULL);
	const char *const places[] = { vks->store_dir, session, dir, kernels, pins };
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) now = NULL;

	if (!scenario->recover(vks, &error))
		g_string_append_printf(verdict->wrong, " the next start: %s;", error->message);
	for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
		judge_leftovers(verdict, places[i]);
	if (access(held, F_OK) == 0)
		g_string_append(verdict->wrong, " the session is held;");
	now = vks_store_numbers(dir, NULL);
	for (guint i = 0; i < now->len; i++) {
		guint number = g_array_index(now, guint, i);

		if (!is_good(vks, dir, number))
			g_string_append_printf(verdict->wrong, " later, save %u is not good;",
					       number);
	}
}
