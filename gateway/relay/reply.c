/*
 * reply.c - what an SMTP server says, as the relay hears it
 */
#include "gateway/relay/reply.h"

#include <string.h>

#include "fetch/etrn_reply.h"

/* Behind what there is, a blank between; what has no place is left out. */
static size_t
add_words(char *words, size_t len, struct slice more)
{
	if (len > 0 && len < RELAY_WORDS_MOST)
		words[len++] = ' ';
	for (size_t i = 0; i < more.len && len < RELAY_WORDS_MOST; i++)
		words[len++] = more.at[i] < ' ' || more.at[i] > '~' ? '?' :
		    more.at[i];
	words[len] = '\0';
	return len;
}

void
relay_words(struct slice s, char words_out[RELAY_WORDS_MOST + 1])
{
	(void)add_words(words_out, 0, slice_trim(s));
}

/* RFC 3463 2: class, subject and detail, and of the class that the code has. */
static bool
is_status(struct slice s, unsigned code)
{
	struct slice part;
	uint64_t n;

	if (s.len >= RELAY_STATUS_MOST || !slice_cut(&s, '.', &part) ||
	    slice_u64(part, 5, &n) < 0 || n != code / 100)
		return false;
	return slice_cut(&s, '.', &part) && slice_u64(part, 999, &n) == 0 &&
	    slice_u64(s, 999, &n) == 0;
}

/* Take the enhanced code off the words (RFC 2034 4). */
static void
cut_status(const struct relay_hearing *hearing, struct slice *words,
    char status[RELAY_STATUS_MOST])
{
	struct slice rest = *words, word;

	if (!slice_word(&rest, &word) ||
	    !is_status(word, hearing->said.code))
		return;
	(void)slice_cstr(word, status, RELAY_STATUS_MOST);
	*words = slice_trim(rest);
}

/* A line of it; false: it is none. */
static bool
take_line(struct relay_hearing *hearing, struct slice s, bool *is_last)
{
	struct relay_said *said = &hearing->said;
	struct etrn_line line;
	struct slice words;

	if (etrn_line_read(s, &line) < 0 ||
	    ++hearing->lines > RELAY_LINES_MOST ||
	    (hearing->lines > 1 && line.code != said->code))
		return false;
	said->code = line.code;
	words = slice_trim(line.words);
	cut_status(hearing, &words, said->status);
	hearing->len = add_words(said->words, hearing->len, words);
	*is_last = line.is_last;
	return true;
}

enum relay_heard
relay_hear(struct relay_hearing *hearing, struct slice *input,
    struct relay_said *said_out)
{
	struct line_reader reader;
	struct slice line;
	bool is_last;

	for (;;) {
		enum line_is is = line_take(&hearing->reader, input,
		    RELAY_LINE_BYTES, &line);

		if (is == LINE_MORE)
			return RELAY_MORE;
		if ((is != LINE_GOOD && is != LINE_BARE_LF) ||
		    !take_line(hearing, line, &is_last))
			return RELAY_NONSENSE;
		if (!is_last)
			continue;
		*said_out = hearing->said;
		reader = hearing->reader;
		*hearing = (struct relay_hearing){ .reader = reader };
		return RELAY_WHOLE;
	}
}

void
relay_offer_line(struct relay_offer *offer, struct slice s)
{
	struct etrn_line line;
	struct slice word;

	if (etrn_line_read(s, &line) < 0)
		return;
	/* a greeting, or TLS begins: what was offered before is of no worth */
	if (line.code == 220)
		*offer = (struct relay_offer){ .size = 0 };
	if (line.code == 235)
		offer->is_logged_in = true;
	if (line.code != 250 || !slice_word(&line.words, &word))
		return;
	offer->has_pipelining |= slice_is_word(word, "PIPELINING");
	offer->has_8bit |= slice_is_word(word, "8BITMIME");
	offer->has_utf8 |= slice_is_word(word, "SMTPUTF8");
	offer->has_chunking |= slice_is_word(word, "CHUNKING");
	offer->has_dsn |= slice_is_word(word, "DSN");
	if (!slice_is_word(word, "SIZE"))
		return;
	offer->has_size = true;
	if (!slice_word(&line.words, &word) ||
	    slice_u64(word, UINT64_MAX, &offer->size) < 0)
		offer->size = 0;
}
