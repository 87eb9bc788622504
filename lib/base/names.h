/*
 * names.h - addresses and texts of names, from one cache (libunbound)
 *
 * Asks the resolvers of this machine (resolv.conf) unless others are given,
 * and knows what stands in the hosts file.  With a trust anchor all answers
 * are validated here (DNSSEC), whatever those resolvers say of them, and one
 * that does not hold has failed; without one nothing is.  A lookup that fails
 * is always "try again" (DESIGN.md 5); only the answer "no such name" is
 * final.
 */
#ifndef POSTROOM_BASE_NAMES_H
#define POSTROOM_BASE_NAMES_H

#include "lib/base/loop.h"
#include "lib/base/slice.h"

#define NAMES_ADDRESSES	16	/* of one name; more are not tried anyway */
#define NAMES_TEXT_SIZE	(NAMES_ADDRESSES * 48)

struct names;			/* opaque; see names.c */

struct names_options {
	const char	*forward;	/* "192.0.2.1@53 ..."; or "": the
					   machine's own (resolv.conf) */
	const char	*hosts_file;	/* "": none */
	const char	*anchor_file;	/* keys of the root, or of another zone,
					   as zone files have them; NULL: none */
};

enum names_found {
	NAMES_FOUND,
	NAMES_NONE,		/* no such name, or it has no address */
	NAMES_LATER,		/* nobody could say */
	NAMES_FOUND_COUNT
};

/*
 * `addresses`: numeric, separated by commas, IPv6 in brackets, IPv6 and IPv4
 * taking turns; "" unless found.
 */
typedef void	names_fn(void *arg, enum names_found, const char *addresses);

/*
 * Before any wall: files are read here, and no more later.  0, or a negative
 * errno with static words in *fault_out.
 */
int	names_open(struct loop *, const struct names_options *,
	    struct names **names_out, const char **fault_out);
/*
 * The thread that asks begins, behind the walls that stand already; before the
 * one that lets no thread begin.  0, or -ENOMEM.
 */
int	names_start(struct names *);
/* Who still waits is not called any more; NULL is fine. */
void	names_close(struct names *);
/*
 * Look `host` up: a name (in ASCII form), or an address, which is its own
 * answer.  `fn` is called exactly once, in a later turn, at the latest after
 * `NAMES_MOST_MS`.  0, -EINVAL (no host name) or -ENOMEM.
 */
#define NAMES_MOST_MS	20000
int	names_ask(struct names *, struct slice host, names_fn *, void *arg);

/*
 * Texts of one name: an answer of DNS is 64 KiB, and no domain has so many; of
 * more the rest is not told.
 */
#define NAMES_TEXTS		256
#define NAMES_TEXTS_BYTES	65535

/*
 * One slice per TXT record, its strings put together (RFC 7208 3.3, RFC 6376
 * 3.6.2.2); they are gone when the function returns.  `is_secure`: DNSSEC says
 * that it is so, be it that there is none; never without a trust anchor.
 */
typedef void	names_texts_fn(void *arg, enum names_found, bool is_secure,
		    const struct slice *texts, size_t count);

/*
 * Records of one kind.  A: 4 bytes, AAAA: 16; MX and PTR: the name in it,
 * without the last dot; ROUTES: the same of MX records, behind the preference
 * (2 bytes, the high one first), the root's name being empty, and found with no
 * record at all if none can be read (RFC 5321 5.1: there are some); TXT as above;
 * KEYS: what DNSKEY records hold, of "." too.  What is no such record is left
 * out.  Here `name` may hold any printable ASCII but a backslash and quotes
 * (RFC 7208 7.3 makes such names); -EINVAL: its labels are not of 1 to 63
 * bytes, or it is too long.
 */
enum names_kind {
	NAMES_A, NAMES_AAAA, NAMES_MX, NAMES_PTR, NAMES_TXT, NAMES_ROUTES,
	NAMES_KEYS, NAMES_KINDS
};
int	names_ask_records(struct names *, enum names_kind, struct slice name,
	    names_texts_fn *, void *arg);

/* The name that the anchor's keys are of; NULL: there is none. */
const char *names_anchor(const struct names *);

/*
 * What a host says of its certificate: its TLSA records (RFC 6698 2.1, as they
 * are in DNS), which stand at `base`; both are gone when the function returns.
 * NAMES_NONE: DNSSEC does not say that there are any.  NAMES_LATER: it may.
 */
#define NAMES_PROOFS	32	/* of more the rest is not told */
typedef void	names_proofs_fn(void *arg, enum names_found, const char *base,
		    const struct slice *records, size_t count);
/*
 * Those of `host` for `port` (RFC 7672 2.2): of what it is an alias of, or of
 * itself.  All else as names_ask() has it, but that it takes two turns more.
 */
int	names_ask_proofs(struct names *, struct slice host, uint16_t port,
	    names_proofs_fn *, void *arg);

/* The TXT records of `name`; all else as names_ask() has it. */
int	names_ask_texts(struct names *, struct slice name, names_texts_fn *,
	    void *arg);

#endif
