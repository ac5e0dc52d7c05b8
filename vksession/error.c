/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/error.h"

#include <errno.h>

G_DEFINE_QUARK(vks - error - quark, vks_error)

static const struct {
	int io_code;
	VksErrorCode code;
} io_codes[] = {
	{ G_IO_ERROR_NOT_SUPPORTED, VKS_ERROR_UNSUPPORTED },
	{ G_IO_ERROR_NO_SPACE, VKS_ERROR_NO_SPACE },
	{ G_IO_ERROR_INVALID_DATA, VKS_ERROR_DAMAGED },
	{ G_IO_ERROR_BUSY, VKS_ERROR_STATE },
};

static VksErrorCode io_error_code(int io_code)
{
	for (gsize i = 0; i < G_N_ELEMENTS(io_codes); i++) {
		if (io_codes[i].io_code == io_code)
			return io_codes[i].code;
	}
	return VKS_ERROR_FAILED;
}

VksErrorCode vks_error_code(const GError *error)
{
	if (error->domain == VKS_ERROR)
		return (VksErrorCode)error->code;
	if (error->domain == G_IO_ERROR)
		return io_error_code(error->code);
	if (error->domain == G_OPTION_ERROR)
		return VKS_ERROR_USAGE;
	if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC))
		return VKS_ERROR_NO_SPACE;
	return VKS_ERROR_FAILED;
}

void vks_error_complete(GError **error, GError *cause, const char *format, ...)
{
	g_autofree char *rest = NULL;
	va_list args;

	if (cause->domain == VKS_ERROR) {
		g_propagate_error(error, cause);
		return;
	}
	va_start(args, format);
	rest = g_strdup_vprintf(format, args);
	va_end(args);
	/* One line, three parts: the cause must not bring separators of its own. */
	g_strdelimit(cause->message, "\n;", ',');
	g_set_error(error, VKS_ERROR, (gint)vks_error_code(cause), "%s; %s", cause->message, rest);
	g_error_free(cause);
}

void vks_error_errno(GError **error, int errnum, const char *format, ...)
{
	int code = errnum == EDQUOT ? G_IO_ERROR_NO_SPACE : (int)g_io_error_from_errno(errnum);
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, G_IO_ERROR, code, "%s: %s", text, g_strerror(errnum));
}
