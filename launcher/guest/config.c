/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/frame.h"

#define MAX_ID (UINT32_MAX - 1) /* -1 means "no change" to setresuid(2) */

/* A key, and the function that takes its value; 0 or -EINVAL. */
struct config_key {
	const char *name;
	int (*take)(struct config *config, char *value);
};

static int take_uid(struct config *config, char *value)
{
	uint64_t number;

	if (vk_parse_number(value, MAX_ID, &number) < 0 || number == 0)
		return -EINVAL;
	config->uid = (uid_t)number;
	return 0;
}

static int take_gid(struct config *config, char *value)
{
	uint64_t number;

	if (vk_parse_number(value, MAX_ID, &number) < 0)
		return -EINVAL;
	config->gid = (gid_t)number;
	return 0;
}

static int take_groups(struct config *config, char *value)
{
	char *rest = value;
	char *item;

	config->group_count = 0;
	while ((item = strsep(&rest, ","))) {
		uint64_t number;

		if (!*item)
			continue;
		if (config->group_count == CONFIG_MAX_GROUPS ||
		    vk_parse_number(item, MAX_ID, &number) < 0)
			return -EINVAL;
		config->groups[config->group_count++] = (gid_t)number;
	}
	return 0;
}

static int take_absolute_path(const char **place, char *value)
{
	if (value[0] != '/' || value[1] == '\0')
		return -EINVAL;
	*place = value;
	return 0;
}

static int take_word(const char **place, char *value)
{
	if (!*value)
		return -EINVAL;
	*place = value;
	return 0;
}

static int take_user(struct config *config, char *value)
{
	return take_word(&config->user, value);
}

static int take_home(struct config *config, char *value)
{
	return take_absolute_path(&config->home, value);
}

static int take_shell(struct config *config, char *value)
{
	return take_absolute_path(&config->shell, value);
}

static int take_hostname(struct config *config, char *value)
{
	return take_word(&config->hostname, value);
}

static int take_session(struct config *config, char *value)
{
	return take_word(&config->session, value);
}

static int take_vkdisplay(struct config *config, char *value)
{
	return take_absolute_path(&config->vkdisplay, value);
}

static int take_root_program(struct config *config, char *value)
{
	return take_absolute_path(&config->root_program, value);
}

static int take_private(struct config *config, char *value)
{
	if (config->private_count == CONFIG_MAX_PRIVATE)
		return -EINVAL;
	return take_absolute_path(&config->private_dirs[config->private_count++], value);
}

static int take_disks(struct config *config, char *value)
{
	uint64_t number;

	if (vk_parse_number(value, CONFIG_MAX_DISKS, &number) < 0)
		return -EINVAL;
	config->disks = (unsigned int)number;
	return 0;
}

static int take_net(struct config *config, char *value)
{
	config->network = strcmp(value, "slirp") == 0;
	return config->network || strcmp(value, "none") == 0 ? 0 : -EINVAL;
}

static int take_address(struct config *config, char *value)
{
	char *slash = strchr(value, '/');
	uint64_t prefix;

	if (!slash)
		return -EINVAL;
	*slash = '\0';
	if (inet_pton(AF_INET, value, &config->address) != 1 ||
	    vk_parse_number(slash + 1, 32, &prefix) < 0)
		return -EINVAL;
	config->prefix = (unsigned int)prefix;
	return 0;
}

static int take_gateway(struct config *config, char *value)
{
	return inet_pton(AF_INET, value, &config->gateway) == 1 ? 0 : -EINVAL;
}

static int take_dns(struct config *config, char *value)
{
	return inet_pton(AF_INET, value, &config->dns) == 1 ? 0 : -EINVAL;
}

static const struct config_key keys[] = {
	{ "uid", take_uid },
	{ "gid", take_gid },
	{ "groups", take_groups },
	{ "user", take_user },
	{ "home", take_home },
	{ "shell", take_shell },
	{ "hostname", take_hostname },
	{ "session", take_session },
	{ "vkdisplay", take_vkdisplay },
	{ "net", take_net },
	{ "addr", take_address },
	{ "gw", take_gateway },
	{ "dns", take_dns },
	{ "root_program", take_root_program },
	{ "private", take_private },
	{ "disks", take_disks },
};

/* Takes "env.NAME=value"; the string kept is "NAME=value", in place. */
static int take_environment(struct config *config, const char *assignment)
{
	if (assignment[0] == '=' || config->environment_count == CONFIG_MAX_ENVIRONMENT)
		return -EINVAL;
	config->environment[config->environment_count++] = assignment;
	return 0;
}

static int take_line(struct config *config, char *line)
{
	char *equals = strchr(line, '=');

	if (*line == '\0' || *line == '#')
		return 0;
	if (!equals)
		return -EINVAL;
	if (strncmp(line, "env.", 4) == 0)
		return take_environment(config, line + 4);
	*equals = '\0';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(line, keys[i].name) == 0)
			return keys[i].take(config, equals + 1);
	}
	return 0;
}

static int check_complete(const struct config *config, struct failure *failure)
{
	if (config->uid == 0 || !config->user || !config->home)
		return failure_set(failure, EINVAL, "guest.conf lacks uid, user or home");
	if (config->network && (!config->address.s_addr || !config->gateway.s_addr))
		return failure_set(failure, EINVAL, "guest.conf lacks addr or gw");
	return 0;
}

int config_parse(struct config *config, char *text, struct failure *failure)
{
	char *rest = text;
	char *line;
	unsigned int number = 0;

	*config = (struct config){ .text = text, .shell = "/bin/sh", .hostname = "vksession" };
	while ((line = strsep(&rest, "\n"))) {
		number++;
		if (take_line(config, line) < 0)
			return failure_set(failure, EINVAL, "line %u of guest.conf", number);
	}
	return check_complete(config, failure);
}

int config_read(struct config *config, const char *path, struct failure *failure)
{
	autofd fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	char *text;

	*config = (struct config){ 0 };
	if (fd < 0)
		return failure_set(failure, errno, "open %s", path);
	text = malloc(CONFIG_MAX_SIZE + 1);
	if (!text)
		return failure_set(failure, ENOMEM, "read %s", path);
	while (length < CONFIG_MAX_SIZE) {
		ssize_t got = read(fd, text + length, CONFIG_MAX_SIZE - length);

		if (got < 0) {
			free(text);
			return failure_set(failure, errno, "read %s", path);
		}
		if (got == 0)
			break;
		length += (size_t)got;
	}
	text[length] = '\0';
	return config_parse(config, text, failure);
}

void config_finish(struct config *config)
{
	free(config->text);
	*config = (struct config){ 0 };
}
