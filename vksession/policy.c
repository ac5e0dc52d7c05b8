/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/policy.h"

#include <string.h>

#define GROUP	   "saves"
#define MAX_COUNT  10000u
#define HOUR_US	   (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)
#define DAY_US	   (24 * HOUR_US)
/* 1970 began on a Thursday, weeks begin on Mondays. */
#define WEEK_US	   (7 * DAY_US)
#define WEEK_SHIFT (3 * DAY_US)

typedef enum { KIND_COUNT, KIND_SIZE, KIND_BOOL, KIND_STAGING, KIND_ENCRYPTION } Kind;

typedef struct {
	const char *name;
	Kind kind;
	gsize offset;
	guint min, max; /* of a count */
} Setting;

#define PLACE(member) G_STRUCT_OFFSET(VksPolicy, member)

static const Setting settings[] = {
	{ "keep", KIND_COUNT, PLACE(keep), 1, MAX_COUNT },
	{ "hourly", KIND_COUNT, PLACE(hourly), 0, MAX_COUNT },
	{ "daily", KIND_COUNT, PLACE(daily), 0, MAX_COUNT },
	{ "weekly", KIND_COUNT, PLACE(weekly), 0, MAX_COUNT },
	{ "size-limit", KIND_SIZE, PLACE(size_limit), 0, 0 },
	{ "incremental", KIND_BOOL, PLACE(incremental), 0, 0 },
	{ "reflink", KIND_BOOL, PLACE(reflink), 0, 0 },
	{ "chain", KIND_COUNT, PLACE(chain), 1, 32 },
	{ "verify", KIND_BOOL, PLACE(verify), 0, 0 },
	{ "staging", KIND_STAGING, PLACE(staging), 0, 0 },
	{ "quick-thaw", KIND_BOOL, PLACE(quick_thaw), 0, 0 },
	{ "short-pause", KIND_BOOL, PLACE(short_pause), 0, 0 },
	{ "encrypt", KIND_ENCRYPTION, PLACE(encrypt), 0, 0 },
};

static const char *const staging_names[] = {
	[VKS_STAGING_AUTO] = "auto",
	[VKS_STAGING_MEMORY] = "memory",
	[VKS_STAGING_DISK] = "disk",
};

void vks_policy_init(VksPolicy *policy)
{
	*policy = (VksPolicy){
		.keep = 5,
		.hourly = 6,
		.daily = 7,
		.weekly = 4,
		.size_limit = 0,
		.incremental = TRUE,
		.reflink = TRUE,
		.chain = 8,
		.quick_thaw = TRUE,
		.short_pause = TRUE,
	};
}

const char *const *vks_policy_names(void)
{
	static const char *names[G_N_ELEMENTS(settings) + 1];

	for (gsize i = 0; i < G_N_ELEMENTS(settings); i++)
		names[i] = settings[i].name;
	return names;
}

static const Setting *find_setting(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	}
	return NULL;
}

static gboolean parse_size(const char *text, guint64 *bytes)
{
	static const struct {
		const char *suffix;
		guint shift;
	} units[] = { { "", 0 }, { "K", 10 }, { "M", 20 }, { "G", 30 }, { "T", 40 } };
	char *end = NULL;
	guint64 value = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 10) : 0;

	for (gsize i = 0; end && i < G_N_ELEMENTS(units); i++) {
		if (strcmp(end, units[i].suffix) == 0 &&
		    value <= (guint64)G_MAXINT64 >> units[i].shift) {
			*bytes = value << units[i].shift;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean parse_staging(const char *text, VksStagingMode *mode)
{
	for (guint i = 0; i < G_N_ELEMENTS(staging_names); i++) {
		if (strcmp(staging_names[i], text) == 0) {
			*mode = (VksStagingMode)i;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean parse_bool(const char *text, gboolean *value)
{
	*value = strcmp(text, "yes") == 0;
	return *value || strcmp(text, "no") == 0;
}

static gboolean parse_count(const Setting *setting, const char *text, guint *value)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, setting->min, setting->max, &number, NULL))
		return FALSE;
	*value = (guint)number;
	return TRUE;
}

static gboolean parse_value(const Setting *setting, const char *value, gpointer place)
{
	switch (setting->kind) {
	case KIND_COUNT:
		return parse_count(setting, value, place);
	case KIND_SIZE:
		return parse_size(value, place);
	case KIND_BOOL:
		return parse_bool(value, place);
	case KIND_STAGING:
		return parse_staging(value, place);
	case KIND_ENCRYPTION:
		return vks_encryption_parse(value, place);
	}
	return FALSE;
}

static const char *expected(Kind kind)
{
	static const char *const texts[] = {
		[KIND_COUNT] = "a number",
		[KIND_SIZE] = "a size such as 500M or 20G, 0 for none",
		[KIND_BOOL] = "yes or no",
		[KIND_STAGING] = "auto, memory or disk",
		[KIND_ENCRYPTION] = "none, keyring or passphrase",
	};

	return texts[kind];
}

gboolean vks_policy_set(VksPolicy *policy, const char *name, const char *value, GError **error)
{
	const Setting *setting = find_setting(name);

	if (!setting) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "there is no setting \"%s\"", name);
		return FALSE;
	}
	if (parse_value(setting, value, G_STRUCT_MEMBER_P(policy, setting->offset)))
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
		    "setting %s can't be \"%s\", but %s", name, value, expected(setting->kind));
	return FALSE;
}

char *vks_policy_get(const VksPolicy *policy, const char *name)
{
	const Setting *setting = find_setting(name);
	gconstpointer place = setting ? G_STRUCT_MEMBER_P(policy, setting->offset) : NULL;

	if (!setting)
		return NULL;
	switch (setting->kind) {
	case KIND_COUNT:
		return g_strdup_printf("%u", *(const guint *)place);
	case KIND_SIZE:
		return g_strdup_printf("%" G_GUINT64_FORMAT, *(const guint64 *)place);
	case KIND_BOOL:
		return g_strdup(*(const gboolean *)place ? "yes" : "no");
	case KIND_STAGING:
		return g_strdup(staging_names[*(const VksStagingMode *)place]);
	case KIND_ENCRYPTION:
		return g_strdup(vks_encryption_name(*(const VksEncryption *)place));
	}
	return NULL;
}

char *vks_policy_path(void)
{
	const char *config = g_getenv("XDG_CONFIG_HOME");

	if (config && g_path_is_absolute(config))
		return g_build_filename(config, "vksession", "vksession.conf", NULL);
	return g_build_filename(g_get_home_dir(), ".config", "vksession", "vksession.conf", NULL);
}

gboolean vks_policy_load_file(VksPolicy *policy, const char *path, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) cause = NULL;
	g_auto(GStrv) keys = NULL;

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause)) {
		if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
			return TRUE;
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s", path,
			    cause->message);
		return FALSE;
	}
	keys = g_key_file_get_keys(file, GROUP, NULL, NULL);
	for (char **key = keys; key && *key; key++) {
		g_autofree char *value = g_key_file_get_string(file, GROUP, *key, NULL);

		if (!value || !vks_policy_set(policy, *key, g_strstrip(value), &cause)) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s", path,
				    cause ? cause->message : *key);
			return FALSE;
		}
	}
	return TRUE;
}

/* Marks the newest save of each of the last `count` periods that have one. */
static void keep_periods(VksKeepItem *items, gsize count, guint periods, gint64 length,
			 gint64 shift)
{
	gint64 last = G_MININT64;

	for (gsize i = count; i > 0 && periods > 0; i--) {
		gint64 period = (items[i - 1].utc_us + shift) / length;

		if (period == last)
			continue;
		items[i - 1].keep = TRUE;
		last = period;
		periods--;
	}
}

gboolean vks_policy_choose(const VksPolicy *policy, VksKeepItem *items, gsize count)
{
	guint64 total = 0;

	for (gsize i = 0; i < count; i++)
		items[i].keep = items[i].keep || i + policy->keep >= count;
	keep_periods(items, count, policy->hourly, HOUR_US, 0);
	keep_periods(items, count, policy->daily, DAY_US, 0);
	keep_periods(items, count, policy->weekly, WEEK_US, WEEK_SHIFT);
	for (gsize i = 0; i < count; i++)
		total += items[i].keep ? items[i].bytes : 0;
	for (gsize i = 0; policy->size_limit && i + 1 < count && total > policy->size_limit; i++) {
		if (!items[i].keep)
			continue;
		items[i].keep = FALSE;
		total -= items[i].bytes;
	}
	return !policy->size_limit || total <= policy->size_limit;
}
