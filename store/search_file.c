/*
 * search_file.c - search.db: the blocks of the search index, a row each
 *
 * The checksum of a row goes over its numbers, too, so that a row that a torn
 * page put in another's place is found out.
 */
#include "store/search_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/crc32c.h"
#include "lib/base/db.h"
#include "lib/base/pack.h"
#include "store/search_block.h"

#define READER_MOST	1024

static const char *const steps[] = {
"CREATE TABLE meta("
"	one INTEGER PRIMARY KEY CHECK (one = 1),"
"	reader BLOB NOT NULL) STRICT;"
"CREATE TABLE block("
"	last INTEGER PRIMARY KEY,"		/* number of a letter */
"	after INTEGER NOT NULL,"
"	letters INTEGER NOT NULL,"
"	bytes INTEGER NOT NULL,"		/* of packed */
"	checksum INTEGER NOT NULL,"		/* CRC32C */
"	packed BLOB NOT NULL) STRICT;",
};

enum search_sql {
	SQL_READER,
	SQL_READER_NEW,
	SQL_ROW,
	SQL_LAST,
	SQL_BLOCK,
	SQL_BLOCKS_DELETE,
	SQL_BLOCK_NEW,
	SQL_CHECK,
	SQL_COUNT
};

static const char *const statements[SQL_COUNT] = {
[SQL_READER] = "SELECT reader FROM meta",
[SQL_READER_NEW] = "INSERT INTO meta VALUES (1, ?)",
[SQL_ROW] = "SELECT after, last, letters, bytes FROM block WHERE last > ?"
"	ORDER BY last LIMIT 1",
[SQL_LAST] = "SELECT coalesce(max(last), 0) FROM block",
[SQL_BLOCK] = "SELECT after, last, letters, bytes, checksum, packed"
"	FROM block WHERE last > ? ORDER BY last LIMIT 1",
[SQL_BLOCKS_DELETE] = "DELETE FROM block WHERE last > ? AND last <= ?",
[SQL_BLOCK_NEW] = "INSERT INTO block (last, after, letters, bytes, checksum,"
"	packed) VALUES (?, ?, ?, ?, ?, ?)",
[SQL_CHECK] = "PRAGMA integrity_check(1)",
};

static const struct db_format format = {
	.application = 0x50527372,	/* "PRsr" */
	.version = sizeof(steps) / sizeof(steps[0]),
	.steps = steps,
	.statements = statements,
	.statement_count = SQL_COUNT,
	.is_disposable = true,
};

struct search_file {
	struct db	*db;
};

int
search_file_remove(int folder_fd)
{
	/* a log that is left alone would be taken for the next file's */
	static const char *const names[] = {
		SEARCH_FILE "-wal", SEARCH_FILE "-shm", SEARCH_FILE
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unlinkat(folder_fd, names[i], 0) < 0 && errno != ENOENT)
			r = -errno;
	return r;
}

static int
set_reader(struct db *db, struct slice reader)
{
	struct db_query q;
	int r = db_begin(db);

	if (r < 0)
		return r;
	q = db_ask(db, SQL_READER_NEW);
	db_put_blob(&q, reader);
	r = db_run(&q);
	if (r == 0)
		r = db_commit(db, false);
	if (r < 0)
		db_rollback(db);
	return r;
}

/* 0; -EUCLEAN: texts were read otherwise, or it is another's. */
static int
judge_reader(struct db *db, struct slice reader)
{
	struct db_query	q = db_ask(db, SQL_READER);
	int		r = db_next(&q);

	if (r > 0)
		r = slice_is(db_blob(&q, 0, READER_MOST), reader) ? 1 :
		    -EUCLEAN;
	db_end(&q);
	return r == 0 ? set_reader(db, reader) : r < 0 ? r : 0;
}

static int
try_open(int folder_fd, struct slice reader, struct db **db_out)
{
	unsigned needs;
	struct db *db;
	int r;

	r = db_open(folder_fd, SEARCH_FILE, &format, false, &db, &needs);
	if (r < 0)
		return r == -EPROTO ? -EUCLEAN : r;
	r = judge_reader(db, reader);
	if (r < 0) {
		db_close(db);
		return r;
	}
	*db_out = db;
	return 0;
}

int
search_file_open(int folder_fd, struct slice reader,
    struct search_file **file_out)
{
	struct search_file *file = calloc(1, sizeof(*file));
	int r;

	if (file == NULL)
		return -ENOMEM;
	r = try_open(folder_fd, reader, &file->db);
	if (r == -EUCLEAN) {
		r = search_file_remove(folder_fd);
		if (r == 0)
			r = try_open(folder_fd, reader, &file->db);
	}
	if (r < 0) {
		free(file);
		return r;
	}
	*file_out = file;
	return 0;
}

void
search_file_close(struct search_file *file)
{
	if (file == NULL)
		return;
	db_close(file->db);
	free(file);
}

void
search_file_rest(struct search_file *file)
{
	db_rest(file->db);
}

/* The next four columns.  0 or -EUCLEAN. */
static int
read_row(struct db_query *q, struct search_row *row_out)
{
	row_out->after = db_u64(q, 0, INT64_MAX);
	row_out->last = db_u64(q, 1, INT64_MAX);
	row_out->letters = db_u64(q, 0, SEARCH_LETTERS_MOST);
	row_out->bytes = db_u64(q, 1, SEARCH_PACKED_MOST);
	return row_out->after < row_out->last ? db_row(q) : -EUCLEAN;
}

int
search_file_row(struct search_file *file, uint64_t after,
    struct search_row *row_out)
{
	DB_QUERY_AUTO	q = db_ask(file->db, SQL_ROW);
	int		r;

	db_put_u64(&q, after);
	r = db_next(&q);
	if (r > 0 && read_row(&q, row_out) < 0)
		r = -EUCLEAN;
	return r;
}

int
search_file_last(struct search_file *file, uint64_t *last_out)
{
	DB_QUERY_AUTO	q = db_ask(file->db, SQL_LAST);
	int		r = db_next(&q);

	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	*last_out = db_u64(&q, 0, INT64_MAX);
	return db_row(&q);
}

static uint32_t
checksum(const struct search_row *row, struct slice packed)
{
	TEXT_AUTO numbers = TEXT_INIT(32);

	pack_u64(&numbers, row->after);
	pack_u64(&numbers, row->last);
	pack_u64(&numbers, row->letters);
	return crc32c(crc32c(0, text_slice(&numbers)), packed);
}

int
search_file_read(struct search_file *file, uint64_t after,
    struct search_row *row_out, struct text *packed)
{
	DB_QUERY_AUTO	q = db_ask(file->db, SQL_BLOCK);
	struct slice	bytes;
	uint64_t	sum;
	int		r;

	db_put_u64(&q, after);
	r = db_next(&q);
	if (r <= 0)
		return r;
	r = read_row(&q, row_out);
	sum = db_u64(&q, 0, UINT32_MAX);
	bytes = db_blob(&q, 1, SEARCH_PACKED_MOST);
	/* a hole in the chain: a row was lost */
	if (r < 0 || db_row(&q) < 0 || row_out->after > after ||
	    bytes.len != row_out->bytes || checksum(row_out, bytes) != sum)
		return -EUCLEAN;
	text_add(packed, bytes);
	return text_failed(packed) ? -ENOMEM : 1;
}

static int
write_block(struct search_file *file, const struct search_row *row,
    struct slice packed)
{
	struct db_query q = db_ask(file->db, SQL_BLOCKS_DELETE);
	int r;

	db_put_u64(&q, row->after);
	db_put_u64(&q, row->last);
	r = db_run(&q);
	if (r < 0)
		return r;
	q = db_ask(file->db, SQL_BLOCK_NEW);
	db_put_u64(&q, row->last);
	db_put_u64(&q, row->after);
	db_put_u64(&q, row->letters);
	db_put_u64(&q, packed.len);
	db_put_u64(&q, checksum(row, packed));
	db_put_blob(&q, packed);
	return db_run(&q);
}

int
search_file_write(struct search_file *file, const struct search_row *row,
    struct slice packed)
{
	int r = db_begin(file->db);

	if (r == 0)
		r = write_block(file, row, packed);
	/* FULL: nothing is synced, but the log does not grow */
	if (r == 0)
		r = db_commit(file->db, true);
	if (r < 0)
		db_rollback(file->db);
	return r;
}

/* Proof */

/* SQLite's own check of the file. */
static int
check_pages(struct db *db)
{
	DB_QUERY_AUTO	q = db_ask(db, SQL_CHECK);
	int		r = db_next(&q);

	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	return slice_is_str(db_blob(&q, 0, 4096), "ok") ? 0 : -EUCLEAN;
}

/* Every block, one behind the other. */
static int
check_blocks(struct search_file *file)
{
	TEXT_AUTO packed = TEXT_INIT(SEARCH_PACKED_MOST);
	struct search_row row = { 0 };
	struct search_block block;
	int r;

	while ((r = search_file_read(file, row.last, &row, &packed)) > 0) {
		r = search_block_open(text_slice(&packed), &block);
		if (r == 0 && block.count != row.letters)
			r = -EUCLEAN;
		if (r < 0)
			return r;
		text_clear(&packed);
	}
	return r;
}

int
search_file_check(int folder_fd, search_fault_fn *say, void *arg)
{
	struct search_file file;
	unsigned needs;
	int r;

	r = db_open(folder_fd, SEARCH_FILE, &format, true, &file.db, &needs);
	if (r == -ENOENT || r == -ENODATA || r == -EPROTO)
		return 0;
	if (r == 0) {
		r = check_pages(file.db);
		if (r == 0)
			r = check_blocks(&file);
		db_close(file.db);
	}
	if (r != -EUCLEAN)
		return r;
	say(arg, "The search index (search.db) is damaged; it may be deleted "
	    "and is then made anew.");
	return 1;
}
