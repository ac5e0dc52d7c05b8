/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int failure_set(struct failure *failure, int number, const char *format, ...)
{
	va_list arguments;
	size_t length;

	if (!failure)
		return -number;
	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
	length = strlen(failure->text);
	snprintf(failure->text + length, sizeof(failure->text) - length, ": %s", strerror(number));
	return -number;
}
