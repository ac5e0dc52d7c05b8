/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What vksession-launcher tells vk_launcher_start() through a pipe, once: "ready", or the error
 * that the caller is to return. One line of text.
 */
#pragma once

#include <gio/gio.h>

/** The descriptor of the pipe in the launcher. */
#define VK_REPORT_FD 3

/** Writes the report. @param failure  NULL: ready */
void vk_report_write(int fd, const GError *failure);

/** Reads the report until the end of the pipe. @return TRUE for ready; else the error */
gboolean vk_report_read(int fd, GError **error);

/** Reads the text of a report; see vk_report_read(). */
gboolean vk_report_parse(const char *text, GError **error);
