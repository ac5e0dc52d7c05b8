/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/bus.h"

#include "vksession/error.h"
#include "vksession/paths.h"

static const struct {
	VksErrorCode code;
	const char *name;
} error_names[] = {
	{ VKS_ERROR_FAILED, "org.vksession.Error.Failed" },
	{ VKS_ERROR_USAGE, "org.vksession.Error.Usage" },
	{ VKS_ERROR_NOT_FOUND, "org.vksession.Error.NotFound" },
	{ VKS_ERROR_STATE, "org.vksession.Error.State" },
	{ VKS_ERROR_DAMAGED, "org.vksession.Error.Damaged" },
	{ VKS_ERROR_UNSUPPORTED, "org.vksession.Error.Unsupported" },
	{ VKS_ERROR_NO_SPACE, "org.vksession.Error.NoSpace" },
	{ VKS_ERROR_LOCKED, "org.vksession.Error.Locked" },
	{ VKS_ERROR_DISK, "org.vksession.Error.Disk" },
};

char *vks_bus_session_path(const char *name)
{
	GString *path = g_string_new(VKS_BUS_PATH "/session/");

	for (; *name; name++) {
		if (g_ascii_isalnum(*name))
			g_string_append_c(path, *name);
		else
			g_string_append_printf(path, "_%02x", (guint8)*name);
	}
	return g_string_free(path, FALSE);
}

void vks_bus_register_errors(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(error_names); i++)
		g_dbus_error_register_error(VKS_ERROR, (gint)error_names[i].code,
					    error_names[i].name);
}

const char *vks_bus_error_name(const GError *error)
{
	VksErrorCode code = vks_error_code(error);

	for (gsize i = 0; i < G_N_ELEMENTS(error_names); i++) {
		if (error_names[i].code == code)
			return error_names[i].name;
	}
	return error_names[0].name;
}

GError *vks_bus_error_new(const char *name, const char *message)
{
	for (gsize i = 0; i < G_N_ELEMENTS(error_names); i++) {
		if (g_str_equal(error_names[i].name, name))
			return g_error_new_literal(VKS_ERROR, (gint)error_names[i].code, message);
	}
	return g_error_new_literal(VKS_ERROR, VKS_ERROR_FAILED, message);
}

static void add_place(GVariantBuilder *builder, const char *key, const char *path)
{
	/* D-Bus strings are UTF-8; paths need not be. */
	g_autofree char *valid = g_utf8_make_valid(path, -1);

	g_variant_builder_add(builder, "{ss}", key, valid);
}

GVariant *vks_bus_places(GError **error)
{
	g_autofree char *store = vks_store_location();
	g_autofree char *runtime = vks_runtime_location(error);
	const char *libexec = g_getenv("VKSESSION_LIBEXECDIR");
	GVariantBuilder builder;

	if (!runtime)
		return NULL;
	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{ss}"));
	add_place(&builder, "store", store);
	add_place(&builder, "runtime", runtime);
	add_place(&builder, "libexec", libexec ? libexec : VKSESSION_LIBEXECDIR);
	return g_variant_builder_end(&builder);
}
