/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A memory image is gigabytes of which most are holes, so what is absent must cost nothing, and
 * what is there must use all processors. The file is cut into chunks of 4 MiB, the chunks into
 * blocks of 4 KiB.
 *
 *   hash chunk  - Threads take chunks by a shared counter. The digest of a chunk is XXH3-128 over
 *                 its blocks that are not all zero, in order, followed by a bitmap (128 bytes, bit
 *                 i%8 of byte i/8 for block i) of which those are. A last block that the end of the
 *                 file cuts is taken as filled with zeros. SEEK_DATA skips holes unread.
 *   fold        - The checksum of the file is XXH3-128 over, for each chunk with a block that is
 *                 not zero, its number (64 bits, little endian) and its digest (canonical form),
 *                 and at last the size of the file (64 bits, little endian).
 *
 * So the result depends on the content and the size alone: not on where the holes are, nor on the
 * number of threads.
 */
#include "vksession/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "launcher/autofd.h"
#include "vksession/error.h"
#include "vksession/sparse.h"

#define BLOCK_SIZE   4096u
#define CHUNK_SIZE   (4u << 20)
#define CHUNK_BLOCKS (CHUNK_SIZE / BLOCK_SIZE)
#define READ_SIZE    (256u << 10)
#define MAX_THREADS  8u

/** What the threads of one checksum share. */
typedef struct {
	const VksChecksumSource *source;
	guint64 size;
	gsize chunks;
	gsize next_chunk;  /* atomic: the next one to take */
	gint failed_errno; /* atomic: 0 while all is well */
	gsize chunks_done; /* atomic */
	gsize data_blocks; /* atomic */
	GCancellable *cancellable;
	VksChecksumProgress progress;
	gpointer user_data;
	guint8 *present;	     /* by chunk: has a block that is not zero */
	XXH128_canonical_t *digests; /* by chunk */
} Job;

/** What one thread has for itself. */
typedef struct {
	Job *job;
	gboolean reports; /* the thread that asked; only it calls progress */
	XXH3_state_t *state;
	guint8 *buffer; /* READ_SIZE */
	guint8 bitmap[CHUNK_BLOCKS / 8];
} Worker;

static gboolean block_is_zero(const guint8 *block)
{
	return block[0] == 0 && memcmp(block, block + 1, BLOCK_SIZE - 1) == 0;
}

/* Feeds the blocks of one read that are not zero to the digest of the chunk. */
static gsize take_blocks(Worker *worker, gsize first_block, gsize blocks)
{
	gsize taken = 0;

	for (gsize i = 0; i < blocks; i++) {
		const guint8 *block = worker->buffer + i * BLOCK_SIZE;
		gsize bit = first_block + i;

		if (block_is_zero(block))
			continue;
		XXH3_128bits_update(worker->state, block, BLOCK_SIZE);
		worker->bitmap[bit / 8] |= (guint8)(1u << (bit % 8));
		taken++;
	}
	return taken;
}

static int hash_chunk(Worker *worker, gsize number)
{
	Job *job = worker->job;
	guint64 start = (guint64)number * CHUNK_SIZE;
	const VksChecksumSource *source = job->source;
	guint64 end = MIN(start + CHUNK_SIZE, job->size);
	gsize taken = 0;

	XXH3_128bits_reset(worker->state);
	memset(worker->bitmap, 0, sizeof(worker->bitmap));
	for (guint64 at = source->next_data(source->data, start, end); at < end;
	     at = source->next_data(source->data, at + READ_SIZE, end)) {
		gsize want = (gsize)MIN(end - at, READ_SIZE);
		gsize blocks = (want + BLOCK_SIZE - 1) / BLOCK_SIZE;

		int errnum = source->read(source->data, worker->buffer, blocks * BLOCK_SIZE, at);

		if (errnum)
			return errnum;
		taken += take_blocks(worker, (gsize)(at - start) / BLOCK_SIZE, blocks);
		if (at + READ_SIZE >= end)
			break;
	}
	if (taken > 0) {
		XXH3_128bits_update(worker->state, worker->bitmap, sizeof(worker->bitmap));
		XXH128_canonicalFromHash(&job->digests[number], XXH3_128bits_digest(worker->state));
		job->present[number] = 1;
		g_atomic_pointer_add(&job->data_blocks, taken);
	}
	return 0;
}

static void report(Worker *worker)
{
	Job *job = worker->job;
	gsize done = (gsize)g_atomic_pointer_add(&job->chunks_done, 1) + 1;

	if (worker->reports && job->progress)
		job->progress(MIN((guint64)done * CHUNK_SIZE, job->size), job->user_data);
}

static gpointer hash_chunks(gpointer data)
{
	Worker *worker = data;
	Job *job = worker->job;
	gsize number;

	worker->state = XXH3_createState();
	worker->buffer = g_malloc0(READ_SIZE);
	while (g_atomic_int_get(&job->failed_errno) == 0 &&
	       (number = (gsize)g_atomic_pointer_add(&job->next_chunk, 1)) < job->chunks) {
		int errnum = g_cancellable_is_cancelled(job->cancellable)
				     ? ECANCELED
				     : hash_chunk(worker, number);

		if (errnum)
			g_atomic_int_set(&job->failed_errno, errnum);
		report(worker);
	}
	XXH3_freeState(worker->state);
	g_free(worker->buffer);
	return NULL;
}

static void to_hex(XXH128_hash_t hash, char hex[VKS_CHECKSUM_HEX + 1])
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, hash);
	for (gsize i = 0; i < sizeof(canonical.digest); i++)
		g_snprintf(hex + 2 * i, 3, "%02x", canonical.digest[i]);
}

static void fold(const Job *job, VksChecksum *sum)
{
	XXH3_state_t *state = XXH3_createState();
	guint64 number;

	XXH3_128bits_reset(state);
	for (gsize i = 0; i < job->chunks; i++) {
		if (!job->present[i])
			continue;
		number = GUINT64_TO_LE((guint64)i);
		XXH3_128bits_update(state, &number, sizeof(number));
		XXH3_128bits_update(state, &job->digests[i], sizeof(job->digests[i]));
	}
	number = GUINT64_TO_LE(job->size);
	XXH3_128bits_update(state, &number, sizeof(number));
	to_hex(XXH3_128bits_digest(state), sum->hex);
	XXH3_freeState(state);
	sum->size = job->size;
	sum->data_bytes = (guint64)job->data_blocks * BLOCK_SIZE;
}

/* Hashes all chunks, in this thread and as many others as there are further processors. */
static void run_workers(Job *job)
{
	guint threads = CLAMP(g_get_num_processors(), 1, MAX_THREADS);
	Worker workers[MAX_THREADS] = { 0 };
	GThread *others[MAX_THREADS] = { NULL };

	threads = (guint)MIN((gsize)threads, MAX(job->chunks, 1));
	for (guint i = 0; i < MAX_THREADS; i++) {
		workers[i].job = job;
		workers[i].reports = i == 0;
	}
	/* A thread that can't be had is no error: the others take its chunks. */
	for (guint i = 1; i < threads; i++)
		others[i] = g_thread_try_new("checksum", hash_chunks, &workers[i], NULL);
	hash_chunks(&workers[0]);
	for (guint i = 1; i < threads; i++) {
		if (others[i])
			g_thread_join(others[i]);
	}
}

gboolean vks_checksum_source(const VksChecksumSource *source, VksChecksum *sum,
			     VksChecksumProgress progress, gpointer user_data,
			     GCancellable *cancellable, GError **error)
{
	Job job = { .source = source, .size = source->size, .cancellable = cancellable };
	g_autofree guint8 *present = NULL;
	g_autofree XXH128_canonical_t *digests = NULL;

	job.chunks = (gsize)((job.size + CHUNK_SIZE - 1) / CHUNK_SIZE);
	job.progress = progress;
	job.user_data = user_data;
	job.present = present = g_try_new0(guint8, job.chunks + 1);
	job.digests = digests = g_try_new(XXH128_canonical_t, job.chunks + 1);
	if (!present || !digests) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "file of %" G_GUINT64_FORMAT " bytes is too large", job.size);
		return FALSE;
	}
	run_workers(&job);
	if (g_cancellable_is_cancelled(cancellable)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "interrupted");
		return FALSE;
	}
	if (job.failed_errno) {
		vks_error_errno(error, job.failed_errno, "cannot read");
		return FALSE;
	}
	fold(&job, sum);
	return TRUE;
}

gboolean vks_checksum_fd(int fd, VksChecksum *sum, VksChecksumProgress progress, gpointer user_data,
			 GCancellable *cancellable, GError **error)
{
	VksChecksumSource source;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "not a regular file");
		return FALSE;
	}
	source = vks_sparse_source(fd, (guint64)st.st_size);
	return vks_checksum_source(&source, sum, progress, user_data, cancellable, error);
}

gboolean vks_checksum_path(const char *path, VksChecksum *sum, VksChecksumProgress progress,
			   gpointer user_data, GCancellable *cancellable, GError **error)
{
	autofd fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		vks_error_errno(error, errno, "cannot open %s", path);
		return FALSE;
	}
	if (vks_checksum_fd(fd, sum, progress, user_data, cancellable, error))
		return TRUE;
	if (!g_cancellable_is_cancelled(cancellable))
		g_prefix_error(error, "%s: ", path);
	return FALSE;
}

gboolean vks_checksum_compare(const char *what, const VksChecksum *found, guint64 size,
			      const char *hex, GError **error)
{
	if (found->size == size && strcmp(found->hex, hex) == 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: checksum differs", what);
	return FALSE;
}

void vks_checksum_buffer(const void *data, gsize length, char hex[VKS_CHECKSUM_HEX + 1])
{
	to_hex(XXH3_128bits(data, length), hex);
}

gboolean vks_checksum_is_hex(const char *text)
{
	return strlen(text) == VKS_CHECKSUM_HEX &&
	       strspn(text, "0123456789abcdef") == VKS_CHECKSUM_HEX;
}
