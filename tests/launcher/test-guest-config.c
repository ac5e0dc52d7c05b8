/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "launcher/guest-conf.h"
#include "launcher/guest/config.h"
#include "launcher/guest/environment.h"

#define LEAST "uid=1000\nuser=u\nhome=/home/u\n"

static int parse(struct config *config, const char *text, struct failure *failure)
{
	return config_parse(config, strdup(text), failure);
}

static void all_keys(void **state)
{
	struct config config;
	struct failure failure = { "" };

	assert_int_equal(parse(&config,
			       "# comment\n\nuid=1000\ngid=100\ngroups=100,27,44\nuser=u\n"
			       "home=/home/u v\nshell=/bin/zsh\nhostname=h\nsession=s\n"
			       "vkdisplay=/x/vkdisplay\nnet=slirp\naddr=10.0.2.100/24\n"
			       "gw=10.0.2.2\ndns=10.0.2.3\nunknown=1\n"
			       "private=/home/u v/.a\nprivate=/home/u v/b=c\n"
			       "disks=2\n"
			       "env.LANG=C.UTF-8\nenv.X=a=b c",
			       &failure),
			 0);
	assert_string_equal(failure.text, "");
	assert_int_equal(config.uid, 1000);
	assert_int_equal(config.gid, 100);
	assert_int_equal(config.group_count, 3);
	assert_int_equal(config.groups[2], 44);
	assert_string_equal(config.home, "/home/u v");
	assert_string_equal(config.shell, "/bin/zsh");
	assert_string_equal(config.vkdisplay, "/x/vkdisplay");
	assert_int_equal(config.private_count, 2);
	assert_string_equal(config.private_dirs[1], "/home/u v/b=c");
	assert_int_equal(config.disks, 2);
	assert_true(config.network);
	assert_int_equal(config.prefix, 24);
	assert_true(config.address.s_addr == inet_addr("10.0.2.100"));
	assert_true(config.gateway.s_addr == inet_addr("10.0.2.2"));
	assert_true(config.dns.s_addr == inet_addr("10.0.2.3"));
	assert_int_equal(config.environment_count, 2);
	assert_string_equal(config.environment[0], "LANG=C.UTF-8");
	assert_string_equal(config.environment[1], "X=a=b c");
	config_finish(&config);
}

static void least_keys(void **state)
{
	struct config config;

	assert_int_equal(parse(&config, LEAST, NULL), 0);
	assert_string_equal(config.shell, "/bin/sh");
	assert_null(config.vkdisplay);
	assert_false(config.network);
	config_finish(&config);
}

static void malformed_lines_are_refused(void **state)
{
	static const char *const lines[] = {
		"uid=0",
		"uid=-1",
		"uid=",
		"uid=4294967295",
		"gid=x",
		"groups=1,x",
		"home=relative",
		"home=/",
		"user=",
		"disks=9",
		"disks=x",
		"private=relative",
		"private=/",
		"net=other",
		"addr=10.0.2.100",
		"addr=10.0.2.100/33",
		"addr=10.0.2/24",
		"gw=x",
		"dns=10.0.2.3.4",
		"env.=x",
		"no equals sign",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct config config;
		struct failure failure = { "" };
		char text[256] = LEAST;

		strcat(text, lines[i]);
		assert_int_equal(parse(&config, text, &failure), -EINVAL);
		assert_non_null(strstr(failure.text, "line 4 of guest.conf"));
		config_finish(&config);
	}
}

static void incomplete_is_refused(void **state)
{
	static const char *const texts[] = { "", "uid=1\nuser=u\n", "user=u\nhome=/h\n",
					     LEAST "net=slirp\n",
					     LEAST "net=slirp\naddr=10.0.0.1/8\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config config;
		struct failure failure = { "" };

		assert_int_equal(parse(&config, texts[i], &failure), -EINVAL);
		assert_string_not_equal(failure.text, "");
		config_finish(&config);
	}
}

static void too_many_groups_are_refused(void **state)
{
	char text[1024] = LEAST "groups=";
	struct config config;

	for (int i = 0; i < CONFIG_MAX_GROUPS + 1; i++)
		strcat(text, "7,");
	assert_int_equal(parse(&config, text, NULL), -EINVAL);
	config_finish(&config);
}

static void what_the_host_writes_is_understood(void **state)
{
	const char *const given[] = { "VKSESSION_MODE=800x600", NULL };
	const char *const private_dirs[] = { "/home/some one/.a", "/home/some one/b", NULL };
	const VkGuestConf conf = { .session = "name",
				   .vkdisplay = "/run/vkdisplay",
				   .root_program = "/usr/libexec/states",
				   .network = TRUE,
				   .private_dirs = private_dirs,
				   .environment = given };
	g_autofree char *text = NULL;
	struct config config;
	struct failure failure = { "" };

	g_setenv("LC_TIME", "de_DE.UTF-8", TRUE);
	g_setenv("HOME", "/home/some one", TRUE);
	g_setenv("SECRET", "x", TRUE);
	text = vk_guest_conf_build(&conf, NULL);
	assert_non_null(text);
	assert_null(strstr(text, "SECRET"));
	assert_non_null(strstr(text, "\nenv.VKSESSION_MODE=800x600\n"));
	assert_non_null(strstr(text, "\nenv.LC_TIME=de_DE.UTF-8\n"));
	if (getuid() == 0) {
		/* Programs are never to run as the guest's root. */
		assert_int_equal(parse(&config, text, &failure), -EINVAL);
	} else {
		assert_int_equal(parse(&config, text, &failure), 0);
		assert_int_equal(config.uid, getuid());
		assert_string_equal(config.hostname, "name");
		assert_true(config.network);
		assert_string_equal(config.vkdisplay, "/run/vkdisplay");
		assert_string_equal(config.root_program, "/usr/libexec/states");
		assert_int_equal(config.private_count, 2);
		assert_string_equal(config.private_dirs[1], "/home/some one/b");
	}
	config_finish(&config);
}

static void host_refuses_foul_values(void **state)
{
	const char *const newline[] = { "A=a\nuid=0", NULL };
	const char *const newline_in_name[] = { "A\nuid=0", NULL };
	const char *const no_name[] = { "=a", NULL };
	const char *const *const foul[] = { newline, newline_in_name, no_name };
	VkGuestConf conf = { .session = "name" };

	for (size_t i = 0; i < sizeof(foul) / sizeof(foul[0]); i++) {
		g_autoptr(GError) error = NULL;

		conf.environment = foul[i];
		assert_null(vk_guest_conf_build(&conf, &error));
		assert_non_null(error);
	}
	conf = (VkGuestConf){ .session = "name", .private_dirs = newline };
	assert_null(vk_guest_conf_build(&conf, NULL));
	conf = (VkGuestConf){ .session = "na\nme" };
	assert_null(vk_guest_conf_build(&conf, NULL));
}

static const char *value_of(const struct environment *environment, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < environment->count; i++) {
		if (strncmp(environment->strings[i], name, length) == 0 &&
		    environment->strings[i][length] == '=')
			return environment->strings[i] + length + 1;
	}
	return NULL;
}

static void environment_of_a_login(void **state)
{
	static struct environment environment;
	struct config config;

	assert_int_equal(parse(&config, LEAST "env.LANG=C\nenv.PATH=/opt", NULL), 0);
	environment_init(&environment, &config);
	assert_string_equal(value_of(&environment, "HOME"), "/home/u");
	assert_string_equal(value_of(&environment, "USER"), "u");
	assert_string_equal(value_of(&environment, "LOGNAME"), "u");
	assert_string_equal(value_of(&environment, "XDG_RUNTIME_DIR"), "/run/user/1000");
	assert_string_equal(value_of(&environment, "LANG"), "C");
	assert_string_equal(value_of(&environment, "PATH"), "/opt");
	assert_true(environment_set(&environment, "LANG=D"));
	assert_true(environment_set(&environment, "LANGUAGE=E"));
	assert_string_equal(value_of(&environment, "LANG"), "D");
	assert_false(environment_set(&environment, "=x"));
	assert_false(environment_set(&environment, "novalue"));
	assert_null(environment.strings[environment.count]);
	config_finish(&config);
}

static void environment_has_a_limit(void **state)
{
	static struct environment environment;
	static char strings[ENVIRONMENT_MAX + 1][16];

	for (int i = 0; i <= ENVIRONMENT_MAX; i++) {
		snprintf(strings[i], sizeof(strings[i]), "V%d=1", i);
		assert_int_equal(environment_set(&environment, strings[i]), i < ENVIRONMENT_MAX);
	}
}

static void variables_of_the_guest(void **state)
{
	assert_true(environment_is_guest_owned("DISPLAY=:0"));
	assert_true(environment_is_guest_owned("XDG_RUNTIME_DIR=/run/user/1"));
	assert_false(environment_is_guest_owned("DISPLAYS=1"));
	assert_false(environment_is_guest_owned("DISPLA=1"));
	assert_false(environment_is_guest_owned("HOME=/x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_keys),
		cmocka_unit_test(least_keys),
		cmocka_unit_test(malformed_lines_are_refused),
		cmocka_unit_test(incomplete_is_refused),
		cmocka_unit_test(too_many_groups_are_refused),
		cmocka_unit_test(what_the_host_writes_is_understood),
		cmocka_unit_test(host_refuses_foul_values),
		cmocka_unit_test(environment_of_a_login),
		cmocka_unit_test(environment_has_a_limit),
		cmocka_unit_test(variables_of_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
