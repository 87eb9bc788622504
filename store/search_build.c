/*
 * search_build.c - search.db is made, a step at a time
 *
 * Letters are read in order of their number.  Each becomes a block of its own;
 * blocks of as many letters are merged, in memory and then as rows, so that in
 * the end there are few, and a letter's words were copied some ten times.  What
 * was not written is read again after a stop.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/base/loop.h"
#include "store/index_inside.h"
#include "store/search_inside.h"
#include "store/segments.h"

/* Of a big letter, read at once: as much as a search reads (part_text.h), so
 * that a text is cut where it cuts it. */
#define BIG_PIECE	PART_TEXT_STEP
#define STEP_MS		3	/* of reading; a letter is at most as much */
/* Letters and bytes that are written as one row. */
#define WRITE_LETTERS	256
#define WRITE_BYTES	(192 * 1024)
#define LOOKS_FOR_A_ROW	2	/* for letters that are gone */
#define LOOKS_MOST	16	/* that are put off while letters wait */

/* Is there enough that is not known? */
static int
is_worth_it(struct account *account)
{
	DB_QUERY_AUTO	q = db_ask(account->index->db, SQL_SEARCH_TAIL);
	uint64_t	letters, bytes;
	int		r;

	db_put_u64(&q, SEARCH_BIG_BYTES);
	db_put_u64(&q, account->search->reached);
	db_put_u64(&q, SEARCH_TAIL_LETTERS);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	letters = db_u64(&q, 0, SEARCH_TAIL_LETTERS);
	bytes = db_u64(&q, 0, INT64_MAX);
	if (db_row(&q) < 0)
		return -EUCLEAN;
	return letters == SEARCH_TAIL_LETTERS || bytes >= SEARCH_TAIL_BYTES;
}

static bool
has_room(const struct search *search)
{
	struct statvfs vfs;

	return fstatvfs(search->folder_fd, &vfs) == 0 &&
	    (uint64_t)vfs.f_bavail * vfs.f_frsize >= SEARCH_FREE_BYTES;
}

/* Pending */

/* Put the last two together. */
static int
join_pending(struct search *search)
{
	struct pending *later = &search->pending[--search->pending_count];
	struct pending *earlier = later - 1;
	struct text packed = TEXT_INIT(SEARCH_PACKED_MOST);
	struct search_block a, b;
	int r = search_block_open(text_slice(&earlier->packed), &a);

	if (r == 0)
		r = search_block_open(text_slice(&later->packed), &b);
	if (r == 0)
		r = search_block_merge(&a, &b, &packed);
	text_free(&earlier->packed);
	text_free(&later->packed);
	earlier->packed = packed;
	earlier->row.last = later->row.last;
	earlier->row.letters += later->row.letters;
	earlier->row.bytes = packed.len;
	return r;
}

static int
write_pending(struct search *search)
{
	int r = 0;

	while (r == 0 && search->pending_count > 1)
		r = join_pending(search);
	if (r < 0 || search->pending_count == 0)
		return r;
	r = search_file_write(search->file, &search->pending[0].row,
	    text_slice(&search->pending[0].packed));
	text_free(&search->pending[0].packed);
	search->pending_count = 0;
	search->looks += LOOKS_FOR_A_ROW;
	return r;
}

/* Merge what is alike; write it when it is enough. */
static int
settle_pending(struct search *search)
{
	const struct pending *last;
	uint64_t letters = 0, bytes = 0;
	int r = 0;

	while (r == 0 && search->pending_count > 1) {
		last = &search->pending[search->pending_count - 1];
		if ((last - 1)->row.letters > last->row.letters)
			break;
		r = join_pending(search);
	}
	for (size_t i = 0; i < search->pending_count; i++) {
		letters += search->pending[i].row.letters;
		bytes += search->pending[i].row.bytes;
	}
	if (r == 0 && (letters >= WRITE_LETTERS || bytes >= WRITE_BYTES ||
	    search->pending_count == PENDING_MOST))
		r = write_pending(search);
	return r;
}

/* Letters */

/* All of the letter was read, or cannot be: it is pending from now on. */
static int
keep_letter(struct search *search, uint64_t letter, bool is_open)
{
	struct pending *pending = &search->pending[search->pending_count];
	int r;

	search_end_reading(search);
	search_terms_break(search->terms);
	if (is_open)
		search_terms_open(search->terms);
	*pending = (struct pending){
		.packed = TEXT_INIT(SEARCH_PACKED_MOST),
		.row = { search->reached, letter, 1, 0 },
	};
	r = search_terms_pack(search->terms, letter, &pending->packed);
	pending->row.bytes = pending->packed.len;
	search->pending_count++;
	search->reached = letter;
	return r < 0 ? r : settle_pending(search);
}

/* What was kept of its structure; empty: nothing. */
static int
add_structure(struct account *account, uint64_t letter, struct text *packed)
{
	DB_QUERY_AUTO	q = db_ask(account->index->db, SQL_SEARCH_STRUCTURE);
	int		r;

	db_put_u64(&q, letter);
	r = db_next(&q);
	if (r > 0)
		text_add(packed, db_blob(&q, 0, STRUCTURE_MOST));
	return r < 0 ? r : text_failed(packed) ? -ENOMEM : 0;
}

static int
begin_reading(struct account *account, uint64_t letter, struct slice trace,
    const struct message_bytes *message)
{
	struct search *search = account->search;
	TEXT_AUTO structure = TEXT_INIT(STRUCTURE_MOST);
	int r = add_structure(account, letter, &structure);

	if (r < 0)
		return r;
	search->reading.letter = letter;
	search_terms_clear(search->terms);
	return search_read_begin(&search->reading.read,
	    text_slice(&structure), trace, message);
}

/* Read on; a small letter to its end, for its bytes are only lent. */
static int
go_on(struct search *search, bool to_end)
{
	struct reading *reading = &search->reading;
	uint64_t until = clock_ms() + STEP_MS;
	int r;

	do
		r = search_read_next(&reading->read, search->terms);
	while (r > 0 && (to_end || clock_ms() < until));
	return r > 0 ? SEARCH_MORE : keep_letter(search, reading->letter,
	    r < 0);
}

/* One letter that is no big file. */
static int
read_small(struct account *account, const struct letter_row *row)
{
	struct search *search = account->search;
	struct record record;
	struct message_bytes message;
	int r = account_read_row(account, row, &record);

	if (r == 0) {
		message = message_bytes_in(record.body);
		r = begin_reading(account, row->letter, record.trace,
		    &message);
	}
	return r < 0 ? keep_letter(search, row->letter, true) :
	    go_on(search, true);
}

/* The next letter, or the end of them. */
static int
next_letter(struct account *account)
{
	struct search *search = account->search;
	struct letter_row row;
	uint64_t after = search->reached;
	int r = segments_letters(account->index, &after, 1, &row);

	if (r < 0)
		return r;
	if (r == 0) {
		search->is_building = false;
		search_terms_free(search->terms);
		search->terms = NULL;
		return write_pending(search);
	}
	if (row.place.segment == 0)
		return keep_letter(search, row.letter, true);
	if (!row.is_big)
		return read_small(account, &row);
	search->wanted = row;
	return SEARCH_WANTS_BIG;
}

struct message_id
search_big(const struct account *account)
{
	return account->search->wanted.big;
}

/* For lib/message/bytes.h: a file that fails is an error of one letter. */
static int
read_file(void *arg, uint64_t at, size_t most, struct slice *piece_out)
{
	struct reading *reading = arg;
	ssize_t n;

	text_clear(&reading->piece);
	if (text_space(&reading->piece, BIG_PIECE) == NULL)
		return -ENOMEM;
	n = pread(reading->fd, reading->piece.at, most < BIG_PIECE ? most :
	    BIG_PIECE, (off_t)at);
	if (n <= 0)
		return n < 0 ? -errno : -EBADMSG;
	*piece_out = slice_of(reading->piece.at, (size_t)n);
	return 0;
}

/* `fd` is its file: begin with it. */
static int
begin_big(struct account *account, int fd, const struct letter_row *row)
{
	struct reading *reading = &account->search->reading;
	const struct message_bytes message = {
		.size = row->body_bytes, .read = read_file, .arg = reading
	};
	struct record record;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size != row->body_bytes)
		return -EBADMSG;
	r = account_read_row(account, row, &record);
	if (r < 0)
		return r;
	reading->trace = (struct text)TEXT_INIT(64 * 1024);
	reading->piece = (struct text)TEXT_INIT(BIG_PIECE);
	text_add(&reading->trace, record.trace);
	return text_failed(&reading->trace) ? -ENOMEM :
	    begin_reading(account, row->letter, text_slice(&reading->trace),
	    &message);
}

void
search_take_big(struct account *account, int fd)
{
	struct search *search = account->search;
	struct letter_row row = search->wanted;
	uint64_t letter = row.letter;
	int r;

	search->wanted = (struct letter_row){ 0 };
	if (letter == 0 || search->terms == NULL)
		r = -ECANCELED;
	else	/* compaction may have moved it */
		r = index_letter(account->index, letter, &row);
	search->reading.fd = fd;
	search->reading.is_big = fd >= 0;
	if (r == 0)
		r = fd < 0 ? -EBADMSG : begin_big(account, fd, &row);
	if (r == -ECANCELED)
		search_end_reading(search);
	if (r == 0 || r == -ECANCELED)
		return;
	/* what was not written is read again */
	if (keep_letter(search, letter, true) < 0)
		search_close(search);
}

/* Steps */

static int
build(struct account *account)
{
	struct search *search = account->search;
	uint64_t until = clock_ms() + STEP_MS;
	int r = SEARCH_MORE;

	if (search->wanted.letter != 0)
		return SEARCH_WANTS_BIG;
	if (search->terms == NULL)
		search->terms = search_terms_new();
	if (search->terms == NULL)
		return -ENOMEM;
	if (search->reading.letter != 0)
		r = go_on(search, false);
	while (search->reading.letter == 0 && r >= 0 &&
	    r != SEARCH_WANTS_BIG && search->is_building &&
	    clock_ms() < until)
		r = next_letter(account);
	return r < 0 || r == SEARCH_WANTS_BIG ? r : SEARCH_MORE;
}

/* What is there is put in order, also while more waits to be read. */
static int
keep_house(struct account *account)
{
	struct search *search = account->search;
	uint64_t until = clock_ms() + STEP_MS;
	int r;

	do {
		r = search_merge(search);
		if (r == 0)
			r = search_sweep(search, account->index);
	} while (r == SEARCH_MORE && clock_ms() < until);
	return r >= 0 && search->is_building ? SEARCH_MORE : r;
}

static int
step(struct account *account)
{
	struct search *search = account->search;
	int r = search_open(search, false);

	if (r >= 0 && !search->is_building) {
		r = is_worth_it(account);
		if (r > 0 && !has_room(search)) {
			search->again_at_ms = clock_ms() + SEARCH_AGAIN_MS;
			return SEARCH_DONE;
		}
		if (r > 0)
			r = search_open(search, true);
		search->is_building = r > 0;
	}
	if (r < 0 || search->file == NULL)
		return r;
	/* where letters never stop coming, rows of those that went pile up */
	return search->is_building && search->looks <= LOOKS_MOST ?
	    build(account) : keep_house(account);
}

bool
search_fault_passes(int r)
{
	return r == -ENOMEM || r == -EBUSY || r == -ENOSPC || r == -EMFILE ||
	    r == -ENFILE;
}

int
search_step(struct account *account)
{
	struct search *search = account->search;
	int r;

	if (clock_ms() < search->again_at_ms)
		return SEARCH_DONE;
	r = account_commit_open(account);
	if (r < 0)
		return r;
	r = step(account);
	if (r >= 0)
		return r;
	search->again_at_ms = clock_ms() + SEARCH_AGAIN_MS;
	if (search_fault_passes(r))
		search_close(search);
	else
		(void)search_drop(search);
	return r;
}
