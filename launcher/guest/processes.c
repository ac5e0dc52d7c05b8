/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/processes.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KTHREADD  2
#define MAX_DEPTH 1000

/* Parent and state letter of a process; FALSE if it has gone. */
static bool read_stat(pid_t pid, pid_t *parent, char *state)
{
	char path[32];
	char line[512];
	const char *end;
	FILE *file;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	/* The name, in parentheses, may hold anything; what follows the last one does not. */
	if (fgets(line, sizeof(line), file) && (end = strrchr(line, ')')))
		found = sscanf(end + 1, " %c %d", state, parent) == 2;
	fclose(file);
	return found;
}

static bool is_in_tree(pid_t pid, pid_t root)
{
	char state;

	for (int depth = 0; pid > 1 && depth < MAX_DEPTH; depth++) {
		if (pid == root)
			return true;
		if (!read_stat(pid, &pid, &state))
			return false;
	}
	return false;
}

static bool is_meant(pid_t pid, pid_t except)
{
	pid_t parent;
	char state;

	if (pid <= KTHREADD || !read_stat(pid, &parent, &state))
		return false;
	if (parent == KTHREADD || state == 'Z' || state == 'X')
		return false;
	return except == 0 || !is_in_tree(pid, except);
}

static void remember(struct process_list *list, pid_t pid)
{
	pid_t *pids = realloc(list->pids, (list->count + 1) * sizeof(*pids));

	if (!pids)
		return;
	list->pids = pids;
	list->pids[list->count++] = pid;
}

static size_t signal_all(int signal, pid_t except, struct process_list *asked)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	if (!directory)
		return 0;
	while ((entry = readdir(directory))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (!is_meant(pid, except))
			continue;
		count++;
		if (signal != 0 && kill(pid, signal) == 0)
			kill(pid, SIGCONT);
		if (asked)
			remember(asked, pid);
	}
	closedir(directory);
	return count;
}

size_t processes_signal(int signal, pid_t except)
{
	return signal_all(signal, except, NULL);
}

void processes_ask_to_end(pid_t except, struct process_list *asked)
{
	signal_all(SIGTERM, except, asked);
}

size_t process_list_alive(const struct process_list *asked)
{
	size_t alive = 0;

	for (size_t i = 0; i < asked->count; i++)
		alive += is_meant(asked->pids[i], 0);
	return alive;
}

void process_list_clear(struct process_list *asked)
{
	free(asked->pids);
	*asked = (struct process_list){ 0 };
}
