/*
 * letter.c - the bytes of one letter, a piece at a time
 *
 * A big letter is read with pread and never mapped: a bad sector, or a file that
 * became shorter, is then an error for one letter, not a signal for the whole
 * mailbox.
 */
#include "gateway/imap/letter.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int
take_facts(void *arg, size_t n, const struct letter_facts *facts)
{
	struct imapd_letter *letter = arg;

	(void)n;
	if (facts == NULL)
		return -EUCLEAN;
	letter->facts = *facts;
	letter->facts.structure = slice_of(NULL, 0);
	text_add(&letter->packed, facts->structure);
	return text_failed(&letter->packed) ? -ENOMEM : 0;
}

int
imapd_letter_find(struct imapd_letter *letter, struct selected *selected,
    size_t n, unsigned wanted)
{
	int r;

	*letter = (struct imapd_letter){
		.selected = selected, .n = n, .fd = -1,
		.packed = TEXT_INIT(STRUCTURE_MOST),
		.trace = TEXT_INIT(64 * 1024),
	};
	r = selected_facts(selected, n, 1, wanted | FACTS_STRUCTURE,
	    take_facts, letter);
	/* one of another version is made anew */
	if (r == 0 && letter->packed.len > 0 && structure_open(
	    text_slice(&letter->packed), &letter->structure) < 0)
		text_clear(&letter->packed);
	return r;
}

bool
imapd_letter_lend(struct imapd_letter *letter, struct selected *selected,
    size_t n, const struct letter_facts *facts, bool parts)
{
	struct structure structure;

	if (facts->is_big || facts->unreadable < 0 ||
	    (parts ? structure_open : structure_open_root)(facts->structure,
	    &structure) < 0)
		return false;
	*letter = (struct imapd_letter){
		.selected = selected, .n = n, .fd = -1, .facts = *facts,
		.structure = structure, .is_lent = true,
	};
	letter->facts.structure = slice_of(NULL, 0);
	return true;
}

void
imapd_letter_end(struct imapd_letter *letter)
{
	text_free(&letter->packed);
	text_free(&letter->trace);
	free(letter->piece);
	if (letter->selected != NULL && letter->fd >= 0)
		(void)close(letter->fd);
	*letter = (struct imapd_letter){ .fd = -1 };
}

bool
imapd_letter_lacks_file(const struct imapd_letter *letter,
    struct message_id *id_out)
{
	struct letter_bytes bytes;

	if (!letter->facts.is_big || letter->fd >= 0 ||
	    selected_read(letter->selected, letter->n, &bytes) < 0)
		return false;
	*id_out = bytes.big;
	return true;
}

int
imapd_letter_take_file(struct imapd_letter *letter, int fd)
{
	struct letter_bytes bytes;
	struct stat st;
	int r;

	letter->fd = fd;
	if (fd < 0)
		return -EAGAIN;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size != letter->facts.body_bytes)
		return -EBADMSG;
	r = selected_read(letter->selected, letter->n, &bytes);
	if (r < 0)
		return r;
	text_add(&letter->trace, bytes.trace);
	letter->piece = malloc(IMAPD_PIECE);
	return letter->piece == NULL || text_failed(&letter->trace) ?
	    -ENOMEM : 0;
}

int
imapd_letter_try(struct imapd_letter *letter)
{
	struct letter_bytes bytes;

	if (letter->facts.is_big)
		return letter->fd < 0 ? -EAGAIN : 0;
	return selected_read(letter->selected, letter->n, &bytes);
}

/* Scan the message, all of it in one slice. */
static int
make_structure(struct imapd_letter *letter)
{
	TEXT_AUTO whole = TEXT_INIT((size_t)letter->facts.body_bytes);
	struct letter_bytes bytes;
	int r;

	if (!letter->facts.is_big) {
		r = selected_read(letter->selected, letter->n, &bytes);
		return r < 0 ? r : structure_make(bytes.body, &letter->packed);
	}
	r = imapd_letter_add(letter, letter->facts.trace_bytes,
	    letter->facts.body_bytes, &whole);
	return r < 0 ? r : structure_make(text_slice(&whole),
	    &letter->packed);
}

int
imapd_letter_structure(struct imapd_letter *letter)
{
	int r;

	if (letter->packed.len > 0)
		return 0;
	r = make_structure(letter);
	if (r == 0)
		r = structure_open(text_slice(&letter->packed),
		    &letter->structure);
	/* that it cannot be kept costs another scan, no more */
	if (r == 0)
		(void)selected_put_structure(letter->selected, letter->n,
		    text_slice(&letter->packed));
	return r;
}

/* Bytes of the message of a big letter, from its file. */
static int
read_file(struct imapd_letter *letter, uint64_t at, uint64_t most,
    struct slice *piece_out)
{
	ssize_t n = pread(letter->fd, letter->piece, most < IMAPD_PIECE ?
	    (size_t)most : IMAPD_PIECE, (off_t)at);

	if (n <= 0)
		return n < 0 ? -errno : -EBADMSG;
	*piece_out = slice_of(letter->piece, (size_t)n);
	return 0;
}

int
imapd_letter_piece(struct imapd_letter *letter, uint64_t at, uint64_t most,
    struct slice *piece_out)
{
	const struct letter_facts *facts = &letter->facts;
	struct letter_bytes bytes = { .trace = text_slice(&letter->trace) };
	uint64_t behind = facts->trace_bytes + facts->body_bytes;
	struct slice piece;
	int r;

	if (letter->is_lent) {
		bytes = facts->text;
	} else if (!facts->is_big) {
		r = selected_read(letter->selected, letter->n, &bytes);
		if (r < 0)
			return r;
	}
	if (at < facts->trace_bytes)
		piece = slice_after(bytes.trace, (size_t)at);
	else if (at >= behind)
		piece = slice_after(slice_of("\r\n", facts->lacks_crlf ?
		    2 : 0), (size_t)(at - behind));
	else if (facts->is_big)
		return read_file(letter, at - facts->trace_bytes,
		    most < behind - at ? most : behind - at, piece_out);
	else
		piece = slice_after(bytes.body,
		    (size_t)(at - facts->trace_bytes));
	*piece_out = slice_first(piece, most < piece.len ? (size_t)most :
	    piece.len);
	return 0;
}

int
imapd_letter_add(struct imapd_letter *letter, uint64_t at, uint64_t bytes,
    struct text *text)
{
	struct slice piece;
	int r;

	while (bytes > 0) {
		r = imapd_letter_piece(letter, at, bytes, &piece);
		if (r < 0)
			return r;
		if (piece.len == 0)
			break;
		text_add(text, piece);
		at += piece.len;
		bytes -= piece.len;
	}
	return text_failed(text) ? -ENOBUFS : 0;
}
