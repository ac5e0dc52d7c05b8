/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A part is found by bytes that the state has put there and that are nowhere by chance: the state
 * keeps no copy of them, but computes them anew when it checks (pattern.h). Where the kernel has
 * them in places of more than one kind, what is around them tells the difference.
 */
#include "vksession/selftest/break.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/image/image.h"
#include "vksession/image/source.h"
#include "vksession/selftest/states/pattern.h"
#include "vksession/selftest/states/place.h"

#define SSE_SIZE	 256 /* xmm0 to xmm15 */
#define MXCSR_BEFORE_XMM 136 /* in the processor's own format, 24 and 160 from the start */
#define MXCSR_DEFAULT	 0x1f80
#define CRC_OFFSET	 36 /* in the header of a state file, see vksession-image(5) */

/* In the kernel's struct file: the flags before the position, and what of them appending is. */
#define FILE_FLAGS_BEFORE 128
#define FILE_FLAGS	  (O_WRONLY | O_APPEND | 0x8000 /* O_LARGEFILE */)
#define IO_APPEND	  0x10 /* IOCB_APPEND */

/* In the kernel's epoll: EPOLLIN and the two events that are always told. */
#define EPOLL_EVENTS 0x19

#define MAX_NEEDLE 4096 /* bytes: what the disk has in one piece, too */
/* So much a thaw asks the host for to seed the guest's generator; for its id it asks for less. */
#define SEED_SIZE  32

#define CLOCK_SHIFT_S 1000
#define CLOCK_NEAR_NS (60 * NS_PER_S) /* a slow disk */
#define NS_PER_S      (1000LL * 1000 * 1000)

/** A file, mapped. */
typedef struct {
	guint8 *data;
	gsize size;
	int fd;
	struct stat facts; /* from before */
} Mapped;

static void mapped_clear(Mapped *mapped)
{
	if (mapped->data)
		munmap(mapped->data, mapped->size);
	autofd_close(&mapped->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mapped, mapped_clear)

static gboolean map_file(Mapped *mapped, const char *path, GError **error)
{
	void *data;

	mapped->fd = open(path, O_RDWR | O_CLOEXEC);
	if (mapped->fd >= 0 && fstat(mapped->fd, &mapped->facts) == 0) {
		mapped->size = (gsize)mapped->facts.st_size;
		data = mmap(NULL, mapped->size, PROT_READ | PROT_WRITE, MAP_SHARED, mapped->fd, 0);
		if (data != MAP_FAILED) {
			mapped->data = data;
			return TRUE;
		}
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot map %s: %s", path,
		    g_strerror(errno));
	return FALSE;
}

/* ---- what tells a part from its like; at: where the bytes were found ---- */

static gboolean is_saved_register(const Mapped *mapped, gsize at)
{
	guint32 control[2]; /* MXCSR, and the mask of its bits, which is never 0 */

	if (at < MXCSR_BEFORE_XMM)
		return FALSE;
	memcpy(control, mapped->data + at - MXCSR_BEFORE_XMM, sizeof(control));
	return control[0] == MXCSR_DEFAULT && control[1] != 0;
}

static gboolean is_aligned(const Mapped *mapped, gsize at)
{
	return at % sizeof(guint64) == 0;
}

static gboolean is_after(const Mapped *mapped, gsize at, guint32 number)
{
	return at >= sizeof(number) &&
	       memcmp(mapped->data + at - sizeof(number), &number, sizeof(number)) == 0;
}

static gboolean is_epoll_data(const Mapped *mapped, gsize at)
{
	return is_after(mapped, at, EPOLL_EVENTS);
}

static gboolean is_event_name(const Mapped *mapped, gsize at)
{
	return is_after(mapped, at, PATTERN_SIZE);
}

/* ---- change; at: where the bytes were found ---- */

static void flip_bit(Mapped *mapped, gsize at)
{
	mapped->data[at] ^= 0x10;
}

/* The position is found; the flags are before it. */
static void clear_append(Mapped *mapped, gsize at)
{
	for (gsize i = at - MIN(at, FILE_FLAGS_BEFORE); i < at; i += sizeof(guint32)) {
		guint32 flags[2]; /* of the file, and of what is written to it */

		memcpy(flags, mapped->data + i, sizeof(flags));
		if (flags[0] != FILE_FLAGS)
			continue;
		flags[0] &= ~(guint32)O_APPEND;
		flags[1] &= ~(guint32)IO_APPEND;
		memcpy(mapped->data + i, flags, sizeof(flags));
	}
}

/** What the bytes to be looked for are made of. */
typedef enum {
	BYTES,	    /* of a pattern */
	TEXT,	    /* of a pattern */
	NUMBER,	    /* of a pattern; its size is in bits */
	SIGNALS,    /* of a pattern */
	NO_SIGNALS, /* all others */
	VALUE,	    /* in place of the seed */
} Kind;

struct needle {
	Kind kind;
	guint64 seed;
	gsize size; /* of the kinds that have no size of their own, in bytes */
};

struct breaker {
	SelftestPart part;
	struct needle needle;
	/** NULL: wherever the bytes are, it is the part. */
	gboolean (*is_part)(const Mapped *mapped, gsize at);
	/** NULL: changes one bit. */
	void (*change)(Mapped *mapped, gsize at);
	/** NULL: changes the part in guest memory. */
	gboolean (*damage)(const struct breaker *breaker, const SelftestVictim *victim,
			   GError **error);
};

static gsize make_needle(const struct needle *needle, guint8 *bytes)
{
	guint seed = (guint)needle->seed;
	guint64 number = needle->seed;

	switch (needle->kind) {
	case BYTES:
		pattern_fill(bytes, needle->size, seed);
		return needle->size;
	case TEXT:
		pattern_text((char *)bytes, needle->size, seed);
		return needle->size;
	case NUMBER:
		number = pattern_number(seed, (guint)needle->size);
		break;
	case SIGNALS:
		number = pattern_signals(seed);
		break;
	case NO_SIGNALS:
		number = ~pattern_signals(seed);
		break;
	case VALUE:
		break;
	}
	memcpy(bytes, &number, sizeof(number));
	return sizeof(number);
}

/* Changes the part wherever it is. @return in how many places */
static guint change_all(const struct breaker *breaker, Mapped *mapped)
{
	guint8 needle[MAX_NEEDLE + 1];
	gsize length = make_needle(&breaker->needle, needle);
	guint places = 0;
	off_t data, hole = 0;

	while ((data = lseek(mapped->fd, hole, SEEK_DATA)) >= 0) {
		gsize at = (gsize)data;

		hole = lseek(mapped->fd, data, SEEK_HOLE);
		while (hole > data && at + length <= (gsize)hole) {
			guint8 *found = memmem(mapped->data + at, (gsize)hole - at, needle, length);

			if (!found)
				break;
			at = (gsize)(found - mapped->data);
			if (!breaker->is_part || breaker->is_part(mapped, at)) {
				(breaker->change ? breaker->change : flip_bit)(mapped, at);
				places++;
			}
			at++;
		}
	}
	return places;
}

static gboolean check_found(const struct breaker *breaker, guint places, GError **error)
{
	if (places > 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s: not in the save",
		    breaker->part.what);
	return FALSE;
}

static gboolean map_part(Mapped *mapped, const SelftestVictim *victim, const char *name,
			 GError **error)
{
	g_autofree char *path = g_build_filename(victim->image, name, NULL);

	return map_file(mapped, path, error);
}

static gboolean damage_memory(const struct breaker *breaker, const SelftestVictim *victim,
			      GError **error)
{
	g_auto(Mapped) memory = { .fd = -1 };

	return map_part(&memory, victim, "memory", error) &&
	       check_found(breaker, change_all(breaker, &memory), error);
}

static gboolean damage_state(const struct breaker *breaker, const SelftestVictim *victim,
			     GError **error)
{
	g_auto(Mapped) state = { .fd = -1 };
	guint32 sum = 0;

	if (!map_part(&state, victim, "state", error) ||
	    !check_found(breaker, change_all(breaker, &state), error))
		return FALSE;
	memcpy(state.data + CRC_OFFSET, &sum, sizeof(sum));
	sum = ~vks_crc32c(~0u, state.data, state.size);
	memcpy(state.data + CRC_OFFSET, &sum, sizeof(sum));
	return TRUE;
}

/* The thaw would refuse a disk that was written meanwhile: it must not see that it was. */
static gboolean damage_disk(const struct breaker *breaker, const SelftestVictim *victim,
			    GError **error)
{
	g_auto(Mapped) disk = { .fd = -1 };
	struct timespec times[2] = { { 0 } };

	if (!victim->disk)
		return check_found(breaker, 0, error);
	if (!map_file(&disk, victim->disk, error) ||
	    !check_found(breaker, change_all(breaker, &disk), error))
		return FALSE;
	times[0] = disk.facts.st_atim;
	times[1] = disk.facts.st_mtim;
	if (msync(disk.data, disk.size, MS_SYNC) == 0 && futimens(disk.fd, times) == 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", victim->disk,
		    g_strerror(errno));
	return FALSE;
}

/**
 * Finds the time at which the kernel was suspended, seconds and nanoseconds, in the kernel's own
 * data: it is the latest one there that is before the state file's, which is written after the
 * memory.
 *
 * @return where it is in the memory file; 0: nowhere
 */
static gsize find_suspend_time(const VksImageIdentity *identity, const Mapped *memory)
{
	gsize end = MIN(identity->data_end - identity->physmem, memory->size);
	gint64 latest = identity->realtime_ns - CLOCK_NEAR_NS;
	gsize place = 0;

	for (gsize at = identity->data_start - identity->physmem; at + 16 <= end; at += 8) {
		gint64 time[2], ns;

		memcpy(time, memory->data + at, sizeof(time));
		if (time[0] <= 0 || time[0] > identity->realtime_ns / NS_PER_S || time[1] < 0 ||
		    time[1] >= NS_PER_S)
			continue;
		ns = time[0] * NS_PER_S + time[1];
		if (ns <= latest || ns > identity->realtime_ns)
			continue;
		latest = ns;
		place = at;
	}
	return place;
}

static gboolean damage_clock(const struct breaker *breaker, const SelftestVictim *victim,
			     GError **error)
{
	g_autofree char *path = g_build_filename(victim->image, "state", NULL);
	g_autoptr(VksImage) image = vks_image_read(path, error);
	g_auto(Mapped) memory = { .fd = -1 };
	gint64 seconds;
	gsize place;

	if (!image || !map_part(&memory, victim, "memory", error))
		return FALSE;
	place = find_suspend_time(&image->identity, &memory);
	if (!place)
		return check_found(breaker, 0, error);
	memcpy(&seconds, memory.data + place, sizeof(seconds));
	seconds += CLOCK_SHIFT_S;
	memcpy(memory.data + place, &seconds, sizeof(seconds));
	return TRUE;
}

/* Done to the process that thaws, see selftest_break_thread(). */
static gboolean damage_nothing(const struct breaker *breaker, const SelftestVictim *victim,
			       GError **error)
{
	return TRUE;
}

static const struct breaker breakers[] = {
	{ .part = { .name = "fpu",
		    .state = "registers-sse",
		    .what = "SSE registers of running programs" },
	  .needle = { BYTES, PATTERN_SSE, SSE_SIZE },
	  .is_part = is_saved_register },
	{ .part = { .name = "timer", .state = "posix-timers", .what = "the interval of a timer" },
	  .needle = { VALUE, UNIQUE_INTERVAL_NS, 0 },
	  .is_part = is_aligned },
	{ .part = { .name = "epoll",
		    .state = "epoll-level",
		    .what = "the data of a member of an epoll set" },
	  .needle = { VALUE, UNIQUE_EPOLL_DATA, 0 },
	  .is_part = is_epoll_data },
	{ .part = { .name = "eventfd", .state = "eventfd", .what = "the counter of an eventfd" },
	  .needle = { NUMBER, PATTERN_COUNTER, COUNTER_BITS },
	  .is_part = is_aligned },
	{ .part = { .name = "timerfd",
		    .state = "timerfd-monotonic",
		    .what = "the interval of a timerfd" },
	  .needle = { NUMBER, PATTERN_TIMERFD + CLOCK_MONOTONIC, INTERVAL_BITS },
	  .is_part = is_aligned },
	{ .part = { .name = "signalfd", .state = "signal-fd", .what = "the set of a signalfd" },
	  .needle = { NO_SIGNALS, PATTERN_SIGNALFD, 0 },
	  .is_part = is_aligned },
	{ .part = { .name = "inotify",
		    .state = "inotify",
		    .what = "the name in an event of inotify" },
	  .needle = { TEXT, PATTERN_NAME, PATTERN_SIZE },
	  .is_part = is_event_name },
	{ .part = { .name = "pipe", .state = "pipe", .what = "data in a pipe" },
	  .needle = { BYTES, PATTERN_PIPE, PATTERN_SIZE } },
	{ .part = { .name = "socket", .state = "socketpair", .what = "data in unix sockets" },
	  .needle = { BYTES, PATTERN_SOCKET, PATTERN_SIZE } },
	{ .part = { .name = "tcp", .state = "tcp", .what = "data in a TCP connection" },
	  .needle = { BYTES, PATTERN_TCP, PATTERN_SIZE } },
	{ .part = { .name = "terminal",
		    .state = "terminal-echo",
		    .what = "output that waits in a terminal" },
	  .needle = { TEXT, PATTERN_TERMINAL, PATTERN_SIZE } },
	{ .part = { .name = "queue", .state = "posix-mq", .what = "a message in a queue" },
	  .needle = { BYTES, PATTERN_MESSAGE, PATTERN_SIZE } },
	{ .part = { .name = "memfd", .state = "memory-memfd", .what = "the content of a memfd" },
	  .needle = { BYTES, PATTERN_MEMFD, PATTERN_SIZE } },
	{ .part = { .name = "signal",
		    .state = "signal-queue",
		    .what = "the value of a queued signal" },
	  .needle = { NUMBER, PATTERN_QUEUE, 64 },
	  .is_part = is_aligned },
	{ .part = { .name = "mask",
		    .state = "signal-mask",
		    .what = "the blocked signals of a thread" },
	  .needle = { SIGNALS, PATTERN_MASK, 0 },
	  .is_part = is_aligned },
	{ .part = { .name = "position",
		    .state = "file-position@hostfs",
		    .what = "the position in a file of the host" },
	  .needle = { NUMBER, PATTERN_POSITION + PLACE_NUMBER_HOSTFS, POSITION_BITS },
	  .is_part = is_aligned },
	{ .part = { .name = "append",
		    .state = "file-append@hostfs",
		    .what = "O_APPEND of a file of the host" },
	  .needle = { NUMBER, PATTERN_APPEND + PLACE_NUMBER_HOSTFS, POSITION_BITS },
	  .is_part = is_aligned,
	  .change = clear_append },
	{ .part = { .name = "deleted",
		    .state = "file-deleted@hostfs",
		    .what = "the content of a deleted file of the host" },
	  .needle = { BYTES, PATTERN_DELETED, MAX_NEEDLE },
	  .damage = damage_state },
	{ .part = { .name = "disk",
		    .state = "file-deleted@disk",
		    .what = "a block of the guest's disk" },
	  .needle = { BYTES, PATTERN_DELETED, MAX_NEEDLE },
	  .damage = damage_disk },
	{ .part = { .name = "clock",
		    .state = "clocks",
		    .what = "the time when the guest was stopped" },
	  .damage = damage_clock },
	{ .part = { .name = "random",
		    .state = "random",
		    .what = "the seed that a thaw gets from the host",
		    .twice = TRUE },
	  .damage = damage_nothing },
};

const SelftestPart *selftest_part(guint i)
{
	return i < G_N_ELEMENTS(breakers) ? &breakers[i].part : NULL;
}

const SelftestPart *selftest_part_find(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(breakers); i++) {
		if (strcmp(breakers[i].part.name, name) == 0)
			return &breakers[i].part;
	}
	return NULL;
}

gboolean selftest_break(const SelftestVictim *victim, const SelftestPart *part, GError **error)
{
	/* The parts that are given out are the first members of the table's rows. */
	const struct breaker *breaker = (const struct breaker *)part;

	return (breaker->damage ? breaker->damage : damage_memory)(breaker, victim, error);
}

gboolean selftest_break_thread(GError **error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int result = -ENOMEM;

	if (filter) {
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(0), SCMP_SYS(getrandom), 1,
					  SCMP_A1(SCMP_CMP_EQ, SEED_SIZE));
		if (result == 0)
			result = seccomp_load(filter);
		seccomp_release(filter);
	}
	if (result == 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "a filter of system calls: %s",
		    g_strerror(-result));
	return FALSE;
}
