/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "panel.h"

static const char panel_config[] =
	"<?xml version=\"1.0\"?>\n"
	"<channel name=\"xfce4-panel\" version=\"1.0\">\n"
	"<property name=\"configver\" type=\"int\" value=\"2\"/>\n"
	"<property name=\"panels\" type=\"array\"><value type=\"int\" value=\"1\"/>\n"
	"<property name=\"panel-1\" type=\"empty\">\n"
	"<property name=\"position\" type=\"string\" value=\"p=6;x=0;y=0\"/>\n"
	"<property name=\"position-locked\" type=\"bool\" value=\"true\"/>\n"
	"<property name=\"length\" type=\"uint\" value=\"100\"/>\n"
	"<property name=\"size\" type=\"uint\" value=\"26\"/>\n"
	"<property name=\"plugin-ids\" type=\"array\"><value type=\"int\" "
	"value=\"6\"/></property>\n"
	"</property></property>\n"
	"<property name=\"plugins\" type=\"empty\">\n"
	"<property name=\"plugin-6\" type=\"string\" value=\"systray\">\n"
	"<property name=\"square-icons\" type=\"bool\" value=\"true\"/>\n"
	"</property></property></channel>\n";

void panel_configure(const struct person *person)
{
	g_autofree char *dir = person_path(person, ".config/xfce4/xfconf/xfce-perchannel-xml");
	g_autofree char *path = g_build_filename(dir, "xfce4-panel.xml", NULL);

	assert_int_equal(g_mkdir_with_parents(dir, 0700), 0);
	assert_true(g_file_set_contents(path, panel_config, -1, NULL));
}
