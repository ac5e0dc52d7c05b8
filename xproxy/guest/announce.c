/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "xproxy/guest/announce.h"

static size_t fitted(int len, size_t size)
{
	return len < 0 || (size_t)len >= size ? 0 : (size_t)len;
}

size_t announce_format_display(char *out, size_t size, const struct stack_config *config)
{
	int len = snprintf(out, size, "display :%s XAUTHORITY=%s/Xauthority%s%s\n", config->display,
			   config->dir, *config->bus ? " DBUS_SESSION_BUS_ADDRESS=" : "",
			   config->bus);

	return fitted(len, size);
}

size_t announce_format_ready(char *out, size_t size, const struct stack_config *config)
{
	return fitted(snprintf(out, size, "ready %s/xpra.sock\n", config->dir), size);
}

size_t announce_format_failed(char *out, size_t size, const char *text)
{
	int len = snprintf(out, size, "failed %s", text);
	size_t end = len < 0 ? 0 : (size_t)len;

	if (end > size - 2)
		end = size - 2;
	for (size_t i = 0; i < end; i++)
		if (out[i] == '\n' || out[i] == '\r')
			out[i] = ' ';
	out[end++] = '\n';
	out[end] = '\0';
	return end;
}

int announce_write(int fd, const char *line, size_t len)
{
	while (len) {
		ssize_t n = write(fd, line, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EPIPE ? 0 : -errno;
		line += n;
		len -= (size_t)n;
	}
	return 0;
}
