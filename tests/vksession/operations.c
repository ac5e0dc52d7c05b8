/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "operations.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/encryption.h"
#include "vksession/paths.h"
#include "vksession/store.h"

Vks *open_fake(void)
{
	g_autoptr(GError) error = NULL;
	Vks *vks = vks_open(fake_backend(), &error);

	if (!vks)
		fail_msg("%s", error->message);
	/* Passphrases are tried often here. */
	vks->key_cost = (VksKeyCost){ 1, 8192 };
	return vks;
}

VksSecret *answer_passphrase(const char *session, gboolean is_new, gpointer data, GError **error)
{
	const char *passphrase = data;
	VksSecret *secret = vks_secret_new(strlen(passphrase), error);

	memcpy(vks_secret_bytes(secret), passphrase, strlen(passphrase));
	vks_secret_set_length(secret, strlen(passphrase));
	return secret;
}

VksManifest *load_save(Vks *vks, const char *name, guint number)
{
	g_autoptr(VksSession) session = vks_session_find(vks, name, 0, NULL);
	VksManifest *manifest = session ? vks_store_load(session->saves_dir, number, NULL) : NULL;
	g_autoptr(GError) error = NULL;

	if (manifest && !vks_session_unlock_save(session, manifest, &error))
		fail_msg("save %u: %s", number, error->message);
	return manifest;
}

void run_session(Vks *vks, const char *name)
{
	static const char *const argv[] = { "xterm", NULL };
	VksRunOptions options = { .name = name, .argv = argv, .display = ":9" };
	g_autoptr(GError) error = NULL;
	VksRunResult result;

	if (!vks_run(vks, &options, NULL, &result, &error))
		fail_msg("%s", error->message);
}

guint save_session(Vks *vks, const char *name, gboolean stop)
{
	VksSaveOptions options = { .name = name, .stop = stop };
	g_autoptr(GError) error = NULL;
	VksSaveResult result;

	if (!vks_save(vks, &options, NULL, &result, &error))
		fail_msg("%s", error->message);
	return result.number;
}

void move_session(Vks *vks, const char *from, const char *to)
{
	autofd fd = memfd_create("stream", MFD_CLOEXEC);
	g_autoptr(GError) error = NULL;
	guint number;

	assert_true(fd >= 0);
	if (!vks_export(vks, from, 0, FALSE, fd, NULL, &error))
		fail_msg("%s", error->message);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	if (!vks_import(vks, to, fd, NULL, &number, &error))
		fail_msg("%s", error->message);
}

void assert_state(Vks *vks, const char *name, VksState state)
{
	g_autoptr(GPtrArray) list = vks_list(vks, name, FALSE, NULL);
	const VksSessionInfo *info;

	assert_non_null(list);
	info = list->pdata[0];
	assert_string_equal(vks_state_name(info->state), vks_state_name(state));
}

void assert_file(void **state, const char *relative, gboolean there)
{
	g_autofree char *path = sandbox_path(state, relative);

	if ((access(path, F_OK) == 0) != there)
		fail_msg("%s %s", path, there ? "is missing" : "is there");
}

void assert_no_leftovers(void **state, const char *relative, const char *prefix)
{
	g_autofree char *path = sandbox_path(state, relative);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		if (g_str_has_prefix(name, prefix))
			fail_msg("%s/%s is left over", path, name);
	}
}

char *part_path(Vks *vks, const char *name, guint number, const char *part)
{
	return g_strdup_printf("%s/%s/saves/%u/%s", vks->store_dir, name, number, part);
}
