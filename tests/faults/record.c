/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call is looked at before it is made (does the file exist already? where is it?) and after it
 * (did it succeed?). What a file holds is read from the file itself after each call that may have
 * changed it, so that it does not matter by which call that was.
 */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "trace.h"

static const int recorded_calls[] = {
	SYS_openat,	     SYS_mkdir,	    SYS_mkdirat,   SYS_symlink,	  SYS_symlinkat, SYS_rename,
	SYS_renameat,	     SYS_renameat2, SYS_unlink,	   SYS_unlinkat,  SYS_rmdir,	 SYS_write,
	SYS_pwrite64,	     SYS_writev,    SYS_pwritev,   SYS_ftruncate, SYS_fallocate, SYS_ioctl,
	SYS_copy_file_range, SYS_fsync,	    SYS_fdatasync, SYS_link,	  SYS_linkat,	 -1,
};

/** A call that is under way in a thread. */
typedef struct {
	TraceCall call;
	char *path, *other;
	gboolean existed;
} Pending;

typedef struct {
	const char *directory;
	GPtrArray *records;
	GHashTable *pending; /* tid -> Pending */
} Recorder;

static void pending_free(gpointer data)
{
	Pending *pending = data;

	g_free(pending->path);
	g_free(pending->other);
	g_free(pending);
}

void content_free(gpointer data)
{
	Content *content = data;

	if (!content)
		return;
	g_hash_table_unref(content->blocks);
	g_free(content);
}

static void record_free(gpointer data)
{
	Record *record = data;

	g_free(record->path);
	g_free(record->target);
	content_free(record->content);
	g_free(record);
}

static Content *content_new(void)
{
	Content *content = g_new0(Content, 1);

	content->blocks = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_bytes_unref);
	return content;
}

Content *content_read(const char *path)
{
	autofd fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	Content *content = content_new();
	guint8 block[BLOCK_BYTES];
	struct stat st;
	off_t at = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return content;
	content->size = (guint64)st.st_size;
	while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
		ssize_t n;

		at = at / BLOCK_BYTES * BLOCK_BYTES;
		memset(block, 0, sizeof(block));
		n = pread(fd, block, sizeof(block), at);
		if (n <= 0)
			break;
		g_hash_table_insert(content->blocks, GSIZE_TO_POINTER(at / BLOCK_BYTES),
				    g_bytes_new(block, sizeof(block)));
		at += BLOCK_BYTES;
	}
	return content;
}

void content_write(const Content *content, const char *path)
{
	autofd fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	GHashTableIter iter;
	gpointer number, block;

	if (fd < 0)
		g_error("cannot make %s: %m", path);
	g_hash_table_iter_init(&iter, content->blocks);
	while (g_hash_table_iter_next(&iter, &number, &block)) {
		if (pwrite(fd, g_bytes_get_data(block, NULL), BLOCK_BYTES,
			   (off_t)(GPOINTER_TO_SIZE(number) * BLOCK_BYTES)) != BLOCK_BYTES)
			g_error("cannot write %s: %m", path);
	}
	if (ftruncate(fd, (off_t)content->size) < 0)
		g_error("cannot set the size of %s: %m", path);
}

static gboolean concerns_us(const Recorder *recorder, const char *path)
{
	gsize length = strlen(recorder->directory);

	return path && strncmp(path, recorder->directory, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

static Record *add(Recorder *recorder, RecordKind kind, const char *path, const char *target)
{
	Record *record = g_new0(Record, 1);

	record->kind = kind;
	record->path = g_strdup(path);
	record->target = g_strdup(target);
	g_ptr_array_add(recorder->records, record);
	return record;
}

static TraceVerdict on_enter(TraceCall *call, gpointer user_data)
{
	Recorder *recorder = user_data;
	Pending *pending = g_new0(Pending, 1);
	struct stat st;

	pending->call = *call;
	trace_paths(call, &pending->path, &pending->other);
	if (!concerns_us(recorder, pending->path) && !concerns_us(recorder, pending->other)) {
		pending_free(pending);
		return TRACE_GO;
	}
	pending->existed = lstat(pending->path, &st) == 0;
	g_hash_table_replace(recorder->pending, GINT_TO_POINTER(call->tid), pending);
	return TRACE_FOLLOW;
}

static void add_data(Recorder *recorder, const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
		add(recorder, RECORD_DATA, path, NULL)->content = content_read(path);
}

/* Something came from elsewhere; nobody knows whether it was synced there. */
static void add_arrival(Recorder *recorder, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return;
	add(recorder, RECORD_CREATE, path, NULL)->is_dir = S_ISDIR(st.st_mode);
	if (S_ISREG(st.st_mode))
		add_data(recorder, path);
}

static void on_success(Recorder *recorder, const Pending *pending)
{
	const TraceCall *call = &pending->call;
	const char *path = pending->path;

	switch (call->number) {
	case SYS_openat:
		if (!pending->existed)
			add(recorder, RECORD_CREATE, path, NULL);
		else if (call->args[2] & O_TRUNC)
			add_data(recorder, path);
		break;
	case SYS_mkdir:
	case SYS_mkdirat:
		add(recorder, RECORD_CREATE, path, NULL)->is_dir = TRUE;
		break;
	case SYS_symlink:
	case SYS_symlinkat:
		add(recorder, RECORD_CREATE, path, pending->other)->is_link = TRUE;
		break;
	case SYS_link:
	case SYS_linkat:
		add(recorder, RECORD_LINK, path, pending->other);
		break;
	case SYS_rename:
	case SYS_renameat:
	case SYS_renameat2:
		if (!concerns_us(recorder, path)) {
			add_arrival(recorder, pending->other);
			break;
		}
		if (!concerns_us(recorder, pending->other)) {
			add(recorder, RECORD_REMOVE, path, NULL);
			break;
		}
		add(recorder,
		    call->number == SYS_renameat2 && call->args[4] & RENAME_EXCHANGE
			    ? RECORD_EXCHANGE
			    : RECORD_RENAME,
		    path, pending->other);
		break;
	case SYS_unlink:
	case SYS_unlinkat:
	case SYS_rmdir:
		add(recorder, RECORD_REMOVE, path, NULL);
		break;
	case SYS_fsync:
	case SYS_fdatasync:
		add(recorder, RECORD_SYNC, path, NULL);
		break;
	default:
		add_data(recorder, path);
		break;
	}
}

static void on_leave(const TraceCall *call, gpointer user_data)
{
	Recorder *recorder = user_data;
	gpointer tid = GINT_TO_POINTER(call->tid);
	const Pending *pending = g_hash_table_lookup(recorder->pending, tid);

	if (pending && call->result >= 0)
		on_success(recorder, pending);
	g_hash_table_remove(recorder->pending, tid);
}

GPtrArray *record_run(const char *directory, int (*run)(gpointer user_data), gpointer user_data,
		      int *status)
{
	Recorder recorder = {
		.directory = directory,
		.records = g_ptr_array_new_with_free_func(record_free),
		.pending = g_hash_table_new_full(NULL, NULL, NULL, pending_free),
	};
	Tracer tracer = {
		.calls = recorded_calls,
		.enter = on_enter,
		.leave = on_leave,
		.user_data = &recorder,
	};

	*status = trace_run(&tracer, run, user_data);
	add(&recorder, RECORD_END, directory, NULL);
	g_hash_table_unref(recorder.pending);
	return recorder.records;
}
