/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program with a library, both of which are replaced while it is frozen: `upgrade LIBRARY DIR`.
 * It opens the documents in the directory, waits for a file `ask` in it, and only then runs code
 * that lies far from all that it has touched before, its own and the library's, and reads the
 * documents. The library is the same source, with a function in the place of main().
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Farther than any read-ahead; what differs between the builds lies there and nowhere else. */
__asm__(".section .text.zz_late, \"ax\", @progbits\n"
	".skip 0x800000, 0x90\n"
	"upgrade_text:\n"
	".asciz \"" UPGRADE_VERSION "\"\n"
	".skip 0x10000, 0x90\n"
	".text\n");

extern const char upgrade_text[] __attribute__((visibility("hidden")));
const char *upgrade_late(void);

__attribute__((section(".text.zz_late"), noinline)) const char *upgrade_late(void)
{
	return upgrade_text;
}

#ifndef UPGRADE_LIBRARY
static const char *const documents[] = { "changed",    "replaced",  "deleted", "moved",
					 "unreadable", "unchanged", "carried", "linked" };
#define DOCUMENTS (sizeof(documents) / sizeof(*documents))

static void read_document(FILE *out, const char *name, int fd)
{
	char text[64];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		fprintf(out, "%s: error %s\n", name, strerrorname_np(errno));
	else
		fprintf(out, "%s: %.*s\n", name, (int)n, text);
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	void *library = argc > 2 ? dlopen(argv[1], RTLD_LAZY) : NULL;
	const char *(*library_late)(void);
	int fds[DOCUMENTS];
	char text[64];
	FILE *out;

	library_late = library ? (const char *(*)(void))dlsym(library, "upgrade_late") : NULL;
	if (!library_late || chdir(argv[2]) < 0)
		return 1;
	for (size_t i = 0; i < DOCUMENTS; i++) {
		fds[i] = open(documents[i], O_RDONLY | O_CLOEXEC);
		if (pread(fds[i], text, sizeof(text), 0) < 0)
			return 1;
	}
	out = fopen("ready", "w");
	fclose(out);
	while (access("ask", F_OK) < 0)
		nanosleep(&pause, NULL);
	out = fopen("answer.new", "w");
	fprintf(out, "program: %s\nlibrary: %s\n", upgrade_late(), library_late());
	for (size_t i = 0; i < DOCUMENTS; i++)
		read_document(out, documents[i], fds[i]);
	fclose(out);
	return rename("answer.new", "answer");
}
#endif
