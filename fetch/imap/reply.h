/*
 * reply.h - what an IMAP server says, read as it comes (RFC 9051 7 and 9)
 *
 * A response is taken apart into a few words and a row of values; it is told
 * when its last line has ended.  Only the text of a message is not gathered: a
 * literal behind BODY[...] in FETCH comes out in runs, as it stands on the wire,
 * between IMAP_BODY and IMAP_BODY_END, and the response goes on behind it.
 *
 * A server may say more than is ever kept: such a response is read to its end
 * and told as cut, without values.  What is no response at all is broken, and
 * nothing after it can be trusted.  Nothing is allocated.
 */
#ifndef POSTROOM_FETCH_IMAP_REPLY_H
#define POSTROOM_FETCH_IMAP_REPLY_H

#include "lib/base/text.h"

/* Limits of one response; an honest one comes nowhere near. */
#define IMAP_REPLY_KEPT		65536	/* bytes of words and values */
#define IMAP_VALUES_MOST	2048	/* of them; a list counts as one more */
#define IMAP_DEPTH_MOST		64	/* lists in lists: BODYSTRUCTURE */
#define IMAP_WORD_MOST		128	/* a tag, a number, a name */
#define IMAP_WORDS_MOST		8192	/* of the words of a status: HARDENING
					   F40; what comes after is dropped */
#define IMAP_REPLY_MOST		(4u << 20)	/* read at all, but for bodies */
#define IMAP_BODY_MOST		UINT32_MAX	/* F23; no mail is 4 GiB */

enum imap_kind {
	IMAP_ATOM,		/* a number, a flag, a name too */
	IMAP_STRING,		/* quoted (escapes undone) or a literal */
	IMAP_NIL,
	IMAP_LIST,
	IMAP_TEXT		/* of a message: it came out in runs */
};

/*
 * Values stand in the order in which they were said; those of a list follow
 * it.  `span` counts a value and all that is in it: the next one of the same
 * list is value[span].
 */
struct imap_value {
	enum imap_kind	kind;
	uint32_t	span;
	struct slice	text;	/* empty of a list and of NIL */
};

enum imap_who {
	IMAP_CONTINUE,		/* "+": the server waits for more */
	IMAP_UNTAGGED,		/* "*" */
	IMAP_TAGGED		/* the end of a command */
};

enum imap_says {
	IMAP_DATA,		/* of `name`, perhaps with a number before it */
	IMAP_OK, IMAP_NO, IMAP_BAD, IMAP_BYE, IMAP_PREAUTH,
	IMAP_SAYS_COUNT
};

/* Valid until the next imap_take(). */
struct imap_reply {
	enum imap_who	 who;
	enum imap_says	 says;
	struct slice	 tag;		/* TAGGED */
	bool		 has_number;
	uint32_t	 number;	/* 2 in "* 2 EXISTS" */
	struct slice	 name;		/* of DATA: "FETCH", "LIST", ... */
	const struct imap_value *values;
	uint32_t	 count;
	/* of a status and CONTINUE: "[code arguments] words" */
	struct slice	 code, arguments, words;
	bool		 is_cut;	/* too much was said: no values */
};

enum imap_is {
	IMAP_MORE,		/* the input is used up */
	IMAP_REPLY,		/* reader->reply is whole */
	IMAP_BODY,		/* of `body_bytes`; reply is what came so far */
	IMAP_RUN,		/* the next of them */
	IMAP_BODY_END,		/* all of them have come, the reply goes on */
	IMAP_BROKEN		/* reader->fault says why; for good */
};

enum imap_at {
	IMAP_AT_START, IMAP_AT_HEAD, IMAP_AT_WORDS, IMAP_AT_VALUE,
	IMAP_AT_ATOM, IMAP_AT_BRACKET, IMAP_AT_QUOTED, IMAP_AT_ESCAPE,
	IMAP_AT_TILDE, IMAP_AT_COUNT, IMAP_AT_COUNT_CR, IMAP_AT_COUNT_LF,
	IMAP_AT_LITERAL, IMAP_AT_BODY, IMAP_AT_BODY_QUOTED, IMAP_AT_LF,
	IMAP_AT_BROKEN
};

/* Zeroed, it stands before a response. */
struct imap_reader {
	struct imap_reply reply;
	uint64_t	 body_bytes;
	const char	*fault;		/* static words */
	/* its own */
	enum imap_at	 at;
	unsigned	 heads;		/* words of the head that are whole */
	size_t		 word;		/* in `kept`: where this one begins */
	uint64_t	 bytes;		/* of this response, without bodies */
	uint64_t	 literal;	/* bytes of it to come */
	bool		 has_count;	/* a digit of a literal has come */
	bool		 is_fetch, quotes_body;
	uint32_t	 count, depth;
	uint32_t	 open[IMAP_DEPTH_MOST];	/* lists that have not ended */
	size_t		 kept_len;
	struct imap_value values[IMAP_VALUES_MOST];
	char		 kept[IMAP_REPLY_KEPT];
};

/*
 * Take what comes next off `*input`; with RUN, `*run_out` points into the input
 * or the reader.
 */
enum imap_is	imap_take(struct imap_reader *, struct slice *input,
		    struct slice *run_out);

/* The words of a status with their code, "[CODE] words", for people. */
void		imap_reply_quote(const struct imap_reply *, struct text *);
/* The value is this atom, in whatever case. */
bool		imap_is_atom(const struct imap_value *, const char *word);
/* It is a string or an atom: text of the server's choice. */
bool		imap_is_text(const struct imap_value *);
/* It is a number up to `max`. */
bool		imap_is_number(const struct imap_value *, uint64_t max,
		    uint64_t *n_out);

#endif
