/*
 * box.h - an account of its own for one test, and letters that are told apart
 *
 * Letter n has the id n and bytes that n alone gives, so a test can say of any
 * letter what must stand in it.  Segments are small, so that some few letters
 * fill one.
 */
#ifndef TESTS_UNIT_STORE_BOX_H
#define TESTS_UNIT_STORE_BOX_H

#include "store/account.h"
#include "tests/unit/queue/scratch.h"

#define BOX_SEGMENT_BYTES	(64 * 1024)
#define BOX_UID_BLOCK		16
#define BOX_BODY_MOST		6000	/* bytes */

struct box {
	struct scratch	 scratch;
	struct account	*account;
};

struct box_letter {
	char		 trace[64];
	char		 body[BOX_BODY_MOST];
	struct delivery	 delivery;
};

/* As account_open(), with small segments and blocks. */
int	box_try_open(struct box *box, unsigned *needs_out);
/* Open it; it must be good. */
void	box_open(struct box *box);
/* As a clean end does. */
void	box_close(struct box *box);
/* An empty account, open. */
struct box box_new(void);
/* The folder goes too; the account is closed if it is still open. */
void	box_drop(struct box *box);
/* End this life as a crash would: nothing is settled, synced or given back. */
void	box_crash(struct box *box, void (*last_words)(struct account *,
	    void *), void *arg);
/* The id of letter `n`. */
struct message_id box_id(uint32_t n);
/* Letter `n`; the slices of its delivery are for the caller to set. */
struct box_letter box_letter(uint32_t n);
/* Deliver letter `n`; not committed. */
int	box_deliver(struct account *account, uint32_t n, bool *was_there_out);
/* Letter `n` with its body in the queue's big file. */
int	box_deliver_big(struct account *account, uint32_t n, uint32_t action);
/* Deliver the letters first..last and commit them NORMAL. */
void	box_fill(struct box *box, uint32_t first, uint32_t last);
/* A view of INBOX. */
struct view *box_view(struct box *box);
/* Which letter a UIDL is of; 0: of none.  Asserts nothing: a child may ask. */
uint32_t box_number(const struct letter *letter);
/* 0 when place `at` of the view is letter `n`, byte for byte; or -errno. */
int	box_is_letter(struct box *box, const struct view *view, size_t at,
	    uint32_t n);
/* For account_check(): say the fault. */
void	box_fault(void *arg, const char *sentence);
/* As account_check(). */
int	box_check(struct box *box);
/* How many faults check tells of. */
int	box_faults(struct box *box);
/* Run `sql` on the closed account's index, behind its back. */
void	box_meddle(struct box *box, const char *sql);
/* The number that `sql` gives of the closed account's index. */
int64_t	box_ask(struct box *box, const char *sql);
/* The same of another database in the account's folder. */
int64_t	box_ask_of(struct box *box, const char *name, const char *sql);
/* Turn the bits of one byte of a segment. */
void	box_damage(struct box *box, uint32_t segment, int64_t offset);

#endif
