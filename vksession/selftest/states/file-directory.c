/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory that is half read while entries come and go. */
#include <dirent.h>
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

#define ENTRIES 300

static void run(void)
{
	bool seen[ENTRIES] = { false };
	char path[4200], name[32];
	int directory, count = 0;
	struct dirent *entry;
	DIR *stream;

	snprintf(path, sizeof(path), "%s", here("dir"));
	must(mkdir(path, 0700));
	directory = (int)must(open(path, O_RDONLY | O_DIRECTORY));
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "entry-%d", i);
		close((int)must(openat(directory, name, O_CREAT | O_WRONLY, 0600)));
	}
	stream = opendir(path);
	expect(stream != NULL, "opendir: %s", strerror(errno));
	for (int i = 0; i < 20 && (entry = readdir(stream)); i++) {
		if (entry->d_name[0] != '.')
			seen[atoi(entry->d_name + 6)] = true;
	}
	ready();
	while ((entry = readdir(stream))) {
		int number = entry->d_name[0] == '.' ? -1 : atoi(entry->d_name + 6);

		if (number < 0)
			continue;
		expect(number < ENTRIES && !seen[number], "entry %d comes twice", number);
		seen[number] = true;
	}
	for (int i = 0; i < ENTRIES; i++)
		count += seen[i];
	expect(count == ENTRIES, "%d of %d entries were seen", count, ENTRIES);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "entry-%d", i);
		must(unlinkat(directory, name, 0));
	}
	must(rmdir(path));
}

const struct state state_file_directory = {
	.name = "file-directory",
	.summary = "a directory that is half read",
	.flags = STATE_PLACES,
	.run = run,
};
