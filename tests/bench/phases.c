/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "phases.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "figures.h"
#include "launcher/autofd.h"
#include "tests/harness/guest.h"
#include "tests/harness/person.h"

#define MIB	    ((guint64)1 << 20)
#define SPARE_BYTES (192 * MIB) /* of the guest, besides what is filled */
#define SAVE_TURNS  3

static const char by_kernel[] = "warm, by the kernel's clock";

/** One guest that is measured. */
struct phase_case {
	guint fill_mib; /* 0: what the bare guest uses */
	guint cpus;
};

static void add(const struct phase_case *this, const char *what, const char *unit,
		const char *condition, double target, double sample)
{
	g_autofree char *size = this->fill_mib ? g_strdup_printf("%u MB", this->fill_mib)
					       : g_strdup("bare guest");
	g_autofree char *name = g_strdup_printf("%s, %s, %u CPU%s", what, size, this->cpus,
						this->cpus == 1 ? "" : "s");

	figure_add_grouped(&(struct figure){ name, unit, condition, target, target != 0 }, sample);
}

/* The peer: as many bytes from memory into a file beside the save, without fsync. In ms. */
static double write_as_much(const struct guest *guest, guint64 bytes)
{
	g_autofree char *path = g_build_filename(guest->base, "peer", NULL);
	autofd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	g_autofree char *block = g_malloc(MIB);
	gint64 start;
	double ms;

	memset(block, 0x5a, MIB);
	start = g_get_monotonic_time();
	while (bytes) {
		ssize_t n = write(fd, block, MIN(bytes, MIB));

		if (n < 0)
			g_error("%s: %s", path, strerror(errno));
		bytes -= (guint64)n;
	}
	ms = (double)(g_get_monotonic_time() - start) / 1e3;
	g_remove(path);
	return ms;
}

/*
 * The fastest of several of each, in turns. A page of the cache that a virtual machine's host has
 * taken back costs ten times the copying when it is used again: the first to write would pay for
 * such pages, and whoever comes next would get those that were freed just before.
 */
static void measure_save(struct guest *guest, const struct phase_case *this)
{
	VkCheckpointStats best = { .dump_us = G_MAXUINT64 };
	double dump, peer = INFINITY;

	for (guint turn = 0; turn < SAVE_TURNS; turn++) {
		g_autoptr(GError) error = NULL;
		VkCheckpointStats stats;
		double ms;

		guest_make_save_dir(guest);
		if (!vk_launcher_checkpoint(guest->config.runtime_dir, guest->save, FALSE, &stats,
					    &error))
			g_error("save: %s", error->message);
		guest_make_save_dir(guest); /* frees what the save took, for the peer to take */
		ms = write_as_much(guest, stats.memory_bytes + stats.state_bytes);
		peer = MIN(peer, ms);
		if (stats.dump_us < best.dump_us)
			best = stats;
	}
	dump = (double)best.dump_us / 1e3;
	add(this, "bytes", "MB", "without holes", 0, (double)best.memory_bytes / 1e6);
	add(this, "quiesce", "us", by_kernel, 0, (double)best.quiesce_us);
	add(this, "dump", "ms", by_kernel, 0, dump);
	add(this, "resume", "us", by_kernel, 0, (double)best.resume_us);
	add(this, "dump / write(2)", "x", "as many bytes, same disk, no fsync, fastest of 3", 3,
	    dump / peer);
}

static void measure_thaw(struct guest *guest, const struct phase_case *this)
{
	static const struct {
		const char *member, *name;
	} stages[] = {
		{ "files_us", "thaw: state and files" }, { "memory_us", "thaw: memory" },
		{ "data_us", "thaw: kernel data" },	 { "host_us", "thaw: host side" },
		{ "resume_us", "thaw: resume" },	 { "total_us", "thaw: in all" },
	};
	g_autoptr(GError) error = NULL;

	guest_make_save_dir(guest);
	if (!vk_launcher_checkpoint(guest->config.runtime_dir, guest->save, TRUE, NULL, &error))
		g_error("save: %s", error->message);
	guest_kill(guest);
	guest_thaw(guest);
	for (guint i = 0; i < G_N_ELEMENTS(stages); i++)
		add(this, stages[i].name, "us", by_kernel, 0,
		    (double)guest_logged_number(guest, stages[i].member));
}

/* The same save once more, with its memory mapped. */
static void measure_quick_thaw(struct guest *guest, const struct phase_case *this)
{
	guest_kill(guest);
	guest->config.map_memory = TRUE;
	guest_thaw(guest);
	add(this, "thaw: in all, quick-thaw=yes", "us", by_kernel, 0,
	    (double)guest_logged_number(guest, "total_us"));
}

static void start_filled(struct guest *guest, const struct phase_case *this)
{
	guest_start(guest);
	if (this->fill_mib) {
		g_autofree char *program = guest_program("fill.py");
		g_autofree char *amount = g_strdup_printf("%u", this->fill_mib);
		g_autofree char *said = guest_output(guest, "python3", program, amount);
	}
}

static void measure_short_pause(const struct phase_case *this)
{
	struct guest guest;
	g_autoptr(GError) error = NULL;
	VkCheckpointStats stats;

	guest_init(&guest, this->fill_mib * MIB + SPARE_BYTES, this->cpus);
	guest.config.copy_while_running = TRUE;
	start_filled(&guest, this);
	guest_make_save_dir(&guest);
	if (!vk_launcher_checkpoint(guest.config.runtime_dir, guest.save, FALSE, &stats, &error))
		g_error("save: %s", error->message);
	add(this, "dump, short-pause=yes", "ms", by_kernel, 0, (double)stats.dump_us / 1e3);
	guest_kill(&guest);
	guest_finish(&guest, true);
}

static void measure(const struct phase_case *this)
{
	struct guest guest;

	guest_init(&guest, this->fill_mib * MIB + SPARE_BYTES, this->cpus);
	start_filled(&guest, this);
	measure_save(&guest, this);
	measure_thaw(&guest, this);
	if (this->cpus == 1 && this->fill_mib)
		measure_quick_thaw(&guest, this);
	guest_kill(&guest);
	guest_finish(&guest, true);
}

void phases_measure(bool quick)
{
	static const guint fills[] = { 0, 256, 1024 };
	guint n = quick ? G_N_ELEMENTS(fills) - 1 : G_N_ELEMENTS(fills);

	for (guint cpus = 1; cpus <= 2; cpus++) {
		for (guint i = 0; i < n; i++)
			measure(&(struct phase_case){ .fill_mib = fills[i], .cpus = cpus });
	}
	for (guint i = 1; i < n; i++)
		measure_short_pause(&(struct phase_case){ .fill_mib = fills[i], .cpus = 1 });
}
