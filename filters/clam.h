/*
 * clam.h - libclamav, with its open ends closed
 *
 * What the library says is never taken for "clean" unless it has looked: a set
 * of no signatures does not load, a limit that was reached is TOO_MUCH or
 * TOO_LONG, a find without a name and every error are UNSCANNABLE, and so is an
 * archive that this build of the library has no unpacker for.
 *
 * The library takes a message for mail only when it begins with one of a few
 * header fields, and a message inside it likewise; else attachments stay
 * undecoded.  So a message is looked at as it is; with a line before it that the
 * library knows, when it was not seen as mail; and leaf by leaf as our own
 * parser reads it (leaves.h), a leaf that would be mail or has a file in its
 * text once more as that.  The worst counts.  What is bound to be seen as the
 * same twice is looked at once: a message that begins with a field of mail is
 * shown with that line only, and a leaf not again that the library has taken
 * out of it byte for byte (layers.h).  Words that it has taken out with other
 * line ends are shown again for signatures of their very bytes only, which
 * takes a sixth of the time.
 *
 * A parser of the library may crash, hang or be taken over: only a process that
 * can be lost calls clam_scan().
 */
#ifndef POSTROOM_FILTERS_CLAM_H
#define POSTROOM_FILTERS_CLAM_H

#include "filters/virus.h"

struct clam;			/* a loaded set of signatures; see clam.c */

/* What one message may cost. */
struct clam_limits {
	uint64_t	scan_bytes;	/* in all layers of one look */
	uint64_t	all_bytes;	/* in all looks at a message */
	uint64_t	file_bytes;	/* of one file in it */
	uint32_t	recursion;	/* archives in archives */
	uint32_t	files;		/* in all of them */
	uint32_t	scan_ms;	/* for all looks at a message */
	uint32_t	bytecode_ms;	/* for a signature that is a program */
	uint64_t	pcre_matches;	/* steps of one pattern */
	uint64_t	pcre_depth;
};
extern const struct clam_limits clam_default_limits;

/* Once in the life of a process.  0 or -ENOMEM. */
int	clam_open(void);
/* From now on the library's own words, which quote messages, are dropped. */
void	clam_quiet(void);

/*
 * Load every set of signatures in `folder_fd`, and the one for clam_trial()
 * through a file that is written into the folder `trial_fd` and goes again; -1
 * loads none (both borrowed).  Takes 20 s and 1 GB for the public ones.  0, or
 * a negative errno with `*words_out` (static) saying why there is no usable
 * set:
 *
 * -ENOENT   there are no signatures.
 * -EBADMSG  a file is broken.
 * -EIO      the folder or a file cannot be read.
 * -ENOMEM
 */
int	clam_load(int folder_fd, int trial_fd, const struct clam_limits *,
	    struct clam **clam_out, const char **words_out);
struct clamd;			/* clamd.h */
/*
 * One that loads nothing and has clamd look, which is borrowed: in the same
 * ways, but it tells no names in archives.  0 or -ENOMEM.
 */
int	clam_call(const struct clamd *, const struct clam_limits *,
	    struct clam **clam_out);
void	clam_free(struct clam *);
uint64_t clam_signatures(const struct clam *);
/* How often the library, or clamd, was shown something: what scanning costs. */
uint64_t clam_looks(const struct clam *);
/* The library came with its unpacker for RAR; else such files are not clean. */
bool	clam_reads_rar(const struct clam *);

/*
 * From now on temporary files go below `folder_fd`, which stays open as long
 * as the engine is used.  0 or -ENOMEM.
 */
int	clam_scratch(struct clam *, int folder_fd);

/* Look at a message.  Never CLEAN unless all of it was looked at. */
struct scan_answer clam_scan(struct clam *, struct slice message);

/*
 * What a result of the library (cl_error_t) and the name it gave mean; here so
 * that a test can hold every one of them.
 */
struct scan_answer clam_answer(int error, const char *name);
/* The same of the name of a find. */
struct scan_answer clam_answer_for(const char *name);

#endif
