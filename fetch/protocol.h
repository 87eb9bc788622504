/*
 * protocol.h - what a collection asks of a server, whatever it speaks
 *
 * The steps of a collection (conversation.h) name messages by numbers that grow:
 * POP3's own, or IMAP's UIDs.  A protocol is a row of functions that say the
 * commands; what is answered is told to whoever asked.  One message comes at a
 * time; POP3's come in the order of asking.
 * pop3_protocol.c and imap/protocol.c are the two there are.
 */
#ifndef POSTROOM_FETCH_PROTOCOL_H
#define POSTROOM_FETCH_PROTOCOL_H

#include "fetch/service.h"
#include "lib/base/slice.h"

struct collect;

/*
 * Commands said and not answered: with messages of 8 KiB the 8 MiB of take.c,
 * which is what a line of 100 ms and 80 MB/s holds.  Fewer, and it is idle in
 * between; 100 KiB for each collection.  A server that does not read on while it
 * sends lets them wait with us.
 */
#define PROTOCOL_WINDOW		1024
#define PROTOCOL_RUN_BYTES	65536	/* the longest run of a message */

/* What was done to a body to make it fit to be stored. */
struct mended {
	unsigned	what;		/* DOT_ bits */
	uint64_t	added;		/* bytes that the wire had not */
};

/* Who hears the answer about message `number`; `arg` is the collection. */
struct heard {
	/* It begins, or there is none. */
	void	(*status)(void *arg, uint32_t number, bool ok,
		    struct slice words);
	/* The next bytes of a message as stored; NULL where none are asked. */
	void	(*part)(void *arg, uint32_t number, struct slice);
	/* All of it has come. */
	void	(*end)(void *arg, uint32_t number, const struct mended *);
};

struct protocol {
	/*
	 * The length of a message is said before it: it cannot be cut by what
	 * stands in it, and doubt.h is for those where it can.
	 */
	bool	 is_counted;
	bool	 has_folders;
	/*
	 * Connect and log in; then list.  0, -EINVAL or -ENOMEM: then nothing
	 * comes.
	 */
	int	(*begin)(struct collect *);
	/* Nothing is said or heard any more; and then it is freed. */
	void	(*stop)(struct collect *);
	void	(*free)(struct collect *);
	void	(*hold)(struct collect *, bool held);
	/* Commands that may be said; those that are not answered. */
	unsigned (*room)(const struct collect *);
	unsigned (*under_way)(const struct collect *);
	/* Tell listing.h what there is. */
	void	(*list)(struct collect *);
	/* It is listed, and yet it is not to be taken; NULL: there is none. */
	bool	(*leaves)(const struct collect *, uint32_t number);
	/* The header of a message; all of it. */
	void	(*header)(struct collect *, uint32_t number,
		    const struct heard *);
	void	(*message)(struct collect *, uint32_t number,
		    const struct heard *);
	/*
	 * What it is made of; only a status is heard, and the arrival has a
	 * shape then if the server says one.  A part of it as it is sent, by
	 * its section there, `most` bytes of it.  NULL, both: there is no such
	 * thing.
	 */
	void	(*shape)(struct collect *, uint32_t number,
		    const struct heard *);
	void	(*section)(struct collect *, uint32_t number,
		    const char *section, uint32_t most,
		    const struct heard *);
	/*
	 * The rest of a message, `count` bytes at the most from `from` on; the
	 * arrival says from where on it is (conversation.h).  NULL: there is no
	 * such thing.
	 */
	void	(*rest)(struct collect *, uint32_t number, uint64_t from,
		    uint64_t count, const struct heard *);
	/*
	 * Some of its body, SHARED_SAMPLE_LEAST bytes or more: from `*from`
	 * on, or, where no place can be named, all from its first byte to some
	 * lines of it; `*from` is 0 then.  The arrival says it as well.
	 */
	void	(*sample)(struct collect *, uint32_t number, uint64_t *from,
		    const struct heard *);
	/* Something of the message that comes in has been mended so far. */
	bool	(*is_mended)(const struct collect *);
	/* Into the bytes that are just told: a DOT_ bit, or 0. */
	unsigned (*mend)(const struct collect *);
	/* Have it deleted at the end; only a status is heard. */
	void	(*remove)(struct collect *, uint32_t number,
		    const struct heard *);
	/* Nothing but a status. */
	void	(*ping)(struct collect *, const struct heard *);
	/* What was listed is done with: list what is next, or quit. */
	void	(*next)(struct collect *);
	/* Say good-bye; a status is heard. */
	void	(*leave)(struct collect *, const struct heard *);
};

extern const struct protocol protocol_pop3, protocol_imap;

#endif
