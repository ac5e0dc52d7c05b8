/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "xproxy/guest/xauthority.h"

#define FAMILY_WILD 0xffff

static uint8_t *put_be16(uint8_t *out, uint16_t value)
{
	*out++ = value >> 8;
	*out++ = value & 0xff;
	return out;
}

static uint8_t *put_counted(uint8_t *out, const void *data, uint16_t size)
{
	out = put_be16(out, size);
	if (size)
		memcpy(out, data, size);
	return out + size;
}

size_t xauth_encode(uint8_t *out, unsigned int display, const uint8_t *cookie)
{
	uint8_t *p = out;
	char number[12];
	int len = snprintf(number, sizeof(number), "%u", display);

	p = put_be16(p, FAMILY_WILD);
	p = put_counted(p, NULL, 0);
	p = put_counted(p, number, (uint16_t)len);
	p = put_counted(p, XAUTH_NAME, strlen(XAUTH_NAME));
	p = put_counted(p, cookie, XAUTH_COOKIE_SIZE);
	return (size_t)(p - out);
}

int xauth_create(const char *path, unsigned int display, uint8_t *cookie)
{
	uint8_t record[XAUTH_RECORD_MAX];
	autofd fd = -1;
	size_t len;

	if (getrandom(cookie, XAUTH_COOKIE_SIZE, 0) != XAUTH_COOKIE_SIZE)
		return -errno;
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	len = xauth_encode(record, display, cookie);
	if (write(fd, record, len) != (ssize_t)len)
		return errno ? -errno : -EIO;
	return 0;
}
