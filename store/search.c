/*
 * search.c - search.db of one account: opened when it is needed, and dropped
 *
 * What a row says is true of the letters that had those numbers in this
 * index.db, read as this program reads them.  Both stand in the file, and if
 * they are others it is made anew.
 */
#include "store/search.h"

#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utf8proc.h>

#include "config.h"
#include "lib/message/words.h"
#include "store/index_inside.h"
#include "store/search_inside.h"

struct search *
search_new(int folder_fd, const struct index *index)
{
	struct search *search = calloc(1, sizeof(*search));

	if (search == NULL)
		return NULL;
	search->unknown_from = index->marks.modseqs.next;
	search->folder_fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 3);
	if (search->folder_fd < 0) {
		free(search);
		return NULL;
	}
	return search;
}

void
search_free(struct search *search)
{
	if (search == NULL)
		return;
	search_close(search);
	(void)close(search->folder_fd);
	free(search);
}

/*
 * How letters become words: our version and the tables of others, and which
 * index.db gave the numbers.  A copy that was put in its place is another file.
 */
static int
add_reader(const struct search *search, struct text *reader)
{
	struct stat st;

	if (fstatat(search->folder_fd, INDEX_FILE, &st,
	    AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	/* the number grows with what letter_text.h reads of a letter */
	text_addf(reader, "Postroom " POSTROOM_VERSION " 2, Unicode %s, "
	    "libc %s, index %ju", utf8proc_unicode_version(),
	    gnu_get_libc_version(), (uintmax_t)st.st_ino);
	words_add_names(reader);
	return text_failed(reader) ? -ENOMEM : 0;
}

/* Letters that this life brought cannot be known to an earlier one. */
static int
judge_last(struct search *search)
{
	uint64_t last;
	int r = search_file_last(search->file, &last);

	if (r == 0 && last >= search->unknown_from)
		return -EUCLEAN;
	if (r == 0)
		search->reached = last;
	return r;
}

static int
open_file(struct search *search)
{
	TEXT_AUTO reader = TEXT_INIT(1024);
	int r = add_reader(search, &reader);

	if (r == 0)
		r = search_file_open(search->folder_fd, text_slice(&reader),
		    &search->file);
	if (r == 0)
		r = judge_last(search);
	return r;
}

int
search_open(struct search *search, bool make)
{
	struct stat st;
	int r;

	if (search->file != NULL)
		return 1;
	if (!make && fstatat(search->folder_fd, SEARCH_FILE, &st,
	    AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	r = open_file(search);
	if (r == -EUCLEAN) {
		r = search_drop(search);
		if (r == 0)
			r = open_file(search);
	}
	if (r < 0)
		search_close(search);
	return r < 0 ? r : 1;
}

void
search_end_reading(struct search *search)
{
	struct reading *reading = &search->reading;

	search_read_end(&reading->read);
	text_free(&reading->trace);
	text_free(&reading->piece);
	if (reading->is_big)
		(void)close(reading->fd);
	*reading = (struct reading){ 0 };
}

void
search_close(struct search *search)
{
	for (size_t i = 0; i < search->pending_count; i++)
		text_free(&search->pending[i].packed);
	search->pending_count = 0;
	search_end_reading(search);
	search_terms_free(search->terms);
	search->terms = NULL;
	search->wanted = (struct letter_row){ 0 };
	/* rows up to there are ours: this life may open them again */
	if (search->unknown_from <= search->reached)
		search->unknown_from = search->reached + 1;
	search->merged = search->swept = search->reached = 0;
	search->looks = 0;
	search->is_building = false;
	search_file_close(search->file);
	search->file = NULL;
}

void
search_rest(struct search *search)
{
	if (search->file != NULL)
		search_file_rest(search->file);
}

int
search_drop(struct search *search)
{
	int r;

	search_close(search);
	r = search_file_remove(search->folder_fd);
	/* a power cut must not bring it back */
	return r < 0 ? r : fsync(search->folder_fd) < 0 ? -errno : 0;
}

int
search_figures(struct account *account, struct search_figures *figures_out)
{
	struct search_figures figures = { 0 };
	struct search_row row = { 0 };
	int r = search_open(account->search, false);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	while ((r = search_file_row(account->search->file, row.last,
	    &row)) > 0) {
		figures.blocks++;
		figures.letters += row.letters;
		figures.bytes += row.bytes;
		figures.upto = row.last;
	}
	if (r == 0)
		*figures_out = figures;
	return r;
}
