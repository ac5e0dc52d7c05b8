/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/secret-service.h"

#include <libsecret/secret.h>
#include <string.h>
#include <unistd.h>

#define CONTENT_TYPE "application/octet-stream"

static const SecretSchema schema = {
	.name = "org.vksession.Session",
	.flags = SECRET_SCHEMA_NONE,
	.attributes = { { "item", SECRET_SCHEMA_ATTRIBUTE_STRING } },
};

gboolean vks_session_bus_exists(void)
{
	const char *address = g_getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	g_autofree char *socket = runtime ? g_build_filename(runtime, "bus", NULL) : NULL;

	return (address && *address) || (socket && access(socket, F_OK) == 0);
}

static gboolean set_no_service(GError **error, const GError *cause)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
		    "no Secret Service (GNOME Keyring, KWallet, KeePassXC) answers: %s",
		    cause ? cause->message : "there is no session bus");
	return FALSE;
}

/* A service that is there. */
static SecretService *find_service(GError **error)
{
	g_autoptr(GError) cause = NULL;
	SecretService *service = NULL;

	if (vks_session_bus_exists())
		service = secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, NULL, &cause);
	if (!service)
		set_no_service(error, cause);
	return service;
}

static GHashTable *attributes_of(const char *item)
{
	return secret_attributes_build(&schema, "item", item, NULL);
}

gboolean vks_secret_service_put(const char *item, const char *session, VksSecret *secret,
				GError **error)
{
	g_autoptr(SecretService) service = find_service(error);
	g_autofree char *label = g_strdup_printf("vksession: session %s", session);
	g_autoptr(GHashTable) attributes = NULL;
	g_autoptr(GError) cause = NULL;
	SecretValue *value;
	gboolean ok;

	if (!service)
		return FALSE;
	attributes = attributes_of(item);
	value = secret_value_new(vks_secret_bytes(secret), (gssize)vks_secret_length(secret),
				 CONTENT_TYPE);
	ok = secret_service_store_sync(service, &schema, attributes, SECRET_COLLECTION_DEFAULT,
				       label, value, NULL, &cause);
	secret_value_unref(value);
	if (!ok)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
			    "the Secret Service does not take the key: %s", cause->message);
	return ok;
}

static VksSecret *take_value(SecretValue *value, GError **error)
{
	gsize length = 0;
	const char *bytes = secret_value_get(value, &length);
	VksSecret *secret = vks_secret_new(length, error);

	if (secret) {
		memcpy(vks_secret_bytes(secret), bytes, length);
		vks_secret_set_length(secret, length);
	}
	return secret;
}

static VksSecret *take_first(GList *items, GError **error)
{
	VksSecret *secret = NULL;
	SecretValue *value;

	if (!items) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			    "the Secret Service does not have the session's key");
		return NULL;
	}
	value = secret_item_get_secret(items->data);
	if (value)
		secret = take_value(value, error);
	else
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
			    "the Secret Service is locked");
	if (value)
		secret_value_unref(value);
	return secret;
}

static void free_items(GList *items)
{
	g_list_free_full(items, g_object_unref);
}

VksSecret *vks_secret_service_get(const char *item, gboolean may_ask, GError **error)
{
	g_autoptr(SecretService) service = find_service(error);
	SecretSearchFlags flags = SECRET_SEARCH_LOAD_SECRETS;
	g_autoptr(GHashTable) attributes = NULL;
	g_autoptr(GError) cause = NULL;
	VksSecret *secret;
	GList *items;

	if (!service)
		return NULL;
	attributes = attributes_of(item);
	flags |= may_ask ? SECRET_SEARCH_UNLOCK : 0;
	items = secret_service_search_sync(service, &schema, attributes, flags, NULL, &cause);
	if (cause) {
		set_no_service(error, cause);
		return NULL;
	}
	secret = take_first(items, error);
	free_items(items);
	return secret;
}

gboolean vks_secret_service_remove(const char *item, GError **error)
{
	g_autoptr(SecretService) service = find_service(error);
	g_autoptr(GHashTable) attributes = NULL;
	g_autoptr(GError) cause = NULL;

	if (!service)
		return FALSE;
	attributes = attributes_of(item);
	/* FALSE without an error: there was none. */
	secret_service_clear_sync(service, &schema, attributes, NULL, &cause);
	if (!cause)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
		    "the Secret Service does not remove the key: %s", cause->message);
	return FALSE;
}
